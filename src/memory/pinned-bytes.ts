// Bytes of an overflow block as they were when they were pinned: a reader reads them part by part while their owner
// changes or frees them (copy-on-write). Only pages that change before they were read are copied, and the memory of
// a freed block is kept until all pins are released.
//
//   block   [ page ][ page ][ page ][ page ][ p…          any part of it may be pinned
//                      │ about to change
//   copies             └─▶ [ as it was ]

/** Bytes of a page: the unit of copying and reading. */
export const PINNED_PAGE_BYTES = 64 * 1024;

/** Preserves the bytes of pins. */
export interface PinKeeper {
  unpin(bytes: PinnedBytes): void;
}

/** Pinned bytes; see the head of this file. */
export class PinnedBytes {
  /** The keeper of the bytes; undefined while they are not pinned. */
  keeper: PinKeeper | undefined;
  /** Number of bytes. */
  readonly length: number;
  /** Bytes of the copied pages, including pages that are shared with other pins. */
  copiedBytes = 0;
  readonly #bytes: Buffer;
  #neededFrom = 0;
  /** By the page's number, counted in the whole block. */
  #copies: Map<number, Buffer> | undefined;

  /** @param bytes a view on the part of the block that is pinned */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  /** The memory of the block. */
  get area(): ArrayBufferLike {
    return this.#bytes.buffer;
  }

  /** Bytes before this place are not read any more. */
  get neededFrom(): number {
    return this.#neededFrom;
  }

  set neededFrom(at: number) {
    const first = this.#pageAt(this.#neededFrom);
    this.#neededFrom = at;
    if (this.#copies === undefined) return;
    for (let page = first; page < this.#pageAt(at); page++) this.#copies.delete(page);
  }

  /** The bytes from a place on, as they were: to the end of their page, or of all. */
  pageFrom(at: number): Buffer {
    const page = this.#pageAt(at);
    const start = page * PINNED_PAGE_BYTES - this.#bytes.byteOffset;
    const end = Math.min(start + PINNED_PAGE_BYTES, this.length);
    const copy = this.#copies?.get(page);
    if (copy === undefined) return this.#bytes.subarray(at, end);
    return copy.subarray(at - start, end - start);
  }

  /** Copies the bytes [from, to), as they were, to a place in a buffer. */
  copyTo(target: Uint8Array, targetAt: number, from: number, to: number): void {
    if (this.#copies === undefined) {
      target.set(this.#bytes.subarray(from, to), targetAt);
      return;
    }
    for (let at = from; at < to; ) {
      const page = this.pageFrom(at);
      const part = page.length > to - at ? page.subarray(0, to - at) : page;
      target.set(part, targetAt + at - from);
      at += part.length;
    }
  }

  /** Ends the pin: the bytes are not read any more. */
  release(): void {
    this.keeper?.unpin(this);
  }

  /**
   * Copies pages before bytes of the block change: `start` to `end`, counted in its whole memory.
   * @param copies pages already copied for other pins; new copies are added to it
   * @returns by how many bytes the copies of this pin have grown
   */
  preserve(start: number, end: number, copies: Map<number, Buffer>): number {
    const before = this.copiedBytes;
    const { byteOffset } = this.#bytes;
    const first = Math.max(start, byteOffset + this.#neededFrom);
    const last = Math.min(end, byteOffset + this.length);
    for (
      let page = Math.floor(first / PINNED_PAGE_BYTES);
      page * PINNED_PAGE_BYTES < last;
      page++
    ) {
      this.#copies ??= new Map();
      if (this.#copies.has(page)) continue;
      let copy = copies.get(page);
      if (copy === undefined) {
        copy = this.#copyOf(page);
        copies.set(page, copy);
      }
      this.#copies.set(page, copy);
      this.copiedBytes += copy.length;
    }
    return this.copiedBytes - before;
  }

  #pageAt(at: number): number {
    return Math.floor((this.#bytes.byteOffset + at) / PINNED_PAGE_BYTES);
  }

  #copyOf(page: number): Buffer {
    const { area } = this;
    const start = page * PINNED_PAGE_BYTES;
    const end = Math.min(start + PINNED_PAGE_BYTES, area.byteLength);
    const copy = Buffer.allocUnsafeSlow(end - start);
    copy.set(new Uint8Array(area, start, end - start));
    return copy;
  }
}
