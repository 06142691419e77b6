// Waiting for stacks in every way that there is: what others of the server's types will need, in its smallest form.
//
//   STUB.READ seen key …    key and length of the first stack with more than `seen` elements (as XREAD)
//   STUB.FOLLOW seen key    the same, and an error when the stack is gone (as XREADGROUP)
//   STUB.DUE key …          takes the element on top, which is a time, once that has come (as a delayed message)
import type { Call } from '../../../src/core/call.ts';
import type { CommandRow } from '../../../src/core/command-row.ts';
import { BLOCKING, READONLY, WRITE } from '../../../src/core/flags.ts';
import { keyRange } from '../../../src/core/key-specs.ts';
import { ABSENT, lookupRead, lookupWrite, REFUSED } from '../../../src/core/lookup.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../../src/keyspace/key-signals.ts';
import { TYPE_STUB } from './encodings.ts';
import { elementsOf, pop, stackLength } from './values.ts';

/** The error of STUB.FOLLOW. */
export const STACK_GONE = 'UNBLOCKED the stack no longer exists';

const ROW = {
  group: 'generic',
  since: '0.0.0',
  summary: 'For tests.',
  complexity: 'O(N)',
} as const;

export const stubBlockingCommands: readonly CommandRow[] = [
  {
    ...ROW,
    name: 'stub.read',
    arity: -3,
    flags: READONLY | BLOCKING,
    keys: [keyRange(2, -1, 1, 'RO', 'access')],
    syntax: 'seen:integer key...',
    handler: (call) => read(call, KEY_CREATED | KEY_GROWN),
  },
  {
    ...ROW,
    name: 'stub.follow',
    arity: 3,
    flags: READONLY | BLOCKING,
    keys: [keyRange(2, -1, 1, 'RO', 'access')],
    syntax: 'seen:integer key',
    handler: (call) => read(call, KEY_CREATED | KEY_GROWN | KEY_GONE),
  },
  {
    ...ROW,
    name: 'stub.due',
    arity: -2,
    flags: WRITE | BLOCKING,
    keys: [keyRange(1, -1, 1, 'RW', 'access', 'delete')],
    syntax: 'key...',
    handler: due,
  },
];

function read(call: Call, events: number): void {
  const { request } = call;
  const lastKey = request.count - 1;
  for (let i = 2; i <= lastKey; i++) {
    const ref = lookupRead(call, i, TYPE_STUB);
    if (ref === REFUSED || (ref !== ABSENT && answerLength(call, i, ref))) return;
  }
  const serve = (served: Call, i: number): boolean => {
    const ref = served.db.lookupRead(served.request, i);
    if (ref !== ABSENT && served.db.typeOf(ref) === TYPE_STUB) return answerLength(served, i, ref);
    served.reply.error(STACK_GONE);
    return true;
  };
  const wait = { type: TYPE_STUB, events, firstKey: 2, lastKey, timeoutMs: 0, serve };
  if (!call.block(wait)) call.reply.nullArray();
}

/** Answers key and length of a stack, if it is longer than what was seen. */
function answerLength({ request, reply, db }: Call, i: number, ref: number): boolean {
  const length = stackLength(db.entries, ref);
  if (length <= request.integer(1)) return false;
  reply.array(2);
  reply.bulkBuffer(request.bytes(i));
  reply.integer(length);
  return true;
}

function due(call: Call): void {
  const { request, db } = call;
  const lastKey = request.count - 1;
  for (let i = 1; i <= lastKey; i++) {
    const ref = lookupWrite(call, i, TYPE_STUB);
    if (ref === REFUSED || (ref !== ABSENT && takeDue(call, i, ref))) return;
  }
  const wait = {
    type: TYPE_STUB,
    events: KEY_CREATED | KEY_GROWN,
    firstKey: 1,
    lastKey,
    timeoutMs: 0,
    serve: (served: Call, i: number) =>
      takeDue(served, i, served.db.lookupWrite(served.request, i)),
  };
  if (!call.block(wait)) {
    call.reply.null();
    return;
  }
  for (let i = 1; i <= lastKey; i++) {
    const ref = db.lookupForChange(request, i);
    if (ref !== ABSENT) db.signalAt(ref, timeOf(call, ref));
  }
}

/** Takes the element on top if its time has come; if not, whoever waits for it is woken then. */
function takeDue(call: Call, i: number, ref: number): boolean {
  const { request, reply, db, server } = call;
  const timeMs = timeOf(call, ref);
  if (timeMs > server.keyspace.nowMs) {
    db.signalAt(ref, timeMs);
    return false;
  }
  reply.integer(timeMs);
  pop(db, ref, 1);
  db.modified(request, i, 1);
  return true;
}

function timeOf({ db }: Call, ref: number): number {
  return Number(elementsOf(db.entries, ref)[0].toString('latin1'));
}
