// Bytes of any length, copied chunk by chunk into memory of one kind, to be gone through a word of 32 bits at a
// time, or of 64. A copy costs little beside the loop; it is aligned, and the loop never meets large memory
// (memory/large-memory.ts), views on which are slower in V8 and slow other views down.

/** Bytes of a chunk: a few of them stay in the processor's caches. */
export const CHUNK_BYTES = 32 * 1024;
export const CHUNK_WORDS = CHUNK_BYTES / 4;
/** What loops take at once, in bytes; `load` fills up to a multiple of it. */
export const STEP_BYTES = 64;

/** Room for one chunk; see the head of this file. */
export class WordChunk {
  readonly words: Int32Array = new Int32Array(CHUNK_WORDS);
  readonly longs: BigInt64Array = new BigInt64Array(this.words.buffer);
  readonly bytes: Buffer = Buffer.from(this.words.buffer);

  /**
   * Copies bytes [from, to) to its front, with NUL bytes behind them up to the next multiple of a step.
   * @param sizeBytes as if so many had been copied, NUL bytes after those that there are
   * @returns the number of words up to there
   */
  load(source: Buffer, from: number, to: number, sizeBytes: number = to - from): number {
    const length = to - from;
    const end = Math.ceil(sizeBytes / STEP_BYTES) * STEP_BYTES;
    if (length > 0) source.copy(this.bytes, 0, from, to);
    if (length < end) this.bytes.fill(0, length, end);
    return end / 4;
  }
}
