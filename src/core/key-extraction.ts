// Which arguments of a request are keys, and what the command does with each, read from the key
// specs of its row: for COMMAND GETKEYS, and for whatever has to know keys before a command runs.
// Specification: https://redis.io/docs/reference/key-specs/
import type { Request } from '../protocol/request.ts';
import {
  type KeyExtent,
  type KeyFlag,
  type KeyRange,
  type KeySearch,
  type KeySpec,
  NO_KEYS,
} from './key-specs.ts';

/** An argument that is a key. */
export interface KeyReference {
  /** Number of the argument. */
  readonly position: number;
  readonly flags: readonly KeyFlag[];
}

/** Whether requests of a command with these key specs can have keys at all. */
export function hasKeys(specs: readonly KeySpec[]): boolean {
  return specs.some((spec) => !spec.flags.includes('not_key'));
}

/**
 * The keys of a request, in the order of its command's key specs.
 * @param request with as many arguments as the command takes
 * @returns undefined when it tells a number of keys that it does not have, or one that is no number
 */
export function keysOf(specs: readonly KeySpec[], request: Request): KeyReference[] | undefined {
  const keys: KeyReference[] = [];
  const isWhole = visitKeys(specs, request, (position, { flags, flagsOf }) => {
    keys.push({ position, flags: flagsOf === undefined ? flags : flagsOf(request) });
  });
  return isWhole ? keys : undefined;
}

/**
 * Calls back with the number of each argument that is a key, in the order of the key specs.
 * @returns false after the keys of the specs before one whose keys are not all there
 */
export function visitKeys(
  specs: readonly KeySpec[],
  request: Request,
  visit: (position: number, spec: KeySpec) => void,
): boolean {
  for (let i = 0; i < specs.length; i++) {
    const spec = specs[i];
    if (spec.flags.includes('not_key')) continue;
    const range = spec.locate === undefined ? find(spec, request) : spec.locate(request);
    if (range === undefined) return false;
    for (let k = range.first; k <= range.last; k += range.step) visit(k, spec);
  }
  return true;
}

function find({ search, extent }: KeySpec, request: Request): KeyRange | undefined {
  const start = beginOf(search, request);
  return start === undefined ? NO_KEYS : rangeOf(extent, start, request);
}

/** The argument at which the search ends; undefined when the keyword is not there. */
function beginOf(search: KeySearch, request: Request): number | undefined {
  if (search.kind === 'index') return search.index;
  const keyword = search.keyword.toLowerCase();
  const backwards = search.startFrom < 0;
  const from = backwards ? request.count + search.startFrom : search.startFrom;
  for (let i = from; i > 0 && i < request.count - 1; i += backwards ? -1 : 1) {
    if (request.is(i, keyword)) return i + 1;
  }
  return undefined;
}

/** The keys from `start` on; undefined when they are not all there. */
function rangeOf(extent: KeyExtent, start: number, request: Request): KeyRange | undefined {
  const range =
    extent.kind === 'range'
      ? { first: start, last: lastOf(extent, start, request.count), step: extent.step }
      : countedRange(extent, start, request);
  if (range === undefined || range.last < range.first || range.last >= request.count) {
    return undefined;
  }
  return range;
}

/** The last key of a range: at a distance, or counted from the end, or a fraction of what is left. */
function lastOf(extent: KeyExtent & { kind: 'range' }, start: number, count: number): number {
  if (extent.lastKey >= 0) return start + extent.lastKey;
  if (extent.limit === 0) return count + extent.lastKey;
  return start + Math.floor((count - start) / extent.limit) + extent.lastKey;
}

function countedRange(
  extent: KeyExtent & { kind: 'keynum' },
  start: number,
  request: Request,
): KeyRange | undefined {
  const numberAt = start + extent.keyNumIndex;
  if (numberAt >= request.count) return undefined;
  const number = request.integer(numberAt);
  if (!(number >= 0)) return undefined;
  const first = start + extent.firstKey;
  return { first, last: first + (number - 1) * extent.step, step: extent.step };
}
