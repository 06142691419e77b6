// Sets of integers as sorted arrays:
//
//   [ width: 4 bits, count: 28 bits ][ integer ][ integer ] …        all little endian, in ascending order
//
// Every integer has `width` bytes: 2, 4 or 8, as the one of the largest magnitude that was ever there needs. That is
// Redis's intset, but for its header of 8 bytes: there are many small sets. RDB files have that one.
// Integers are handed over as two words (int64.ts). Functions take the buffer and the place where the array begins in it.
import { Int64, isLess } from './int64.ts';

const scratch = new Int64();

/** Bytes before the integers. */
export const INTSET_HEADER_BYTES = 4;
/** Most integers of an array. */
export const MAX_INTSET_COUNT: number = 2 ** 28 - 1;
/** Bytes before the integers in RDB files. */
export const RDB_HEADER_BYTES = 8;

const WIDTH_BITS = 4;
const WIDTH_MASK = 0xf;

/** Bytes that an integer needs in such an array. */
export function widthOf(high: number, low: number): number {
  if (high !== low >> 31) return 8;
  return low === (low << 16) >> 16 ? 2 : 4;
}

/** Bytes of each integer. */
export function intsetWidth(buffer: Buffer, start: number): number {
  return buffer[start] & WIDTH_MASK;
}

/** Number of integers. */
export function intsetCount(buffer: Buffer, start: number): number {
  return wordAt(buffer, start) >>> WIDTH_BITS;
}

/** Bytes of an array of so many integers. */
export function intsetBytes(width: number, count: number): number {
  return INTSET_HEADER_BYTES + width * count;
}

/** Begins an empty array. */
export function initIntset(buffer: Buffer, start: number, width: number): void {
  setHeader(buffer, start, width, 0);
}

function setHeader(buffer: Buffer, start: number, width: number, count: number): void {
  setWord(buffer, start, width | (count << WIDTH_BITS));
}

/** Reads the integer of an index. */
export function readIntset(buffer: Buffer, start: number, index: number, target: Int64): void {
  readAt(buffer, start + INTSET_HEADER_BYTES, intsetWidth(buffer, start), index, target);
}

/** Reads the integer of an index in an array of integers of one width. */
function readAt(buffer: Buffer, first: number, width: number, index: number, target: Int64): void {
  const at = first + index * width;
  if (width === 8) {
    target.low = wordAt(buffer, at);
    target.high = wordAt(buffer, at + 4);
    return;
  }
  const low = width === 2 ? halfAt(buffer, at) : wordAt(buffer, at);
  target.low = low;
  target.high = low >> 31;
}

/**
 * Looks an integer up.
 * @returns its index; where it is not there, the bitwise complement of the index that it would have
 */
export function searchIntset(buffer: Buffer, start: number, high: number, low: number): number {
  const width = intsetWidth(buffer, start);
  const count = intsetCount(buffer, start);
  if (widthOf(high, low) > width) return high < 0 ? ~0 : ~count;
  const first = start + INTSET_HEADER_BYTES;
  if (width === 2) return searchHalves(buffer, first, 0, count, low);
  if (width === 4) return searchWords(buffer, first, 0, count, low);
  return searchLong(buffer, first, 0, count, high, low);
}

/** As `searchIntset`, for an integer that is larger than all before an index: near to that it is found at once. */
export function searchIntsetFrom(
  buffer: Buffer,
  start: number,
  index: number,
  high: number,
  low: number,
): number {
  const width = intsetWidth(buffer, start);
  const count = intsetCount(buffer, start);
  if (widthOf(high, low) > width) return high < 0 ? ~index : ~count;
  const first = start + INTSET_HEADER_BYTES;
  let from = index;
  let to = index;
  for (let step = 1; ; step *= 2) {
    if (to >= count) {
      to = count;
      break;
    }
    readAt(buffer, first, width, to, scratch);
    if (!isLess(scratch.high, scratch.low, high, low)) break;
    from = to + 1;
    to = from + step;
  }
  // What was read at `to` may be the integer itself.
  const end = Math.min(to + 1, count);
  if (width === 2) return searchHalves(buffer, first, from, end, low);
  if (width === 4) return searchWords(buffer, first, from, end, low);
  return searchLong(buffer, first, from, end, high, low);
}

function searchHalves(
  buffer: Buffer,
  first: number,
  begin: number,
  end: number,
  value: number,
): number {
  let from = begin;
  let to = end;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = halfAt(buffer, first + middle * 2);
    if (found === value) return middle;
    if (found < value) from = middle + 1;
    else to = middle;
  }
  return ~from;
}

