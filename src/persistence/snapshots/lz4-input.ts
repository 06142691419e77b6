// A cursor over the bytes of a file that arrive in chunks: as many bytes as requested are joined to one buffer. Only
// these, and the rest of their chunks, are in memory.

const NO_BYTES = Buffer.alloc(0);

/** The cursor; see the head of this file. */
export class Lz4Input {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer = NO_BYTES;
  /** The next byte, in the buffer. */
  #at = 0;
  /** Where the buffer begins in the file. */
  #base = 0;

  /** @param chunks are this cursor's own: they may be changed */
  constructor(chunks: AsyncIterator<Buffer>) {
    this.#chunks = chunks;
  }

  /** Where the next byte is, in bytes from the beginning of the file. */
  get position(): number {
    return this.#base + this.#at;
  }

  /** Waits until so many bytes are there. @returns false when the file ends before */
  async has(count: number): Promise<boolean> {
    const parts: Buffer[] = [this.#buffer.subarray(this.#at)];
    let available = parts[0].length;
    if (available >= count) return true;
    while (available < count) {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      parts.push(value);
      available += value.length;
    }
    this.#base += this.#at;
    this.#at = 0;
    this.#buffer = Buffer.concat(parts, available);
    return available >= count;
  }

  /** The next bytes, which must be there, without passing over them; they may be changed. */
  peek(count: number): Buffer {
    return this.#buffer.subarray(this.#at, this.#at + count);
  }

  /** Passes over bytes, and returns them. */
  take(count: number): Buffer {
    const bytes = this.peek(count);
    this.#at += count;
    return bytes;
  }

  /** Passes over a number of 4 bytes. */
  takeUint32(): number {
    return this.take(4).readUInt32LE(0);
  }

  /** All that follows, as it comes. */
  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    const bytes = this.#buffer.subarray(this.#at);
    this.#at = this.#buffer.length;
    if (bytes.length > 0) yield bytes;
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done) return;
      yield value;
    }
  }
}
