// Lists between their ends: reading by index, searching, inserting, replacing, trimming.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { INDEX_OUT_OF_RANGE, NO_SUCH_KEY, NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { DENYOOM, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { EVENT_GENERIC, EVENT_LIST } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { elementAfter, elementBefore, isElement } from '../../structures/packed-list.ts';
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
import { isList } from './lists.ts';
import { replyElement, replyElements } from './replies.ts';

export const listElementCommands: readonly CommandRow[] = [
  {
    name: 'lrange',
    arity: 4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'list',
    since: '1.0.0',
    summary: 'Returns the elements of a list from one index to another.',
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
    summary: 'Inserts an element before or after the first that equals another one.',
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
    summary: 'Removes elements of a list that equal another one.',
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
    summary: 'Removes all elements of a list but those from one index to another.',
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
    summary: 'Returns the indexes of elements that equal another one.',
    complexity: 'O(N) where N is the number of elements that are compared.',
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
  const { request, reply, db } = call;
  const from = request.integer(2);
  const to = request.integer(3);
  if (Number.isNaN(from) || Number.isNaN(to)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const ref = db.read(request, 1);
  if (ref === 0) {
    reply.array(0);
  } else if (isList(call, ref)) {
    setRange(from, to, listLength(db.entries, ref));
    reply.array(range.count);
    replyElements(reply, db, ref, range.first, range.count);
  }
}

/** The index that argument 2 tells, from the beginning; -1 when no element has it, NaN: no integer. */
function indexAt(request: Request, length: number): number {
  const told = request.integer(2);
  const index = told < 0 ? told + length : told;
  return index < 0 || index >= length ? -1 : index;
}

function lindex(call: Call): void {
  const { request, reply, db } = call;
  const ref = db.read(request, 1);
  if (ref === 0) {
    reply.null();
  } else if (isList(call, ref)) {
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
  const ref = db.write(request, 1);
  if (ref === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  if (!isList(call, ref)) return;
  const index = indexAt(request, listLength(db.entries, ref));
  if (!(index >= 0)) {
    reply.error(Number.isNaN(index) ? NOT_AN_INTEGER : INDEX_OUT_OF_RANGE);
    return;
  }
  const { buffer, offsets, lengths } = request;
  const rest = seekSpan(db.entries, ref, index, span);
  replaceElement(db, ref, span, span.placeOf(rest), buffer, offsets[3], lengths[3]);
  reply.ok();
  db.notify(EVENT_LIST, 'lset', request, 1);
  db.modified(request, 1, 1);
}

function linsert(call: Call): void {
  const { request, reply, db } = call;
  const after = request.is(2, 'after');
  if (!after && !request.is(2, 'before')) {
    reply.error(SYNTAX);
    return;
  }
  const ref = db.write(request, 1);
  if (ref === 0) {
    reply.integer(0);
    return;
  }
  if (!isList(call, ref)) return;
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
  const ref = db.write(request, 1);
  if (ref === 0) {
    reply.integer(0);
    return;
  }
  if (!isList(call, ref)) return;
  const { buffer, offsets, lengths } = request;
  const encoded = encodeElement(buffer, offsets[3], lengths[3]);
  const limit = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
  const { ref: target, removed } = removeElements(db, ref, encoded, limit, count < 0);
  if (removed > 0) {
    db.notify(EVENT_LIST, 'lrem', request, 1);
    if (target === 0) db.notify(EVENT_GENERIC, 'del', request, 1);
    db.modified(request, 1, removed);
  }
  reply.integer(removed);
}

function ltrim(call: Call): void {
  const { request, reply, db } = call;
  const from = request.integer(2);
  const to = request.integer(3);
  if (Number.isNaN(from) || Number.isNaN(to)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  let ref = db.write(request, 1);
  if (ref === 0) {
    reply.ok();
    return;
  }
  if (!isList(call, ref)) return;
  const length = listLength(db.entries, ref);
  setRange(from, to, length);
  const kept = range.count;
  const atHead = kept === 0 ? length : range.first;
  const atTail = length - atHead - kept;
  if (atHead > 0) ref = dropElements(db, ref, atHead, false);
  if (atTail > 0) ref = dropElements(db, ref, atTail, true);
  db.notify(EVENT_LIST, 'ltrim', request, 1);
  if (ref === 0) db.notify(EVENT_GENERIC, 'del', request, 1);
  db.modified(request, 1, length - kept);
  reply.ok();
}

/** What LPOS looks for. */
interface Search {
  /** Which match is the first that counts; negative: from the last element on. */
  rank: number;
  /** Matches wanted; undefined: one, answered without an array. */
  count: number | undefined;
  /** Elements to compare at most; 0: all. */
  maxLength: number;
}

function lpos(call: Call): void {
  const { request, reply, db } = call;
  const search: Search = { rank: 1, count: undefined, maxLength: 0 };
  for (let i = 3; i < request.count; i += 2) {
    const error = i + 1 < request.count ? addOption(search, request, i) : SYNTAX;
    if (error !== undefined) {
      reply.error(error);
      return;
    }
  }
  const ref = db.read(request, 1);
  if (ref !== 0 && !isList(call, ref)) return;
  const found = ref === 0 ? [] : matches(call, ref, search);
  if (search.count !== undefined) {
    reply.array(found.length);
    for (const index of found) reply.integer(index);
  } else if (found.length > 0) {
    reply.integer(found[0]);
  } else {
    reply.null();
  }
}

/** Adds the option at arguments i and i + 1; returns an error's text, or undefined. */
function addOption(search: Search, request: Request, i: number): string | undefined {
  const value = request.integer(i + 1);
  if (request.is(i, 'rank')) {
    // Redis negates the rank, which leaves this one negative: less than any match.
    search.rank = request.latin1(i + 1) === MIN_INT64 ? -1 : value;
    if (Number.isNaN(value)) return NOT_AN_INTEGER;
    return value === 0 ? RANK_ZERO : undefined;
  }
  if (request.is(i, 'count')) {
    search.count = value;
    return value >= 0 ? undefined : NEGATIVE_COUNT;
  }
  if (request.is(i, 'maxlen')) {
    search.maxLength = value;
    return value >= 0 ? undefined : NEGATIVE_MAX_LENGTH;
  }
  return SYNTAX;
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
