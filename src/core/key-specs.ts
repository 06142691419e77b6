// Which arguments of a command are keys, as its row declares it and COMMAND tells it.
// Specification: https://redis.io/docs/reference/key-specs/
import type { Request } from '../protocol/request.ts';

/** How a command uses a key, as COMMAND INFO tells it, in its order: "RW", "access", "update" … */
export type KeyFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** Where the search for keys begins: at an argument, or behind a keyword. */
export type KeySearch =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'keyword'; readonly keyword: string; readonly startFrom: number };

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
    };

/** Arguments `first` to `last`, every `step`-th. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** The range without an argument. */
export const NO_KEYS: KeyRange = { first: 0, last: -1, step: 1 };

/** One group of keys among the arguments of a command. */
export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly search: KeySearch;
  readonly extent: KeyExtent;
  readonly notes?: string;
  /**
   * Finds them where search and extent, which COMMAND tells, do not suffice. A range that ends before
   * it begins is none.
   */
  readonly locate?: (request: Request) => KeyRange;
  /** What a request does with these keys, where `variable_flags` tells that it depends. */
  readonly flagsOf?: (request: Request) => readonly KeyFlag[];
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

/** Keys whose number is told by argument `numberAt` and that follow it. */
export function keysCounted(numberAt: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'index', index: numberAt },
    extent: { kind: 'keynum', keyNumIndex: 0, firstKey: 1, step: 1 },
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
