// The log's writer: one stream of bytes, cut into groups and segments. Invariants:
// - syncedOffset ≤ writtenOffset ≤ offset. What lies between the first two is in a file, whole
//   groups only; what lies behind is the pending group, in memory.
// - Groups are appended, whoever else should write to the file (O_APPEND). What a write that failed or
//   was cut short has left is cut off, and the pending group, grown meanwhile, appended once more. Order
//   is kept and nothing is lost.
// - After a failed fsync the kernel may have dropped what it could not write, and a later fsync
//   would succeed without it. So everything since the last good one is kept in memory and written
//   again, in place, before the next fsync. (A new segment instead would leave an old one behind
//   with the same groups in it, which Redis would run twice.) Under `no` nothing is kept: there
//   nothing is promised of the disk, except for what a sync has failed for already.
// - Nothing is called synced unless its file is where a start would look for it (segment-place.ts).
import { Histogram } from '../telemetry/histogram.ts';
import { appendAll, type FileSystem, writeAll } from './file-system.ts';
import { GroupBuffer } from './group-buffer.ts';
import type { LogDirectory } from './log-directory.ts';
import type { SegmentFile } from './manifest.ts';
import type { OpenSegment } from './open-segment.ts';
import { type LostLogError, lossOf } from './segment-place.ts';
import { SegmentRotation } from './segment-rotation.ts';
import { type SyncPolicy, SyncSchedule } from './sync-schedule.ts';

/** With more to keep in memory than this, a sync does not wait for its time. */
const EARLY_SYNC_BYTES = 16 * 1024 * 1024;
const CLOSED = 'the log was closed';

/** How a log writes, and whom it tells. */
export interface LogOptions {
  readonly policy: SyncPolicy;
  /** Size of the pieces in which memory for groups is asked for (`buffer_size_kb`). */
  readonly bufferBytes: number;
  /** A segment of this size is followed by a new one (`max_size_mb`). */
  readonly maxSegmentBytes: number;
  /** Between two attempts after an error. */
  readonly retryMs: number;
  /** Whether groups tell the time when the second has changed (`aof-timestamp-enabled`). */
  readonly tellsTime: boolean;
  /** The time, in ms since the epoch. */
  nowMs(): number;
  /** `writtenOffset` or `syncedOffset` has grown, outside `commit`. */
  onProgress(): void;
  /** The disk has failed: `failure` says how, until `onRecovered`. */
  onFailure(error: Error): void;
  onRecovered(): void;
  /** Something could not be done and will be tried again; nothing is lost by it. */
  onWarning(error: Error): void;
}

/** Who waits for a new segment. */
export interface SwitchListener {
  /** The log has gone over, at an offset that is the stream's end at this moment. */
  switched(offset: number): void;
  /** There is no new segment, and nobody tries any more on this one's behalf. */
  failed(error: Error): void;
}

/** Figures for INFO; sizes in bytes. */
export interface LogStats {
  readonly groups: number;
  /** Written to files, annotations and time stamps included. */
  readonly bytes: number;
  readonly lastGroupBytes: number;
  /** In no file yet. */
  readonly pendingBytes: number;
  /** Written, and not known to be on disk. */
  readonly unsyncedBytes: number;
  /** Memory kept for writing again, annotations included. */
  readonly keptBytes: number;
  /** Of the newest segment. */
  readonly segmentBytes: number;
  readonly lastSyncUs: number;
}

/** The log, open for writing. See `openLog`. */
export class Log {
  readonly directory: LogDirectory;
  /** Durations of the fsyncs that worked. */
  readonly syncLatency = new Histogram();
  /** See `LogOptions.tellsTime`; holds from the next group on. */
  tellsTime: boolean;
  readonly #fs: FileSystem;
  readonly #options: LogOptions;
  readonly #buffer: GroupBuffer;
  readonly #schedule: SyncSchedule;
  readonly #rotation: SegmentRotation;
  /** Files with anything that is not on disk, from old to new; the last is being written. */
  readonly #files: OpenSegment[];
  #offset: number;
  #writtenOffset: number;
  #syncedOffset: number;
  #groups = 0;
  #bytes = 0;
  #lastGroupBytes = 0;
  #writeFailure: Error | undefined;
  /** Whether there is something behind the last whole group that could not be cut off. */
  #hasTornEnd = false;
  #syncFailure: Error | undefined;
  #writeTimer: NodeJS.Timeout | undefined;
  #rotationTimer: NodeJS.Timeout | undefined;
  /** Start of the newest segment; undefined once it is in the manifest. */
  #untoldStart: number | undefined;
  #listeners: SwitchListener[] = [];
  #isClosed = false;

