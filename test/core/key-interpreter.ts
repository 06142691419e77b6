// A plain reading of key specs, request by request, to hold key plans to: written as the specification says it,
// and with no thought of speed. https://redis.io/docs/reference/key-specs/
import { KEY_FLAG_NAMES, type KeyFlag, type KeySpec } from '../../src/core/key-specs.ts';
import type { Request } from '../../src/protocol/request.ts';

/** An argument that is a key, and what happens to it. */
export interface InterpretedKey {
  readonly position: number;
  readonly flags: readonly KeyFlag[];
}

/** The keys of a request, in the order of the key specs; undefined when they are not all there. */
export function interpretKeys(
  specs: readonly KeySpec[],
  request: Request,
): InterpretedKey[] | undefined {
  const keys: InterpretedKey[] = [];
  for (const spec of specs) {
    const positions = positionsOf(spec, request);
    if (positions === undefined) return undefined;
    const flags = flagNames(spec, request);
    keys.push(...positions.map((position) => ({ position, flags })));
  }
  return keys;
}

function flagNames({ flags, flagsOf }: KeySpec, request: Request): KeyFlag[] {
  if (flagsOf === undefined) return KEY_FLAG_NAMES.filter((name) => flags.includes(name));
  const bits = flagsOf(request);
  return KEY_FLAG_NAMES.filter((_, bit) => (bits >> bit) % 2 === 1);
}

function positionsOf(spec: KeySpec, request: Request): number[] | undefined {
  if (spec.locate !== undefined) {
    const range = { first: 1, last: 0, step: 1 };
    spec.locate(request, range);
    return listed(range.first, range.last, range.step);
  }
  const words = Array.from({ length: request.count }, (_, i) => request.latin1(i));
  const start = startOf(spec, words);
  if (start === undefined) return [];
  const { extent } = spec;
  if (extent.kind === 'unknown') return [];
  let first = start;
  let last: number;
  if (extent.kind === 'keynum') {
    const number = words[start + extent.keyNumIndex] ?? '';
    if (!/^(0|[1-9]\d*)$/.test(number)) return undefined;
    first = start + extent.firstKey;
    last = first + (Number(number) - 1) * extent.step;
  } else if (extent.lastKey >= 0) {
    last = start + extent.lastKey;
  } else if (extent.limit === 0) {
    last = words.length + extent.lastKey;
  } else {
    last = start + Math.floor((words.length - start) / extent.limit) + extent.lastKey;
  }
  if (last < first || last >= words.length) return undefined;
  return listed(first, last, extent.step);
}

/** Where the search ends; undefined when the keyword is not among the words. */
function startOf({ search }: KeySpec, words: readonly string[]): number | undefined {
  if (search.kind === 'unknown') return undefined;
  if (search.kind === 'index') return search.index;
  const { keyword, startFrom } = search;
  const isKeyword = (word: string, i: number) =>
    i > 0 && i < words.length - 1 && word.toLowerCase() === keyword.toLowerCase();
  const found =
    startFrom < 0
      ? words.findLastIndex((word, i) => i <= words.length + startFrom && isKeyword(word, i))
      : words.findIndex((word, i) => i >= startFrom && isKeyword(word, i));
  return found < 0 ? undefined : found + 1;
}

function listed(first: number, last: number, step: number): number[] {
  const positions: number[] = [];
  for (let i = first; i <= last; i += step) positions.push(i);
  return positions;
}
