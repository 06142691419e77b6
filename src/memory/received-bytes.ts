// A large argument while it is received, and afterwards: its bytes go from the socket into an overflow
// block of exactly their size, which becomes the value if the command stores one. Memory is committed as it
// is filled: who announces 512 MiB and sends nothing takes addresses only.
//
//   block:   [ room ][ filled ────▶                 length ][ CR LF, room ]
//
// Whoever keeps it (a request, a queued copy of it) retains it; the last one that releases it gives the
// block back, unless it was taken.
import { type OverflowBlocks, ROOM_BYTES } from './overflow-blocks.ts';
import { PinnedBytes } from './pinned-bytes.ts';

const LINE_END_BYTES = 2;
/** Memory is committed for so many times what has arrived: each commitment has V8 collect garbage. */
const COMMIT_FACTOR = 4;
const MIN_COMMIT_BYTES = 1 << 20;

/** There is no memory for what is announced, or received. */
export class NoMemoryError extends Error {}

/** A large argument; see the head of this file. */
export class ReceivedBytes {
  /** Bytes of the argument. */
  readonly length: number;
  /** Bytes that are there, line end included. */
  filledBytes = 0;
  readonly #blocks: OverflowBlocks;
  readonly #id: number;
  /** Memory is committed up to here; the room before is not at first, either. */
  #committedTo = -1;
  #holders = 1;
  #isTaken = false;
  /** While it is kept though it was taken: its bytes stay what they are, whatever becomes of the block. */
  #pin: PinnedBytes | undefined;
  #bytes: Buffer | undefined;

  /** @throws NoMemoryError */
  constructor(blocks: OverflowBlocks, length: number) {
    this.length = length;
    this.#blocks = blocks;
    this.#id = orNoMemory(() => blocks.reserve(length));
  }

  /** Whether everything is there, its line end included. */
  get isComplete(): boolean {
    return this.filledBytes === this.length + LINE_END_BYTES;
  }

  /** Bytes of memory that it takes, unless it was taken. */
  get sizeBytes(): number {
    return this.#isTaken || this.#holders === 0 ? 0 : this.#blocks.sizeOf(this.#id);
  }

  /** All of its bytes, once it is complete; for reading, and for as long as somebody retains it. */
  get bytes(): Buffer {
    this.#bytes ??= this.#blocks.part(this.#id, 0, this.length);
    return this.#bytes;
  }

  /**
   * Where the next bytes are to be put: at most `maxBytes`, and not behind its line end.
   * @throws NoMemoryError
   */
  window(maxBytes: number): Buffer {
    const start = this.filledBytes;
    const end = Math.min(start + maxBytes, this.length + LINE_END_BYTES);
    if (end > this.#committedTo) {
      const wanted = Math.max(end, COMMIT_FACTOR * start, MIN_COMMIT_BYTES);
      this.#committedTo = Math.min(wanted, this.length + ROOM_BYTES);
      orNoMemory(() => this.#blocks.commit(this.#id, this.#committedTo));
    }
    return this.#blocks.part(this.#id, start, end);
  }

  /** Copies the next bytes, as many as belong to it, from [from, end); returns where that ends. */
  fill(source: Buffer, from: number, end: number): number {
    const window = this.window(end - from);
    source.copy(window, 0, from, from + window.length);
    this.advance(window.length);
    return from + window.length;
  }

  /** So many bytes were put into the window that was made last. */
  advance(bytes: number): void {
    this.filledBytes += bytes;
    this.#blocks.count(this.#id, this.filledBytes);
  }

  /** Keeps its bytes as they are for somebody who reads them later, whatever becomes of it. */
  pin(): PinnedBytes {
    const pinned = new PinnedBytes(this.bytes);
    this.#blocks.pin(pinned);
    return pinned;
  }

  /**
   * Takes the block out of it: it is the caller's from now on. Its bytes can still be read here.
   * @returns its number; undefined when it was taken before
   */
  take(): number | undefined {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    if (this.#blocks.isLarge(this.bytes)) this.#pin = this.pin();
    this.#blocks.settle(this.#id, 0, this.length);
    return this.#id;
  }

  /** One more keeps it. */
  retain(): void {
    this.#holders++;
  }

  /** One of those who keep it does not any more. */
  release(): void {
    if (--this.#holders > 0) return;
    if (!this.#isTaken) this.#blocks.free(this.#id);
    else this.#pin?.release();
  }
}

/** Distinguishes want of memory from faults of ours. */
function orNoMemory<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new NoMemoryError('there is no memory for a large argument', { cause: error });
  }
}
