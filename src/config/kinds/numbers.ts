// Numbers: plain, octal, and amounts of memory. Ranges are those of the C types that Redis stores
// them in; texts are exact over all of 64 bits, while values are doubles, exact up to 2^53.
import { type Kind, type Parsed, singleWord } from '../kind.ts';

export const INT_MAX = 2_147_483_647n;
export const UINT_MAX = 4_294_967_295n;
export const LONG_MAX = 9_223_372_036_854_775_807n;
export const ULONG_MAX = 18_446_744_073_709_551_615n;
const LONG_MIN = -9_223_372_036_854_775_808n;

const notAnInteger = "argument couldn't be parsed into an integer";

/** Inclusive. */
interface Range {
  readonly min: bigint | number;
  readonly max: bigint | number;
}

/**
 * An integer in decimal without sign `+`, leading zeros or spaces.
 *
 * @param clamp narrower range into which accepted values are moved
 */
export function integer(range: Range & { readonly clamp?: Range }): Kind<number> {
  const { clamp } = range;
  return singleWord({
    summary: `integer, ${describeRange(clamp ?? range)}`,
    parse(word) {
      if (!/^(0|-?[1-9]\d*)$/.test(word)) return notAnInteger;
      const exact = BigInt(word);
      if (exact > LONG_MAX || exact < LONG_MIN) return notAnInteger;
      if (!isWithin(exact, range)) return outOfRange(range);
      return parsedNumber(clamp === undefined ? exact : moveInto(exact, clamp));
    },
  });
}

/** An octal number as strtoll(3) reads it: permissions of a file. The text is octal as well. */
export function octal(max: number): Kind<number> {
  return singleWord({
    summary: `octal number, 0 to ${max.toString(8)}`,
    parse(word) {
      const digits = /^[ \t-\r]*([+-]?)([0-7]*)$/.exec(word);
      if (digits === null) return "argument couldn't be parsed as an octal number";
      const value = Number.parseInt(`${digits[1]}${digits[2]}` || '0', 8);
      if (!(value >= 0 && value <= max)) {
        return `argument must be between 0 and ${max.toString(8)} inclusive`;
      }
      return { value, text: value.toString(8) };
    },
  });
}

/** A number of bytes, with a unit or without. CONFIG REWRITE writes it in the largest whole unit. */
export function memory(range: Range & { readonly clamp?: Range }): Kind<number> {
  const { clamp } = range;
  return singleWord({
    summary: `memory size, ${describeRange(range)}`,
    parse(word) {
      const bytes = parseMemory(word);
      if (bytes === undefined) return 'argument must be a memory value';
      if (!isWithin(bytes, range)) return outOfRange(range);
      return parsedNumber(clamp === undefined ? bytes : moveInto(bytes, clamp));
    },
    write: formatMemory,
  });
}

/** Bytes, or a share of `maxmemory`. */
export interface MemoryShare {
  readonly amount: number;
  /** Whether `amount` is a percentage (1 to 100) rather than bytes. */
  readonly isPercent: boolean;
}

/** A memory size or a percentage up to 100 %. */
export function memoryOrPercent(): Kind<MemoryShare> {
  return singleWord<MemoryShare>({
    summary: 'memory size, or percentage of `maxmemory` up to 100%',
    parse(word) {
      const percent = /^(0|[1-9]\d*)%$/.exec(word);
      const amount = percent === null ? parseMemory(word) : BigInt(percent[1]);
      if (amount === undefined) return 'argument must be a memory or percent value';
      if (percent === null ? amount > LONG_MAX : amount > 100n) {
        return 'percentage argument must be less or equal to 100';
      }
      const isPercent = percent !== null && amount > 0n;
      return { value: { amount: Number(amount), isPercent }, text: isPercent ? word : `${amount}` };
    },
    write: (text) => (text.endsWith('%') ? text : formatMemory(text)),
  });
}

const units: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
};

/** Digits (none means 0) and a unit: k, m and g are powers of 1000, kb, mb and gb of 1024. */
export function parseMemory(word: string): bigint | undefined {
  const parts = /^(\d{0,127})([a-z]*)$/i.exec(word);
  if (parts === null) return undefined;
  const unit = units[parts[2].toLowerCase()];
  return unit === undefined ? undefined : BigInt(parts[1]) * unit;
}

/** An exact number of bytes in the largest of gb, mb and kb that divides it. */
export function formatMemory(bytes: string): string {
  const exact = BigInt(bytes);
  for (const unit of ['gb', 'mb', 'kb']) {
    if (exact !== 0n && exact % units[unit] === 0n) return `${exact / units[unit]}${unit}`;
  }
  return bytes;
}

/**
 * A decimal integer as strtol(3) reads it: white space and a sign may stand before it, and nothing
 * at all is 0. Undefined when something else is left.
 */
export function parseLong(word: string): bigint | undefined {
  const digits = /^[ \t-\r]*([+-]?)(\d{1,127})$/.exec(word);
  if (digits === null) return word === '' ? 0n : undefined;
  return digits[1] === '-' ? -BigInt(digits[2]) : BigInt(digits[2]);
}

function parsedNumber(exact: bigint): Parsed<number> {
  return { value: Number(exact), text: exact.toString() };
}

function isWithin(exact: bigint, range: Range): boolean {
  return exact >= range.min && exact <= range.max;
}

function moveInto(exact: bigint, range: Range): bigint {
  if (exact < range.min) return BigInt(range.min);
  return exact > range.max ? BigInt(range.max) : exact;
}

function outOfRange(range: Range): string {
  return `argument must be between ${range.min} and ${range.max} inclusive`;
}

function describeRange(range: Range): string {
  if (range.max >= INT_MAX) return `at least ${range.min}`;
  return `${range.min} to ${range.max}`;
}