  constructor(
    directory: LogDirectory,
    segment: OpenSegment,
    starts: ReadonlyMap<number, number>,
    options: LogOptions,
  ) {
    this.directory = directory;
    this.#fs = directory.fs;
    this.#options = options;
    this.tellsTime = options.tellsTime;
    this.#files = [segment];
    this.#offset = segment.end;
    this.#writtenOffset = segment.end;
    this.#syncedOffset = segment.end;
    directory.durableOffset = segment.end;
    this.#buffer = new GroupBuffer(options.bufferBytes, segment, segment.end);
    this.#rotation = new SegmentRotation(directory, starts);
    const target = {
      hasUnsynced: () =>
        this.#syncedOffset < this.#writtenOffset || this.#syncFailure !== undefined,
      startSync: (done: (succeeded: boolean) => void) => this.#sync(done),
    };
    const { policy, retryMs } = options;
    this.#schedule = new SyncSchedule(target, this.syncLatency, policy, retryMs);
  }

  /** The stream's end, pending bytes included. */
  get offset(): number {
    return this.#offset;
  }

  /** What a crash of the process cannot take away any more. */
  get writtenOffset(): number {
    return this.#writtenOffset;
  }

  /** What a loss of power cannot take away any more. */
  get syncedOffset(): number {
    return this.#syncedOffset;
  }

  /** Whether something is on its way to the disk. */
  get isSyncing(): boolean {
    return this.#schedule.isRunning;
  }

  /** Why the disk does not take what it is given; undefined when all is well. */
  get failure(): Error | undefined {
    return this.#writeFailure ?? this.#syncFailure;
  }

  /** The segment that is being written. */
  get segment(): Readonly<OpenSegment> {
    return this.#files[this.#files.length - 1];
  }

  /** The segment in which an offset lies; the one that begins there, not the one that ends there. */
  segmentAt(offset: number): SegmentFile | undefined {
    const { keptSegments, segments } = this.#rotation.withStarts(this.directory.manifest);
    return [...keptSegments, ...segments].findLast(
      ({ start }) => start !== undefined && start <= offset,
    );
  }

  /** Whether there is a pending group. */
  get hasPending(): boolean {
    return this.#offset > this.#writtenOffset;
  }

  /** How long the last sync took, in µs. */
  get lastSyncUs(): number {
    return this.#schedule.lastLatencyUs;
  }

  get policy(): SyncPolicy {
    return this.#schedule.policy;
  }

  /** Takes effect at once. What was written under `no` keeps the guarantees of `no`. */
  set policy(policy: SyncPolicy) {
    this.#schedule.policy = policy;
  }

  /** Gives up memory that is kept to be used again. */
  releaseSpares(): void {
    this.#buffer.releaseSpares();
  }

  get stats(): LogStats {
    return {
      groups: this.#groups,
      bytes: this.#bytes,
      lastGroupBytes: this.#lastGroupBytes,
      pendingBytes: this.#offset - this.#writtenOffset,
      unsyncedBytes: this.#writtenOffset - this.#syncedOffset,
      keptBytes: this.#buffer.keptBytes,
      segmentBytes: this.segment.sizeBytes,
      lastSyncUs: this.lastSyncUs,
    };
  }

  /** Copies bytes [start, end), which are whole commands, into the pending group. */
  append(bytes: Uint8Array, start: number, end: number): void {
    if (this.tellsTime && !this.hasPending) {
      this.#buffer.stamp(Math.floor(this.#options.nowMs() / 1000));
    }
    this.#buffer.append(bytes, start, end);
    this.#offset += end - start;
  }

