// A large argument while it is received, and afterwards: its bytes go from the socket into an overflow
// block of exactly their size, which becomes the value if the command stores one. Memory is committed as it
// is filled: a client that announces 512 MiB and sends nothing takes only address space.
//
//   block:   [ room ][ filled ────▶                 length ][ CR LF, room ]
//
// Each owner (a request, a queued copy of it) retains it; the last release frees the block, unless a value has taken
// it over.
import { type OverflowBlocks, ROOM_BYTES } from './overflow-blocks.ts';
import { PinnedBytes } from './pinned-bytes.ts';

const LINE_END_BYTES = 2;
/** Memory is committed for this many times the bytes received: each commitment may make V8 collect garbage. */
const COMMIT_FACTOR = 4;
const MIN_COMMIT_BYTES = 1 << 20;

/** There is no memory for an argument that was announced or is being received. */
export class NoMemoryError extends Error {}

/** A large argument; see the head of this file. */
export class ReceivedBytes {
  /** Bytes of the argument. */
  readonly length: number;
  /** Bytes received, the line end included. */
  filledBytes = 0;
  readonly #blocks: OverflowBlocks;
  readonly #id: number;
  /** Memory is committed up to this position; -1: none, not even the room in front. */
  #committedTo = -1;
  #holders = 1;
  #isTaken = false;
  /** Set while the argument is still retained after its block was taken: preserves its bytes. */
  #pin: PinnedBytes | undefined;
  #bytes: Buffer | undefined;

  /** @throws NoMemoryError */
  constructor(blocks: OverflowBlocks, length: number) {
    this.length = length;
    this.#blocks = blocks;
    this.#id = orNoMemory(() => blocks.reserve(length));
  }

  /** Whether all bytes are received, the line end included. */
  get isComplete(): boolean {
    return this.filledBytes === this.length + LINE_END_BYTES;
  }

  /** Bytes of memory that it takes; 0 once the block was taken. */
  get sizeBytes(): number {
    return this.#isTaken || this.#holders === 0 ? 0 : this.#blocks.sizeOf(this.#id);
  }

  /** All of its bytes, once it is complete; read-only, and valid while it is retained. */
  get bytes(): Buffer {
    this.#bytes ??= this.#blocks.part(this.#id, 0, this.length);
    return this.#bytes;
  }

  /**
   * The buffer for the next bytes: at most `maxBytes`, and not beyond its line end.
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

  /** Reports that `bytes` bytes were written to the last window. */
  advance(bytes: number): void {
    this.filledBytes += bytes;
    this.#blocks.count(this.#id, this.filledBytes);
  }

  /** Pins its bytes for a later reader, independently of the argument and its block. */
  pin(): PinnedBytes {
    const pinned = new PinnedBytes(this.bytes);
    this.#blocks.pin(pinned);
    return pinned;
  }

  /**
   * Hands the block over to the caller. Its bytes can still be read here.
   * @returns its number; undefined when it was taken before
   */
  take(): number | undefined {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    if (this.#blocks.isLarge(this.bytes)) this.#pin = this.pin();
    this.#blocks.settle(this.#id, 0, this.length);
    return this.#id;
  }

  /** Adds an owner. */
  retain(): void {
    this.#holders++;
  }

  /** Removes an owner; the last one frees the block, unless it was taken. */
  release(): void {
    if (--this.#holders > 0) return;
    if (!this.#isTaken) this.#blocks.free(this.#id);
    else this.#pin?.release();
  }
}

/** Turns a lack of memory into NoMemoryError; other errors are defects and pass. */
function orNoMemory<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new NoMemoryError('there is no memory for a large argument', { cause: error });
  }
}
