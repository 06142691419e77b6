// The write-ahead log of a server from its start to its end: loading it, keeping it, having it begin
// anew, switching it on and off while the server runs. A log that is switched on is a new history; it
// counts when it is complete, that is when the snapshot that it begins with is on disk.
import { resolve } from 'node:path';
import type { Client } from '../commands/client.ts';
import type { LogFacts, RewriteFacts, WriteAheadLog } from '../commands/log-rewriting.ts';
import type { Services } from '../commands/services.ts';
import type { LoadProgress } from '../commands/snapshots.ts';
import type { EffectRecorder } from '../dispatch/effect-recorder.ts';
import { Replay } from '../dispatch/replay.ts';
import { LogDirectory } from '../persistence/log-directory.ts';
import { NOTHING_RECOVERED } from '../persistence/open-log.ts';
import type { Reply } from '../protocol/reply.ts';
import { type FsyncSettings, Journal, type JournalHost } from './journal.ts';
import { type LoadedLog, type LogPlace, loadLog } from './log-loading.ts';
import { LogRewriter } from './log-rewriter.ts';

const CANNOT_SWITCH_ON = 'Unable to turn on AOF. Check server logs.';

/** What the keeper needs of the server around it. */
export interface LogKeeperHost extends JournalHost, Services {
  readonly reply: Reply;
  readonly effects: EffectRecorder;
  /** A client without a connection, as which the log runs. */
  detachedClient(): Client;
  /** Told while data is loaded how far that is, and undefined when it is over. */
  loading(progress: LoadProgress | undefined): void;
  /** The data of the last run is there; counting begins. */
  loaded(): void;
  /** Has a snapshot that is being taken in the background begin again later. */
  postponeSaving(): void;
}

/** A server's log; see the head of this file. */
export class LogKeeper implements WriteAheadLog {
  readonly #host: LogKeeperHost;
  readonly #rewriter: LogRewriter;
  #journal: Journal | undefined;
  #isClosing = false;

  constructor(host: LogKeeperHost) {
    this.#host = host;
    this.#rewriter = new LogRewriter(host, () => this.#journal);
  }

  get facts(): LogFacts | undefined {
    const journal = this.#journal;
    if (journal === undefined) return undefined;
    const { groups, bytes, lastGroupBytes } = journal.stats;
    const { offset, writtenOffset, syncedOffset, syncLatency } = journal;
    const { replicationId, bases } = journal.directory.manifest;
    const { baseBytes, sizeBytes } = this.#rewriter;
    return {
      ...{ replicationId, offset, writtenOffset, syncedOffset },
      ...{ groups, bytes, lastGroupBytes, sizeBytes, baseBytes },
      generations: bases.length,
      hasFailed: journal.failure !== undefined,
      syncLatency,
    };
  }

  get rewriteFacts(): RewriteFacts {
    return this.#rewriter.facts;
  }

  get isRewriting(): boolean {
    return this.#rewriter.isRunning;
  }

  get isOn(): boolean {
    return this.#journal !== undefined;
  }

  /** Sets `appendfsync` and `fsync-interval-ms`. */
  set fsync(settings: FsyncSettings) {
    if (this.#journal !== undefined) this.#journal.fsync = settings;
  }

  get #place(): LogPlace {
    const { values } = this.#host.config;
    const path = resolve(values.dir, values.appenddirname);
    return { path, baseName: values.appendfilename, dataPath: values.dir };
  }

  // ── At the start, and again ─────────────────────────────────────────────────────────────────

