// Registers as runs of equal values: what a HyperLogLog of few elements consists of.
//
//   00llllll            a run of l + 1 registers (1 … 64) that are 0
//   01llllll llllllll   a run of l + 1 registers (1 … 16384) that are 0
//   1vvvvvll            a run of l + 1 registers (1 … 4) with the value v + 1 (1 … 32)
//
// Clients may store anything, so runs may be more or fewer registers than there are. A run of two bytes may have
// but one at the end of the string; the other counts as 0 then, as it does in Redis.
import { setRegister } from './dense-registers.ts';
import { REGISTERS } from './layout.ts';

const IS_LONG_RUN = 0x40;
const IS_VALUE = 0x80;
const MAX_RUN_OF_ZEROS = 64;
const MAX_RUN_OF_VALUES = 4;
/** Larger values need the dense form. */
export const MAX_SPARSE_VALUE = 32;

/** Bytes more that setting a register takes at most: a run becomes three. */
export const MAX_SPLIT_BYTES = 3;

/** What setting a register comes to. */
export const CORRUPT = -1;
export const UNCHANGED = 0;
export const CHANGED = 1;
/** It needs the dense form. */
export const TOO_LARGE = 2;

/** Runs behind the one that changes which are joined if they are equal now; Redis looks at five in all. */
const JOINED_RUNS = 5;
/** Bytes behind the run that changes that may be read for this: five runs of two bytes, and what joins. */
const TAIL_BYTES = 16;

/** Bytes of a run. */
function sizeOf(first: number): number {
  return (first & (IS_VALUE | IS_LONG_RUN)) === IS_LONG_RUN ? 2 : 1;
}

/** Registers of the run at a place. */
function lengthOf(bytes: ArrayLike<number>, at: number, end: number): number {
  const first = bytes[at];
  if (first < IS_LONG_RUN) return first + 1;
  if (first >= IS_VALUE) return (first & 3) + 1;
  return (((first & 0x3f) << 8) | (at + 1 < end ? bytes[at + 1] : 0)) + 1;
}

/** By the byte that a run is: its registers; more than there are for a run of two bytes. */
const LENGTHS = Uint16Array.from({ length: 256 }, (_, first) =>
  sizeOf(first) === 2 ? REGISTERS : lengthOf([first], 0, 1),
);

/** Runs that are looked at one by one before four at a time. */
const SINGLE_STEPS = 6;
const NOWHERE = -1;

/** The value of all registers of a run. */
function valueIn(first: number): number {
  return first >= IS_VALUE ? ((first >> 2) & 0x1f) + 1 : 0;
}

