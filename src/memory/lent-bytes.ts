// The bytes of an external block as they were when it was lent: somebody reads them part by part, while
// their owner changes them, or gives them back. Nothing is copied for that but the pages that change
// before they were read; and a block that is given back lives on for as long as somebody reads it.
//
//   block   [ page ][ page ][ page ][ page ][ p…          only the first `length` bytes were lent
//                      │ about to change
//   copies             └─▶ [ as it was ]

/** Bytes that are copied, and read, at a time. */
export const LENT_PAGE_BYTES = 64 * 1024;

/** Bytes that were lent; see the head of this file. */
export class LentBytes {
  /** The block; it may be given back meanwhile. */
  readonly buffer: Buffer;
  /** How many of its bytes were lent. */
  readonly length: number;
  /** Bytes before this place are not read any more. */
  neededFrom = 0;
  readonly #copies = new Map<number, Buffer>();

  constructor(buffer: Buffer, length: number) {
    this.buffer = buffer;
    this.length = length;
  }

  /** The bytes from a place on, as they were: to the end of their page, or of all. */
  pageFrom(at: number): Buffer {
    const page = Math.floor(at / LENT_PAGE_BYTES);
    const start = page * LENT_PAGE_BYTES;
    const copy = this.#copies.get(page);
    if (copy !== undefined) return copy.subarray(at - start);
    return this.buffer.subarray(at, Math.min(start + LENT_PAGE_BYTES, this.length));
  }

  /** The bytes from `start` to `end` are about to change. */
  preserve(start: number, end: number): void {
    const last = Math.min(end, this.length);
    const first = Math.max(start, this.neededFrom);
    for (let page = Math.floor(first / LENT_PAGE_BYTES); page * LENT_PAGE_BYTES < last; page++) {
      const from = page * LENT_PAGE_BYTES;
      if (this.#copies.has(page)) continue;
      const to = Math.min(from + LENT_PAGE_BYTES, this.length);
      this.#copies.set(page, Buffer.from(this.buffer.subarray(from, to)));
    }
  }
}
