// Ids of stream entries: a time in ms and a sequence number, 64 bits each, without a sign. As no number of JavaScript
// holds 64 bits, an id is four words: signed 32-bit integers, which are small integers for V8, compared as unsigned.
// Specification: https://redis.io/docs/latest/develop/data-types/streams/#entry-ids

const TWO_32 = 2 ** 32;
const ZERO = 48;
const NINE = 57;
const DASH = 45;
const PLUS = 43;
const STAR = 42;
/** With up to this many digits a number is exact as a double. */
const SAFE_DIGITS = 15;
/** The longest text that Redis takes for an id. */
const MAX_TEXT_BYTES = 127;
const MAX_UINT64 = (1n << 64n) - 1n;
const MAX_INT64 = (1n << 63n) - 1n;
/** High words below this belong to numbers that are exact as doubles. */
const SAFE_HIGH = 1 << 21;
/** Longest text of an id: two numbers of 20 digits. */
export const ID_TEXT_BYTES = 41;

/** An id, which can be changed. All four words at -1 are the largest one. */
export class StreamId {
  msHigh = 0;
  msLow = 0;
  seqHigh = 0;
  seqLow = 0;

  /** A new one with the same words. */
  clone(): StreamId {
    const copy = new StreamId();
    copy.set(this);
    return copy;
  }

  set(other: StreamId): void {
    this.msHigh = other.msHigh;
    this.msLow = other.msLow;
    this.seqHigh = other.seqHigh;
    this.seqLow = other.seqLow;
  }

  setWords(msHigh: number, msLow: number, seqHigh: number, seqLow: number): void {
    this.msHigh = msHigh;
    this.msLow = msLow;
    this.seqHigh = seqHigh;
    this.seqLow = seqLow;
  }

  /** Sets the id to 0-0. */
  setZero(): void {
    this.setWords(0, 0, 0, 0);
  }

  /** Sets the id to the largest one. */
  setMax(): void {
    this.setWords(-1, -1, -1, -1);
  }

  /** Sets the time to a number of ms, 0 … 2^53. */
  setMs(ms: number): void {
    this.msHigh = (ms / TWO_32) | 0;
    this.msLow = ms | 0;
  }

  /** Reads the words of an id from four words in memory. */
  load(words: Int32Array, at: number): void {
    this.msHigh = words[at];
    this.msLow = words[at + 1];
    this.seqHigh = words[at + 2];
    this.seqLow = words[at + 3];
  }

  /** Writes the four words into memory. */
  store(words: Int32Array, at: number): void {
    words[at] = this.msHigh;
    words[at + 1] = this.msLow;
    words[at + 2] = this.seqHigh;
    words[at + 3] = this.seqLow;
  }

  get isZero(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0;
  }

  get isMax(): boolean {
    return (this.msHigh & this.msLow & this.seqHigh & this.seqLow) === -1;
  }

  /** The time in ms; beyond 2^53 a number near it. */
  get ms(): number {
    return (this.msHigh >>> 0) * TWO_32 + (this.msLow >>> 0);
  }

  /** Below 0: this id is less than the other one; 0: they are equal; above 0: it is greater. */
  compare(other: StreamId): number {
    if (this.msHigh !== other.msHigh) return unsignedOrder(this.msHigh, other.msHigh);
    if (this.msLow !== other.msLow) return unsignedOrder(this.msLow, other.msLow);
    if (this.seqHigh !== other.seqHigh) return unsignedOrder(this.seqHigh, other.seqHigh);
    return unsignedOrder(this.seqLow, other.seqLow);
  }

  /** As `compare`, with four words in memory. */
  compareAt(words: Int32Array, at: number): number {
    if (this.msHigh !== words[at]) return unsignedOrder(this.msHigh, words[at]);
    if (this.msLow !== words[at + 1]) return unsignedOrder(this.msLow, words[at + 1]);
    if (this.seqHigh !== words[at + 2]) return unsignedOrder(this.seqHigh, words[at + 2]);
    return unsignedOrder(this.seqLow, words[at + 3]);
  }

