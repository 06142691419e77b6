// What a connection has received and not run yet, in the order in which it came:
//
//   head      the beginning of a request that is not all there, as far as it is decoded (`partial`), and its
//             large argument, which is being filled; or requests that could not be run when they came
//   chunks    what came behind that while the connection was paused
//
// The head is one piece, as requests are views on one piece, and as long as a request may be; chunks are
// never joined, whatever has gathered.
import type { OverflowBlocks } from '../memory/overflow-blocks.ts';
import { ReceivedBytes } from '../memory/received-bytes.ts';
import type { PartialRequest, RequestDecoder } from '../protocol/decoder.ts';

/** Smallest buffer for bytes that are kept. */
const MIN_HEAD_BYTES = 1024;
/** A buffer for the head that is larger than this is dropped as soon as it is empty. */
const MAX_SPARE_BYTES = 64 * 1024;
/** Bytes of a large argument that are received at a time. */
const WINDOW_BYTES = 256 * 1024;
/** What is kept for later joins the head up to this size, in bytes, and goes to chunks beyond. */
const CHUNK_BYTES = 64 * 1024;

interface Chunk {
  readonly bytes: Buffer;
  length: number;
}

/** A connection's input; see the head of this file. */
export class Input {
  /** Bytes of the head: [0, headLength). */
  head: Buffer | undefined;
  headLength = 0;
  /** The decoded beginning of the head, if that is a request that is not all there. */
  partial: PartialRequest | undefined;
  /** The large argument of that request that is being filled. */
  large: ReceivedBytes | undefined;
  /** Where its next bytes belong. */
  #window: Buffer | undefined;
  readonly #blocks: OverflowBlocks;
  #chunks: Chunk[] = [];
  #first = 0;
  /** Bytes in chunks, and those of the chunks. */
  #queuedBytes = 0;
  #chunkBytes = 0;

  /** @param blocks where large arguments go */
  constructor(blocks: OverflowBlocks) {
    this.#blocks = blocks;
  }

  /** Bytes that wait; of large arguments only those that are being received. */
  get length(): number {
    return this.headLength + this.#queuedBytes + (this.large?.filledBytes ?? 0);
  }

  /** Bytes of the buffers that they are in, and of what is decoded of them; large arguments included. */
  get sizeBytes(): number {
    const { partial } = this;
    const places =
      partial === undefined ? 0 : partial.offsets.byteLength + partial.lengths.byteLength;
    return (this.head?.length ?? 0) + this.#chunkBytes + this.largeBytes + places;
  }

  /** Of these, bytes of large arguments. */
  get largeBytes(): number {
    return this.partial?.large?.sizeBytes ?? 0;
  }

  /** Bytes of the large arguments that are all there. */
  get argumentBytes(): number {
    return this.largeBytes - (this.large?.sizeBytes ?? 0);
  }

  get hasChunks(): boolean {
    return this.#first < this.#chunks.length;
  }

  get isEmpty(): boolean {
    return this.headLength === 0 && !this.hasChunks;
  }

  /** Whether the head, which is not empty, may begin with a request that is all there. */
  get isReady(): boolean {
    return this.large === undefined && this.headLength >= (this.partial?.neededBytes ?? 0);
  }

  /**
   * The decoder found a large argument incomplete, whose first bytes in a buffer end at `end`: what comes
   * of it goes to its block. What is to be kept of the buffer are the bytes before the argument.
   * @throws NoMemoryError
   */
  beginLarge(decoder: RequestDecoder, buffer: Buffer, end: number): void {
    const { largeAt, largeLength } = decoder;
    const large = new ReceivedBytes(this.#blocks, largeLength);
    this.partial = decoder.suspendLarge(large);
    this.large = large;
    this.fillLarge(buffer, largeAt, end);
  }

  /**
   * Takes of [from, end) what belongs to the large argument: these may be the bytes that were put into the
   * target.
   * @returns where that ends
   * @throws NoMemoryError
   */
  fillLarge(buffer: Buffer, from: number, end: number): number {
    const { large } = this;
    if (large === undefined) return from;
    let at = end;
    if (buffer === this.#window) large.advance(end - from);
    else at = large.fill(buffer, from, end);
    if (large.isComplete) this.large = undefined;
    this.#window = this.large?.window(WINDOW_BYTES);
    return at;
  }

  /** Whether what is received next belongs to a large argument, as nothing waits before it. */
  get isFilling(): boolean {
    return this.large !== undefined && !this.hasChunks;
  }

  /** Where it is to be put then. */
  get target(): Buffer | undefined {
    return this.isFilling ? this.#window : undefined;
  }

  /** Takes the decoded beginning of the head out of it. */
  takePartial(): PartialRequest | undefined {
    const { partial } = this;
    this.partial = undefined;
    return partial;
  }

  /** Appends [from, end) to the head. Capacity grows with what arrived, not with promises. */
  keep(buffer: Buffer, from: number, end: number): void {
    const length = this.headLength + end - from;
    if (this.head === undefined || this.head.length < length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(MIN_HEAD_BYTES, length * 2));
      this.head?.copy(larger, 0, 0, this.headLength);
      this.head = larger;
    }
    buffer.copy(this.head, this.headLength, from, end);
    this.headLength = length;
  }

  /** Keeps [from, end) for later, behind everything. */
  queue(buffer: Buffer, from: number, end: number): void {
    const length = end - from;
    if (!this.hasChunks && this.large === undefined && this.headLength + length <= CHUNK_BYTES) {
      this.keep(buffer, from, end);
      return;
    }
    let last = this.#chunks.at(-1);
    if (last === undefined || last.length + length > last.bytes.length) {
      last = { bytes: Buffer.allocUnsafeSlow(Math.max(length, CHUNK_BYTES)), length: 0 };
      this.#chunks.push(last);
      this.#chunkBytes += last.bytes.length;
    }
    buffer.copy(last.bytes, last.length, from, end);
    last.length += length;
    this.#queuedBytes += length;
  }

  /** Takes the first chunk out; there is one. */
  takeChunk(): Buffer {
    const { bytes, length } = this.#chunks[this.#first++];
    this.#chunkBytes -= bytes.length;
    this.#queuedBytes -= length;
    if (!this.hasChunks) {
      this.#chunks = [];
      this.#first = 0;
    }
    return bytes.subarray(0, length);
  }

  /** What is left of the head begins at a place in it, and ends at another. */
  trimHead(from: number, end: number): void {
    const { head } = this;
    if (head === undefined) return;
    if (from > 0) head.copyWithin(0, from, end);
    this.headLength = end - from;
    if (end === from && head.length > MAX_SPARE_BYTES) this.head = undefined;
  }

  /** Drops everything. */
  clear(): void {
    this.head = undefined;
    this.headLength = 0;
    this.partial?.large?.release();
    this.partial = undefined;
    this.large = undefined;
    this.#window = undefined;
    this.#chunks = [];
    this.#first = 0;
    this.#queuedBytes = 0;
    this.#chunkBytes = 0;
  }
}
