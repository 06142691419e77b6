// A snapshot's file while it is written: a temporary one beside its place, which it takes in one step
// at the end, so that whatever happens there is the old file or the new one. Pieces are compressed, if
// that is wanted, each to an LZ4 frame of its own, a few at a time on other threads. They are written
// in their order of arrival, off the event loop, and forced to the disk bit by bit; when that falls
// behind too far, the oldest are compressed and written at once: memory is bounded whatever comes.
import {
  closeSync,
  fdatasync,
  fsync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { openTemporary } from '../../files/temporary-file.ts';
import { closeSoon, freeingAside } from '../segments/file-system.ts';
import { compressFrame, compressFrameNow } from './lz4-codec.ts';

/** Bytes waiting to be written above which the snapshot should pause. */
const ENOUGH_BYTES = 4 * 1024 * 1024;
/** Most bytes that may wait. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Bytes after which the file is forced to the disk, if that is wanted. */
const SYNC_BYTES = 4 * 1024 * 1024;
/** Pieces compressed at a time. libuv has four threads, and the log needs one to be synced. */
const COMPRESSED_AT_ONCE = 2;

const writeSoon = promisify(write);
const syncSoon = promisify(fsync);
const syncDataSoon = promisify(fdatasync);

/** How a file is written, beyond what every one needs. */
export interface SnapshotFileOptions {
  /** Whether it consists of LZ4 frames. */
  readonly compresses?: boolean;
  /** Called with each piece that was written and is not used any more. */
  readonly recycle?: (piece: Buffer) => void;
}

/** A piece that waits. */
interface Piece {
  readonly bytes: Buffer;
  /** What is written: the piece, or the frame of it once that is there. */
  written: Buffer | undefined;
  /** Resolves when `written` is there, or the file has an error. */
  compressing: Promise<void> | undefined;
}

/** The file of one snapshot; see the head of this file. */
export class SnapshotFile {
  /** Bytes that have been handed over. */
  rawBytes = 0;
  /** Bytes of the file so far: what waits is not among them. */
  sizeBytes = 0;

  readonly #path: string;
  readonly #temporary: string;
  readonly #syncsInParts: boolean;
  readonly #compresses: boolean;
  readonly #recycle: ((piece: Buffer) => void) | undefined;
  readonly #fd: number;
  readonly #queue: Piece[] = [];
  /** Bytes of pieces that are not written yet, before they are compressed. */
  #waitingBytes = 0;
  #unsyncedBytes = 0;
  /** Runs while there is something to write. */
  #writing: Promise<void> | undefined;
  #error: unknown;
  #isFinishing = false;
  #isPlaced = false;
  #isDiscarded = false;

  /**
   * @param syncsInParts force it to the disk bit by bit, so that there is little to do at the end
   * @throws the system's error when the file cannot be made
   */
  constructor(path: string, syncsInParts: boolean, options: SnapshotFileOptions = {}) {
    this.#path = path;
    this.#syncsInParts = syncsInParts;
    this.#compresses = options.compresses ?? false;
    this.#recycle = options.recycle;
    const temporary = openTemporary(path);
    this.#temporary = temporary.path;
    this.#fd = temporary.fd;
  }

  /** Whether it is time to wait for `caughtUp`. */
  get isBehind(): boolean {
    return this.#waitingBytes > ENOUGH_BYTES;
  }

  /** Takes a piece, which is written soon. Errors come out of the other methods. */
  add(piece: Buffer): void {
    this.rawBytes += piece.length;
    if (this.#error !== undefined || this.#isDiscarded) return;
    const written = this.#compresses ? undefined : piece;
    this.#queue.push({ bytes: piece, written, compressing: undefined });
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes > MOST_BYTES) this.#writeOldestNow();
    this.#compressAhead();
    this.#writing ??= this.#writeQueue();
  }

  /** Writes a piece at once. @throws the system's error */
  addNow(piece: Buffer): void {
    this.rawBytes += piece.length;
    const bytes = this.#compresses ? compressFrameNow(piece) : piece;
    writeFully(this.#fd, bytes, this.#place(bytes));
    this.#recycle?.(piece);
  }

  /** Resolves when all pieces are written. @throws the system's error when one cannot be */
  async caughtUp(): Promise<void> {
    await this.#writing;
    if (this.#error !== undefined) throw this.#error;
  }

  /**
   * Puts the file in its place, where it lasts.
   * @returns false when it was discarded meanwhile
   * @throws the system's error when that fails
   */
  async finish(): Promise<boolean> {
    if (this.#isDiscarded) return false;
    this.#isFinishing = true;
    try {
      await this.caughtUp();
      await syncSoon(this.#fd);
    } finally {
      this.#isFinishing = false;
      if (this.#isDiscarded) closeSoon(this.#fd);
    }
    if (this.#isDiscarded) return false;
    this.#moveToItsPlace();
    const directory = openSync(dirname(this.#path), 'r');
    try {
      await syncSoon(directory);
    } finally {
      closeSync(directory);
    }
    return true;
  }

  /** As `finish`, for pieces that were written at once; the event loop waits. */
  finishNow(): void {
    fsyncSync(this.#fd);
    this.#moveToItsPlace();
    const directory = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }

  /** Removes what there is of the file, unless it is in its place. */
  discard(): void {
    if (this.#isDiscarded || this.#isPlaced) return;
    this.#isDiscarded = true;
    this.#queue.length = 0;
    rmSync(this.#temporary, { force: true });
    // What is still being written goes to a file without a name.
    if (this.#isFinishing) return;
    if (this.#writing === undefined) closeSoon(this.#fd);
    else void this.#writing.then(() => closeSoon(this.#fd));
  }

  #moveToItsPlace(): void {
    freeingAside(this.#path, () => renameSync(this.#temporary, this.#path));
    this.#isPlaced = true;
    closeSync(this.#fd);
  }

  /** Gives bytes that are going to be written their place in the file. */
  #place(bytes: Buffer): number {
    const position = this.sizeBytes;
    this.sizeBytes += bytes.length;
    this.#unsyncedBytes += bytes.length;
    return position;
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#queue.length = 0;
  }

  /** Sees to it that the oldest pieces are being compressed. */
  #compressAhead(): void {
    if (!this.#compresses) return;
    const count = Math.min(COMPRESSED_AT_ONCE, this.#queue.length);
    for (let i = 0; i < count; i++) {
      const piece = this.#queue[i];
      piece.compressing ??= compressFrame(piece.bytes).then(
        (frame) => {
          piece.written = frame;
        },
        (error: unknown) => this.#fail(error),
      );
    }
  }

  #writeOldestNow(): void {
    const piece = this.#queue.shift();
    if (piece === undefined) return;
    try {
      const bytes = piece.written ?? compressFrameNow(piece.bytes);
      writeFully(this.#fd, bytes, this.#place(bytes));
      this.#waitingBytes -= piece.bytes.length;
      // Unless another thread still reads it.
      if (piece.compressing === undefined || piece.written !== undefined) {
        this.#recycle?.(piece.bytes);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #writeQueue(): Promise<void> {
    try {
      for (let piece = this.#queue.at(0); piece !== undefined; piece = this.#queue.at(0)) {
        await piece.compressing;
        // Meanwhile it may have been written at once, or been dropped.
        if (this.#queue.at(0) !== piece || piece.written === undefined) continue;
        this.#queue.shift();
        this.#compressAhead();
        await this.#write(piece.written);
        this.#waitingBytes -= piece.bytes.length;
        this.#recycle?.(piece.bytes);
        if (this.#syncsInParts && this.#unsyncedBytes >= SYNC_BYTES) await this.#sync();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const position = this.#place(bytes);
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      const { bytesWritten } = await writeSoon(this.#fd, bytes, done, left, position + done);
      done += bytesWritten;
    }
  }

  async #sync(): Promise<void> {
    this.#unsyncedBytes = 0;
    await syncDataSoon(this.#fd);
  }
}

function writeFully(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
