// The write-ahead log of a server from its start to its end: loading, writing, rewriting and replacing it, and
// switching it on and off while the server runs. A log that is switched on is a new history; it counts when it is
// complete, that is when the snapshot that it begins with is on disk. So is the one that takes the place of a log
// that is lost; until then replies wait, and writes are refused.
import { resolve } from 'node:path';
import type { LoadProgress } from '../../core/load-state.ts';
import type { SnapshotAnswer, WhenToBegin } from '../../core/snapshots.ts';
import type { LogFacts, RewriteFacts, WriteAheadLog } from '../../core/write-ahead-log.ts';
import { Replay, type ReplayHost } from '../../dispatch/replay.ts';
import type { ReplyQueue } from '../../net/reply-queue.ts';
import type { CommandStream } from '../../replication/command-stream.ts';
import { LogDirectory } from '../segments/log-directory.ts';
import { LOG_REWRITE } from '../snapshots/snapshot-job.ts';
import { type FsyncSettings, Journal, type JournalHost } from './journal.ts';
import { type LoadedLog, type LogPlace, loadLog } from './log-loading.ts';
import { LogLock } from './log-lock.ts';
import { LogRewriter, type RewriteHost, type RewriteTarget } from './log-rewriter.ts';
import { LostLog, type LostLogOwner } from './lost-log.ts';
import { abandonHistory, beginHistory } from './new-history.ts';
import { deleteReplaced } from './replaced-files.ts';

/** How often the place of the log is verified, if it is not being synced. */
const VERIFY_MS = 1000;
const CANNOT_SWITCH_ON = 'Unable to turn on AOF. Check server logs.';

/** What the keeper needs from the server. */
export interface LogKeeperHost extends JournalHost, RewriteHost, ReplayHost {
  readonly replies: ReplyQueue;
  readonly stream: CommandStream;
}

/** A server's log; see the head of this file. */
export class LogKeeper implements WriteAheadLog {
  readonly #host: LogKeeperHost;
  readonly #rewriter: LogRewriter;
  readonly #lostLog: LostLog;
  #journal: Journal | undefined;
  /** That of the journal's log, from before it is loaded. */
  #lock: LogLock | undefined;
  /** Settles when switching the log on has succeeded or failed; undefined while it is not being switched on. */
  #switchingOn: Promise<void> | undefined;
  /** The same for a log that takes the place of a lost one. */
  #beginningAnew: Promise<void> | undefined;
  #isSwitchingOff = false;
  #isClosing = false;
  #verifiedMs = 0;
  /** Settles when no replaced files are being deleted (`deleteHistory`). */
  #deleting: Promise<void> = Promise.resolve();

