// The family of commands of the stub type: STUB.PUSH, STUB.POP and STUB.ALL.
import type { Call } from '../../../src/core/call.ts';
import type { CommandRow } from '../../../src/core/command-row.ts';
import { WRONG_TYPE } from '../../../src/core/errors.ts';
import { DENYOOM, READONLY, WRITE } from '../../../src/core/flags.ts';
import { keyAt } from '../../../src/core/key-specs.ts';
import { EVENT_MODULE } from '../../../src/keyspace/key-events.ts';
import { KEY_GROWN } from '../../../src/keyspace/key-signals.ts';
import { TYPE_STUB } from './encodings.ts';
import { elementsOf, pop, push } from './values.ts';

const ROW = {
  group: 'generic',
  since: '0.0.0',
  summary: 'For tests.',
  complexity: 'O(N)',
} as const;

export const stubCommands: readonly CommandRow[] = [
  {
    ...ROW,
    name: 'stub.push',
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'insert')],
    syntax: 'key element:string...',
    handler: pushAll,
  },
  {
    ...ROW,
    name: 'stub.pop',
    arity: 3,
    flags: WRITE,
    keys: [keyAt(1, 'RW', 'delete')],
    syntax: 'key count:integer',
    handler: popSome,
  },
  {
    ...ROW,
    name: 'stub.all',
    arity: 2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    syntax: 'key',
    handler: all,
  },
];

function isStub({ db, reply }: Call, ref: number): boolean {
  if (db.typeOf(ref) === TYPE_STUB) return true;
  reply.error(WRONG_TYPE);
  return false;
}

function pushAll(call: Call): void {
  const { request, reply, db } = call;
  let ref = db.lookupWrite(request, 1);
  if (ref !== 0 && !isStub(call, ref)) return;
  for (let i = 2; i < request.count; i++) ref = push(db, ref, request, 1, request.bytes(i));
  db.signal(ref, KEY_GROWN);
  db.notify(EVENT_MODULE, 'stub.push', request, 1);
  db.modified(request, 1, request.count - 2);
  reply.integer(request.count - 2);
}

function popSome(call: Call): void {
  const { request, reply, db } = call;
  const ref = db.lookupWrite(request, 1);
  if (ref !== 0 && !isStub(call, ref)) return;
  if (ref !== 0) {
    pop(db, ref, request.integer(2));
    db.notify(EVENT_MODULE, 'stub.pop', request, 1);
    db.modified(request, 1, 1);
  }
  reply.integer(ref === 0 ? 0 : 1);
}

function all(call: Call): void {
  const { request, reply, db } = call;
  const ref = db.lookupRead(request, 1);
  if (ref !== 0 && !isStub(call, ref)) return;
  const elements = ref === 0 ? [] : elementsOf(db.entries, ref);
  reply.array(elements.length);
  for (const bytes of elements) reply.bulkBuffer(bytes);
}
