// Reads doubles as C's `strtod` does in the "C" locale: decimal and hexadecimal numbers, infinities. Redis reads
// scores strictly, and the limits of ranges of scores laxly: white space before a number, a number that is too large
// or too small, and no number at all are fine there, and a NUL ends the text.

const TAB = 9;
const CR = 13;
const SPACE = 32;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const SMALL_E = 101;
const SMALL_P = 112;
const SMALL_X = 120;
/** Turns an upper-case letter into a lower-case one. */
const LOWER = 32;

/** With up to so many digits a number is exact as a double. */
const SAFE_DIGITS = 15;
/** Powers of ten up to 10^22 are exact as doubles. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** No double needs more significant digits to be told from its neighbours; what follows only breaks ties. */
const MAX_DECIMAL_DIGITS = 800;
const MAX_HEX_DIGITS = 32;
const MAX_EXPONENT = 999_999_999;
/** The exponent of the least double above zero. */
const LEAST_EXPONENT = -1074;
const PRECISION = 53;
/** Below it C reports an underflow of what it had to round. */
const MIN_NORMAL = 2 ** -1022;

/** Where the number ends that was read last; where it begins, if there is none. */
let endAt = 0;
/** Whether it is too large or too small for a double. */
let isOutOfRange = false;

/** The number that the bytes are, all of them; NaN if they are none, or it is out of a double's range. */
export function parseDouble(bytes: Uint8Array, offset: number, length: number): number {
  if (length === 0) return Number.NaN;
  const value = scanNumber(bytes, offset, offset + length);
  return endAt === offset + length && !isOutOfRange ? value : Number.NaN;
}

/** The limit of a range that the bytes are; NaN if they are none. */
export function parseLimit(bytes: Uint8Array, offset: number, length: number): number {
  const end = offset + length;
  let start = offset;
  while (start < end && isSpace(bytes[start])) start++;
  const value = scanNumber(bytes, start, end);
  if (endAt === start) return length === 0 || bytes[offset] === 0 ? 0 : Number.NaN;
  return endAt === end || bytes[endAt] === 0 ? value : Number.NaN;
}

/** What SORT takes bytes for: as `parseLimit`, but NaN also where C reports that a number is out of range. */
export function parseWeight(bytes: Uint8Array, offset: number, length: number): number {
  isOutOfRange = false;
  const value = parseLimit(bytes, offset, length);
  const isSubnormal = value !== 0 && Math.abs(value) < MIN_NORMAL;
  return isOutOfRange || isSubnormal ? Number.NaN : value;
}

/** The number that the bytes begin with, 0 if there is none: of text that nobody has checked. */
export function parsePrefix(bytes: Uint8Array, offset: number, length: number): number {
  let start = offset;
  while (start < offset + length && isSpace(bytes[start])) start++;
  const value = scanNumber(bytes, start, offset + length);
  return endAt === start ? 0 : value;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= CR);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Reads the number at a place; sets `endAt` and `isOutOfRange`. */
function scanNumber(bytes: Uint8Array, start: number, end: number): number {
  isOutOfRange = false;
  endAt = start;
  let at = start;
  const isNegative = at < end && bytes[at] === MINUS;
  if (at < end && (isNegative || bytes[at] === PLUS)) at++;
  if (at >= end) return 0;
  const magnitude = scanMagnitude(bytes, at, end, start);
  return isNegative ? -magnitude : magnitude;
}

function scanMagnitude(bytes: Uint8Array, at: number, end: number, start: number): number {
  const first = bytes[at];
  if (isDigit(first) || first === POINT) {
    if (first === ZERO && at + 2 < end && (bytes[at + 1] | LOWER) === SMALL_X) {
      const value = scanHexadecimal(bytes, at + 2, end);
      if (value >= 0) return value;
    }
    return scanDecimal(bytes, at, end, start);
  }
  if (!isWord(bytes, at, end, 'inf')) {
    if (!isWord(bytes, at, end, 'nan')) return 0;
    endAt = end;
    return Number.NaN;
  }
  endAt = at + (isWord(bytes, at, end, 'infinity') ? 8 : 3);
  return Number.POSITIVE_INFINITY;
}

function isWord(bytes: Uint8Array, at: number, end: number, word: string): boolean {
  if (at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) {
    if ((bytes[at + i] | LOWER) !== word.charCodeAt(i)) return false;
  }
  return true;
}

