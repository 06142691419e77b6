// Signed 64-bit integers as two 32-bit words, as doubles hold them only up to 2^53: read from and written to decimal
// digits. Both words are signed, so that they stay small integers; `low` is compared with its highest bit flipped.
import { parseInteger, writeInteger } from '../../protocol/integer.ts';

const MINUS = 45;
const ZERO = 48;
const SIGN = -0x80000000;
const TWO_32 = 2 ** 32;
/** An integer beyond 2^53 is written as its first digits, which are below 2^53, and so many more. */
const LAST_DIGITS = 6;
const MILLION = 1_000_000;

/** Most characters of a 64-bit integer: 19 digits and a sign. */
export const MAX_INT64_BYTES = 20;

/** A signed 64-bit integer. */
export class Int64 {
  high = 0;
  low = 0;

  /**
   * Sets it to the integer that bytes are the canonical decimal form of.
   * @returns false, with undefined words, when they are not
   */
  parse(bytes: Uint8Array, offset: number, length: number): boolean {
    if (length > MAX_INT64_BYTES) return false;
    const value = parseInteger(bytes, offset, length);
    if (Number.isNaN(value)) return false;
    if (Number.isSafeInteger(value)) this.setSafe(value);
    else this.#parseExactly(bytes, offset, length);
    return true;
  }

  /** Sets it to an integer of magnitude < 2^53. */
  setSafe(value: number): void {
    this.low = value | 0;
    this.high = value === this.low ? this.low >> 31 : Math.floor(value / TWO_32);
  }

  /** Sets it digit by digit, as the double of `parseInteger` is rounded. */
  #parseExactly(bytes: Uint8Array, offset: number, length: number): void {
    const isNegative = bytes[offset] === MINUS;
    let high = 0;
    let low = 0;
    for (let i = isNegative ? 1 : 0; i < length; i++) {
      low = low * 10 + bytes[offset + i] - ZERO;
      const carry = Math.floor(low / TWO_32);
      low -= carry * TWO_32;
      high = high * 10 + carry;
    }
    this.low = low | 0;
    this.high = high | 0;
    if (isNegative) {
      this.high = (~this.high + (this.low === 0 ? 1 : 0)) | 0;
      this.low = -this.low | 0;
    }
  }
}

/** Whether the integer a is less than b. */
export function isLess(aHigh: number, aLow: number, bHigh: number, bLow: number): boolean {
  return aHigh === bHigh ? (aLow ^ SIGN) < (bLow ^ SIGN) : aHigh < bHigh;
}

/**
 * Writes an integer in decimal, in MAX_INT64_BYTES at most.
 * @returns the position behind its last digit
 */
export function writeInt64(
  target: Uint8Array,
  position: number,
  high: number,
  low: number,
): number {
  if (high === low >> 31) return writeInteger(target, position, low);
  const value = high * TWO_32 + (low >>> 0);
  if (Number.isSafeInteger(value)) return writeInteger(target, position, value);
  return writeLong(target, position, high, low);
}

function writeLong(target: Uint8Array, position: number, high: number, low: number): number {
  let at = position;
  // The magnitude, as two unsigned words.
  let upper = high;
  let lower = low >>> 0;
  if (high < 0) {
    target[at++] = MINUS;
    upper = ~high + (lower === 0 ? 1 : 0);
    lower = -low >>> 0;
  }
  upper = upper >>> 0;
  const upperQuotient = Math.floor(upper / MILLION);
  const middle = (upper - upperQuotient * MILLION) * TWO_32 + lower;
  const lowerQuotient = Math.floor(middle / MILLION);
  let rest = middle - lowerQuotient * MILLION;
  const end = writeInteger(target, at, upperQuotient * TWO_32 + lowerQuotient) + LAST_DIGITS;
  for (let i = end - 1; i >= end - LAST_DIGITS; i--) {
    const quotient = Math.floor(rest / 10);
    target[i] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  return end;
}
