// Bytes that wait to be sent, as few parts: what is small is copied into parts of some size, so that a
// million short messages are some hundred buffers and not a million; what is pinned stays where it is.
//
//   parts:  [ copied, full ][ pinned piece ][ copied, full ] …   open: [ copied │ room ]
import type { ReplyPart } from './reply.ts';

const MIN_PART_BYTES = 1024;
const MAX_PART_BYTES = 64 * 1024;

/** See the head of this file. */
export class PartList {
  /** Bytes of all parts. */
  bytes = 0;
  #parts: ReplyPart[] = [];
  /** The last part, while it has room, and how many bytes of it are used. */
  #open: Buffer | undefined;
  #openBytes = 0;

  get isEmpty(): boolean {
    return this.bytes === 0 && this.#parts.length === 0;
  }

  /** Adds a copy of bytes; of many, the bytes themselves, which must not be changed any more. */
  add(bytes: Buffer): void {
    const { length } = bytes;
    this.bytes += length;
    const open = this.#open;
    if (open !== undefined && open.length - this.#openBytes >= length) {
      bytes.copy(open, this.#openBytes);
      this.#openBytes += length;
      return;
    }
    this.#close();
    if (length >= MAX_PART_BYTES) {
      this.#parts.push(bytes);
      return;
    }
    const usual = Math.min((open?.length ?? MIN_PART_BYTES / 2) * 2, MAX_PART_BYTES);
    this.#open = Buffer.allocUnsafeSlow(Math.max(usual, length));
    bytes.copy(this.#open, 0);
    this.#openBytes = length;
  }

  /** Adds a part: pinned, or as `add`. */
  addPart(part: ReplyPart): void {
    if (Buffer.isBuffer(part)) {
      this.add(part);
      return;
    }
    this.#close();
    this.#parts.push(part);
    this.bytes += part.length;
  }

  /** Adds a part: pinned, or a copy of bytes, of many as well: their owner changes them soon. */
  addCopy(part: ReplyPart): void {
    const isKept = Buffer.isBuffer(part) && part.length >= MAX_PART_BYTES;
    this.addPart(isKept ? Buffer.from(part) : part);
  }

  /** Takes everything out, in its order. */
  take(): readonly ReplyPart[] {
    this.#close();
    const parts = this.#parts;
    this.#parts = [];
    this.bytes = 0;
    return parts;
  }

  /** Drops everything. */
  clear(): void {
    for (const part of this.take()) if (!Buffer.isBuffer(part)) part.release();
  }

  #close(): void {
    if (this.#open !== undefined && this.#openBytes > 0) {
      this.#parts.push(this.#open.subarray(0, this.#openBytes));
    }
    this.#open = undefined;
    this.#openBytes = 0;
  }
}
