// Which arguments of a command are keys, as its row declares it and COMMAND shows it.
// Specification: https://redis.io/docs/reference/key-specs/
import type { Request } from '../protocol/request.ts';

/**
 * What a command does with a key, in the order in which COMMAND INFO shows it. In a number of flags, bit i
 * stands for the i-th of these.
 */
export const KEY_FLAG_NAMES = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
] as const;

export type KeyFlag = (typeof KEY_FLAG_NAMES)[number];

/** These flags as a number. */
export function keyFlagBits(...flags: readonly KeyFlag[]): number {
  return flags.reduce((bits, flag) => bits | (1 << KEY_FLAG_NAMES.indexOf(flag)), 0);
}

/** Where the search for keys begins: at an argument, or behind a keyword; or nothing is said of that. */
export type KeySearch =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'keyword'; readonly keyword: string; readonly startFrom: number }
  | { readonly kind: 'unknown' };

/** Which arguments from there on are keys. Distances count from where the search began. */
export type KeyExtent =
  | {
      readonly kind: 'range';
      readonly lastKey: number;
      readonly step: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'keynum';
      readonly keyNumIndex: number;
      readonly firstKey: number;
      readonly step: number;
    }
  | { readonly kind: 'unknown' };

/** Arguments `first` to `last`, every `step`-th: none if it ends before it begins. */
export interface KeyRange {
  first: number;
  last: number;
  step: number;
}

/** One group of keys among the arguments of a command. */
export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly search: KeySearch;
  readonly extent: KeyExtent;
  readonly notes?: string;
  /**
   * Finds the keys where search and extent, which COMMAND shows, do not suffice: writes them into the
   * range, which is empty before.
   */
  readonly locate?: (request: Request, range: KeyRange) => void;
  /** What a request does with these keys (keyFlagBits), where `variable_flags` says that it depends. */
  readonly flagsOf?: (request: Request) => number;
}

/** One key at a fixed place. */
export function keyAt(index: number, ...flags: KeyFlag[]): KeySpec {
  return keyRange(index, 0, 1, ...flags);
}

/**
 * Keys from argument `first` to `first + last` (a negative `last` counts from the end: -1 is the
 * last argument), every `step`-th.
 */
export function keyRange(first: number, last: number, step: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'index', index: first },
    extent: { kind: 'range', lastKey: last, step, limit: 0 },
  };
}

/** Keys whose number is specified by argument `numberAt` and that follow it. */
export function keysCounted(numberAt: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'index', index: numberAt },
    extent: { kind: 'keynum', keyNumIndex: 0, firstKey: 1, step: 1 },
  };
}

/** Keys of which a spec cannot say where they are: only `KeySpec.locate` can find them, if they are arguments at all. */
export function keysUnknown(...flags: KeyFlag[]): KeySpec {
  return { flags, search: { kind: 'unknown' }, extent: { kind: 'unknown' } };
}

/** The key behind a keyword that is looked for from argument `startFrom` on. */
export function keyAfter(keyword: string, startFrom: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'keyword', keyword, startFrom },
    extent: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
  };
}

/** Keys behind a keyword that is looked for from argument `startFrom` on. */
export function keysAfter(keyword: string, startFrom: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'keyword', keyword, startFrom },
    extent: { kind: 'range', lastKey: -1, step: 1, limit: 0 },
  };
}
