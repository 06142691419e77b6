// Parts of strings: APPEND, STRLEN, GETRANGE, SETRANGE.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import {
  NOT_AN_INTEGER,
  OFFSET_OUT_OF_RANGE,
  STRING_TOO_LONG,
  WRONG_TYPE,
} from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { IndexRange } from '../../core/index-range.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { longestString } from '../../core/string-limit.ts';
import { EVENT_STRING } from '../../keyspace/key-events.ts';
import { ENCODING_RAW, TYPE_STRING } from '../../keyspace/plain-strings.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { ByteView } from '../../structures/entry.ts';
import {
  createString,
  KEEP_EXPIRY,
  patchString,
  storeArgument,
} from '../../types/string/values.ts';

const GETRANGE_COMPLEXITY = 'O(N) where N is the length of the returned part.';

export const stringRangeCommands: readonly CommandRow[] = [
  {
    name: 'append',
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'insert')],
    largeArguments: [2, 0],
    group: 'string',
    since: '2.0.0',
    summary: 'Appends to the string of a key; creates the key if it does not exist.',
    complexity: 'O(1) on average: a string that grows gets spare room.',
    syntax: 'key value:string',
    handler: append,
  },
  {
    name: 'strlen',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'string',
    since: '2.2.0',
    summary: 'Returns the length of the string of a key, in bytes.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: strlen,
  },
  {
    name: 'getrange',
    arity: 4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'string',
    since: '2.4.0',
    summary: 'Returns a part of the string of a key.',
    complexity: GETRANGE_COMPLEXITY,
    syntax: 'key start:integer end:integer',
    handler: getrange,
  },
  {
    name: 'substr',
    arity: 4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'string',
    since: '1.0.0',
    summary: 'Returns a part of the string of a key.',
    complexity: GETRANGE_COMPLEXITY,
    deprecated: { since: '2.0.0', replacedBy: '`GETRANGE`' },
    syntax: 'key start:integer end:integer',
    handler: getrange,
  },
  {
    name: 'setrange',
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'update')],
    largeArguments: [3, 0],
    group: 'string',
    since: '2.2.0',
    summary: 'Overwrites a part of the string of a key, which grows with NUL bytes as needed.',
    complexity: 'O(1) for a short value, otherwise O(M) where M is its length.',
    syntax: 'key offset:integer value:string',
    handler: setrange,
  },
];

/** The indexes of the request that runs. */
const given = new IndexRange();

function append(call: Call): void {
  const { request, reply, db } = call;
  const { lengths } = request;
  const ref = db.lookupForChange(request, 1);
  if (ref === 0) {
    storeArgument(db, request, 1, 2, KEEP_EXPIRY);
    db.notify(EVENT_STRING, 'append', request, 1);
    reply.integer(lengths[2]);
    return;
  }
  db.touch(ref);
  if (db.typeOf(ref) !== TYPE_STRING) {
    reply.error(WRONG_TYPE);
    return;
  }
  const before = db.value(ref).length;
  if (!mayGrowTo(call, before + lengths[2])) return;
  patch(call, ref, before, 2);
  db.notify(EVENT_STRING, 'append', request, 1);
  reply.integer(before + lengths[2]);
}

function strlen(call: Call): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_STRING);
  if (ref === ABSENT) reply.integer(0);
  else if (ref !== REFUSED) reply.integer(db.value(ref).length);
}

function getrange(call: Call): void {
  const { request, reply, db } = call;
  if (!given.read(call, 2)) return;
  const { from, to } = given;
  const ref = lookupRead(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.bulk(request.buffer, 0, 0);
    return;
  }
  // Two ends before the string's start are an empty range only if they are in the wrong order.
  if (from < 0 && to < 0 && given.isReversed(request, 2)) reply.bulk(request.buffer, 0, 0);
  else replyRange(reply, db.value(ref), from, to);
}

/** Answers the bytes from one index to another; negative ones count from the end. */
function replyRange(reply: Reply, value: ByteView, from: number, to: number): void {
  const { buffer, offset, length } = value;
  const first = from < 0 ? Math.max(0, from + length) : from;
  const last = Math.min(to < 0 ? Math.max(0, to + length) : to, length - 1);
  if (first > last) reply.bulk(buffer, 0, 0);
  else reply.bulk(buffer, offset + first, last - first + 1);
}

function setrange(call: Call): void {
  const { request, reply, db } = call;
  const { lengths } = request;
  const at = request.integer(2);
  if (Number.isNaN(at) || at < 0) {
    reply.error(Number.isNaN(at) ? NOT_AN_INTEGER : OFFSET_OUT_OF_RANGE);
    return;
  }
  let ref = lookupWrite(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  const before = ref === ABSENT ? 0 : db.value(ref).length;
  const end = at + lengths[3];
  if (lengths[3] === 0) {
    reply.integer(before);
    return;
  }
  if (!mayGrowTo(call, end)) return;
  if (ref === 0 && at === 0 && request.large !== undefined) {
    storeArgument(db, request, 1, 3, KEEP_EXPIRY);
  } else {
    if (ref === 0) ref = createString(db, request, 1, end);
    patch(call, ref, at, 3);
  }
  db.notify(EVENT_STRING, 'setrange', request, 1);
  reply.integer(Math.max(before, end));
}

/** Writes an argument over the bytes of a string from a place on, which makes it longer where it must be. */
function patch({ request, db }: Call, ref: number, at: number, argument: number): void {
  const { buffer, offsets, lengths, large } = request;
  const bytes = large?.at(argument)?.bytes;
  const length = lengths[argument];
  if (bytes !== undefined) patchString(db, ref, at, bytes, 0, length, ENCODING_RAW);
  else patchString(db, ref, at, buffer, offsets[argument], length, ENCODING_RAW);
}

/** Whether a string may be that long; answers an error if not. */
function mayGrowTo(call: Call, length: number): boolean {
  if (length <= longestString(call)) return true;
  call.reply.error(STRING_TOO_LONG);
  return false;
}
