// The log's writer: one stream of bytes, cut into groups and segments. Invariants:
// - syncedOffset ≤ writtenOffset ≤ offset. What lies between the first two is in a file, whole
//   groups only; what lies behind is the pending group, in memory.
// - Groups are appended, even if another process writes to the file (O_APPEND). What a write that failed or
//   was cut short has left is cut off, and the pending group, grown meanwhile, appended once more. Order
//   is kept and nothing is lost.
// - After a failed fsync the kernel may have dropped what it could not write, and a later fsync
//   would succeed without it. So everything since the last good one is kept in memory and written
//   again, in place, before the next fsync. (A new segment instead would leave an old one behind
//   with the same groups in it, which Redis would run twice.) Under `no` nothing is kept: there
//   nothing is promised of the disk, except for what a sync has failed for already.
// - A group that has large arguments in it is written on another thread, slice by slice. Until all of it
//   is in the file nothing else is written, and the next group gathers.
// - Nothing is called synced unless its file is where a start would look for it (segment-place.ts).
import type { PinnedPiece } from '../../protocol/large-argument.ts';
import { Histogram } from '../../telemetry/histogram.ts';
import { appendAll, errorOf, type FileSystem } from './file-system.ts';
import { GroupBuffer } from './group-buffer.ts';
import { appendNow, GroupWriter, writeKept } from './group-writer.ts';
import type { LogDirectory } from './log-directory.ts';
import type { LogOptions, LogStats } from './log-options.ts';
import type { SegmentFile } from './manifest.ts';
import type { OpenSegment } from './open-segment.ts';
import { RotationRequests, type SwitchListener } from './rotation-requests.ts';
import type { ScatteredGroup } from './scattered-group.ts';
import { lossOf } from './segment-place.ts';
import { SegmentRotation } from './segment-rotation.ts';
import { type SyncPolicy, SyncSchedule } from './sync-schedule.ts';

