// The log of a running server: it subscribes to the command stream (replication/command-stream.ts), and no
// reply is sent before the changes that it depends on are in the log, as durable as `appendfsync` demands: written
// to the file, or on disk too (`always`).
//
//   stream ─▶ pending group ──end of the iteration──▶ file ──fsync──▶ disk
//                                                 │                │
//               replies leave:     everysec, no ──┘      always ───┘

import type { Logger } from '../../logging/logger.ts';
import type { ReplyQueue } from '../../net/reply-queue.ts';
import type { PinnedPiece } from '../../protocol/large-argument.ts';
import type { CommandStream } from '../../replication/command-stream.ts';
import type { StreamSubscriber } from '../../replication/subscriber.ts';
import type { Histogram } from '../../telemetry/histogram.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { Log } from '../segments/log.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import type { LogStats } from '../segments/log-options.ts';
import { IncompleteLogError, LostLogError } from '../segments/lost-log-error.ts';
import type { SwitchListener } from '../segments/rotation-requests.ts';
import type { SyncPolicy } from '../segments/sync-schedule.ts';
import { CommitDelay } from './commit-delay.ts';
import { openLog } from './open-log.ts';

/** Between two attempts to write to a disk that has failed. */
const RETRY_MS = 100;
const KILOBYTE = 1024;
const MEGABYTE = 1024 * 1024;

/** When the log is synced, from the configuration. */
export interface FsyncSettings {
  readonly appendfsync: 'always' | 'everysec' | 'no';
  readonly 'fsync-interval-ms': number;
  /** Whether the log is not synced while a snapshot is being written. */
  readonly 'no-appendfsync-on-rewrite': boolean;
}

/** How the log's files are written. */
export interface JournalSettings extends FsyncSettings {
  readonly 'wal-buffer-size-kb': number;
  readonly 'wal-max-size-mb': number;
  readonly 'aof-timestamp-enabled': boolean;
}

/** What a journal needs from the server. */
export interface JournalHost {
  readonly log: Logger;
  readonly replies: Pick<ReplyQueue, 'waitingCount'>;
  readonly stream: Pick<CommandStream, 'progressed'>;
  /** Writing the log fails, for this reason; undefined: it works again. */
  logFailed(error: Error | undefined): void;
}

/** A server's log; see the head of this file. */
export class Journal implements StreamSubscriber {
  readonly kind = 'log';
  /** False while it replaces another log that is not given up yet. */
  holdsReplies = true;
  isComplete = false;
  readonly #log: Log;
  readonly #host: JournalHost;
  #settings: FsyncSettings;
  #isBesideSnapshot = false;
  /** Whether replies wait for the disk (`always`), and not for the file only. */
  #waitsForSync: boolean;
  #commitScheduled = false;
  /** Ends the wait of `flush`, because the disk has failed. */
  #onFailed: () => void = () => {};
  readonly #delay = new CommitDelay(() => this.#commitAndRelease());

  private constructor(log: Log, host: JournalHost, settings: FsyncSettings) {
    this.#log = log;
    this.#host = host;
    this.#settings = settings;
    this.#waitsForSync = settings.appendfsync === 'always';
  }

  /**
   * Opens the log for appending where recovery has ended.
   * @throws the system's error
   */
  static async open(
    host: JournalHost,
    directory: LogDirectory,
    recovery: Recovery,
    settings: JournalSettings,
  ): Promise<Journal> {
    let journal: Journal | undefined;
    const log = await openLog(directory, recovery, {
      policy: policyOf(settings),
      bufferBytes: settings['wal-buffer-size-kb'] * KILOBYTE,
      maxSegmentBytes: settings['wal-max-size-mb'] * MEGABYTE,
      retryMs: RETRY_MS,
      tellsTime: settings['aof-timestamp-enabled'],
      nowMs: Date.now,
      onProgress: () => {
        if (journal !== undefined) journal.#progressed();
      },
      onFailure: (error) => {
        host.log.error({ err: error }, 'Error writing to the AOF file');
        host.logFailed(error);
        if (journal !== undefined) journal.#onFailed();
      },
      onRecovered: () => {
        host.log.warn('AOF write error looks solved, Redis can write again.');
        host.logFailed(undefined);
      },
      onWarning: (error) => host.log.warn({ err: error }, 'The append only file'),
    });
    journal = new Journal(log, host, settings);
    return journal;
  }

  get directory(): LogDirectory {
    return this.#log.directory;
  }

  get stats(): LogStats {
    return this.#log.stats;
  }

  /** Frees memory that is kept for reuse. */
  releaseSpares(): void {
    this.#log.releaseSpares();
  }

  /** Durations of the fsyncs. */
  get syncLatency(): Histogram {
    return this.#log.syncLatency;
  }

  /** Offset of the end of the changes that it was given. */
  get offset(): number {
    return this.#log.offset;
  }