  /** Goes on to the next id; false when there is none. */
  increment(): boolean {
    this.seqLow = (this.seqLow + 1) | 0;
    if (this.seqLow !== 0) return true;
    this.seqHigh = (this.seqHigh + 1) | 0;
    if (this.seqHigh !== 0) return true;
    this.msLow = (this.msLow + 1) | 0;
    if (this.msLow !== 0) return true;
    this.msHigh = (this.msHigh + 1) | 0;
    if (this.msHigh !== 0) return true;
    this.setMax();
    return false;
  }

  /** Goes back to the id before; false when there is none. */
  decrement(): boolean {
    if (this.isZero) return false;
    this.seqLow = (this.seqLow - 1) | 0;
    if (this.seqLow !== -1) return true;
    this.seqHigh = (this.seqHigh - 1) | 0;
    if (this.seqHigh !== -1) return true;
    this.msLow = (this.msLow - 1) | 0;
    if (this.msLow !== -1) return true;
    this.msHigh = (this.msHigh - 1) | 0;
    return true;
  }

  /** Goes on to the next sequence number of the same time; false when there is none. */
  incrementSeq(): boolean {
    if ((this.seqHigh & this.seqLow) === -1) return false;
    return this.increment();
  }

  toString(): string {
    return `${textOf(this.msHigh, this.msLow)}-${textOf(this.seqHigh, this.seqLow)}`;
  }

  /** Writes the text of the id, at most ID_TEXT_BYTES; returns the position after it. */
  write(target: Uint8Array, at: number): number {
    const dash = writeTime(target, at, this.msHigh, this.msLow);
    target[dash] = DASH;
    const { seqHigh, seqLow } = this;
    if (seqHigh !== 0 || seqLow < 0 || seqLow > 9) {
      return writeUnsigned(target, dash + 1, seqHigh, seqLow);
    }
    target[dash + 1] = ZERO + seqLow;
    return dash + 2;
  }
}

/** The order of two words as unsigned numbers. */
function unsignedOrder(a: number, b: number): number {
  return (a >>> 0) - (b >>> 0);
}

/** A 64-bit number without a sign as a double; beyond 2^53 a number near it. */
export function toDouble(high: number, low: number): number {
  return (high >>> 0) * TWO_32 + (low >>> 0);
}

function textOf(high: number, low: number): string {
  if (high >>> 0 < SAFE_HIGH) return String(toDouble(high, low));
  return String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}

/** Writes a 64-bit number without a sign in decimal; returns the position after its last digit. */
export function writeUnsigned(target: Uint8Array, at: number, high: number, low: number): number {
  if (high >>> 0 >= SAFE_HIGH) {
    const text = textOf(high, low);
    for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
    return at + text.length;
  }
  return writeDouble(target, at, toDouble(high, low));
}

/** Digits of a time behind its leading ones, which are the same in all times of ten seconds. */
const TRAILING_DIGITS = 4;
const TRAILING = 10 ** TRAILING_DIGITS;
/** The leading digits that were written last. */
let leading = -1;
let leadingBytes = 0;
const leadingText = new Uint8Array(16);

/** As `writeUnsigned`; faster where the number is near the one before, as times are. */
function writeTime(target: Uint8Array, at: number, high: number, low: number): number {
  const value = toDouble(high, low);
  const lead = Math.floor(value / TRAILING);
  if (high >>> 0 >= SAFE_HIGH || lead === 0) return writeUnsigned(target, at, high, low);
  if (lead !== leading) {
    leading = lead;
    leadingBytes = writeDouble(leadingText, 0, lead);
  }
  for (let i = 0; i < leadingBytes; i++) target[at + i] = leadingText[i];
  let part = value - lead * TRAILING;
  const end = at + leadingBytes + TRAILING_DIGITS;
  for (let position = end - 1; position >= at + leadingBytes; position--) {
    const tenth = (part / 10) | 0;
    target[position] = ZERO + part - tenth * 10;
    part = tenth;
  }
  return end;
}

