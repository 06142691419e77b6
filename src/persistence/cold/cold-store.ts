// The folder with the cold blocks of all streams. What refers to them (streams in memory, snapshots, the log) does so
// by a log's id and by locations; this folder knows nothing of who does. So files are deleted in two ways only: by
// `dropBefore` and `delete`, and by `sweep`, after a recovery, which is given all that is referred to. Neither deletes
// anything as long as it is held.
//
//     open ─▶ recovery: readNow, read, verify; what is deleted waits ─▶ sweep ─▶ append, read, drop …
import { FileLock, UnlockableError } from '../../files/file-lock.ts';
import { isMissing } from '../segments/file-system.ts';
import type { ColdContext } from './cold-context.ts';
import { type ColdFiles, realColdFiles } from './cold-files.ts';
import { ColdLog } from './cold-log.ts';
import { Deletions } from './deletions.ts';
import { ExtentReader, MAX_EXTENT_BYTES } from './extent-reader.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { isLogId, type LogId, newLogId, parseSegmentName } from './segment-name.ts';
import { Slots } from './slots.ts';

/** What a store is to be like. */
export interface ColdStoreOptions {
  /** Bytes of a segment's file at most, up to 1 GiB. */
  readonly maxSegmentBytes?: number;
  /** Memory for extents that were read, in bytes; 0 for none, which also ends reading ahead. */
  readonly cacheBytes?: number;
  /** Reads under way at once, of the four threads that Node has for files. */
  readonly maxReads?: number;
  /** Called with what is wrong and changes nothing for who asked: a file that cannot be deleted. */
  readonly onWarning?: (error: Error) => void;
  /** Who writes the folder, for people: the text of its lock. */
  readonly holder?: string;
  readonly files?: ColdFiles;
}

/** What a store takes, in bytes. */
export interface ColdMemory {
  /** Extents that are kept, with all that belongs to them. */
  readonly cacheBytes: number;
  /** Files' bytes that are being read, or are about to be. */
  readonly readingBytes: number;
}

const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
const CACHE_BYTES = 16 * 1024 * 1024;
const MAX_READS = 2;
const LOCK_NAME = 'lock';

/** See the head of this file. */
export class ColdStore {
  readonly #context: ColdContext;
  readonly #logs = new Map<LogId, ColdLog>();
  /** Logs that are to be deleted and have files. */
  readonly #deleted = new Map<LogId, ColdLog>();
  readonly #onWarning: (error: Error) => void;
  readonly #holder: string;
  #endRecovery: () => void;
  #lock: FileLock | undefined;
  /** Whether files cannot be locked here, which was reported. */
  #isUnlockable = false;
  #isClosed = false;

  private constructor(folder: string, options: ColdStoreOptions) {
    const {
      maxSegmentBytes = MAX_SEGMENT_BYTES,
      cacheBytes = CACHE_BYTES,
      maxReads = MAX_READS,
      files = realColdFiles,
    } = options;
    if (maxSegmentBytes > MAX_EXTENT_BYTES || maxSegmentBytes <= 2 * SEGMENT_HEADER_BYTES) {
      throw new RangeError(`a segment cannot have ${maxSegmentBytes} bytes`);
    }
    this.#onWarning = options.onWarning ?? (() => {});
    this.#holder = options.holder ?? `pid ${process.pid}`;
    const deletions = new Deletions((path) => this.#remove(path));
    this.#context = {
      folder,
      files,
      maxSegmentBytes,
      reader: new ExtentReader({ folder, files, maxReads, cacheBytes }),
      deletions,
      writes: new Slots(1),
      claim: () => this.#claim(),
      isClosed: () => this.#isClosed,
      onDeleted: (id) => this.#forget(id),
      onGone: (id) => this.#deleted.delete(id),
    };
    this.#endRecovery = deletions.hold();
  }

  /**
   * Lists the logs and segments of a folder, off the event loop, and changes nothing. The folder is made by the first
   * append, in a directory that must be there.
   * Rejects with the system's error when the folder cannot be read.
   */
  static async open(folder: string, options: ColdStoreOptions = {}): Promise<ColdStore> {
    const store = new ColdStore(folder, options);
    const { files } = store.#context;
    for (const name of await files.list(folder)) {
      const found = parseSegmentName(name);
      if (found === undefined) continue;
      const facts = await files.stat(`${folder}/${name}`);
      if (facts !== undefined) store.log(found.id).addFound(found.segment, facts.sizeBytes);
    }
    return store;
  }

  /** The logs that have files, or were asked for. */
  get logs(): Iterable<ColdLog> {
    return this.#logs.values();
  }

  /** Memory that it takes; also what is to be counted as used. */
  get memory(): ColdMemory {
    const { reader } = this.#context;
    return { cacheBytes: reader.cache.sizeBytes, readingBytes: reader.readingBytes };
  }