  get writtenOffset(): number {
    return this.#log.writtenOffset;
  }

  get syncedOffset(): number {
    return this.#log.syncedOffset;
  }

  get groupStart(): number {
    return this.#log.groupStart;
  }

  get durableOffset(): number {
    return this.#waitsForSync ? this.#log.syncedOffset : this.#log.writtenOffset;
  }

  /** The reason why writing fails; undefined while it works. */
  get failure(): Error | undefined {
    return this.#log.failure;
  }

  /** Takes effect at once. */
  set fsync(settings: FsyncSettings) {
    this.#settings = settings;
    this.#applyPolicy();
  }

  /** Sets `aof-timestamp-enabled`. */
  set tellsTime(tellsTime: boolean) {
    this.#log.tellsTime = tellsTime;
  }

  /** Whether a snapshot is being written in the background. */
  set isBesideSnapshot(isBesideSnapshot: boolean) {
    if (isBesideSnapshot === this.#isBesideSnapshot) return;
    this.#isBesideSnapshot = isBesideSnapshot;
    this.#applyPolicy();
  }

  begin(offset: number): void {
    this.#log.begin(offset);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#log.append(bytes, start, end);
    if (!this.#commitScheduled) this.#scheduleCommit();
  }

  appendPinned(bytes: PinnedPiece): void {
    this.#log.appendPinned(bytes);
    if (!this.#commitScheduled) this.#scheduleCommit();
  }

  closeGroup(): void {
    this.#log.closeGroup();
  }

  failed(error: unknown): void {
    this.#log.abandon(new IncompleteLogError('the log could not take a change', { cause: error }));
  }

  #scheduleCommit(): void {
    // Changes without a request (an expiry) must not wait for the next request.
    this.#commitScheduled = true;
    setImmediate(() => {
      this.#commitScheduled = false;
      this.#commitAndRelease();
    });
  }

  commit(): void {
    if (!this.#isPutOff()) this.#log.commit();
  }

  /**
   * Writes all recorded changes to the file.
   * @returns whether they are written; if not, they are being written (`settled`), or cannot be (`failure`)
   */
  writeNow(): boolean {
    return this.#log.commit();
  }

  /** Whether the log's files are not in their place any more. */
  get isLost(): boolean {
    return this.failure instanceof LostLogError;
  }

  /** Resolves when nothing is being written on another thread. */
  settled(): Promise<void> {
    return this.#log.settled();
  }

  /** Checks that the log is where a start would read it; otherwise it has failed. */
  verify(): void {
    this.#log.verify();
  }

  /** Releases the replies whose changes are durable by now. */
  #release(): void {
    this.#host.stream.progressed();
  }

  /** Goes over to a new file of the log. */
  rotate(listener: SwitchListener): void {
    this.#log.rotate(listener);
  }

  /** Resolves when all changes recorded so far are on disk, or cannot be written. */
  async flush(): Promise<void> {
    this.#log.commit();
    if (this.failure === undefined) {
      const failed = new Promise<void>((resolve) => {
        this.#onFailed = resolve;
      });
      await Promise.race([this.#log.flush(), failed]);
    }
    this.#release();
  }

  /**
   * Syncs what is left and closes the files.
   * @throws the system's error when that fails
   */
  async close(): Promise<void> {
    this.#delay.stop();
    await this.#log.close();
    this.#release();
  }

  #commitAndRelease(): void {
    this.commit();
    this.#release();
  }

  /** More of the log is on disk, or in its file, than before. */
  #progressed(): void {
    const waitingCount = this.#waitingCount;
    this.#release();
    this.#delay.restart(waitingCount, this.#log.lastSyncUs);
    this.#commitAndRelease();
  }

  /** Number of replies that wait for it. */
  get #waitingCount(): number {
    return this.holdsReplies ? this.#host.replies.waitingCount : 0;
  }

  /** Whether the pending group should wait for more commands. */
  #isPutOff(): boolean {
    if (!this.#waitsForSync || this.failure !== undefined) return false;
    // No reply could leave earlier.
    if (this.#log.isSyncing) return true;
    return this.#log.hasPending && !this.#delay.isOver(this.#waitingCount);
  }

  #applyPolicy(): void {
    const policy = policyOf(this.#settings);
    const isUnsynced = this.#isBesideSnapshot && this.#settings['no-appendfsync-on-rewrite'];
    const mode = isUnsynced ? 'no' : policy.mode;
    this.#waitsForSync = mode === 'always';
    this.#log.policy = { ...policy, mode };
    this.#release();
  }
}

function policyOf({ appendfsync, ...settings }: FsyncSettings): SyncPolicy {
  const mode = appendfsync === 'everysec' ? 'periodic' : appendfsync;
  return { mode, intervalMs: settings['fsync-interval-ms'] };
}
