// Finds the keys of a request where integers alone do not specify them: behind a keyword, in a fraction of the
// arguments, or by code of the command's own (`KeySpec.locate`). The other key specs are read by KeyCursor
// itself (key-cursor.ts). Allocates nothing when it searches.
// Specification: https://redis.io/docs/reference/key-specs/
import type { Request } from '../protocol/request.ts';
import type { KeyExtent, KeyRange, KeySearch, KeySpec } from './key-specs.ts';

/**
 * Writes the keys of a request into the range, which is empty before.
 * @returns false when they are not all there
 */
export type KeySearcher = (request: Request, range: KeyRange) => boolean;

/** What finds the keys of a spec. */
export function keySearcher({ search, extent, locate }: KeySpec): KeySearcher {
  if (locate !== undefined) {
    return (request, range) => {
      locate(request, range);
      return true;
    };
  }
  if (search.kind === 'unknown' || extent.kind === 'unknown') return () => true;
  const begin = beginOf(search);
  const measure = extent.kind === 'range' ? rangeFrom(extent) : numberedFrom(extent);
  return (request, range) => {
    const start = begin(request);
    // Without the keyword there are no keys, and nothing is wrong.
    if (start === 0) return true;
    measure(request, start, range);
    return range.first <= range.last && range.last < request.count;
  };
}

/** Finds the argument at which the search ends; 0 when the keyword is not there. */
function beginOf(search: Exclude<KeySearch, { kind: 'unknown' }>): (request: Request) => number {
  if (search.kind === 'index') {
    const { index } = search;
    return () => index;
  }
  const { startFrom } = search;
  const keyword = search.keyword.toLowerCase();
  const direction = startFrom < 0 ? -1 : 1;
  return (request) => {
    const from = startFrom < 0 ? request.count + startFrom : startFrom;
    for (let i = from; i > 0 && i < request.count - 1; i += direction) {
      if (request.is(i, keyword)) return i + 1;
    }
    return 0;
  };
}

type Measure = (request: Request, start: number, range: KeyRange) => void;

/** Up to a key at a distance, or counted from the end, or a fraction of what is left. */
function rangeFrom({ lastKey, step, limit }: KeyExtent & { kind: 'range' }): Measure {
  return ({ count }, start, range) => {
    range.first = start;
    range.step = step;
    if (lastKey >= 0) range.last = start + lastKey;
    else if (limit === 0) range.last = count + lastKey;
    else range.last = start + Math.floor((count - start) / limit) + lastKey;
  };
}

/** As many as an argument specifies; an empty range when it is no number. */
function numberedFrom({ keyNumIndex, firstKey, step }: KeyExtent & { kind: 'keynum' }): Measure {
  return (request, start, range) => {
    const numberAt = start + keyNumIndex;
    if (numberAt >= request.count) return;
    const number = request.integer(numberAt);
    if (!(number >= 1)) return;
    range.first = start + firstKey;
    range.step = step;
    range.last = Math.min(range.first + (number - 1) * step, request.count);
  };
}