/** Writes a whole number below 2^53; returns the position after its last digit. */
function writeDouble(target: Uint8Array, at: number, number: number): number {
  let value = number;
  const end = at + digitsOf(value);
  let position = end;
  // Nine digits at a time are small integers.
  while (value >= 1e9) {
    const rest = Math.floor(value / 1e9);
    let part = value - rest * 1e9;
    value = rest;
    for (let i = 0; i < 9; i++) {
      const tenth = (part / 10) | 0;
      target[--position] = ZERO + part - tenth * 10;
      part = tenth;
    }
  }
  let part = value;
  do {
    const tenth = (part / 10) | 0;
    target[--position] = ZERO + part - tenth * 10;
    part = tenth;
  } while (position > at);
  return end;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

/** What an id may be besides two numbers. */
export interface IdForms {
  /** `-` and `+` are the smallest and the largest id. */
  readonly edges: boolean;
  /** The sequence number may be `*`. */
  readonly anySeq: boolean;
}

/** What `parseId` found. */
export const INVALID_ID = 0;
export const PARSED = 1;
/** The sequence number is `*`. */
export const ANY_SEQ = 2;

const parts = { high: 0, low: 0 };

/**
 * Reads an id as Redis does (streamGenericParseIDOrReply).
 * @param missingSeq whether a sequence number that is left out is the largest one instead of 0
 * @returns INVALID_ID, PARSED or ANY_SEQ
 */
export function parseId(
  bytes: Uint8Array,
  offset: number,
  length: number,
  id: StreamId,
  missingSeq: boolean,
  forms: IdForms,
): number {
  if (length === 0 || length > MAX_TEXT_BYTES) return INVALID_ID;
  let end = offset;
  // As in C, a NUL byte ends the text.
  while (end < offset + length && bytes[end] !== 0) end++;
  if (end === offset + 1 && (bytes[offset] === DASH || bytes[offset] === PLUS)) {
    if (!forms.edges) return INVALID_ID;
    if (bytes[offset] === DASH) id.setZero();
    else id.setMax();
    return PARSED;
  }
  let dash = offset;
  while (dash < end && bytes[dash] !== DASH) dash++;
  if (!parseUnsigned(bytes, offset, dash)) return INVALID_ID;
  id.msHigh = parts.high;
  id.msLow = parts.low;
  if (dash === end) {
    id.seqHigh = missingSeq ? -1 : 0;
    id.seqLow = id.seqHigh;
    return PARSED;
  }
  if (forms.anySeq && dash + 2 === end && bytes[dash + 1] === STAR) {
    id.seqHigh = 0;
    id.seqLow = 0;
    return ANY_SEQ;
  }
  if (!parseUnsigned(bytes, dash + 1, end)) return INVALID_ID;
  id.seqHigh = parts.high;
  id.seqLow = parts.low;
  return PARSED;
}

/** Sets `parts` to the number in the bytes from `start` to `end`; false when there is none. */
function parseUnsigned(bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start) return false;
  if (end - start > SAFE_DIGITS) return parseLong(bytes, start, end);
  let value = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte < ZERO || byte > NINE) return parseLong(bytes, start, end);
    value = value * 10 + byte - ZERO;
  }
  parts.high = (value / TWO_32) | 0;
  parts.low = value | 0;
  return true;
}

/** As C's strtoull, which takes white space and signs in front; a negative number in canonical form is refused. */
function parseLong(bytes: Uint8Array, start: number, end: number): boolean {
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  const match = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(text);
  if (match === null) return false;
  const [, sign, digits] = match;
  let value = BigInt(digits);
  if (value > MAX_UINT64) return false;
  if (sign === '-') {
    const isCanonical = text === `-${value}` && value > 0n && value <= MAX_INT64 + 1n;
    if (isCanonical) return false;
    value = BigInt.asUintN(64, -value);
  }
  parts.high = Number(value >> 32n) | 0;
  parts.low = Number(value & 0xffffffffn) | 0;
  return true;
}
