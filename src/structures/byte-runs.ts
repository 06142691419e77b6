// A list of byte strings that lie in other people's memory: elements to be sorted, and what they are sorted by. Each is
// three integers (which buffer, where, how long), so a million of them are nothing to the garbage collector. They are
// valid as long as those bytes are neither changed nor moved: within one command that changes nothing.
import { copyBytes } from '../protocol/copy-bytes.ts';
import { digitsOf, writeInteger } from '../protocol/integer.ts';

const INITIAL_RUNS = 16;
/** Room for so many is kept when they are cleared. */
const KEPT_RUNS = 4096;
/** Digits of integers are written into blocks of so many bytes. */
const DIGITS_BLOCK_BYTES = 16 * 1024;
const MAX_DIGITS = 20;
/** In place of a buffer's number: an integer without digits yet. */
const INTEGER = -1;
/** The length of a run that is none. */
const NOTHING = -1;
/** Bytes that `prefixes` compares as one number, which is exact as a double. */
const PREFIX_BYTES = 6;
/** By what the bytes so far are multiplied, as if the others were zeros. */
const PLACES = Array.from({ length: PREFIX_BYTES }, (_, k) => 256 ** (PREFIX_BYTES - k));
/** Among so many buffers one is looked for without a map. */
const FEW_BUFFERS = 16;
const EMPTY = Buffer.alloc(0);

/** See the head of this file. */
export class ByteRuns {
  /** Number of runs. */
  count = 0;
  readonly #buffers: Buffer[] = [];
  /** Their indexes, once there are more than a few. */
  #numbers: Map<Buffer, number> | undefined;
  #last: Buffer | undefined;
  #lastNumber = 0;
  #buffer = new Int32Array(INITIAL_RUNS);
  #offset = new Int32Array(INITIAL_RUNS);
  #length = new Int32Array(INITIAL_RUNS);
  #integers = new Float64Array(0);
  #digits: Buffer | undefined;
  #digitsUsed = 0;

  /** Makes room for so many runs in all. */
  reserve(count: number): void {
    const capacity = this.#length.length;
    if (count > capacity) this.#grow(Math.max(count, capacity * 2));
  }

