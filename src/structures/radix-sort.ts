// Sorts numbers that carry an index, in a time that grows with their number alone: radix sort from the least digit on.
// The bits of a double, taken as an integer, are in the order of the numbers; of negative ones all bits are turned
// around, of the others the sign:
//
//   sign exponent fraction      -2: 1 10000000000 000…  →  0 01111111111 111…
//                               +2: 0 10000000000 000…  →  1 10000000000 000…
//
// They are six digits of 11 bits (the third and the last of 10). Digits that all numbers have in common are passed
// over, which for small integers are most.
import { mergeSort, type TieBreaker } from './merge-sort.ts';

const DIGITS = 6;
const DIGIT_BITS = 11;
const DIGIT_VALUES = 1 << DIGIT_BITS;
const DIGIT_MASK = DIGIT_VALUES - 1;
/** Digits of a word of 32 bits. */
const WORD_DIGITS = 3;
/** Fewer are merged: counting digits would take longer. */
const FEW = 512;

/** How often each value of each digit is there, then where those with it go. */
const counts = new Uint32Array(DIGITS * DIGIT_VALUES);

/**
 * Sorts indexes by their keys, the least first.
 * @param keys one for each index, none of them NaN; afterwards in disorder
 * @param tie compares what indexes stand for whose keys are equal; without it they keep their order
 * @returns the indexes 0 … keys.length - 1 in their order
 */
export function sortedIndexes(keys: Float64Array, tie: TieBreaker | undefined): Int32Array {
  const count = keys.length;
  let order: Int32Array = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  if (count < FEW) {
    mergeSort(keys, order, tie);
    return order;
  }
  const low = new Uint32Array(count);
  const high = new Uint32Array(count);
  countDigits(keys, low, high);
  let target: Int32Array = new Int32Array(count);
  for (let digit = 0; digit < DIGITS; digit++) {
    const words = digit < WORD_DIGITS ? low : high;
    const shift = (digit % WORD_DIGITS) * DIGIT_BITS;
    const base = digit * DIGIT_VALUES;
    if (counts[base + ((words[0] >>> shift) & DIGIT_MASK)] === count) continue;
    setPlaces(base);
    for (let k = 0; k < count; k++) {
      const index = order[k];
      target[counts[base + ((words[index] >>> shift) & DIGIT_MASK)]++] = index;
    }
    [order, target] = [target, order];
  }
  if (tie !== undefined) breakTies(order, low, high, tie);
  return order;
}

/** Writes the two words of each key, made comparable, and counts their digits. */
function countDigits(keys: Float64Array, low: Uint32Array, high: Uint32Array): void {
  counts.fill(0);
  for (let i = 0; i < keys.length; i++) if (keys[i] === 0) keys[i] = 0; // Without a sign.
  const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
  for (let i = 0; i < keys.length; i++) {
    const upper = words[2 * i + 1];
    const turned = upper >>> 31 === 0 ? 0 : 0xffffffff;
    const lower = (words[2 * i] ^ turned) >>> 0;
    const comparable = (upper ^ (turned | 0x80000000)) >>> 0;
    low[i] = lower;
    high[i] = comparable;
    counts[lower & DIGIT_MASK]++;
    counts[DIGIT_VALUES + ((lower >>> DIGIT_BITS) & DIGIT_MASK)]++;
    counts[2 * DIGIT_VALUES + (lower >>> (2 * DIGIT_BITS))]++;
    counts[3 * DIGIT_VALUES + (comparable & DIGIT_MASK)]++;
    counts[4 * DIGIT_VALUES + ((comparable >>> DIGIT_BITS) & DIGIT_MASK)]++;
    counts[5 * DIGIT_VALUES + (comparable >>> (2 * DIGIT_BITS))]++;
  }
}

/** Turns the numbers of a digit's values into the places of the first with each. */
function setPlaces(base: number): void {
  let place = 0;
  for (let value = base; value < base + DIGIT_VALUES; value++) {
    const here = counts[value];
    counts[value] = place;
    place += here;
  }
}

/** Sorts those whose keys are equal. */
function breakTies(order: Int32Array, low: Uint32Array, high: Uint32Array, tie: TieBreaker): void {
  const count = order.length;
  for (let start = 0; start < count; ) {
    const first = order[start];
    let end = start + 1;
    while (end < count && low[order[end]] === low[first] && high[order[end]] === high[first]) end++;
    if (end - start > 1) {
      const equal = order.subarray(start, end);
      mergeSort(new Float64Array(end - start), equal, tie);
    }
    start = end;
  }
}
