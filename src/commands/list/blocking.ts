// Blocking list commands: as LPOP, RPOP, LMOVE, LMPOP and their relatives, but a client that finds no element waits
// for one. Elements taken by a client that waited are not reported as a change: the push was.

import type { Call, Handler, Wait } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { BLOCKING, DENYOOM, MOVABLE_KEYS, NOSCRIPT, WRITE } from '../../core/flags.ts';
import { keyAt, keyRange, keysCounted } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { timeoutAt } from '../../core/wait-time.ts';
import { KEY_CREATED } from '../../keyspace/key-signals.ts';
import { TYPE_LIST } from '../../types/list/encodings.ts';
import { popOne, takeOne, takeSome } from './lists.ts';
import {
  endAt,
  MULTIPLE_POP_OPTIONS,
  type MultiplePop,
  moveElement,
  multiplePop,
  popFromFirst,
} from './moves.ts';

/** An end of a list in the notation of syntax.ts. */
const END = '(LEFT | RIGHT)';

function popRow(name: string, summary: string, handler: Handler): CommandRow {
  return {
    name,
    arity: -3,
    flags: WRITE | NOSCRIPT | BLOCKING,
    keys: [keyRange(1, -2, 1, 'RW', 'access', 'delete')],
    group: 'list',
    since: '2.0.0',
    summary,
    complexity: 'O(N) where N is the number of provided keys.',
    history: [['6.0.0', '`timeout` is a double, no longer an integer.']],
    syntax: 'key... timeout:double',
    handler,
  };
}