  constructor(host: LogKeeperHost) {
    this.#host = host;
    const keeper = this;
    this.#rewriter = new LogRewriter(host, {
      get journal() {
        return keeper.#journal;
      },
      get mayRewrite() {
        // A snapshot of half of the data must never be what the log begins with.
        return !host.keyspace.isLoading && !keeper.#isEnding;
      },
      target: () => this.#rewriteTarget(),
    });
    host.snapshotScheduler.observeWriting((isWriting) => {
      if (this.#journal !== undefined) this.#journal.isBesideSnapshot = isWriting;
    });
    this.#lostLog = new LostLog(this.#ownerOfLostLog());
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

  /** Whether no new work may begin. */
  get #isEnding(): boolean {
    return this.#isClosing || this.#isSwitchingOff;
  }

  get isOn(): boolean {
    return this.#journal !== undefined;
  }

  /** Gives up memory that is kept to be used again. */
  releaseSpares(): void {
    this.#journal?.releaseSpares();
  }

  /** Sets when the log is synced. */
  set fsync(settings: FsyncSettings) {
    if (this.#journal !== undefined) this.#journal.fsync = settings;
  }

  /** Sets `aof-timestamp-enabled`. */
  set tellsTime(tellsTime: boolean) {
    if (this.#journal !== undefined) this.#journal.tellsTime = tellsTime;
  }

  get #place(): LogPlace {
    const { values } = this.#host.config;
    // Where it was opened: `dir` may have changed since.
    const path = this.#journal?.directory.path ?? resolve(values.dir, values.appenddirname);
    return { path, baseName: values.appendfilename, dataPath: values.dir };
  }

  // ── At the start, and again ─────────────────────────────────────────────────────────────────

  /**
   * Loads the log and keeps it from now on; clients get the error that data is being loaded meanwhile.
   * @param onLocked called when the log is locked
   * @throws an error that says what is wrong with the log, or the system's error
   */
  async open(onLocked?: () => void): Promise<void> {
    const loaded = await this.#whileLoading(async () => {
      const lock = await LogLock.takeSoon(this.#host, this.#place);
      try {
        onLocked?.();
        const facts = await this.#openLocked();
        this.#lock = lock;
        return facts;
      } catch (error) {
        lock.undo();
        throw error;
      }
    });
    this.#rewriter.loaded(loaded.sizeBytes);
    this.deleteHistory();
    await this.#deleting;
    // The damaged snapshot is of no use: there is to be a new one before another is damaged.
    if (loaded.fellBack) this.scheduleRewrite();
  }

  async #openLocked(): Promise<Pick<LoadedLog, 'sizeBytes' | 'fellBack'>> {
    const replay = this.#newReplay();
    const { directory, recovery, ...facts } = await this.#load(replay, false);
    const { values } = this.#host.config;
    const journal = await Journal.open(this.#host, directory, recovery, values);
    // Counting begins.
    this.#host.keyspace.dirty = 0;
    this.#host.keyspace.resetStats();
    this.#lostLog.opened(directory.path);
    const { replicationId } = directory.manifest;
    const { database } = replay;
    this.#host.stream.goOn({ replicationId, offset: journal.offset, database });
    journal.isComplete = true;
    this.#keep(journal);
    return facts;
  }

  async reload(): Promise<void> {
    const { stream, keyspace } = this.#host;
    this.#requireReloadable();
    this.#rewriter.cancel();
    await this.#rewriter.settled();
    this.#requireReloadable();
    const journal = this.#journal;
    const { path, baseName } = this.#place;
    if (!LogDirectory.read(path, baseName).exists) throw new Error(`there is no log in ${path}`);
    journal?.verify();
    if (journal?.isLost) throw journal.failure;
    // From here on nothing is run that changes anything.
    while (journal?.writeNow() === false) {
      if (journal.failure !== undefined) throw journal.failure;
      await journal.settled();
      this.#requireReloadable();
    }
    stream.isSuspended = true;
    const { dirty } = keyspace;
    try {
      keyspace.flush();
      await this.#whileLoading(() => this.#load(this.#newReplay(), true));
    } finally {
      keyspace.dirty = dirty;
      stream.isSuspended = false;
    }
  }

  /** @throws Error unless the log may be loaded again now; also to be called after each wait */
  #requireReloadable(): void {
    if (this.#switchingOn !== undefined) throw new Error('the log is being switched on');
    if (this.#isEnding || this.#host.keyspace.isLoading) throw new Error('it cannot be loaded now');
  }

  #newReplay(): Replay {
    return new Replay(this.#host);
  }

  /** @param isReadOnly whether its files are to stay as they are */
  async #load(replay: Replay, isReadOnly: boolean): Promise<LoadedLog> {
    const { keyspace, config, log } = this.#host;
    const onProgress = (progress: LoadProgress) => {
      this.#host.loading.progress = progress;
      keyspace.tick(Date.now());
    };
    const { values } = config;
    try {
      return await loadLog({ log, keyspace, values, isReadOnly, onProgress }, this.#place, replay);
    } finally {
      replay.close();
    }
  }

  /** Runs `load` while clients get the error that data is being loaded, and nothing expires. */
  async #whileLoading<T>(load: () => Promise<T>): Promise<T> {
    const { keyspace } = this.#host;
    // What is due is deleted where the log says so, or afterwards.
    keyspace.isLoading = true;
    this.#host.loading.begin({ startedMs: Date.now(), totalBytes: 0, loadedBytes: 0 });
    keyspace.tick(Date.now());
    try {
      return await load();
    } finally {
      this.#host.loading.end();
      keyspace.tick(Date.now());
      keyspace.isLoading = false;
    }
  }

  /** Writes all changes to the log from now on. */
  #keep(journal: Journal): void {
    this.#journal = journal;
    journal.isBesideSnapshot = this.#host.snapshotScheduler.isWriting;
    this.#host.stream.subscribe(journal);
  }

  // ── While the server runs ───────────────────────────────────────────────────────────────────

  /**
   * CONFIG SET appendonly: resolves when the log is complete, or closed.
   * @returns why it cannot be, in Redis's words
   */
  async switchTo(isOn: boolean): Promise<string | undefined> {
    // A lost log may be beginning anew.
    if (this.#beginningAnew !== undefined) await this.#beginningAnew;
    if (isOn === this.isOn) return undefined;
    if (!isOn) {
      await this.#switchOff();
      return undefined;
    }
    const leave = this.#host.snapshotScheduler.reserve(LOG_REWRITE);
    const switching = this.#switchOn();
    this.#switchingOn = switching.catch(() => undefined);
    try {
      await switching;
      return undefined;
    } catch (error) {
      this.#host.log.error({ err: error }, 'The append only file cannot be switched on');
      return CANNOT_SWITCH_ON;
    } finally {
      this.#switchingOn = undefined;
      leave();
    }
  }

  /** Cancels background work on the log's files. */
  async #settle(): Promise<void> {
    this.#rewriter.cancel();
    await this.#rewriter.settled();
    await this.#deleting;
  }

  async #switchOn(): Promise<void> {
    await this.#settle();
    const { path, baseName } = this.#place;
    this.#lock = LogLock.take(this.#host, this.#place);
    let directory: LogDirectory | undefined;
    try {
      directory = await LogDirectory.renew(path, baseName);
      this.#lostLog.opened(path);
      await this.#begin(directory);
    } catch (error) {
      await this.#closeJournal();
      abandonHistory(directory, this.#host.log);
      this.#unlock();
      throw error;
    }
  }

  /** Begins a new history; resolves when it is complete. */
  #begin(directory: LogDirectory, lost?: Journal): Promise<void> {
    const parts = {
      ...{ host: this.#host, values: this.#host.config.values, rewriter: this.#rewriter },
      keep: (journal: Journal) => this.#keep(journal),
      isEnding: () => this.#isEnding,
      isBeginning: () => this.#switchingOn !== undefined,
    };
    return beginHistory(parts, directory, lost);
  }

  async #switchOff(): Promise<void> {
    await this.#closeJournal();
    this.#unlock();
  }

  #unlock(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  async #closeJournal(): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    this.#isSwitchingOff = true;
    this.#rewriter.cancel();
    await this.#rewriter.settled();
    await journal.flush();
    await this.#end(journal);
    this.#isSwitchingOff = false;
    this.#journal = undefined;
    this.#host.logFailed(undefined);
  }

  /** Closes a log, and releases the replies that waited for it. */
  async #end(journal: Journal): Promise<void> {
    const { stream, log } = this.#host;
    stream.finish(journal);
    try {
      await journal.close();
    } catch (error) {
      log.error({ err: error }, 'The append only file could not be written to its end');
    }
    stream.unsubscribe(journal);
  }

  rewrite(when: WhenToBegin): SnapshotAnswer {
    return this.#rewriter.ask(when);
  }

  scheduleRewrite(): void {
    this.#rewriter.schedule();
  }

  #rewriteTarget(): RewriteTarget | Promise<RewriteTarget> {
    const journal = this.#journal;
    return journal === undefined ? this.#loneTarget() : { directory: journal.directory, journal };
  }

  /** Without a log: a directory with nothing but the snapshot, with which a log may begin later. */
  async #loneTarget(): Promise<RewriteTarget> {
    const place = this.#place;
    await this.#deleting;
    const lock = LogLock.take(this.#host, place);
    try {
      const directory = await LogDirectory.renew(place.path, place.baseName);
      return { directory, onEnded: () => lock.release() };
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * Deletes, in the background, the files that rewrites have replaced and `aof-disable-auto-gc` has kept;
   * nothing while it is set. Where there is no log, a rewrite that is under way does it at its end.
   */
  deleteHistory(): void {
    const { config, keyspace } = this.#host;
    if (config.values['aof-disable-auto-gc'] || keyspace.isLoading || this.#isEnding) return;
    const isRewriting = this.#host.snapshotScheduler.isUnderWay(LOG_REWRITE);
    if (this.#journal === undefined && isRewriting) return;
    this.#deleting = this.#deleting.then(() => this.#deleteHistory());
  }

  async #deleteHistory(): Promise<void> {
    const { log } = this.#host;
    const directory = this.#journal?.directory;
    if (directory !== undefined) return deleteReplaced(() => directory, log);
    const place = this.#place;
    let lock: LogLock | undefined;
    await deleteReplaced(() => {
      const unused = LogDirectory.read(place.path, place.baseName);
      // Another server may keep a log there.
      if (unused.manifest.history.length > 0) lock = LogLock.take(this.#host, place);
      return unused;
    }, log);
    lock?.release();
  }

  /** To be called regularly: verifies that the log is in its place. */
  tick(): void {
    const nowMs = performance.now();
    if (nowMs - this.#verifiedMs < VERIFY_MS) return;
    this.#verifiedMs = nowMs;
    const journal = this.#journal;
    if (journal === undefined || !this.#mayBeginAnew) return;
    journal.verify();
    if (journal.isLost) void this.#beginAnew(journal);
    else if (journal.failure === undefined) {
      this.#lostLog.isBack();
      this.#lock?.refresh();
    }
  }

  /**
   * Whether a new log may take the place of a lost one: not where the log is being switched on or off, nor
   * while there is half of the data.
   */
  get #mayBeginAnew(): boolean {
    const { isLoading } = this.#host.keyspace;
    return this.#switchingOn === undefined && !this.#isSwitchingOff && !isLoading;
  }

  /** Replaces a lost log by a new one, if possible. */
  #beginAnew(lost: Journal): Promise<void> {
    const leave = this.#host.snapshotScheduler.reserve(LOG_REWRITE);
    const done = this.#lostLog.beginAnew(lost).then(() => {
      leave();
      this.#switchingOn = undefined;
      this.#beginningAnew = undefined;
    });
    this.#switchingOn = done;
    this.#beginningAnew = done;
    return done;
  }

  #ownerOfLostLog(): LostLogOwner {
    const keeper = this;
    return {
      log: this.#host.log,
      get place() {
        return keeper.#place;
      },
      get lock() {
        return keeper.#lock;
      },
      set lock(lock) {
        keeper.#lock = lock;
      },
      takeLock: () => LogLock.take(this.#host, this.#place),
      settle: () => this.#settle(),
      begin: (directory, lost) => this.#begin(directory, lost),
      goBackTo: (lost) => this.#goBackTo(lost),
      scheduleRewrite: () => this.scheduleRewrite(),
    };
  }

  async #goBackTo(lost: Journal): Promise<void> {
    const begun = this.#journal;
    if (begun === undefined || begun === lost) return;
    this.#journal = lost;
    lost.isBesideSnapshot = this.#host.snapshotScheduler.isWriting;
    lost.fsync = this.#host.config.values;
    lost.tellsTime = this.#host.config.values['aof-timestamp-enabled'];
    this.#host.stream.unsubscribe(begun);
    await begun.close().catch(() => undefined);
  }

  // ── At the end ──────────────────────────────────────────────────────────────────────────────

  /** Cancels a rewrite, and resolves when all recorded changes are on disk, or cannot be written. */
  async flush(): Promise<void> {
    if (this.#beginningAnew === undefined) this.#rewriter.cancel();
    await this.#keepFromLoss();
    this.#isClosing = true;
    this.#rewriter.cancel();
    await this.#switchingOn;
    await this.#rewriter.settled();
    await this.#deleting;
    await this.#journal?.flush();
  }

  /** The last chance to save what is in memory only, as the log's files are gone. */
  async #keepFromLoss(): Promise<void> {
    await this.#beginningAnew;
    const journal = this.#journal;
    if (journal === undefined || !this.#mayBeginAnew) return;
    await journal.flush();
    journal.verify();
    if (journal.isLost && (this.#mayBeginAnew || this.#beginningAnew !== undefined))
      await (this.#beginningAnew ?? this.#beginAnew(journal));
  }

  /** Closes the log. Everything acknowledged is on disk afterwards, or an error is reported. */
  async close(): Promise<void> {
    const journal = this.#journal;
    if (journal !== undefined) await this.#end(journal);
    this.#unlock();
  }
}