  /**
   * Writes the pending group.
   * @returns whether nothing is pending any more; if not, it is retried until it works
   */
  commit(): boolean {
    if (!this.hasPending) return true;
    if (!this.#write()) return false;
    this.#schedule.written();
    if (this.#buffer.keptBytes > EARLY_SYNC_BYTES) this.#schedule.startNow();
    if (this.segment.sizeBytes >= this.#options.maxSegmentBytes) this.#prepareNext();
    if (this.#rotation.next !== undefined) this.#switch();
    return true;
  }

  /** Looks whether the log is where a start would read it; if not, it has failed until it is again. */
  verify(): void {
    const loss = this.failure === undefined ? this.#lossOf(this.segment) : undefined;
    if (loss === undefined || this.#isClosed) return;
    this.#syncFailure = loss;
    this.#options.onFailure(loss);
    // Tried again and again from now on.
    this.#schedule.startNow();
  }

  /** Resolves when all that is written now is on disk, however long that takes. */
  flush(): Promise<void> {
    this.commit();
    return this.#schedule.flush();
  }

  /** Goes over to a new segment as soon as that is possible. */
  rotate(listener: SwitchListener): void {
    if (this.#isClosed) {
      listener.failed(new Error(CLOSED));
      return;
    }
    this.#listeners.push(listener);
    this.#prepareNext();
  }

  /**
   * Writes and syncs what is left, in every mode.
   * @throws the system's error when that fails; the log is closed all the same
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#writeTimer);
    clearTimeout(this.#rotationTimer);
    this.#refuseSwitch(new Error(CLOSED));
    await this.#schedule.stop();
    try {
      if (this.hasPending) this.#write();
      if (this.#writeFailure !== undefined) throw this.#writeFailure;
      for (const file of this.#files) {
        if (this.#syncFailure !== undefined) this.#writeAgain(file);
        await this.#fs.sync(file.fd);
        const loss = this.#lossOf(file);
        if (loss !== undefined) throw loss;
      }
      this.#syncedOffset = this.#writtenOffset;
      await this.#tellStart();
    } finally {
      for (const { fd } of this.#files) this.#fs.close(fd);
      await this.#rotation.close();
    }
  }

  /** Writes the pending group; whether that worked. */
  #write(): boolean {
    const buffer = this.#buffer;
    const segment = this.#files[this.#files.length - 1];
    const isKept = this.#schedule.policy.mode !== 'no' || this.#syncFailure !== undefined;
    // Under `no` it is not known what is on disk; recovery is then to take no damage for a torn end.
    const synced = isKept ? this.#syncedOffset : this.#writtenOffset;
    const length = buffer.seal(this.#writtenOffset, synced);
    try {
      if (this.#hasTornEnd) this.#cutTornEnd(segment);
      appendAll(this.#fs, segment.fd, buffer.buffer, buffer.groupAt, length);
    } catch (error) {
      this.#writeFailed(errorOf(error), segment);
      return false;
    }
    this.#groups++;
    this.#bytes += length;
    this.#lastGroupBytes = this.#offset - this.#writtenOffset;
    this.#writtenOffset = this.#offset;
    segment.sizeBytes += length;
    segment.end = this.#offset;
    buffer.advance(this.#offset, isKept);
    if (this.#writeFailure !== undefined) {
      this.#writeFailure = undefined;
      this.#recovered();
      // It need not be one of those who wait for it that had it written at last.
      setImmediate(this.#options.onProgress);
    }
    return true;
  }

  #writeFailed(error: Error, segment: OpenSegment): void {
    this.#hasTornEnd = true;
    try {
      this.#cutTornEnd(segment);
    } catch (truncateError) {
      // It is cut before anything is written behind it, or by recovery.
      if (this.#writeFailure === undefined) this.#options.onWarning(errorOf(truncateError));
    }
    const isNew = this.failure === undefined;
    this.#writeFailure = error;
    if (this.#writeTimer === undefined && !this.#isClosed) {
      this.#writeTimer = setTimeout(() => this.#retryWrite(), this.#options.retryMs);
      this.#writeTimer.unref();
    }
    if (isNew) this.#options.onFailure(error);
  }

  #cutTornEnd({ fd, sizeBytes }: OpenSegment): void {
    this.#fs.truncate(fd, sizeBytes);
    this.#hasTornEnd = false;
  }

  #retryWrite(): void {
    this.#writeTimer = undefined;
    this.commit();
  }

  /** Syncs all files, the oldest first. */
  #sync(done: (succeeded: boolean) => void): void {
    const file = this.#files[0];
    try {
      if (this.#syncFailure !== undefined) this.#writeAgain(file);
    } catch (error) {
      // Later, as from a sync that fails: the schedule counts on it.
      setImmediate(() => this.#syncFailed(errorOf(error), done));
      return;
    }
    const target = file.end;
    this.#fs.datasync(file.fd, (error) => {
      const failure = error ?? this.#lossOf(file);
      if (failure === undefined) this.#synced(file, target, done);
      else this.#syncFailed(failure, done);
    });
  }

  #synced(file: OpenSegment, target: number, done: (succeeded: boolean) => void): void {
    this.#syncedOffset = Math.max(this.#syncedOffset, target);
    this.#tellStart().catch((error: unknown) => this.#options.onWarning(errorOf(error)));
    this.#buffer.release(target);
    const isDone = file === this.segment;
    if (!isDone && file.end === target) {
      this.#files.shift();
      this.#fs.close(file.fd);
    }
    if (!isDone && !this.#isClosed) {
      this.#sync(done);
      return;
    }
    if (this.#syncFailure !== undefined) {
      this.#syncFailure = undefined;
      this.#recovered();
    }
    done(true);
    this.#options.onProgress();
  }

  #syncFailed(error: Error, done: (succeeded: boolean) => void): void {
    const isNew = this.failure === undefined;
    this.#syncFailure = error;
    done(false);
    if (isNew) this.#options.onFailure(error);
  }

  #lossOf(file: OpenSegment): LostLogError | undefined {
    return lossOf(this.directory, file, this.#hasTornEnd && file === this.segment);
  }

  /** Makes the kernel know again what it may have dropped: in place, and only in the very same file. */
  #writeAgain(file: OpenSegment): void {
    const loss = this.#lossOf(file);
    if (loss !== undefined) throw loss;
    const fd = this.#fs.open(this.directory.pathOf(file.name), 'r+');
    try {
      for (const { buffer, writtenBytes, position } of this.#buffer.chunksOf(file)) {
        writeAll(this.#fs, fd, buffer, 0, writtenBytes, position);
      }
    } finally {
      this.#fs.close(fd);
    }
  }

  #recovered(): void {
    if (this.failure === undefined) this.#options.onRecovered();
  }

  #prepareNext(): void {
    if (this.#rotation.isUnderWay || this.#rotationTimer !== undefined || this.#isClosed) return;
    this.#rotation.prepare().then(
      () => this.#switch(),
      (error: unknown) => this.#rotateLater(errorOf(error)),
    );
  }

  #refuseSwitch(error: Error): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener.failed(error);
  }

  #rotateLater(error: Error): void {
    this.#refuseSwitch(error);
    if (this.#isClosed) return;
    this.#options.onWarning(error);
    if (this.segment.sizeBytes < this.#options.maxSegmentBytes) return;
    this.#rotationTimer = setTimeout(() => {
      this.#rotationTimer = undefined;
      this.#prepareNext();
    }, this.#options.retryMs);
    this.#rotationTimer.unref();
  }

  /** Goes over to the segment that is ready, unless what is pending must go to the old one first. */
  #switch(): void {
    const { next } = this.#rotation;
    if (next === undefined || this.#isClosed) return;
    if (this.hasPending) {
      if (!this.#write()) return;
      this.#schedule.written();
      this.#options.onProgress();
    }
    const start = this.#writtenOffset;
    const segment: OpenSegment = { ...next, start, end: start, sizeBytes: 0 };
    const old = this.segment;
    this.#files.push(segment);
    this.#buffer.changeSegment(segment);
    this.#untoldStart = start;
    this.#rotation
      .begin(next, start)
      .then(() => this.#tellStart())
      .catch((error: unknown) => this.#options.onWarning(errorOf(error)));
    if (this.#syncedOffset === old.end && !this.#schedule.isRunning) this.#closeOld(old);
    // Under `no` as well, so that old segments need not stay open.
    else this.#schedule.startNow();
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener.switched(start);
  }

  /** Has the manifest tell where the newest segment begins, if all that is before is on disk. */
  async #tellStart(): Promise<void> {
    const { directory } = this;
    directory.durableOffset = this.#syncedOffset;
    if (this.#untoldStart === undefined || this.#untoldStart > this.#syncedOffset) return;
    this.#untoldStart = undefined;
    await directory.update((manifest) => manifest);
  }

  /** Closes a segment that is on disk to its end. */
  #closeOld(old: OpenSegment): void {
    this.#files.splice(this.#files.indexOf(old), 1);
    this.#fs.close(old.fd);
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