  /**
   * Loads the log and keeps it from now on; clients are told meanwhile that data is loaded.
   * @throws what is wrong with it, or the system's error
   */
  async open(): Promise<void> {
    const { config } = this.#host;
    const replay = this.#newReplay();
    const loaded = await this.#whileLoading(async () => {
      const { directory, recovery, ...facts } = await this.#load(replay);
      const journal = await Journal.open(this.#host, directory, recovery, config.values);
      this.#host.loaded();
      this.#keep(journal, replay.database);
      return facts;
    });
    this.#rewriter.loaded(loaded.sizeBytes);
    // The damaged snapshot is of no use: there is to be a new one before another is damaged.
    if (loaded.fellBack) this.scheduleRewrite();
  }

  async reload(): Promise<void> {
    const journal = this.#journal;
    const { effects, keyspace } = this.#host;
    this.#rewriter.cancel();
    await journal?.flush();
    effects.active = false;
    const { dirty } = keyspace;
    try {
      keyspace.flush();
      this.#host.reclaimSoon();
      await this.#whileLoading(() => this.#load(this.#newReplay()));
    } finally {
      keyspace.dirty = dirty;
      effects.active = journal !== undefined;
    }
  }

  #newReplay(): Replay {
    return new Replay(this.#host, this.#host.reply, this.#host.detachedClient());
  }

  #load(replay: Replay): Promise<LoadedLog> {
    const { keyspace, config, log } = this.#host;
    const onProgress = (progress: LoadProgress) => this.#host.loading(progress);
    const { values } = config;
    return loadLog({ log, keyspace, values, onProgress }, this.#place, replay);
  }

  /** Does something while clients are told that data is loaded, and nothing expires. */
  async #whileLoading<T>(load: () => Promise<T>): Promise<T> {
    const { keyspace } = this.#host;
    const { expiryPaused } = keyspace;
    // What is due is deleted where the log says so, or afterwards.
    keyspace.expiryPaused = true;
    keyspace.isLoading = true;
    this.#host.loading({ startedMs: Date.now(), totalBytes: 0, loadedBytes: 0 });
    try {
      return await load();
    } finally {
      this.#host.loading(undefined);
      keyspace.isLoading = false;
      keyspace.expiryPaused = expiryPaused;
    }
  }

  /** From now on what changes goes into the log, and replies wait for it. */
  #keep(journal: Journal, database: number): void {
    const { keyspace, effects, replies } = this.#host;
    this.#journal = journal;
    replies.gate = journal;
    effects.start(journal, database);
    keyspace.onRemoved = (removedFrom, key) => effects.deleted(removedFrom, key);
  }

  // ── While the server runs ───────────────────────────────────────────────────────────────────

  /**
   * CONFIG SET appendonly: resolves when the log is complete, or closed.
   * @returns why it cannot be, in Redis's words
   */
  async switchTo(isOn: boolean): Promise<string | undefined> {
    if (isOn === this.isOn) return undefined;
    if (!isOn) {
      await this.#switchOff();
      return undefined;
    }
    const { path, baseName } = this.#place;
    const directory = await LogDirectory.renew(path, baseName);
    try {
      await this.#switchOn(directory);
      return undefined;
    } catch (error) {
      this.#host.log.error({ err: error }, 'the log cannot be switched on');
      await this.#switchOff();
      directory.remove(directory.manifest.segments.map(({ name }) => name));
      return CANNOT_SWITCH_ON;
    }
  }

  async #switchOn(directory: LogDirectory): Promise<void> {
    this.#rewriter.cancel();
    await this.#rewriter.settled();
    const { values } = this.#host.config;
    const journal = await Journal.open(this.#host, directory, NOTHING_RECOVERED, values);
    this.#keep(journal, 0);
    this.#rewriter.loaded(0);
    do {
      if (this.#isClosing) throw new Error('the server is closing');
      // There is one snapshot at a time, and this one has somebody waiting for it.
      this.#host.postponeSaving();
    } while (!(await this.#rewriter.run({ directory, journal })));
  }

  async #switchOff(): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    const { effects, keyspace, replies } = this.#host;
    this.#rewriter.cancel();
    await journal.flush();
    await this.#rewriter.settled();
    effects.stop();
    keyspace.onRemoved = undefined;
    try {
      await journal.close();
    } catch (error) {
      this.#host.log.error({ err: error }, 'the log could not be written to its end');
    }
    this.#journal = undefined;
    replies.gate = undefined;
    replies.release(Number.POSITIVE_INFINITY);
    this.#host.logFailed(undefined);
  }

  rewrite(): boolean {
    const journal = this.#journal;
    if (journal !== undefined) {
      return this.#rewriter.begin({ directory: journal.directory, journal });
    }
    // Without a log: a directory with nothing but the snapshot, with which a log may begin later.
    const { path, baseName } = this.#place;
    return this.#rewriter.begin(
      LogDirectory.renew(path, baseName).then((directory) => ({ directory })),
    );
  }

  scheduleRewrite(): void {
    this.#rewriter.isScheduled = true;
    this.#rewriter.consecutiveFailures = 0;
  }

  /** Has a snapshot that must not wait go before a rewrite. */
  postponeRewrite(): void {
    this.#rewriter.postpone();
  }

  /** To be called now and then: begins what is due. */
  tick(): void {
    const journal = this.#journal;
    const { keyspace, config } = this.#host;
    if (journal === undefined) {
      if (this.#rewriter.isScheduled) this.rewrite();
      return;
    }
    const isBusy = keyspace.snapshot !== undefined;
    journal.isUnsynced = isBusy && config.values['no-appendfsync-on-rewrite'];
    this.#rewriter.runIfDue(journal);
  }

  // ── At the end ──────────────────────────────────────────────────────────────────────────────

  /** Gives up a rewrite, and resolves when all that is recorded is on disk, or cannot be written. */
  async flush(): Promise<void> {
    this.#isClosing = true;
    this.#rewriter.cancel();
    await this.#journal?.flush();
    await this.#rewriter.settled();
  }

  /** Everything that was acknowledged is on disk afterwards, or it is said that it is not. */
  async close(): Promise<void> {
    this.#host.effects.stop();
    try {
      await this.#journal?.close();
    } catch (error) {
      this.#host.log.error({ err: error }, 'the log could not be written to its end');
    }
    this.#host.replies.gate = undefined;
  }
}