/** With more to keep in memory than this, a sync does not wait for its time. */
const EARLY_SYNC_BYTES = 16 * 1024 * 1024;

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
  readonly #requests: RotationRequests;
  /** Files with anything that is not on disk, from old to new; the last is being written. */
  readonly #files: OpenSegment[];
  #offset: number;
  #writtenOffset: number;
  #syncedOffset: number;
  readonly #written = { groups: 0, bytes: 0, lastGroupBytes: 0 };
  #writeFailure: Error | undefined;
  /** Whether there is something behind the last whole group that could not be cut off. */
  #hasTornEnd = false;
  #syncFailure: Error | undefined;
  /** Why nothing is written any more; see `abandon`. */
  #abandoned: Error | undefined;
  /** Writes a group that has large arguments in it; what comes meanwhile is gathered for the next one. */
  #writer: GroupWriter | undefined;
  #writeTimer: NodeJS.Timeout | undefined;
  /** Settles when the files are closed; once it is there, `commit` writes nothing to what may be closed. */
  #closing: Promise<void> | undefined;
  readonly #warn = (error: unknown): void => this.#options.onWarning(errorOf(error));
  readonly #seal = (group: ScatteredGroup) => group.seal(this.#writtenOffset, this.#knownSynced);

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
    this.#requests = new RotationRequests(this.#rotation, {
      retryMs: options.retryMs,
      isSegmentFull: () => this.#isSegmentFull,
      ready: () => this.#switch(),
      onWarning: (error) => options.onWarning(error),
    });
    const target = {
      hasUnsynced: () =>
        this.#syncedOffset < this.#writtenOffset || this.#syncFailure !== undefined,
      startSync: (done: (succeeded: boolean) => void) => this.#sync(done),
    };
    this.#schedule = new SyncSchedule(target, this.syncLatency, options.policy, options.retryMs);
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
    return this.#abandoned ?? this.#writeFailure ?? this.#syncFailure;
  }

  /** The segment that is being written. */
  get segment(): Readonly<OpenSegment> {
    return this.#files[this.#files.length - 1];
  }

  /** The segment in which an offset lies; the one that begins there, not the one that ends there. */
  segmentAt(offset: number): SegmentFile | undefined {
    return this.#rotation.segmentAt(offset);
  }

  /** Where the group begins that is being gathered. */
  get groupStart(): number {
    return this.#buffer.closedOffset ?? this.#writer?.group.endOffset ?? this.#writtenOffset;
  }

  /** Whether a group that has large arguments in it is being written. */
  get isWriting(): boolean {
    return this.#writer?.isRunning ?? false;
  }

  get #isSegmentFull(): boolean {
    return this.segment.sizeBytes >= this.#options.maxSegmentBytes;
  }

  /** Whether there is a pending group, or one that is being written. */
  get hasPending(): boolean {
    return this.#offset > this.#writtenOffset;
  }

  /** How long the last sync took, in µs. */
  get lastSyncUs(): number {
    return this.#schedule.lastLatencyUs;
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
      ...this.#written,
      pendingBytes: this.#offset - this.#writtenOffset,
      unsyncedBytes: this.#writtenOffset - this.#syncedOffset,
      keptBytes: this.#buffer.keptBytes,
      segmentBytes: this.segment.sizeBytes,
      lastSyncUs: this.lastSyncUs,
    };
  }

  /** Has a log that nothing was written to begin at an offset. @throws Error when it ends elsewhere */
  begin(offset: number): void {
    if (offset === this.#offset) return;
    const [segment] = this.#files;
    if (this.hasPending || segment.sizeBytes > 0) throw new Error(`it ends at ${this.#offset}`);
    segment.start = offset;
    segment.end = offset;
    this.#rotation.beginAt(segment.seq, offset).catch(this.#warn);
    this.#offset = offset;
    this.#writtenOffset = offset;
    this.#syncedOffset = offset;
  }

  /** What it was given has a gap, for this reason: what is pending is never written. */
  abandon(reason: Error): void {
    const isNew = this.failure === undefined;
    this.#abandoned = reason;
    if (isNew) this.#options.onFailure(reason);
  }

  /** Copies bytes [start, end), which are whole commands, into the pending group. */
  append(bytes: Uint8Array, start: number, end: number): void {
    this.#stampGroup();
    this.#buffer.append(bytes, start, end);
    this.#offset += end - start;
  }

  /** Adds pinned bytes, a part of a command, to the pending group; releases them in due time. */
  appendPinned(bytes: PinnedPiece): void {
    this.#stampGroup();
    this.#buffer.appendPinned(bytes);
    this.#offset += bytes.length;
  }

  /** Has what comes next be in another group, though what is pending cannot be written yet. */
  closeGroup(): void {
    if (this.#offset > this.groupStart) this.#buffer.closeGroup(this.#offset);
  }

  #stampGroup(): void {
    if (!this.tellsTime || this.#offset > this.groupStart) return;
    this.#buffer.stamp(Math.floor(this.#options.nowMs() / 1000));
  }

  /**
   * Writes the pending group.
   * @returns whether nothing is pending any more; if not, it is being written (`isWriting`), or retried
   *   until it works
   */
  commit(): boolean {
    if (!this.hasPending) return true;
    if (this.#closing !== undefined || !this.#write()) return false;
    this.#committed();
    return true;
  }

  #committed(): void {
    this.#schedule.written();
    if (this.#buffer.keptBytes > EARLY_SYNC_BYTES) this.#schedule.startNow();
    if (this.#isSegmentFull) this.#requests.prepare();
    if (this.#rotation.next !== undefined) this.#switch();
  }

  /** Resolves when no group is being written on another thread. */
  async settled(): Promise<void> {
    await this.#writer?.settled();
  }

  /** Looks whether the log is where a start would read it; if not, it has failed until it is again. */
  verify(): void {
    const loss = this.failure === undefined ? this.#lossOf(this.segment) : undefined;
    if (loss === undefined || this.#closing !== undefined) return;
    this.#syncFailure = loss;
    this.#options.onFailure(loss);
    // Tried again and again from now on.
    this.#schedule.startNow();
  }

  /** Resolves when all that is written now is on disk, however long that takes; or when the log is being closed. */
  async flush(): Promise<void> {
    while (!this.commit() && this.isWriting) await this.settled();
    if (this.#closing === undefined) await this.#schedule.flush();
  }

  /** Goes over to a new segment as soon as that is possible. */
  rotate(listener: SwitchListener): void {
    this.#requests.add(listener);
  }

  /**
   * Writes and syncs what is left, in every mode.
   * @throws the system's error when that fails; the log is closed all the same
   */
  close(): Promise<void> {
    this.#closing ??= Promise.resolve().then(() => this.#close());
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#writeTimer);
    this.#requests.close(new Error('the log was closed'));
    await this.#schedule.stop();
    await this.#writer?.settled();
    try {
      if (this.#abandoned === undefined) this.#writeRest();
      for (const file of this.#files) {
        if (this.#syncFailure !== undefined) this.#writeAgain(file);
        await this.#fs.sync(file.fd);
        const loss = this.#lossOf(file);
        if (loss !== undefined) throw loss;
      }
      this.#syncedOffset = this.#writtenOffset;
      await this.#rotation.writeStart(this.#syncedOffset);
      if (this.#abandoned !== undefined) throw this.#abandoned;
    } finally {
      this.#buffer.discard(this.#writer?.group);
      for (const { fd } of this.#files) this.#fs.close(fd);
      await this.#rotation.close();
    }
  }

  /** Writes the pending group; whether it is in its file. */
  #write(): boolean {
    if (this.#abandoned !== undefined) return false;
    const buffer = this.#buffer;
    if (this.#writer !== undefined || buffer.isScattered) {
      this.#writeScattered();
      return false;
    }
    const { segment } = this;
    const length = buffer.seal(this.#writtenOffset, this.#knownSynced);
    try {
      if (this.#hasTornEnd) this.#cutTornEnd(segment);
      appendAll(this.#fs, segment.fd, buffer.buffer, buffer.groupAt, length);
    } catch (error) {
      this.#writeFailed(errorOf(error), segment);
      return false;
    }
    this.#noteWritten(length, this.#offset);
    buffer.advance(this.#offset, this.#isKept);
    return true;
  }

  /** Whether what is written must be kept until it is on disk. */
  get #isKept(): boolean {
    return this.#schedule.policy.mode !== 'no' || this.#syncFailure !== undefined;
  }

  /** Under `no` it is not known what is on disk; recovery is then to take no damage for a torn end. */
  get #knownSynced(): number {
    return this.#isKept ? this.#syncedOffset : this.#writtenOffset;
  }

  /** A group of so many bytes, annotation included, is in the file: the stream up to an offset. */
  #noteWritten(length: number, endOffset: number): void {
    const segment = this.#files[this.#files.length - 1];
    this.#written.groups++;
    this.#written.bytes += length;
    this.#written.lastGroupBytes = endOffset - this.#writtenOffset;
    this.#writtenOffset = endOffset;
    segment.sizeBytes += length;
    segment.end = endOffset;
    if (this.#writeFailure === undefined) return;
    this.#writeFailure = undefined;
    this.#recovered();
    // The write that succeeded may not have been started by the listeners, so they are notified here.
    setImmediate(this.#options.onProgress);
  }

  /** Begins to write the pending group, which has large arguments in it, unless that is under way. */
  #writeScattered(): void {
    this.#writer ??= new GroupWriter(this.#fs, this.#buffer.takeScattered(this.#offset));
    const writer = this.#writer;
    const { segment } = this;
    // After an error it is not tried again before its time.
    if (writer.isRunning || this.#writeTimer !== undefined) return;
    try {
      if (this.#hasTornEnd) this.#cutTornEnd(segment);
    } catch (error) {
      this.#writeFailed(errorOf(error), segment);
      return;
    }
    writer.write(this.#seal, (error) => {
      if (error !== undefined) this.#writeFailed(error, segment);
      else this.#scatteredWritten(writer.group);
    });
  }

  #scatteredWritten(group: ScatteredGroup): void {
    this.#writer = undefined;
    this.#noteWritten(group.sizeBytes, group.endOffset);
    this.#buffer.keepScattered(group, this.#isKept);
    if (this.#closing !== undefined) return;
    this.#committed();
    this.commit();
    this.#options.onProgress();
  }

  /** Writes all that is pending, at once. @throws the system's error */
  #writeRest(): void {
    while (this.#writer !== undefined || this.#buffer.isScattered) {
      const group = this.#writer?.group ?? this.#buffer.takeScattered(this.#offset);
      if (this.#hasTornEnd) this.#cutTornEnd(this.segment);
      appendNow(this.#fs, group, this.#seal);
      this.#scatteredWritten(group);
    }
    if (this.hasPending) this.#write();
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
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
    if (this.#writeTimer === undefined && this.#closing === undefined) {
      this.#writeTimer = setTimeout(() => {
        this.#writeTimer = undefined;
        this.commit();
      }, this.#options.retryMs);
      this.#writeTimer.unref();
    }
    if (isNew) this.#options.onFailure(error);
  }

  #cutTornEnd({ fd, sizeBytes }: OpenSegment): void {
    this.#fs.truncate(fd, sizeBytes);
    this.#hasTornEnd = false;
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
    this.#rotation.writeStart(this.#syncedOffset).catch(this.#warn);
    this.#buffer.release(target);
    const isDone = file === this.segment;
    if (!isDone && file.end === target) {
      this.#files.shift();
      this.#fs.close(file.fd);
    }
    if (!isDone && this.#closing === undefined) {
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

  #lossOf(file: OpenSegment): Error | undefined {
    const hasMore = this.#hasTornEnd || this.isWriting;
    return lossOf(this.directory, file, hasMore && file === this.segment);
  }

  /** Makes the kernel know again what it may have dropped: in place, and only in the very same file. */
  #writeAgain(file: OpenSegment): void {
    const loss = this.#lossOf(file);
    if (loss !== undefined) throw loss;
    writeKept(this.#fs, this.directory.pathOf(file.name), this.#buffer.keptOf(file));
  }

  #recovered(): void {
    if (this.failure === undefined) this.#options.onRecovered();
  }

  /** Goes over to the segment that is ready, unless what is pending must go to the old one first. */
  #switch(): void {
    const { next } = this.#rotation;
    if (next === undefined || this.#closing !== undefined) return;
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
    this.#rotation
      .begin(next, start)
      .then(() => this.#rotation.writeStart(this.#syncedOffset))
      .catch(this.#warn);
    if (this.#syncedOffset === old.end && !this.#schedule.isRunning) {
      this.#files.splice(this.#files.indexOf(old), 1);
      this.#fs.close(old.fd);
    } else {
      this.#schedule.startNow(); // Under `no` as well, so that old segments need not stay open.
    }
    this.#requests.switched(start);
  }
}
