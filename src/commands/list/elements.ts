// Lists between their ends: reading by index, searching, inserting, replacing, trimming.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { INDEX_OUT_OF_RANGE, NO_SUCH_KEY, NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { DENYOOM, READONLY, WRITE } from '../../core/flags.ts';
import { IndexRange } from '../../core/index-range.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, changed, lookupRead, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import { EVENT_LIST } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { elementAfter, elementBefore, isElement } from '../../structures/packed-list.ts';
import { TYPE_LIST } from '../../types/list/encodings.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import {
  dropElements,
  encodeElement,
  firstSpan,
  insertElement,
  lastSpan,
  listLength,
  nextSpan,
  previousSpan,
  removeElements,
  replaceElement,
  seekSpan,
} from '../../types/list/values.ts';
import { replyElement, replyElements } from './replies.ts';

const LPOS_OPTIONS = new OptionTable([
  {
    word: 'rank',
    values: 1,
    problem({ request }, i) {
      const rank = request.integer(i);
      if (Number.isNaN(rank)) return NOT_AN_INTEGER;
      return rank === 0 ? RANK_ZERO : undefined;
    },
  },
  {
    word: 'count',
    values: 1,
    problem: ({ request }, i) => (request.integer(i) >= 0 ? undefined : NEGATIVE_COUNT),
  },
  {
    word: 'maxlen',
    values: 1,
    problem: ({ request }, i) => (request.integer(i) >= 0 ? undefined : NEGATIVE_MAX_LENGTH),
  },
]);
const LPOS_RANK = LPOS_OPTIONS.bits('rank');
const LPOS_COUNT = LPOS_OPTIONS.bits('count');
const LPOS_MAXLEN = LPOS_OPTIONS.bits('maxlen');

export const listElementCommands: readonly CommandRow[] = [
  {
    name: 'lrange',
    arity: 4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'list',
    since: '1.0.0',
    summary: 'Returns the elements of a list in a range of indexes.',
    complexity:
      'O(S+N) where S is the distance of the first index from the nearer end, in chunks, and N is the number of elements in the range.',
    syntax: 'key start:integer stop:integer',
    handler: lrange,
  },
  {
    name: 'lindex',
    arity: 3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'list',
    since: '1.0.0',
    summary: 'Returns the element of a list at an index.',
    complexity:
      'O(N) where N is the number of chunks between the element and the nearer end of the list.',
    syntax: 'key index:integer',
    handler: lindex,
  },
  {
    name: 'linsert',
    arity: 5,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'list',
    since: '2.2.0',
    summary: 'Inserts an element before or after the first element that equals the pivot.',
    complexity: 'O(N) where N is the number of elements before the one that is looked for.',
    syntax: 'key where=(BEFORE | AFTER) pivot:string element:string',
    handler: linsert,
  },
  {
    name: 'lset',
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'list',
    since: '1.0.0',
    summary: 'Replaces the element of a list at an index.',
    complexity:
      'O(N) where N is the number of chunks between the element and the nearer end of the list.',
    syntax: 'key index:integer element:string',
    handler: lset,
  },
  {
    name: 'lrem',
    arity: 4,
    flags: WRITE,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'list',
    since: '1.0.0',
    summary: 'Removes the elements of a list that equal a given one.',
    complexity: 'O(N+M) where N is the length of the list and M the number of elements removed.',
    syntax: 'key count:integer element:string',
    handler: lrem,
  },
  {
    name: 'ltrim',
    arity: 4,
    flags: WRITE,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'list',
    since: '1.0.0',
    summary: 'Removes all elements of a list outside a range of indexes.',
    complexity: 'O(N) where N is the number of chunks that are removed.',
    syntax: 'key start:integer stop:integer',
    handler: ltrim,
  },
  {
    name: 'lpos',
    arity: -3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'list',
    since: '6.0.6',
    summary: 'Returns the indexes of the elements that equal a given one.',
    complexity: 'O(N) where N is the number of elements that are compared.',
    options: LPOS_OPTIONS,
    syntax:
      'key element:string [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]',
    handler: lpos,
  },
];

