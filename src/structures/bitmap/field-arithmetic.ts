// What a field of so many bits holds after a change, by how it is to overflow. Fields and changes of up to 52 bits are
// doubles, which are exact then; wider ones are BigInt, by the same rules.
//
//   signed fields are kept as the unsigned number of the same bits (two's complement)
import { MAX_NUMBER_BITS } from './bit-fields.ts';

/** The lowest bits of the true result stay. */
export const WRAP = 0;
/** The nearest value that the field can have. */
export const SATURATE = 1;
/** Nothing changes. */
export const FAIL = 2;

/** Largest change, of either sign, that `fitField` takes. */
export const MAX_NUMBER_CHANGE: number = 2 ** MAX_NUMBER_BITS;

/** The value of a field with these bits. */
export function fromBits(bitsOfValue: number, bits: number, isSigned: boolean): number {
  return isSigned && bitsOfValue >= 2 ** (bits - 1) ? bitsOfValue - 2 ** bits : bitsOfValue;
}

/** The bits of a value that a field can have. */
export function toBits(value: number, bits: number): number {
  return value < 0 ? value + 2 ** bits : value;
}

/**
 * Makes a value fit into a field.
 * @param value a sum of a value that fits and a change of at most MAX_NUMBER_CHANGE
 * @returns NaN if it does not fit and FAIL says so
 */
export function fitField(value: number, bits: number, isSigned: boolean, overflow: number): number {
  const most = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const least = isSigned ? -most - 1 : 0;
  if (value <= most && value >= least) return value;
  if (overflow === FAIL) return Number.NaN;
  if (overflow === SATURATE) return value > most ? most : least;
  const size = 2 ** bits;
  const rest = value % size;
  return fromBits(rest < 0 ? rest + size : rest, bits, isSigned);
}

/** As `fromBits`. */
export function fromBitsWide(bitsOfValue: bigint, bits: number, isSigned: boolean): bigint {
  return isSigned ? BigInt.asIntN(bits, bitsOfValue) : bitsOfValue;
}

/** As `toBits`. */
export function toBitsWide(value: bigint, bits: number): bigint {
  return BigInt.asUintN(bits, value);
}

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * A number that a field is to be set to, as Redis compares it with the field's limits, in 64 bits: negative ones
 * are too large for unsigned fields, and so are the lowest ones for signed fields.
 */
export function numberToSet(value: bigint, bits: number, isSigned: boolean): bigint {
  const most = isSigned ? (1n << BigInt(bits - 1)) - 1n : MAX_INT64;
  const isTooLow = isSigned ? bits < 64 && most - value > MAX_INT64 : value < 0n;
  return isTooLow ? value + 2n ** 64n : value;
}

/** As `fitField`, for any value; undefined if it does not fit and FAIL says so. */
export function fitFieldWide(
  value: bigint,
  bits: number,
  isSigned: boolean,
  overflow: number,
): bigint | undefined {
  const least = isSigned ? BigInt.asIntN(bits, 1n << BigInt(bits - 1)) : 0n;
  const most = least + (1n << BigInt(bits)) - 1n;
  if (value <= most && value >= least) return value;
  if (overflow === FAIL) return undefined;
  if (overflow === SATURATE) return value > most ? most : least;
  return isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}