export const listBlockingCommands: readonly CommandRow[] = [
  popRow(
    'blpop',
    'Removes the first element of the first of several lists that has any, and returns it; waits if none has.',
    (call) => pop(call, false),
  ),
  popRow(
    'brpop',
    'Removes the last element of the first of several lists that has any, and returns it; waits if none has.',
    (call) => pop(call, true),
  ),
  {
    name: 'blmove',
    arity: 6,
    flags: WRITE | DENYOOM | NOSCRIPT | BLOCKING,
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
    group: 'list',
    since: '6.2.0',
    summary:
      'Moves an element from one end of a list to one end of another list, and returns it; waits if there is none.',
    complexity: 'O(1)',
    syntax: `source:key destination:key wherefrom=${END} whereto=${END} timeout:double`,
    handler: blmove,
  },
  {
    name: 'brpoplpush',
    arity: 4,
    flags: WRITE | DENYOOM | NOSCRIPT | BLOCKING,
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
    group: 'list',
    since: '2.2.0',
    summary:
      'Moves the last element of a list to the front of another list, and returns it; waits if there is none.',
    complexity: 'O(1)',
    deprecated: { since: '6.2.0', replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments' },
    history: [['6.0.0', '`timeout` is a double, no longer an integer.']],
    syntax: 'source:key destination:key timeout:double',
    handler: (call) => move(call, true, false, 3),
  },
  {
    name: 'blmpop',
    arity: -5,
    flags: WRITE | BLOCKING | MOVABLE_KEYS,
    keys: [keysCounted(2, 'RW', 'access', 'delete')],
    group: 'list',
    since: '7.0.0',
    summary:
      'Removes elements from the first of several lists that has any, and returns them; waits if none has.',
    complexity:
      'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
    options: MULTIPLE_POP_OPTIONS,
    syntax: `timeout:double numkeys:integer key... where=${END} [COUNT count:integer]`,
    handler: blmpop,
  },
];

function blockOrDeny(call: Call, wait: Wait): void {
  if (!call.block(wait)) call.reply.nullArray();
}

/** BLPOP and BRPOP key … timeout */
function pop(call: Call, atTail: boolean): void {
  const { request } = call;
  const lastKey = request.count - 2;
  const timeoutMs = timeoutAt(call, lastKey + 1);
  if (timeoutMs === undefined) return;
  for (let i = 1; i <= lastKey; i++) {
    const ref = lookupWrite(call, i, TYPE_LIST);
    if (ref === ABSENT) continue;
    if (ref !== REFUSED) {
      replyKey(call, i);
      popOne(call, i, ref, atTail);
    }
    return;
  }
  blockOrDeny(call, {
    type: TYPE_LIST,
    events: KEY_CREATED,
    firstKey: 1,
    lastKey,
    timeoutMs,
    serve: (served, i) => {
      replyKey(served, i);
      takeOne(served, i, served.db.lookupWrite(served.request, i), atTail);
      recordPop(served, i, atTail);
      return true;
    },
  });
}

/** BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout */
function blmove(call: Call): void {
  const { request, reply } = call;
  const fromTail = endAt(request, 3);
  const toTail = endAt(request, 4);
  if (fromTail === undefined || toTail === undefined) reply.error(SYNTAX);
  else move(call, fromTail, toTail, 5);
}

/** BLMOVE of the keys in arguments 1 and 2. */
function move(call: Call, fromTail: boolean, toTail: boolean, timeoutArgument: number): void {
  const { request, reply, db } = call;
  const timeoutMs = timeoutAt(call, timeoutArgument);
  if (timeoutMs === undefined) return;
  const source = lookupWrite(call, 1, TYPE_LIST);
  if (source !== ABSENT) {
    if (source !== REFUSED && moveElement(call, source, fromTail, toTail)) {
      db.modified(request, 1, 1);
    }
    return;
  }
  const wait: Wait = {
    type: TYPE_LIST,
    events: KEY_CREATED,
    firstKey: 1,
    lastKey: 1,
    timeoutMs,
    serve: (served) => {
      if (moveElement(served, served.db.lookupWrite(served.request, 1), fromTail, toTail)) {
        recordMove(served, fromTail, toTail);
      }
      return true;
    },
  };
  if (!call.block(wait)) reply.null();
}

/** BLMPOP timeout numkeys key … LEFT | RIGHT [COUNT count] */
function blmpop(call: Call): void {
  const pop = multiplePop(call, 2);
  if (pop === undefined) return;
  const timeoutMs = timeoutAt(call, 1);
  if (timeoutMs === undefined || popFromFirst(call, pop)) return;
  const { firstKey, lastKey } = pop;
  blockOrDeny(call, {
    type: TYPE_LIST,
    events: KEY_CREATED,
    firstKey,
    lastKey,
    timeoutMs,
    serve: (served, i) => serveMultiple(served, i, pop),
  });
}

function serveMultiple(call: Call, i: number, { atTail, count }: MultiplePop): boolean {
  const ref = call.db.lookupWrite(call.request, i);
  replyKey(call, i);
  // Counted as changes, unlike what BLPOP takes: so does Redis.
  const taken = takeSome(call, i, ref, atTail, count);
  call.server.keyspace.dirty += taken;
  recordPop(call, i, atTail, taken);
  return true;
}

/** The effect of having served a client with elements of the list of argument i. */
function recordPop({ request, db, server }: Call, i: number, atTail: boolean, count = 1): void {
  const { effects } = server;
  if (!effects.active) return;
  effects.propagateAs(db, atTail ? 'RPOP' : 'LPOP', request.bytes(i), String(count));
}

/** The effect of having served a client that waited to move an element. */
function recordMove({ request, db, server }: Call, fromTail: boolean, toTail: boolean): void {
  const { effects } = server;
  if (!effects.active) return;
  const [from, to] = [fromTail, toTail].map((atTail) => (atTail ? 'RIGHT' : 'LEFT'));
  effects.propagateAs(db, 'LMOVE', request.bytes(1), request.bytes(2), from, to);
}

/** Answers a pair, of which the first is the key of argument i. */
function replyKey({ request, reply }: Call, i: number): void {
  reply.array(2);
  reply.bulk(request.buffer, request.offsets[i], request.lengths[i]);
}