/** Walks over runs. */
export class RunCursor {
  length = 0;
  value = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  /** Begins with the run at `start`. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Goes on to the next run; false at the end. */
  next(): boolean {
    const at = this.#at;
    if (at >= this.#end) return false;
    const first = this.#bytes[at];
    this.length = lengthOf(this.#bytes, at, this.#end);
    this.value = valueIn(first);
    this.isLong = sizeOf(first) === 2;
    this.#at = at + sizeOf(first);
    return true;
  }

  /** Whether the run may be of more than 64 registers. */
  isLong = false;
}

const cursor = new RunCursor();

/** Counts the registers of each value; false if these are not all, or more than all. */
export function countSparse(
  bytes: Uint8Array,
  start: number,
  end: number,
  histogram: Int32Array,
): boolean {
  let index = 0;
  cursor.begin(bytes, start, end);
  while (cursor.next()) {
    index += cursor.length;
    if (index > REGISTERS) return false;
    histogram[cursor.value] += cursor.length;
  }
  return index === REGISTERS;
}

/** Raises the registers of `most`, a byte each; returns as `countSparse`, and may have raised some all the same. */
export function mergeSparse(
  most: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let index = 0;
  cursor.begin(bytes, start, end);
  while (cursor.next()) {
    const { length, value } = cursor;
    if (index + length > REGISTERS) return false;
    if (value > 0) {
      for (let i = index; i < index + length; i++) if (value > most[i]) most[i] = value;
    }
    index += length;
  }
  return index === REGISTERS;
}

/** Sets dense registers, which are all 0, to the same values; returns as `countSparse`. */
export function unpackSparse(
  dense: Uint8Array,
  registersAt: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let index = 0;
  cursor.begin(bytes, start, end);
  while (cursor.next()) {
    const { length, value } = cursor;
    if (index + length > REGISTERS) return false;
    if (value > 0) {
      for (let i = index; i < index + length; i++) setRegister(dense, registersAt, i, value);
    }
    index += length;
  }
  return index === REGISTERS;
}

/**
 * How the bytes change when a register is set: [at, at + oldLength) become the first `newLength` of `bytes`.
 * Splitting a run takes up to three bytes more; runs that are equal then are joined.
 */
export class RegisterEdit {
  at = 0;
  oldLength = 0;
  newLength = 0;
  readonly bytes: Uint8Array = new Uint8Array(32);
  /** The first register of the run that `#locate` found, and where the run before it is. */
  #first = 0;
  #previous = 0;

  /**
   * Finds out what raising a register comes to.
   * @param start where the runs begin, and end
   * @param room bytes that there may be more
   * @returns CHANGED when the edit is to be made; UNCHANGED when the register is as large; TOO_LARGE; CORRUPT
   */
  prepare(
    source: Uint8Array,
    start: number,
    end: number,
    index: number,
    value: number,
    room: number,
  ): number {
    if (value > MAX_SPARSE_VALUE) return TOO_LARGE;
    const at = this.#locate(source, start, end, index);
    if (at === NOWHERE) return CORRUPT;
    const first = this.#first;
    const length = lengthOf(source, at, end);
    const previous = this.#previous;
    const oldValue = valueIn(source[at]);
    if (oldValue >= value) return UNCHANGED;
    const size = sizeOf(source[at]);
    this.at = previous;
    this.newLength = 0;
    for (let i = previous; i < at; i++) this.bytes[this.newLength++] = source[i];
    const before = this.newLength;
    this.#addRun(index - first, oldValue);
    this.#addRun(1, value);
    this.#addRun(first + length - 1 - index, oldValue);
    const growth = this.newLength - before - size;
    if (growth > 0 && growth > room) return TOO_LARGE;
    // Half of a run at the very end: what takes its place is cut off as well.
    if (at + size > end) this.newLength--;
    const tail = Math.min(at + size, end);
    const tailEnd = Math.min(tail + TAIL_BYTES, end);
    for (let i = tail; i < tailEnd; i++) this.bytes[this.newLength++] = source[i];
    this.oldLength = tailEnd - previous;
    this.#join();
    return CHANGED;
  }

  /** Finds the run of a register, and notes its first one and where the run before it is; NOWHERE if there is none. */
  #locate(source: Uint8Array, start: number, end: number, index: number): number {
    let at = start;
    let first = 0;
    this.#previous = start;
    while (at < end) {
      // Where a sparse one spends its time, as a register may lie behind some thousand runs: four of one byte each.
      const from = at;
      while (at + 3 < end) {
        const four =
          LENGTHS[source[at]] +
          LENGTHS[source[at + 1]] +
          LENGTHS[source[at + 2]] +
          LENGTHS[source[at + 3]];
        if (first + four > index) break;
        first += four;
        at += 4;
      }
      if (at > from) this.#previous = at - 1;
      // There is a longer one among the next, or the one that is looked for.
      for (let left = SINGLE_STEPS; left > 0 && at < end; left--) {
        const short = LENGTHS[source[at]];
        const length = short < REGISTERS ? short : lengthOf(source, at, end);
        if (index < first + length) {
          this.#first = first;
          return at;
        }
        this.#previous = at;
        at += short < REGISTERS ? 1 : 2;
        first += length;
      }
    }
    return NOWHERE;
  }

  /** Adds a part of the run that is split, if there is any of it. */
  #addRun(length: number, value: number): void {
    if (length === 0) return;
    const rest = length - 1;
    if (value > 0) {
      this.bytes[this.newLength++] = IS_VALUE | ((value - 1) << 2) | rest;
    } else if (length > MAX_RUN_OF_ZEROS) {
      this.bytes[this.newLength++] = IS_LONG_RUN | (rest >> 8);
      this.bytes[this.newLength++] = rest & 0xff;
    } else {
      this.bytes[this.newLength++] = rest;
    }
  }

  /** Joins runs of the same value. */
  #join(): void {
    const { bytes } = this;
    let at = 0;
    for (let left = JOINED_RUNS; at < this.newLength && left > 0; left--) {
      const value = valueIn(bytes[at]);
      if (value > 0 && at + 1 < this.newLength && valueIn(bytes[at + 1]) === value) {
        const length = (bytes[at] & 3) + (bytes[at + 1] & 3) + 2;
        if (length <= MAX_RUN_OF_VALUES) {
          bytes[at + 1] = IS_VALUE | ((value - 1) << 2) | (length - 1);
          bytes.copyWithin(at, at + 1, this.newLength);
          this.newLength--;
          continue;
        }
      }
      at += sizeOf(bytes[at]);
    }
  }
}
