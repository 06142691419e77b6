// Doubles as text, as Redis 7.0 prints scores: C's `%.17g`. It always has 17 significant digits without trailing
// zeros, so it is longer than the shortest text that reads back as the same number: 0.1 is 0.10000000000000001.
//
// Fractions of numbers in the usual range are expanded digit by digit in 96 bits, which is exact; nothing is
// allocated. The others are printed by the runtime, which is exact as well; but halves it rounds up, where C rounds to
// the even digit. No half is among them: such a number has at most 25 binary places.
import { digitsOf, writeInteger } from './integer.ts';

/** The most bytes that a double's text has: `-4.9406564584124654e-324`. */
export const DOUBLE_BYTES = 24;

const DIGITS = 17;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const SMALL_E = 101;
const TWO_24 = 2 ** 24;
const LIMB = TWO_24 - 1;
const HALF_LIMB = 1 << 23;
const MAX_EXACT = 2 ** 53;
/** A double from here on has no bit below 2^-96. */
const MIN_EXPANDED = 2 ** -43;
/** As C's `%g`: exponents from here on are written without `e`. */
const MIN_FIXED_EXPONENT = -4;

/** Digits, each a number 0 … 9; the most are 12 zeros and 17 others. */
const digits = new Uint8Array(40);
/** Of the number whose digits these are: d.ddd × 10^exponent. */
let exponent = 0;

/**
 * Writes a double as C's `%.17g` does, infinities as `inf` and `-inf`, and NaN as `nan`.
 * @returns the position behind it: at most DOUBLE_BYTES further
 */
export function writeDouble(target: Uint8Array, position: number, value: number): number {
  if (value === (value | 0) && (value !== 0 || 1 / value > 0)) {
    return writeInteger(target, position, value);
  }
  let at = position;
  if (value < 0 || (value === 0 && 1 / value < 0)) target[at++] = MINUS;
  const magnitude = Math.abs(value);
  if (magnitude < MAX_EXACT) {
    const whole = Math.floor(magnitude);
    if (whole === magnitude) return writeInteger(target, at, whole);
    if (magnitude >= MIN_EXPANDED) return writeDigits(target, at, expand(whole, magnitude - whole));
  } else if (magnitude === Number.POSITIVE_INFINITY) {
    return writeAscii(target, at, 'inf');
  }
  if (Number.isNaN(magnitude)) return writeAscii(target, at, 'nan');
  return writeDigits(target, at, printed(magnitude));
}

/** A double as text, as `writeDouble` writes it. */
export function doubleText(value: number): string {
  return textBytes.toString('latin1', 0, writeDouble(textBytes, 0, value));
}

const textBytes = Buffer.alloc(DOUBLE_BYTES);

/** Sets the digits of a number in the usual range; returns how many there are. */
function expand(whole: number, fraction: number): number {
  let scaled = fraction * TWO_24;
  let a = Math.floor(scaled);
  scaled = (scaled - a) * TWO_24;
  let b = Math.floor(scaled);
  scaled = (scaled - b) * TWO_24;
  let c = Math.floor(scaled);
  let d = (scaled - c) * TWO_24;
  let count = 0;
  if (whole > 0) {
    count = setWhole(whole);
    exponent = count - 1;
  } else {
    exponent = -1;
  }
  let isZero = whole === 0;
  while (count < DIGITS && (a | b | c | d) !== 0) {
    d *= 10;
    c = c * 10 + (d >>> 24);
    b = b * 10 + (c >>> 24);
    a = a * 10 + (b >>> 24);
    const digit = a >>> 24;
    a &= LIMB;
    b &= LIMB;
    c &= LIMB;
    d &= LIMB;
    if (digit === 0 && isZero) {
      exponent--;
    } else {
      isZero = false;
      digits[count++] = digit;
    }
  }
  const isOverHalf = a > HALF_LIMB || (a === HALF_LIMB && (b | c | d) !== 0);
  if (isOverHalf || (a === HALF_LIMB && (digits[count - 1] & 1) === 1)) return roundUp(count);
  return count;
}

/** Sets the digits of an integer; returns how many there are. */
function setWhole(whole: number): number {
  const count = digitsOf(whole);
  let rest = whole;
  let i = count;
  while (rest > 0x7fffffff) {
    const quotient = Math.floor(rest / 10);
    digits[--i] = rest - quotient * 10;
    rest = quotient;
  }
  let small = rest | 0;
  while (i > 0) {
    const quotient = (small / 10) | 0;
    digits[--i] = small - quotient * 10;
    small = quotient;
  }
  return count;
}

/** Adds 1 to the last of the digits; returns how many there are, without zeros at the end. */
function roundUp(count: number): number {
  let last = count - 1;
  while (last >= 0 && digits[last] === 9) last--;
  if (last < 0) {
    exponent++;
    digits[0] = 1;
    return 1;
  }
  digits[last]++;
  return last + 1;
}

/** Sets the digits of any number by the runtime's printing; returns how many there are. */
function printed(magnitude: number): number {
  const text = magnitude.toExponential(DIGITS - 1);
  digits[0] = text.charCodeAt(0) - ZERO;
  for (let i = 1; i < DIGITS; i++) digits[i] = text.charCodeAt(i + 1) - ZERO;
  exponent = Number(text.slice(DIGITS + 2));
  return DIGITS;
}

/** Writes the first `count` digits with point and exponent. */
function writeDigits(target: Uint8Array, position: number, count: number): number {
  let end = count;
  while (end > 1 && digits[end - 1] === 0) end--;
  let at = position;
  if (exponent < MIN_FIXED_EXPONENT || exponent >= DIGITS) {
    target[at++] = ZERO + digits[0];
    if (end > 1) target[at++] = POINT;
    for (let i = 1; i < end; i++) target[at++] = ZERO + digits[i];
    return writeExponent(target, at);
  }
  if (exponent < 0) {
    target[at++] = ZERO;
    target[at++] = POINT;
    for (let i = -1; i > exponent; i--) target[at++] = ZERO;
    for (let i = 0; i < end; i++) target[at++] = ZERO + digits[i];
    return at;
  }
  for (let i = 0; i <= exponent; i++) target[at++] = i < end ? ZERO + digits[i] : ZERO;
  if (end <= exponent + 1) return at;
  target[at++] = POINT;
  for (let i = exponent + 1; i < end; i++) target[at++] = ZERO + digits[i];
  return at;
}

/** Writes `e`, a sign and at least two digits. */
function writeExponent(target: Uint8Array, position: number): number {
  let at = position;
  target[at++] = SMALL_E;
  target[at++] = exponent < 0 ? MINUS : 43;
  const magnitude = Math.abs(exponent);
  if (magnitude < 10) target[at++] = ZERO;
  return writeInteger(target, at, magnitude);
}

function writeAscii(target: Uint8Array, position: number, text: string): number {
  for (let i = 0; i < text.length; i++) target[position + i] = text.charCodeAt(i);
  return position + text.length;
}
