// The x87 80-bit long double, in which Redis computes INCRBYFLOAT: reading (as string2ld with
// glibc's strtold), adding, and printing (as ld2string does for people: "%.17Lf" without trailing
// zeros). Everything is exact integer arithmetic that is rounded once, to nearest, ties to even.
//
//   value = mantissa × 2^exponent,  0 ≤ mantissa < 2^64,  MIN_EXPONENT ≤ exponent ≤ MAX_EXPONENT
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 4.

/** A long double that is not NaN. Infinity has the mantissa INFINITE. */
export interface LongDouble {
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
}

const MANTISSA_BITS = 64;
const MANTISSA_LIMIT = 1n << 64n;
/** Of the least bit of a subnormal number: -16382 - 63. */
const MIN_EXPONENT = -16445;
/** Of the least bit of the largest numbers: 16383 - 63. */
const MAX_EXPONENT = 16320;
/** No finite number has so large a mantissa. */
const INFINITE = MANTISSA_LIMIT;

/** Redis reads numbers of fewer bytes than this. */
const MAX_TEXT_BYTES = 5 * 1024;
/** Numbers from 10^MAX_DECIMAL_DIGITS on are infinite, those below 10^MIN_DECIMAL_DIGITS zero. */
const MAX_DECIMAL_DIGITS = 4933;
const MIN_DECIMAL_DIGITS = -4951;
/** The same for powers of two, with room to spare. */
const MAX_BINARY_DIGITS = 16400;
const MIN_BINARY_DIGITS = -16500;
const FRACTION_DIGITS = 17;
const FRACTION_SCALE = 10n ** 17n;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?(?:p([+-]?\d+))?$/i;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;

/** Positive zero. */
export const LONG_DOUBLE_ZERO: LongDouble = {
  negative: false,
  mantissa: 0n,
  exponent: MIN_EXPONENT,
};

/**
 * Reads a number as Redis does: decimal or hexadecimal, with or without an exponent, or infinity.
 * @returns undefined for everything else (white space and NaN too), and for numbers that are too
 *   large or, not being zero, too small for a long double
 */
export function parseLongDouble(
  bytes: Uint8Array,
  offset: number,
  length: number,
): LongDouble | undefined {
  if (length === 0 || length >= MAX_TEXT_BYTES) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1');
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return parseDigits(decimal, 10);
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal !== null) return parseDigits(hexadecimal, 16);
  const infinity = INFINITY.exec(text);
  if (infinity === null) return undefined;
  return { negative: infinity[1] === '-', mantissa: INFINITE, exponent: 0 };
}

