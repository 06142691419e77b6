// Several lists: moving an element from one to another, popping from the first of several that is not empty. The
// blocking forms are in blocking.ts.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { COUNT_NOT_POSITIVE, NUMKEYS_NOT_POSITIVE, SYNTAX } from '../../core/errors.ts';
import { DENYOOM, MOVABLE_KEYS, WRITE } from '../../core/flags.ts';
import { keyAt, keysCounted } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, notifyChange, REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import type { Database } from '../../keyspace/database.ts';
import { EVENT_LIST } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { elementBefore, PackedElement } from '../../structures/packed-list.ts';
import { TYPE_LIST } from '../../types/list/encodings.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import { dropElements, firstSpan, lastSpan, pushElement } from '../../types/list/values.ts';
import { popSome } from './lists.ts';

/** An end of a list in the notation of syntax.ts. */
const END = '(LEFT | RIGHT)';

/** The options of LMPOP and BLMPOP. */
export const MULTIPLE_POP_OPTIONS = new OptionTable([
  {
    word: 'count',
    values: 1,
    excludes: ['count'],
    problem: ({ request }, i) => (request.integer(i) >= 1 ? undefined : COUNT_NOT_POSITIVE),
  },
]);
const POP_COUNT = MULTIPLE_POP_OPTIONS.bits('count');

export const listMoveCommands: readonly CommandRow[] = [
  {
    name: 'lmove',
    arity: 5,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
    group: 'list',
    since: '6.2.0',
    summary: 'Moves an element from one end of a list to one end of another list, and returns it.',
    complexity: 'O(1)',
    syntax: `source:key destination:key wherefrom=${END} whereto=${END}`,
    handler: lmove,
  },
  {
    name: 'rpoplpush',
    arity: 3,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
    group: 'list',
    since: '1.2.0',
    summary: 'Moves the last element of a list to the front of another list, and returns it.',
    complexity: 'O(1)',
    deprecated: { since: '6.2.0', replacedBy: '`LMOVE` with the `RIGHT` and `LEFT` arguments' },
    syntax: 'source:key destination:key',
    handler: (call) => move(call, true, false),
  },
  {
    name: 'lmpop',
    arity: -4,
    flags: WRITE | MOVABLE_KEYS,
    keys: [keysCounted(1, 'RW', 'access', 'delete')],
    group: 'list',
    since: '7.0.0',
    summary:
      'Removes elements from the first of several lists that is not empty, and returns them.',
    complexity:
      'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
    options: MULTIPLE_POP_OPTIONS,
    syntax: `numkeys:integer key... where=${END} [COUNT count:integer]`,
    handler: lmpop,
  },
];

const span = new ListSpan();
const element = new PackedElement();

/** The end of a list that argument i names: true for the right one; undefined when it names none. */
export function endAt(request: Request, i: number): boolean | undefined {
  if (request.is(i, 'right')) return true;
  return request.is(i, 'left') ? false : undefined;
}

function lmove(call: Call): void {
  const { request, reply } = call;
  const fromTail = endAt(request, 3);
  const toTail = endAt(request, 4);
  if (fromTail === undefined || toTail === undefined) reply.error(SYNTAX);
  else move(call, fromTail, toTail);
}

/** LMOVE of the keys in arguments 1 and 2. */
function move(call: Call, fromTail: boolean, toTail: boolean): void {
  const { request, reply, db } = call;
  const source = lookupWrite(call, 1, TYPE_LIST);
  if (source === ABSENT) reply.null();
  else if (source !== REFUSED && moveElement(call, source, fromTail, toTail)) {
    db.modified(request, 1, 1);
  }
}

/**
 * Moves an element of the list of argument 1, which is there, to that of argument 2, and answers it;
 * or replies an error if that is not a list, and moves nothing. The caller reports the modification of the source.
 * @returns whether it moved one
 */
export function moveElement(
  call: Call,
  source: number,
  fromTail: boolean,
  toTail: boolean,
): boolean {
  const { request, reply, db } = call;
  const target = lookupWrite(call, 2, TYPE_LIST);
  if (target === REFUSED) return false;
  const moved = endElement(db, source, fromTail);
  const pushed = pushElement(db, target, request, 2, moved, 0, moved.length, !toTail);
  // Where both are the same list, pushing may have moved it.
  const left = dropElements(db, source === target ? pushed : source, 1, fromTail);
  db.notify(EVENT_LIST, toTail ? 'rpush' : 'lpush', request, 2);
  db.modified(request, 2, 0);
  reply.bulkBuffer(moved);
  notifyChange(db, request, 1, left, EVENT_LIST, fromTail ? 'rpop' : 'lpop');
  return true;
}

/** A copy of the first or last element of a list. */
function endElement(db: Database, ref: number, atTail: boolean): Buffer {
  if (atTail) lastSpan(db.entries, ref, span);
  else firstSpan(db.entries, ref, span);
  const { buffer } = span;
  element.read(buffer, atTail ? elementBefore(buffer, span.end) : span.start);
  return Buffer.from(element.bytes(buffer));
}

/** The arguments of LMPOP and BLMPOP from the number of keys on. */
export interface MultiplePop {
  /** Arguments that are keys: from `firstKey` up to `lastKey`. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly atTail: boolean;
  readonly count: number;
}

/** Reads these arguments, of which the first is argument `numberAt`; undefined after answering an error. */
export function multiplePop(call: Call, numberAt: number): MultiplePop | undefined {
  const { request, reply } = call;
  const keys = request.integer(numberAt);
  const endIndex = numberAt + keys + 1;
  if (!(keys >= 1)) {
    reply.error(NUMKEYS_NOT_POSITIVE);
    return undefined;
  }
  const atTail = endIndex < request.count ? endAt(request, endIndex) : undefined;
  if (atTail === undefined) {
    reply.error(SYNTAX);
    return undefined;
  }
  if (!MULTIPLE_POP_OPTIONS.read(call, endIndex + 1)) return undefined;
  const countAt = MULTIPLE_POP_OPTIONS.valueAt(POP_COUNT);
  const count = countAt === 0 ? 1 : request.integer(countAt);
  return { firstKey: numberAt + 1, lastKey: numberAt + keys, atTail, count };
}

/**
 * Answers key and elements of the first list that there is.
 * @returns false when there is none, and nothing was answered
 */
export function popFromFirst(
  call: Call,
  { firstKey, lastKey, atTail, count }: MultiplePop,
): boolean {
  const { request, reply } = call;
  for (let i = firstKey; i <= lastKey; i++) {
    const ref = lookupWrite(call, i, TYPE_LIST);
    if (ref === ABSENT) continue;
    if (ref !== REFUSED) {
      reply.array(2);
      reply.bulk(request.buffer, request.offsets[i], request.lengths[i]);
      popSome(call, i, ref, atTail, count);
    }
    return true;
  }
  return false;
}

function lmpop(call: Call): void {
  const pop = multiplePop(call, 1);
  if (pop !== undefined && !popFromFirst(call, pop)) call.reply.nullArray();
}
