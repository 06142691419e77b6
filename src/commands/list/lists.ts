// Lists at their ends: pushing, popping, counting. The elements between are in elements.ts, what
// takes from several lists or moves between them in moves.ts, waiting in blocking.ts.

import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_POSITIVE, wrongArity } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import {
  ABSENT,
  changed,
  changedHalfway,
  lookupRead,
  lookupWrite,
  notifyChange,
  REFUSED,
} from '../../core/lookup.ts';
import type { Database } from '../../keyspace/database.ts';
import { EVENT_LIST } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { elementBefore } from '../../structures/packed-list.ts';
import { TYPE_LIST } from '../../types/list/encodings.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import {
  dropElements,
  firstSpan,
  lastSpan,
  listLength,
  pushElement,
} from '../../types/list/values.ts';
import { replyElement, replyElements, replyElementsBackward } from './replies.ts';

/** Arguments up to which pushing is quick. */
const FEW_ARGUMENTS = 10;

function pushRow(
  name: string,
  since: string,
  multipleSince: string,
  summary: string,
  handler: Handler,
): CommandRow {
  return {
    name,
    arity: -3,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'list',
    since,
    summary,
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    quickUpTo: FEW_ARGUMENTS,
    history: [[multipleSince, 'Several elements can be given.']],
    syntax: 'key element:string...',
    handler,
  };
}

function popRow(name: string, summary: string, handler: Handler): CommandRow {
  return {
    name,
    arity: -2,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    group: 'list',
    since: '1.0.0',
    summary,
    complexity: 'O(N) where N is the number of elements returned',
    quickUpTo: 2,
    history: [['6.2.0', 'The argument `count` was added.']],
    syntax: 'key [count:integer^6.2.0]',
    handler,
  };
}

export const listCommands: readonly CommandRow[] = [
  pushRow('lpush', '1.0.0', '2.4.0', 'Adds elements to the front of a list.', (call) =>
    push(call, true, true),
  ),
  pushRow('rpush', '1.0.0', '2.4.0', 'Adds elements to the end of a list.', (call) =>
    push(call, false, true),
  ),
  pushRow(
    'lpushx',
    '2.2.0',
    '4.0.0',
    'Adds elements to the front of a list if it exists.',
    (call) => push(call, true, false),
  ),
  pushRow('rpushx', '2.2.0', '4.0.0', 'Adds elements to the end of a list if it exists.', (call) =>
    push(call, false, false),
  ),
  popRow('lpop', 'Removes the first elements of a list and returns them.', (call) =>
    pop(call, false),
  ),
  popRow('rpop', 'Removes the last elements of a list and returns them.', (call) =>
    pop(call, true),
  ),
  {
    name: 'llen',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'list',
    since: '1.0.0',
    summary: 'Returns the length of a list.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: llen,
  },
];

const span = new ListSpan();

/**
 * Removes elements from the list of argument `keyAt`, and publishes the events of that, and of the key's deletion if
 * it became empty.
 */
function drop(
  db: Database,
  request: Request,
  keyAt: number,
  ref: number,
  atTail: boolean,
  count: number,
): void {
  const left = dropElements(db, ref, count, atTail);
  notifyChange(db, request, keyAt, left, EVENT_LIST, atTail ? 'rpop' : 'lpop');
}

/** Answers the first or last element of a list and removes it. */
export function popOne(call: Call, keyAt: number, ref: number, atTail: boolean): void {
  takeOne(call, keyAt, ref, atTail);
  call.db.modified(call.request, keyAt, 1);
}

/** As `popOne`, for a client that waited: the list already counts as modified by the push. */
export function takeOne(
  { request, reply, db }: Call,
  keyAt: number,
  ref: number,
  atTail: boolean,
): void {
  if (atTail) {
    lastSpan(db.entries, ref, span);
    replyElement(reply, span.buffer, elementBefore(span.buffer, span.end));
  } else {
    firstSpan(db.entries, ref, span);
    replyElement(reply, span.buffer, span.start);
  }
  drop(db, request, keyAt, ref, atTail, 1);
}

/** Answers up to `count` first or last elements of a list as an array and removes them. */
export function popSome(
  call: Call,
  keyAt: number,
  ref: number,
  atTail: boolean,
  count: number,
): void {
  const taken = takeSome(call, keyAt, ref, atTail, count);
  call.db.modified(call.request, keyAt, taken);
}

/** As `popSome`, for a client that waited. Returns how many elements there were. */
export function takeSome(
  { request, reply, db }: Call,
  keyAt: number,
  ref: number,
  atTail: boolean,
  count: number,
): number {
  const taken = Math.min(count, listLength(db.entries, ref));
  reply.array(taken);
  if (atTail) replyElementsBackward(reply, db, ref, taken);
  else replyElements(reply, db, ref, 0, taken);
  drop(db, request, keyAt, ref, atTail, taken);
  return taken;
}

function push(call: Call, atHead: boolean, create: boolean): void {
  const { request, reply, db } = call;
  let ref = lookupWrite(call, 1, TYPE_LIST);
  if (ref === REFUSED) return;
  if (ref === ABSENT && !create) {
    reply.integer(0);
    return;
  }
  const { buffer, offsets, lengths, count } = request;
  const event = atHead ? 'lpush' : 'rpush';
  let i = 2;
  try {
    for (; i < count; i++) {
      ref = pushElement(db, ref, request, 1, buffer, offsets[i], lengths[i], atHead);
    }
  } catch (error) {
    changedHalfway(db, request, 1, EVENT_LIST, event, i - 2);
    throw error;
  }
  reply.integer(listLength(db.entries, ref));
  changed(db, request, 1, ref, EVENT_LIST, event, count - 2);
}

function pop(call: Call, atTail: boolean): void {
  const { request, reply } = call;
  if (request.count > 3) {
    reply.error(wrongArity(atTail ? 'rpop' : 'lpop'));
    return;
  }
  const hasCount = request.count === 3;
  const count = hasCount ? request.integer(2) : 1;
  if (!(count >= 0)) {
    reply.error(NOT_POSITIVE);
    return;
  }
  const ref = lookupWrite(call, 1, TYPE_LIST);
  if (ref === ABSENT) {
    if (hasCount) reply.nullArray();
    else reply.null();
  } else if (ref !== REFUSED) {
    if (!hasCount) popOne(call, 1, ref, atTail);
    else if (count === 0) reply.array(0);
    else popSome(call, 1, ref, atTail, count);
  }
}

function llen(call: Call): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_LIST);
  if (ref === ABSENT) reply.integer(0);
  else if (ref !== REFUSED) reply.integer(listLength(db.entries, ref));
}
