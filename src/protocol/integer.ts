// Decimal integers as bytes: what Redis's string2ll and ll2string do, for doubles and beyond.

const MINUS = 45;
const ZERO = 48;
/** With up to this many digits an integer is exact as a double. */
const SAFE_DIGITS = 15;
const MAX_INT64_TEXT = '9223372036854775807';
const MIN_INT64_TEXT = '9223372036854775808';
const MAX_INT64_DIGITS = MAX_INT64_TEXT.length;

/**
 * Reads a signed 64-bit decimal integer in its only canonical form.
 * @returns its value; beyond 2^53 a double near it, also beyond; NaN if the bytes are anything else
 */
export function parseInteger(bytes: Uint8Array, offset: number, length: number): number {
  if (length === 0) return Number.NaN;
  const negative = bytes[offset] === MINUS;
  const start = negative ? offset + 1 : offset;
  const digits = negative ? length - 1 : length;
  const first = bytes[start] - ZERO;
  if (digits === 1 && !negative && first === 0) return 0;
  if (digits < 1 || digits > MAX_INT64_DIGITS || first < 1 || first > 9) return Number.NaN;
  let value = first;
  for (let i = 1; i < digits; i++) {
    const digit = bytes[start + i] - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (digits > SAFE_DIGITS && digits === MAX_INT64_DIGITS) {
    const limit = negative ? MIN_INT64_TEXT : MAX_INT64_TEXT;
    if (comesAfter(bytes, start, limit)) return Number.NaN;
  }
  return negative ? -value : value;
}

/** Whether the digits at `start` are a larger number than `limit`, of as many digits. */
function comesAfter(bytes: Uint8Array, start: number, limit: string): boolean {
  for (let i = 0; i < limit.length; i++) {
    const difference = bytes[start + i] - limit.charCodeAt(i);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * Writes an integer of magnitude ≤ 2^53 in decimal.
 * @returns the position after its last digit
 */
export function writeInteger(target: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  if (rest < 0) {
    target[at++] = MINUS;
    rest = -rest;
  }
  const end = at + digitsOf(rest);
  let i = end;
  // Division by a constant is a multiplication only for 32-bit integers.
  while (rest > 0x7fffffff) {
    const quotient = Math.floor(rest / 10);
    target[--i] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
  let small = rest | 0;
  while (small >= 10) {
    const quotient = (small / 10) | 0;
    target[--i] = ZERO + (small - quotient * 10);
    small = quotient;
  }
  target[--i] = ZERO + small;
  return end;
}

/** Number of decimal digits of a non-negative integer ≤ 2^53. */
export function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10000) return 4;
  let digits = 5;
  for (let limit = 100000; value >= limit; limit *= 10) digits++;
  return digits;
}