  #grow(size: number): void {
    this.#buffer = grown(this.#buffer, size);
    this.#offset = grown(this.#offset, size);
    this.#length = grown(this.#length, size);
  }

  /** Adds `length` bytes from `offset` in a buffer. */
  add(buffer: Buffer, offset: number, length: number): void {
    if (buffer !== this.#last) this.#use(buffer);
    const at = this.count;
    if (at === this.#length.length) this.#grow(at * 2);
    this.#buffer[at] = this.#lastNumber;
    this.#offset[at] = offset;
    this.#length[at] = length;
    this.count = at + 1;
  }

  /** Adds the digits of an integer of magnitude ≤ 2^53, which are written once somebody asks for them. */
  addInteger(value: number): void {
    const at = this.count;
    if (at === this.#length.length) this.#grow(at * 2);
    if (this.#integers.length < this.#length.length) this.#growIntegers();
    this.#buffer[at] = INTEGER;
    this.#integers[at] = value;
    this.count = at + 1;
  }

  /** Whether run i is an integer whose digits nobody has asked for. */
  isInteger(i: number): boolean {
    return this.#buffer[i] === INTEGER;
  }

  /** That integer. */
  integer(i: number): number {
    return this.#integers[i];
  }

  #growIntegers(): void {
    const larger = new Float64Array(this.#length.length);
    larger.set(this.#integers);
    this.#integers = larger;
  }

  #writeDigits(i: number): void {
    const digits = this.#roomForDigits();
    const start = this.#digitsUsed;
    const value = this.#integers[i];
    this.#digitsUsed = start + digitsOf(Math.abs(value)) + (value < 0 ? 1 : 0);
    writeInteger(digits, start, value);
    if (digits !== this.#last) this.#use(digits);
    this.#buffer[i] = this.#lastNumber;
    this.#offset[i] = start;
    this.#length[i] = this.#digitsUsed - start;
  }

  /** Adds a copy of the digits of an integer, which stand where they will not stay. */
  addDigits(buffer: Buffer, offset: number, length: number): void {
    const digits = this.#roomForDigits();
    const start = this.#digitsUsed;
    this.#digitsUsed = start + length;
    copyBytes(buffer, offset, length, digits, start);
    this.add(digits, start, length);
  }

  /** A block with room for one more integer behind `#digitsUsed`. */
  #roomForDigits(): Buffer {
    if (this.#digits === undefined || this.#digitsUsed + MAX_DIGITS > this.#digits.length) {
      this.#digits = Buffer.allocUnsafe(DIGITS_BLOCK_BYTES);
      this.#digitsUsed = 0;
    }
    return this.#digits;
  }

  /** Forgets all runs, and the buffers in which they lay. */
  clear(): void {
    this.count = 0;
    this.#buffers.length = 0;
    this.#numbers = undefined;
    this.#last = undefined;
    this.#digitsUsed = 0;
    if (this.#length.length <= KEPT_RUNS) return;
    this.#buffer = new Int32Array(INITIAL_RUNS);
    this.#offset = new Int32Array(INITIAL_RUNS);
    this.#length = new Int32Array(INITIAL_RUNS);
    this.#integers = new Float64Array(0);
  }

  /** Adds one that is none: it comes before all others. */
  addNothing(): void {
    this.add(EMPTY, 0, NOTHING);
  }

  /** Turns the order of the runs around. */
  reverse(): void {
    this.#buffer.subarray(0, this.count).reverse();
    this.#offset.subarray(0, this.count).reverse();
    this.#length.subarray(0, this.count).reverse();
    if (this.#integers.length === 0) return;
    if (this.#integers.length < this.count) this.#growIntegers();
    this.#integers.subarray(0, this.count).reverse();
  }

  /** The buffer of run i. */
  buffer(i: number): Buffer {
    if (this.#buffer[i] === INTEGER) this.#writeDigits(i);
    return this.#buffers[this.#buffer[i]];
  }

  /** Where run i begins in its buffer. */
  offset(i: number): number {
    if (this.#buffer[i] === INTEGER) this.#writeDigits(i);
    return this.#offset[i];
  }

  /** Bytes of run i; negative when it is none. */
  length(i: number): number {
    if (this.#buffer[i] === INTEGER) this.#writeDigits(i);
    return this.#length[i];
  }

  /** Below 0, 0 or above 0, as run a is less than, equal to or greater than run b, byte by byte. */
  compare(a: number, b: number): number {
    if (this.#buffer[a] === INTEGER) this.#writeDigits(a);
    if (this.#buffer[b] === INTEGER) this.#writeDigits(b);
    const aLength = this.#length[a];
    const bLength = this.#length[b];
    const aBuffer = this.#buffers[this.#buffer[a]];
    const bBuffer = this.#buffers[this.#buffer[b]];
    const aAt = this.#offset[a];
    const bAt = this.#offset[b];
    const shorter = Math.min(aLength, bLength);
    for (let i = 0; i < shorter; i++) {
      const difference = aBuffer[aAt + i] - bBuffer[bAt + i];
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }

  /** As `compare`, but a NUL ends a run, as in C: what C's `strcoll` does where no language orders words. */
  compareText(a: number, b: number): number {
    if (this.#buffer[a] === INTEGER) this.#writeDigits(a);
    if (this.#buffer[b] === INTEGER) this.#writeDigits(b);
    const aLength = this.#length[a];
    const bLength = this.#length[b];
    if (aLength < 0 || bLength < 0) return (bLength < 0 ? 1 : 0) - (aLength < 0 ? 1 : 0);
    const aBuffer = this.#buffers[this.#buffer[a]];
    const bBuffer = this.#buffers[this.#buffer[b]];
    const aAt = this.#offset[a];
    const bAt = this.#offset[b];
    for (let i = 0; ; i++) {
      const aByte = i < aLength ? aBuffer[aAt + i] : 0;
      const bByte = i < bLength ? bBuffer[bAt + i] : 0;
      if (aByte !== bByte) return aByte - bByte;
      if (aByte === 0) return 0;
    }
  }

  /**
   * Numbers in whose order the runs are, as far as that can be told by a few bytes behind those that all have in
   * common: equal ones must be compared.
   */
  prefixes(): Float64Array {
    const keys = new Float64Array(this.count);
    const skipped = this.#commonBytes();
    for (let i = 0; i < this.count; i++) keys[i] = this.#prefix(i, skipped);
    return keys;
  }

  /** How many bytes all runs have in common at their beginning, up to the first NUL. */
  #commonBytes(): number {
    let first = 0;
    while (first < this.count && this.length(first) < 0) first++;
    if (first === this.count) return 0;
    const bytes = this.buffer(first);
    const start = this.#offset[first];
    let common = this.#length[first];
    for (let k = 0; k < common; k++) if (bytes[start + k] === 0) common = k;
    for (let i = first + 1; i < this.count && common > 0; i++) {
      const length = this.length(i);
      if (length < 0) continue;
      const other = this.buffer(i);
      const at = this.#offset[i];
      if (length < common) common = length;
      let k = 0;
      while (k < common && other[at + k] === bytes[start + k]) k++;
      common = k;
    }
    return common;
  }

  /** The bytes of run i from `skipped` on as a number, filled up with zeros; -1 when it is none. */
  #prefix(i: number, skipped: number): number {
    const length = this.length(i);
    if (length < 0) return -1;
    const bytes = this.buffer(i);
    const start = this.#offset[i];
    const end = start + length;
    let key = 0;
    let at = start + skipped;
    for (let k = 0; k < PREFIX_BYTES; k++, at++) {
      const byte = at < end ? bytes[at] : 0;
      // What follows a NUL does not count where it ends the run; where it does count, `compare` sees it.
      if (byte === 0) return key * PLACES[k];
      key = key * 256 + byte;
    }
    return key;
  }

  #use(buffer: Buffer): void {
    this.#last = buffer;
    const buffers = this.#buffers;
    if (buffers.length < FEW_BUFFERS) {
      const known = buffers.indexOf(buffer);
      this.#lastNumber = known < 0 ? buffers.push(buffer) - 1 : known;
      return;
    }
    this.#numbers ??= new Map(buffers.map((one, number) => [one, number]));
    const known = this.#numbers.get(buffer);
    this.#lastNumber = known ?? buffers.push(buffer) - 1;
    if (known === undefined) this.#numbers.set(buffer, this.#lastNumber);
  }
}

function grown(words: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(words);
  return larger;
}