const RANK_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";
const MIN_INT64 = '-9223372036854775808';
const NEGATIVE_COUNT = "ERR COUNT can't be negative";
const NEGATIVE_MAX_LENGTH = "ERR MAXLEN can't be negative";

/** The indexes of the request that runs. */
const given = new IndexRange();

const span = new ListSpan();

/** A range of indexes within a list: `count` elements from `first` on. */
const range = { first: 0, count: 0 };

/** Sets `range` to what two indexes mean in a list of `length` elements; negative ones count back. */
function setRange(from: number, to: number, length: number): void {
  const first = from < 0 ? Math.max(0, from + length) : from;
  const last = Math.min(to < 0 ? to + length : to, length - 1);
  range.first = first;
  range.count = Math.max(0, last - first + 1);
}

function lrange(call: Call): void {
  const { reply, db } = call;
  if (!given.read(call, 2)) return;
  const { from, to } = given;
  const ref = lookupRead(call, 1, TYPE_LIST);
  if (ref === ABSENT) {
    reply.array(0);
  } else if (ref !== REFUSED) {
    setRange(from, to, listLength(db.entries, ref));
    reply.array(range.count);
    replyElements(reply, db, ref, range.first, range.count);
  }
}

/** The index in argument 2, from the beginning; -1 when no element has it, NaN: no integer. */
function indexAt(request: Request, length: number): number {
  const given = request.integer(2);
  const index = given < 0 ? given + length : given;
  return index < 0 || index >= length ? -1 : index;
}

function lindex(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_LIST);
  if (ref === ABSENT) {
    reply.null();
  } else if (ref !== REFUSED) {
    const index = indexAt(request, listLength(db.entries, ref));
    if (Number.isNaN(index)) reply.error(NOT_AN_INTEGER);
    else if (index < 0) reply.null();
    else {
      const rest = seekSpan(db.entries, ref, index, span);
      replyElement(reply, span.buffer, span.placeOf(rest));
    }
  }
}

function lset(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupWrite(call, 1, TYPE_LIST);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const index = indexAt(request, listLength(db.entries, ref));
  if (!(index >= 0)) {
    reply.error(Number.isNaN(index) ? NOT_AN_INTEGER : INDEX_OUT_OF_RANGE);
    return;
  }
  const { buffer, offsets, lengths } = request;
  const rest = seekSpan(db.entries, ref, index, span);
  replaceElement(db, ref, span, span.placeOf(rest), buffer, offsets[3], lengths[3]);
  reply.ok();
  changed(db, request, 1, ref, EVENT_LIST, 'lset', 1);
}

function linsert(call: Call): void {
  const { request, reply, db } = call;
  const after = request.is(2, 'after');
  if (!after && !request.is(2, 'before')) {
    reply.error(SYNTAX);
    return;
  }
  const ref = lookupWrite(call, 1, TYPE_LIST);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  const { buffer, offsets, lengths } = request;
  const pivot = encodeElement(buffer, offsets[3], lengths[3]);
  firstSpan(db.entries, ref, span);
  let at = placeIn(pivot);
  while (at < 0 && nextSpan(db.entries, span)) at = placeIn(pivot);
  if (at < 0) {
    reply.integer(-1);
    return;
  }
  if (after) at += pivot.length;
  const target = insertElement(db, ref, span, at, buffer, offsets[4], lengths[4]);
  const newLength = listLength(db.entries, target);
  db.notify(EVENT_LIST, 'linsert', request, 1);
  reply.integer(newLength);
  db.modified(request, 1, 1);
}

/** The place of the first element in the span that equals the encoded one, or -1. */
function placeIn(encoded: Buffer): number {
  const { buffer, end } = span;
  for (let at = span.start; at < end; at = elementAfter(buffer, at)) {
    if (isElement(buffer, at, encoded)) return at;
  }
  return -1;
}

