// A snapshot's file while it is written: a temporary one beside its place, which it takes in one step
// at the end, so that whatever happens there is the old file or the new one. Pieces are written in
// their order of arrival, off the event loop, and forced to the disk bit by bit; when the disk falls
// behind too far, pieces are written at once, so that memory is bounded whatever comes.
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
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** What may wait to be written before who makes the snapshot should pause. */
const ENOUGH_BYTES = 4 * 1024 * 1024;
/** What may wait at all. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Bytes after which the file is forced to the disk, if that is wanted. */
const SYNC_BYTES = 4 * 1024 * 1024;

const writeSoon = promisify(write);
const syncSoon = promisify(fsync);
const syncDataSoon = promisify(fdatasync);

interface Piece {
  readonly bytes: Buffer;
  /** Its place in the file. */
  readonly position: number;
}

/** The file of one snapshot; see the head of this file. */
export class SnapshotFile {
  /** Bytes that have been handed over. */
  sizeBytes = 0;

  readonly #path: string;
  readonly #temporary: string;
  readonly #syncsInParts: boolean;
  readonly #fd: number;
  readonly #queue: Piece[] = [];
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
  constructor(path: string, syncsInParts: boolean) {
    this.#path = path;
    this.#temporary = join(dirname(path), `temp-${process.pid}.rdb`);
    this.#syncsInParts = syncsInParts;
    this.#fd = openSync(this.#temporary, 'w', 0o644);
  }

  /** Whether it is time to wait for `caughtUp`. */
  get isBehind(): boolean {
    return this.#waitingBytes > ENOUGH_BYTES;
  }

  /** Takes a piece, which is written soon. Errors come out of the other methods. */
  add(piece: Buffer): void {
    const position = this.sizeBytes;
    this.sizeBytes += piece.length;
    if (this.#error !== undefined) return;
    if (this.#waitingBytes > MOST_BYTES) {
      this.#writeNow(piece, position);
      return;
    }
    this.#queue.push({ bytes: piece, position });
    this.#waitingBytes += piece.length;
    this.#writing ??= this.#writeQueue();
  }

  /** Writes a piece at once. @throws the system's error */
  addNow(piece: Buffer): void {
    writeFully(this.#fd, piece, this.sizeBytes);
    this.sizeBytes += piece.length;
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
    this.#isFinishing = true;
    try {
      await this.caughtUp();
      await syncSoon(this.#fd);
    } finally {
      this.#isFinishing = false;
      if (this.#isDiscarded) this.#close();
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
    if (this.#writing === undefined) this.#close();
    else void this.#writing.then(() => this.#close());
  }

  #moveToItsPlace(): void {
    renameSync(this.#temporary, this.#path);
    this.#isPlaced = true;
    this.#close();
  }

  #close(): void {
    closeSync(this.#fd);
  }

  #writeNow(bytes: Buffer, position: number): void {
    try {
      writeFully(this.#fd, bytes, position);
    } catch (error) {
      this.#error ??= error;
    }
  }

  async #writeQueue(): Promise<void> {
    try {
      for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
        const { bytes, position } = piece;
        for (let done = 0; done < bytes.length; ) {
          const left = bytes.length - done;
          const { bytesWritten } = await writeSoon(this.#fd, bytes, done, left, position + done);
          done += bytesWritten;
        }
        this.#waitingBytes -= bytes.length;
        this.#unsyncedBytes += bytes.length;
        if (this.#syncsInParts && this.#unsyncedBytes >= SYNC_BYTES) await this.#sync();
      }
    } catch (error) {
      this.#error ??= error;
      this.#queue.length = 0;
    } finally {
      this.#writing = undefined;
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
