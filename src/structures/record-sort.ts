// Sorts records of members by score, and those of equal scores by their bytes: many at once by radix sort of the scores
// (least significant digits first), as comparing numbers one by one takes several times as long.
import type { Arena } from '../memory/arena.ts';
import { ByteView } from './entry.ts';
import { compareMember } from './ranked-search.ts';
import type { Records } from './records.ts';

/** Fewer records are sorted by comparing them. */
const RADIX_FROM = 2048;
const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;
const DIGIT_MASK = DIGITS - 1;

/** The records in their order, in this array or another one. */
export function sortRecords(arena: Arena, records: Records, unsorted: Int32Array): Int32Array {
  const view = new ByteView();
  const byMember = (a: number, b: number): number => {
    records.key(b, view);
    return compareMember(arena, a, view.buffer, view.offset, view.length);
  };
  if (unsorted.length < RADIX_FROM) {
    return unsorted.sort((a, b) => records.score(a) - records.score(b) || byMember(a, b));
  }
  const sorted = radixSort(records, unsorted);
  let start = 0;
  for (let i = 1; i <= sorted.length; i++) {
    const isSame = i < sorted.length && records.score(sorted[i]) === records.score(sorted[start]);
    if (isSame) continue;
    if (i - start > 1) sorted.subarray(start, i).sort(byMember);
    start = i;
  }
  return sorted;
}

/** Records and the words of their scores. */
interface Keys {
  readonly refs: Int32Array;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** Sorts by score. */
function radixSort(records: Records, unsorted: Int32Array): Int32Array {
  const { length } = unsorted;
  let from: Keys = keysOf(records, unsorted);
  let to: Keys = {
    refs: new Int32Array(length),
    low: new Uint32Array(length),
    high: new Uint32Array(length),
  };
  for (let pass = 0; pass < 4; pass++) {
    const words = pass < 2 ? from.low : from.high;
    const shift = (pass & 1) * DIGIT_BITS;
    const starts = new Uint32Array(DIGITS + 1);
    for (let i = 0; i < length; i++) starts[((words[i] >>> shift) & DIGIT_MASK) + 1]++;
    // All have the same digit: nothing would move.
    if (starts[((words[0] >>> shift) & DIGIT_MASK) + 1] === length) continue;
    for (let digit = 0; digit < DIGITS; digit++) starts[digit + 1] += starts[digit];
    for (let i = 0; i < length; i++) {
      const place = starts[(words[i] >>> shift) & DIGIT_MASK]++;
      to.refs[place] = from.refs[i];
      to.low[place] = from.low[i];
      to.high[place] = from.high[i];
    }
    [from, to] = [to, from];
  }
  return from.refs;
}

/** Records with the words of their scores, so changed that they are in the order of unsigned integers. */
function keysOf(records: Records, refs: Int32Array): Keys {
  const { length } = refs;
  const double = new Float64Array(1);
  const [words, isLittle] = [new Uint32Array(double.buffer), isLittleEndian()];
  const low = new Uint32Array(length);
  const high = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    // -0 and 0 are equal.
    double[0] = records.score(refs[i]) + 0;
    const highWord = words[isLittle ? 1 : 0];
    const lowWord = words[isLittle ? 0 : 1];
    const isNegative = highWord >>> 31 === 1;
    high[i] = isNegative ? ~highWord : highWord | 0x80000000;
    low[i] = isNegative ? ~lowWord : lowWord;
  }
  return { refs, low, high };
}

function isLittleEndian(): boolean {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
}
