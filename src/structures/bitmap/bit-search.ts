// The first bit that is set, or clear: BITPOS.
import { byteOf, maskFrom, maskTo } from './bit-order.ts';
import { CHUNK_BYTES, WordChunk } from './word-chunks.ts';

/** Bytes that are looked at first: mostly the search ends there. */
const FIRST_BYTES = 64;
/** Words that are looked at at once. */
const STEP_WORDS = 4;

const chunk = new WordChunk();
/** What is skipped, to be compared with: the C library does so ten times as fast as a loop. */
const zeros = Buffer.alloc(CHUNK_BYTES);
const ones = Buffer.alloc(CHUNK_BYTES, 0xff);

/**
 * Finds the first of the bits [from, to) that is 1, or 0.
 * @param start where bit 0 is in the buffer, in bytes; the bits are all there
 * @returns its number; -1 if there is none
 */
export function findBit(
  bytes: Buffer,
  start: number,
  from: number,
  to: number,
  bit: 0 | 1,
): number {
  if (from >= to) return -1;
  // Bits that are looked for are 1 once the others are flipped.
  const flip = bit === 1 ? 0 : 0xff;
  const first = byteOf(from);
  const end = byteOf(to);
  const head = (bytes[start + first] ^ flip) & maskFrom(from);
  if (first === end) return inByte(first, head & maskTo(to));
  if (head !== 0) return inByte(first, head);
  const found = findByte(bytes, start + first + 1, start + end, flip);
  if (found >= 0) return inByte(found - start, bytes[found] ^ flip);
  return (to & 7) === 0 ? -1 : inByte(end, (bytes[start + end] ^ flip) & maskTo(to));
}

/** The number of a byte's first bit that is set; -1 if none is. */
function inByte(byte: number, value: number): number {
  return value === 0 ? -1 : byte * 8 + Math.clz32(value) - 24;
}

/** Where the first byte is that is not `skipped`; -1 if there is none. */
function findByte(bytes: Buffer, from: number, end: number, skipped: number): number {
  let at = from;
  let size = FIRST_BYTES;
  const page = skipped === 0 ? zeros : ones;
  while (at < end) {
    const to = Math.min(end, at + size);
    // Only the first piece is gone through without a look at all of it.
    if (size === FIRST_BYTES || bytes.compare(page, 0, to - at, at, to) !== 0) {
      const found = findInPiece(bytes, at, to, skipped);
      if (found >= 0) return found;
    }
    at = to;
    size = CHUNK_BYTES;
  }
  return -1;
}

/** The same for bytes that fit into a chunk. */
function findInPiece(bytes: Buffer, from: number, to: number, skipped: number): number {
  const words = chunk.load(bytes, from, to);
  // The NUL bytes behind them may stop the search of ones: no byte of the string is there.
  const word = findWord(chunk.words, words, skipped === 0 ? 0 : -1);
  const end = Math.min(to, from + word * 4 + 4);
  for (let i = from + word * 4; i < end; i++) {
    if (chunk.bytes[i - from] !== skipped) return i;
  }
  return -1;
}

/** The index of the first word that is not `skipped`; their number if there is none. */
function findWord(words: Int32Array, length: number, skipped: number): number {
  let i = 0;
  // Four at a time: their number is a multiple of it.
  while (i < length) {
    const different =
      (words[i] ^ skipped) |
      (words[i + 1] ^ skipped) |
      (words[i + 2] ^ skipped) |
      (words[i + 3] ^ skipped);
    if (different !== 0) break;
    i += STEP_WORDS;
  }
  while (i < length && words[i] === skipped) i++;
  return i;
}