  /** Memory for extents that were read, in bytes; what is kept beyond that is dropped at once. */
  set cacheBytes(bytes: number) {
    this.#context.reader.cache.maxBytes = bytes;
  }

  /** Files that are to be deleted, and wait for holds or for others. */
  get pendingDeletions(): number {
    return this.#context.deletions.count;
  }

  /** A new log. It has no files before something is appended to it. */
  create(): ColdLog {
    return this.log(newLogId());
  }

  /**
   * The log with an id; a new one with that id where there is none. One that was deleted, but still has files, is
   * restored: when a snapshot is loaded into a running server that was held (`hold`) while all that there was before
   * was deleted. What the snapshot does not refer to is deleted by the next `sweep`.
   * @throws RangeError for what is no id
   */
  log(id: LogId): ColdLog {
    if (!isLogId(id)) throw new RangeError(`'${id}' is not the id of a log`);
    const known = this.#logs.get(id);
    if (known !== undefined) return known;
    const deleted = this.#deleted.get(id);
    const log = deleted ?? new ColdLog(this.#context, id);
    this.#deleted.delete(id);
    this.#logs.set(id, log);
    deleted?.restore();
    return log;
  }

  /**
   * Keeps all files that are not to be deleted at this moment, for a snapshot that is begun, as long as it is what a
   * start would load: files that are dropped from now on wait until the hold is released.
   * @returns releases it; calling it again does nothing
   */
  hold(): () => void {
    return this.#context.deletions.hold();
  }

  /**
   * Ends the recovery: deletes the segments that were there at the start, or in restored logs, and that nobody refers
   * to, and lets what was dropped meanwhile be deleted, unless it is held. Segments made since are not touched.
   * @param referenced for each log the numbers of the segments that are referred to
   * @returns how many files are to be deleted
   * Rejects with LockedError when another server has the folder, and with the system's error; nothing is deleted then.
   */
  async sweep(referenced: Iterable<readonly [LogId, Iterable<number>]>): Promise<number> {
    const wanted = new Map<LogId, ReadonlySet<number>>();
    for (const [id, segments] of referenced) wanted.set(id, new Set(segments));
    const nothing: ReadonlySet<number> = new Set();
    const hasFiles = [...this.#logs.values()].some(({ sizeBytes }) => sizeBytes > 0);
    if (hasFiles || this.pendingDeletions > 0) {
      await this.#context.writes.run(() => this.#claim());
    }
    let count = 0;
    for (const [id, log] of this.#logs) {
      count += log.sweep(wanted.get(id) ?? nothing);
      if (!wanted.has(id) && log.isUnused) this.#logs.delete(id);
    }
    this.#endRecovery();
    return count;
  }

  /** Resolves when no file is being deleted that could be. */
  deleted(): Promise<void> {
    return this.#context.deletions.settled();
  }

  /**
   * Ends the appends that are under way or wait, and the deletion and the reads that are under way; then lets the folder
   * go. What was still to be deleted is an orphan of the next start. Nothing can be appended or read any more, but what
   * is read at once; `verify` ends where it is.
   */
  async close(): Promise<void> {
    // Behind all that was to be appended.
    const all = [...this.#logs.values(), ...this.#deleted.values()];
    await Promise.all(all.map((log) => log.settled()));
    this.#isClosed = true;
    await this.#context.deletions.close();
    await this.#context.reader.close();
    this.#lock?.release();
    this.#lock = undefined;
  }

  #forget(id: LogId): void {
    const log = this.#logs.get(id);
    if (log === undefined) return;
    this.#logs.delete(id);
    this.#deleted.set(id, log);
  }

  /** Makes and locks the folder, where that is not done. Never runs twice at a time. */
  async #claim(): Promise<void> {
    if (this.#isClosed) throw new Error('the cold blocks are closed');
    if (this.#lock?.isInPlace() === true) return;
    const { files, folder } = this.#context;
    await files.makeFolder(folder);
    if (this.#isUnlockable) return;
    try {
      const lock = FileLock.take(`${folder}/${LOCK_NAME}`, this.#holder);
      this.#lock?.release();
      this.#lock = lock;
    } catch (error) {
      if (!(error instanceof UnlockableError)) throw error;
      this.#isUnlockable = true;
      this.#onWarning(error);
    }
  }

  /** Deletes a file; what fails is an orphan of the next start. */
  async #remove(path: string): Promise<void> {
    const { files, reader, writes } = this.#context;
    try {
      await writes.run(() => {
        reader.drop(path);
        return files.unlink(path);
      });
    } catch (error) {
      if (!isMissing(error))
        this.#onWarning(error instanceof Error ? error : new Error(`${error}`));
    }
  }
}
