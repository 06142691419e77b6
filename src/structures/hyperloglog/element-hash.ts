// Which register an element belongs to, and the value that it raises it to: MurmurHash64A with Redis's seed, in
// 32-bit arithmetic. The lowest 14 bits of the hash are the register's index; the value is the position of the
// first 1 among the others, counted from 1.
//
// A 64-bit product of (ah, al) and (bh, bl) is ah·bl + al·bh in the upper word, and al·bl in both; the upper half
// of al·bl is the sum of products of 16-bit halves.
// Source: Austin Appleby, MurmurHash2, 64-bit version.
import { INDEX_BITS, MAX_RUN, REGISTERS } from './layout.ts';

const SEED = 0xadc83b19 | 0;
/** The multiplier, 0xc6a4a7935bd1e995, and the halves of its lower word. */
const M_HIGH = 0xc6a4a793 | 0;
const M_LOW = 0x5bd1e995;
const M_LOW_UPPER = 0x5bd1;
const M_LOW_LOWER = 0xe995;
/** The hash's 64 bits are shifted by 47: the upper word, by so many, into the lower one. */
const SHIFT_IN_HIGH = 15;
const SHIFTED_INDEX = 32 - INDEX_BITS;
/** Bit 50 of what the index leaves, in its upper word: the first 1 at the latest. */
const LAST_RUN_BIT = 1 << (MAX_RUN - 1 - 32);

/** The upper word of a product with the multiplier. */
function highOfProduct(high: number, low: number): number {
  const lower = low & 0xffff;
  const upper = low >>> 16;
  const first = Math.imul(upper, M_LOW_LOWER) + (Math.imul(lower, M_LOW_LOWER) >>> 16);
  const second = Math.imul(lower, M_LOW_UPPER) + (first & 0xffff);
  const carried = Math.imul(upper, M_LOW_UPPER) + (first >>> 16) + (second >>> 16);
  return (carried + Math.imul(high, M_LOW) + Math.imul(low, M_HIGH)) | 0;
}

/** Up to eight bytes as a word of 32 bits each, little-endian. */
function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/** What is left of an element behind its blocks of eight bytes, from `at` on: at most four bytes of it. */
function partAt(bytes: Uint8Array, at: number, length: number): number {
  let word = 0;
  for (let i = Math.min(length, 4) - 1; i >= 0; i--) word = (word << 8) | bytes[at + i];
  return word;
}

/** @returns the register's index in the lowest bits (`indexOf`), and above these its value (`runOf`) */
export function hashElement(bytes: Uint8Array, offset: number, length: number): number {
  let high = highOfProduct(0, length);
  let low = Math.imul(length, M_LOW) ^ SEED;
  const blocksEnd = offset + (length & ~7);
  for (let at = offset; at < blocksEnd; at += 8) {
    const l = wordAt(bytes, at);
    let blockHigh = highOfProduct(wordAt(bytes, at + 4), l);
    let blockLow = Math.imul(l, M_LOW);
    blockLow ^= blockHigh >>> SHIFT_IN_HIGH;
    blockHigh = highOfProduct(blockHigh, blockLow);
    blockLow = Math.imul(blockLow, M_LOW);
    high ^= blockHigh;
    low ^= blockLow;
    high = highOfProduct(high, low);
    low = Math.imul(low, M_LOW);
  }
  const rest = length & 7;
  if (rest !== 0) {
    low ^= partAt(bytes, blocksEnd, rest);
    high ^= partAt(bytes, blocksEnd + 4, rest - 4);
    high = highOfProduct(high, low);
    low = Math.imul(low, M_LOW);
  }
  low ^= high >>> SHIFT_IN_HIGH;
  high = highOfProduct(high, low);
  low = Math.imul(low, M_LOW);
  low ^= high >>> SHIFT_IN_HIGH;
  return (runIn(high, low) << INDEX_BITS) | (low & (REGISTERS - 1));
}

/** The position, from 1, of the first 1 of a hash above the index. */
function runIn(high: number, low: number): number {
  const lower = (low >>> INDEX_BITS) | (high << SHIFTED_INDEX);
  if (lower !== 0) return 32 - Math.clz32(lower & -lower);
  const upper = (high >>> INDEX_BITS) | LAST_RUN_BIT;
  return 64 - Math.clz32(upper & -upper);
}

/** The register of a hash. */
export function indexOf(hash: number): number {
  return hash & (REGISTERS - 1);
}

/** The value that a hash raises its register to. */
export function runOf(hash: number): number {
  return hash >>> INDEX_BITS;
}