/** The sum; infinite when it is too large, undefined (not a number) for ∞ - ∞. */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble | undefined {
  if (isInfinite(a) || isInfinite(b)) {
    if (!isInfinite(a)) return b;
    return isInfinite(b) && a.negative !== b.negative ? undefined : a;
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = signed(a, exponent) + signed(b, exponent);
  const magnitude = sum < 0n ? -sum : sum;
  return round(sum < 0n, magnitude, 1n, exponent);
}

/** The product with a positive integer. */
export function multiplyLongDouble(value: LongDouble, factor: bigint): LongDouble {
  if (isInfinite(value)) return value;
  return round(value.negative, value.mantissa * factor, 1n, value.exponent);
}

/** The least integer that is not below the number; infinite where that is no double. */
export function ceilLongDouble(value: LongDouble): number {
  const { negative, mantissa, exponent } = value;
  const sign = negative ? -1 : 1;
  if (isInfinite(value)) return sign * Number.POSITIVE_INFINITY;
  if (exponent >= 0) return sign * Number(mantissa << BigInt(exponent));
  const floor = mantissa >> BigInt(-exponent);
  if (negative) return floor === 0n ? 0 : -Number(floor);
  return Number(floor << BigInt(-exponent) === mantissa ? floor : floor + 1n);
}

/** Whether the number is infinite. */
export function isInfinite(value: LongDouble): boolean {
  return value.mantissa === INFINITE;
}

/** A finite number in decimal, rounded to at most 17 digits after the point. */
export function formatLongDouble(value: LongDouble): string {
  const scaled = value.mantissa * FRACTION_SCALE;
  const units =
    value.exponent >= 0
      ? scaled << BigInt(value.exponent)
      : divideRounding(scaled, 1n << BigInt(-value.exponent));
  if (units === 0n) return '0';
  const digits = units.toString().padStart(FRACTION_DIGITS + 1, '0');
  const point = digits.length - FRACTION_DIGITS;
  let end = digits.length;
  while (end > point && digits[end - 1] === '0') end--;
  const whole = (value.negative ? '-' : '') + digits.slice(0, point);
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`;
}

/** The number that a match of DECIMAL or HEXADECIMAL stands for. */
function parseDigits(match: RegExpExecArray, radix: 10 | 16): LongDouble | undefined {
  const [, sign, whole, fraction = '', exponentText = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const negative = sign === '-';
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return { ...LONG_DOUBLE_ZERO, negative };
  // An exponent of any number of digits becomes a double, if need be an infinite one.
  const power = Number(exponentText) - fraction.length * (radix === 10 ? 1 : 4);
  const value =
    radix === 10 ? fromDecimal(negative, digits, power) : fromHexadecimal(negative, digits, power);
  return value === undefined || isInfinite(value) || value.mantissa === 0n ? undefined : value;
}

/** `digits` × 10^`power`; undefined when it is far out of range. */
function fromDecimal(negative: boolean, digits: string, power: number): LongDouble | undefined {
  const magnitude = digits.length + power;
  if (magnitude > MAX_DECIMAL_DIGITS || magnitude < MIN_DECIMAL_DIGITS) return undefined;
  const numerator = BigInt(digits);
  if (power >= 0) return round(negative, numerator * 10n ** BigInt(power), 1n, 0);
  return round(negative, numerator, 10n ** BigInt(-power), 0);
}

/** `digits` × 2^`power`; undefined when it is far out of range. */
function fromHexadecimal(negative: boolean, digits: string, power: number): LongDouble | undefined {
  const magnitude = digits.length * 4 + power;
  if (magnitude > MAX_BINARY_DIGITS || magnitude < MIN_BINARY_DIGITS) return undefined;
  return round(negative, BigInt(`0x${digits}`), 1n, power);
}

/** The long double nearest to numerator / denominator × 2^power; infinite when it is too large. */
function round(
  negative: boolean,
  numerator: bigint,
  denominator: bigint,
  power: number,
): LongDouble {
  if (numerator === 0n) return { ...LONG_DOUBLE_ZERO, negative };
  // The quotient of this shift has 64 or 65 bits; with 65, one bit more must go.
  let shift = bitLength(numerator) - bitLength(denominator) - MANTISSA_BITS;
  if (shifted(numerator, denominator, shift) >= MANTISSA_LIMIT) shift++;
  shift = Math.max(shift, MIN_EXPONENT - power);
  let mantissa =
    shift >= 0
      ? divideRounding(numerator, denominator << BigInt(shift))
      : divideRounding(numerator << BigInt(-shift), denominator);
  let exponent = power + shift;
  if (mantissa === MANTISSA_LIMIT) {
    mantissa >>= 1n;
    exponent++;
  }
  if (exponent > MAX_EXPONENT) return { negative, mantissa: INFINITE, exponent: 0 };
  return { negative, mantissa, exponent };
}

/** numerator / denominator / 2^shift, rounded down. */
function shifted(numerator: bigint, denominator: bigint, shift: number): bigint {
  return shift >= 0
    ? numerator / (denominator << BigInt(shift))
    : (numerator << BigInt(-shift)) / denominator;
}

/** The integer nearest to the quotient of two positive ones; of two equally near, the even one. */
function divideRounding(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator - quotient * denominator) * 2n;
  if (twice < denominator || (twice === denominator && (quotient & 1n) === 0n)) return quotient;
  return quotient + 1n;
}

/** The value in units of 2^exponent, which is not larger than its own. */
function signed(value: LongDouble, exponent: number): bigint {
  const magnitude = value.mantissa << BigInt(value.exponent - exponent);
  return value.negative ? -magnitude : magnitude;
}

function bitLength(value: bigint): number {
  const hexadecimal = value.toString(16);
  return hexadecimal.length * 4 - (Math.clz32(Number.parseInt(hexadecimal[0], 16)) - 28);
}