function scanDecimal(bytes: Uint8Array, start: number, end: number, none: number): number {
  let at = start;
  let value = 0;
  let count = 0;
  let significant = 0;
  let places = 0;
  let isFraction = false;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === POINT && !isFraction) {
      isFraction = true;
      continue;
    }
    if (!isDigit(byte)) break;
    count++;
    if (isFraction) places++;
    if (significant > 0 || byte !== ZERO) significant++;
    if (significant <= SAFE_DIGITS) value = value * 10 + (byte - ZERO);
  }
  if (count === 0) {
    endAt = none;
    return 0;
  }
  const numberEnd = at;
  endAt = at;
  const exponent = scanExponent(bytes, at, end, SMALL_E);
  if (significant === 0) return 0;
  const power = exponent - places;
  if (significant <= SAFE_DIGITS && power >= -22 && power <= 22) {
    return power < 0 ? value / POWERS[-power] : value * POWERS[power];
  }
  if (endAt - start > MAX_DECIMAL_DIGITS) return decimalByDigits(bytes, start, numberEnd, power);
  // What the runtime takes for a number in these bytes is the same.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, endAt - start);
  return inRange(Number(text.toString('latin1')));
}

function inRange(value: number): number {
  isOutOfRange = value === 0 || value === Number.POSITIVE_INFINITY;
  return value;
}

/** Very many digits between two places, times 10^power. */
function decimalByDigits(bytes: Uint8Array, start: number, end: number, power: number): number {
  let text = '';
  let dropped = 0;
  let isInexact = false;
  for (let i = start; i < end; i++) {
    if (bytes[i] === POINT || (text === '' && bytes[i] === ZERO)) continue;
    if (text.length < MAX_DECIMAL_DIGITS) {
      text += String.fromCharCode(bytes[i]);
    } else {
      dropped++;
      isInexact ||= bytes[i] !== ZERO;
    }
  }
  if (isInexact) {
    text += '1';
    dropped--;
  }
  return inRange(Number(`${text}e${power + dropped}`));
}

/** Reads an exponent behind `endAt`, if there is one: it moves on then. */
function scanExponent(bytes: Uint8Array, start: number, end: number, letter: number): number {
  let at = start;
  if (at >= end || (bytes[at] | LOWER) !== letter) return 0;
  at++;
  const isNegative = at < end && bytes[at] === MINUS;
  if (at < end && (isNegative || bytes[at] === PLUS)) at++;
  if (at >= end || !isDigit(bytes[at])) return 0;
  let exponent = 0;
  for (; at < end && isDigit(bytes[at]); at++) {
    if (exponent < MAX_EXPONENT) exponent = exponent * 10 + (bytes[at] - ZERO);
  }
  endAt = at;
  return isNegative ? -exponent : exponent;
}

/** Reads the number behind `0x`; -1 if there are no digits. */
function scanHexadecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let text = '';
  let count = 0;
  let power = 0;
  let isFraction = false;
  let isInexact = false;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === POINT && !isFraction) {
      isFraction = true;
      continue;
    }
    if (!isHexDigit(byte)) break;
    count++;
    if (isFraction) power -= 4;
    if (text === '' && byte === ZERO) continue;
    if (text.length < MAX_HEX_DIGITS) {
      text += String.fromCharCode(byte);
    } else {
      power += 4;
      isInexact ||= byte !== ZERO;
    }
  }
  if (count === 0) return -1;
  endAt = at;
  const exponent = scanExponent(bytes, at, end, SMALL_P);
  if (text === '') return 0;
  // A bit below all others stands for those that were left out.
  return inRange(scale(BigInt(`0x${text}${isInexact ? '1' : '0'}`), exponent + power - 4));
}

function isHexDigit(byte: number): boolean {
  const letter = byte | LOWER;
  return isDigit(byte) || (letter >= 97 && letter <= 102);
}

/** The double nearest to mantissa × 2^power; of two, the even one. */
function scale(mantissa: bigint, power: number): number {
  const bits = mantissa.toString(2).length;
  const kept = Math.min(PRECISION, bits + power - LEAST_EXPONENT);
  if (kept < 0) return 0;
  const cut = bits - kept;
  if (cut <= 0) return Number(mantissa) * 2 ** power;
  let rounded = mantissa >> BigInt(cut);
  const rest = mantissa - (rounded << BigInt(cut));
  const half = 1n << BigInt(cut - 1);
  if (rest > half || (rest === half && (rounded & 1n) === 1n)) rounded += 1n;
  return Number(rounded) * 2 ** (power + cut);
}