function lrem(call: Call): void {
  const { request, reply, db } = call;
  const count = request.integer(2);
  if (Number.isNaN(count)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const ref = lookupWrite(call, 1, TYPE_LIST);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  const { buffer, offsets, lengths } = request;
  const encoded = encodeElement(buffer, offsets[3], lengths[3]);
  const limit = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
  const { ref: target, removed } = removeElements(db, ref, encoded, limit, count < 0);
  if (removed > 0) {
    changed(db, request, 1, target, EVENT_LIST, 'lrem', removed);
  }
  reply.integer(removed);
}

function ltrim(call: Call): void {
  const { request, reply, db } = call;
  if (!given.read(call, 2)) return;
  const { from, to } = given;
  let ref = lookupWrite(call, 1, TYPE_LIST);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.ok();
    return;
  }
  const length = listLength(db.entries, ref);
  setRange(from, to, length);
  const kept = range.count;
  const atHead = kept === 0 ? length : range.first;
  const atTail = length - atHead - kept;
  if (atHead > 0) ref = dropElements(db, ref, atHead, false);
  if (atTail > 0) ref = dropElements(db, ref, atTail, true);
  changed(db, request, 1, ref, EVENT_LIST, 'ltrim', length - kept);
  reply.ok();
}

/** What LPOS looks for. */
interface Search {
  /** Which match is the first that counts; negative: from the last element on. */
  readonly rank: number;
  /** Matches wanted; undefined: one, answered without an array. */
  readonly count: number | undefined;
  /** Elements to compare at most; 0: all. */
  readonly maxLength: number;
}

function lpos(call: Call): void {
  const { reply } = call;
  if (!LPOS_OPTIONS.read(call, 3)) return;
  const search: Search = {
    rank: rankOf(call),
    count: LPOS_OPTIONS.has(LPOS_COUNT) ? givenInteger(call, LPOS_COUNT) : undefined,
    maxLength: LPOS_OPTIONS.has(LPOS_MAXLEN) ? givenInteger(call, LPOS_MAXLEN) : 0,
  };
  const ref = lookupRead(call, 1, TYPE_LIST);
  if (ref === REFUSED) return;
  const found = ref === ABSENT ? [] : matches(call, ref, search);
  if (search.count !== undefined) {
    reply.array(found.length);
    for (const index of found) reply.integer(index);
  } else if (found.length > 0) {
    reply.integer(found[0]);
  } else {
    reply.null();
  }
}

function rankOf(call: Call): number {
  if (!LPOS_OPTIONS.has(LPOS_RANK)) return 1;
  // Redis negates the rank, which leaves this one negative: less than any match.
  const isLowest = call.request.latin1(LPOS_OPTIONS.valueAt(LPOS_RANK)) === MIN_INT64;
  return isLowest ? -1 : givenInteger(call, LPOS_RANK);
}

function givenInteger({ request }: Call, option: number): number {
  return request.integer(LPOS_OPTIONS.valueAt(option));
}

/** Indexes of the elements that match, in the order in which they are met. */
function matches({ request, db }: Call, ref: number, search: Search): number[] {
  const encoded = encodeElement(request.buffer, request.offsets[2], request.lengths[2]);
  const wanted = search.count ?? 1;
  const backward = search.rank < 0;
  const most = search.maxLength === 0 ? Number.POSITIVE_INFINITY : search.maxLength;
  const length = listLength(db.entries, ref);
  let toSkip = Math.abs(search.rank) - 1;
  const found: number[] = [];
  if (backward) lastSpan(db.entries, ref, span);
  else firstSpan(db.entries, ref, span);
  let compared = 0;
  do {
    const { buffer } = span;
    let at = backward ? span.end : span.start;
    for (let i = 0; i < span.count && compared < most; i++, compared++) {
      if (backward) at = elementBefore(buffer, at);
      if (isElement(buffer, at, encoded) && toSkip-- <= 0) {
        found.push(backward ? length - 1 - compared : compared);
        if (found.length === wanted) return found;
      }
      if (!backward) at = elementAfter(buffer, at);
    }
  } while (
    compared < most &&
    (backward ? previousSpan(db.entries, span) : nextSpan(db.entries, span))
  );
  return found;
}
