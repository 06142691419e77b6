// How many bits are set: BITCOUNT. Words are counted sixteen at a time, by carry-save adders (Harley and Seal; see
// Muła, Kurz, Lemire, "Faster Population Counts Using AVX2 Instructions"): three words of which each bit counts one
// become one whose bits count one and one whose bits count two, so that only one word in sixteen is counted itself.
//
//   a, b, c  ──▶  ones  a ^ b ^ c        twos  (a & b) | ((a ^ b) & c)
import { byteOf, maskFrom, maskTo } from './bit-order.ts';
import { CHUNK_BYTES, WordChunk } from './word-chunks.ts';

/** Up to so many bytes are counted one by one, in less time than a copy takes. */
const FEW_BYTES = 16;

const chunk = new WordChunk();
const bitsOfByte = Uint8Array.from({ length: 256 }, (_, byte) => bitsOfWord(byte));

/**
 * Counts the bits [from, to) that are set.
 * @param start where bit 0 is in the buffer, in bytes; the bits are all there
 */
export function countBits(bytes: Buffer, start: number, from: number, to: number): number {
  if (from >= to) return 0;
  const first = start + byteOf(from);
  const end = start + byteOf(to);
  if (first === end) return bitsOfByte[bytes[first] & maskFrom(from) & maskTo(to)];
  let count = 0;
  let at = first;
  if ((from & 7) !== 0) count += bitsOfByte[bytes[at++] & maskFrom(from)];
  if ((to & 7) !== 0) count += bitsOfByte[bytes[end] & maskTo(to)];
  if (end - at <= FEW_BYTES) {
    while (at < end) count += bitsOfByte[bytes[at++]];
    return count;
  }
  for (; at < end; at += CHUNK_BYTES) {
    count += bitsOfWords(chunk.words, chunk.load(bytes, at, Math.min(end, at + CHUNK_BYTES)));
  }
  return count;
}

function bitsOfWord(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Counts words, whose number is a multiple of sixteen. */
function bitsOfWords(words: Int32Array, length: number): number {
  let ones = 0;
  let twos = 0;
  let fours = 0;
  let eights = 0;
  let sixteens = 0;
  for (let i = 0; i < length; i += 16) {
    // Pairs of words into ones, pairs of carries into twos, and so on, as in a tree.
    let a = words[i];
    let b = words[i + 1];
    let half = ones ^ a;
    const twosA = (ones & a) | (half & b);
    ones = half ^ b;
    a = words[i + 2];
    b = words[i + 3];
    half = ones ^ a;
    const twosB = (ones & a) | (half & b);
    ones = half ^ b;
    half = twos ^ twosA;
    const foursA = (twos & twosA) | (half & twosB);
    twos = half ^ twosB;

    a = words[i + 4];
    b = words[i + 5];
    half = ones ^ a;
    const twosC = (ones & a) | (half & b);
    ones = half ^ b;
    a = words[i + 6];
    b = words[i + 7];
    half = ones ^ a;
    const twosD = (ones & a) | (half & b);
    ones = half ^ b;
    half = twos ^ twosC;
    const foursB = (twos & twosC) | (half & twosD);
    twos = half ^ twosD;
    half = fours ^ foursA;
    const eightsA = (fours & foursA) | (half & foursB);
    fours = half ^ foursB;

    a = words[i + 8];
    b = words[i + 9];
    half = ones ^ a;
    const twosE = (ones & a) | (half & b);
    ones = half ^ b;
    a = words[i + 10];
    b = words[i + 11];
    half = ones ^ a;
    const twosF = (ones & a) | (half & b);
    ones = half ^ b;
    half = twos ^ twosE;
    const foursC = (twos & twosE) | (half & twosF);
    twos = half ^ twosF;

    a = words[i + 12];
    b = words[i + 13];
    half = ones ^ a;
    const twosG = (ones & a) | (half & b);
    ones = half ^ b;
    a = words[i + 14];
    b = words[i + 15];
    half = ones ^ a;
    const twosH = (ones & a) | (half & b);
    ones = half ^ b;
    half = twos ^ twosG;
    const foursD = (twos & twosG) | (half & twosH);
    twos = half ^ twosH;
    half = fours ^ foursC;
    const eightsB = (fours & foursC) | (half & foursD);
    fours = half ^ foursD;

    half = eights ^ eightsA;
    sixteens += bitsOfWord((eights & eightsA) | (half & eightsB));
    eights = half ^ eightsB;
  }
  return (
    16 * sixteens +
    8 * bitsOfWord(eights) +
    4 * bitsOfWord(fours) +
    2 * bitsOfWord(twos) +
    bitsOfWord(ones)
  );
}