function searchWords(
  buffer: Buffer,
  first: number,
  begin: number,
  end: number,
  value: number,
): number {
  let from = begin;
  let to = end;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = wordAt(buffer, first + middle * 4);
    if (found === value) return middle;
    if (found < value) from = middle + 1;
    else to = middle;
  }
  return ~from;
}

function searchLong(
  buffer: Buffer,
  first: number,
  begin: number,
  end: number,
  high: number,
  low: number,
): number {
  let from = begin;
  let to = end;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const foundLow = wordAt(buffer, first + middle * 8);
    const foundHigh = wordAt(buffer, first + middle * 8 + 4);
    if (foundLow === low && foundHigh === high) return middle;
    if (isLess(foundHigh, foundLow, high, low)) from = middle + 1;
    else to = middle;
  }
  return ~from;
}

/**
 * Inserts an integer that is not there. There is room: `intsetBytes` of the larger of its width and the present one.
 * @param index the one that it gets, as `searchIntset` found it
 */
export function insertIntoIntset(
  buffer: Buffer,
  start: number,
  index: number,
  high: number,
  low: number,
): void {
  const count = intsetCount(buffer, start);
  const before = intsetWidth(buffer, start);
  const width = Math.max(before, widthOf(high, low));
  const first = start + INTSET_HEADER_BYTES;
  if (width === before) {
    const at = first + index * width;
    buffer.copyWithin(at + width, at, first + count * width);
  } else {
    // From the last one on: each goes behind where it was, to where nothing is needed any more.
    for (let i = count - 1; i >= 0; i--) {
      readAt(buffer, first, before, i, scratch);
      writeAt(buffer, first, width, i < index ? i : i + 1, scratch.high, scratch.low);
    }
  }
  writeAt(buffer, first, width, index, high, low);
  setHeader(buffer, start, width, count + 1);
}

/** Removes the integer of an index. */
export function removeFromIntset(buffer: Buffer, start: number, index: number): void {
  const count = intsetCount(buffer, start);
  const width = intsetWidth(buffer, start);
  const at = start + INTSET_HEADER_BYTES + index * width;
  buffer.copyWithin(at, at + width, start + intsetBytes(width, count));
  setHeader(buffer, start, width, count - 1);
}

/**
 * Whether bytes of an RDB file, which are not trusted, are such an array, and not an empty one:
 *
 *   [ width: 4 bytes ][ count: 4 bytes ][ integer ][ integer ] …
 */
export function isRdbIntset(buffer: Buffer, start: number, length: number): boolean {
  if (length < RDB_HEADER_BYTES) return false;
  const width = wordAt(buffer, start);
  if (width !== 2 && width !== 4 && width !== 8) return false;
  const count = wordAt(buffer, start + 4) >>> 0;
  if (count === 0 || count > MAX_INTSET_COUNT) return false;
  const first = start + RDB_HEADER_BYTES;
  if (RDB_HEADER_BYTES + width * count !== length) return false;
  readAt(buffer, first, width, 0, scratch);
  for (let i = 1; i < count; i++) {
    const { high, low } = scratch;
    readAt(buffer, first, width, i, scratch);
    if (!isLess(high, low, scratch.high, scratch.low)) return false;
  }
  return true;
}

/** Copies the array of an RDB file, of so many bytes, to the beginning of a buffer. */
export function copyRdbIntset(from: Buffer, start: number, length: number, to: Buffer): void {
  setHeader(to, 0, wordAt(from, start), wordAt(from, start + 4));
  from.copy(to, INTSET_HEADER_BYTES, start + RDB_HEADER_BYTES, start + length);
}

/** Writes the header that an array has in an RDB file. */
export function writeRdbHeader(buffer: Buffer, start: number, to: Buffer): void {
  setWord(to, 0, intsetWidth(buffer, start));
  setWord(to, 4, intsetCount(buffer, start));
}

function writeAt(
  buffer: Buffer,
  first: number,
  width: number,
  index: number,
  high: number,
  low: number,
): void {
  const at = first + index * width;
  if (width === 2) {
    buffer[at] = low;
    buffer[at + 1] = low >> 8;
    return;
  }
  setWord(buffer, at, low);
  if (width === 8) setWord(buffer, at + 4, high);
}

function halfAt(buffer: Buffer, at: number): number {
  return ((buffer[at] | (buffer[at + 1] << 8)) << 16) >> 16;
}

function wordAt(buffer: Buffer, at: number): number {
  return buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24);
}

function setWord(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >> 8;
  buffer[at + 2] = value >> 16;
  buffer[at + 3] = value >> 24;
}
