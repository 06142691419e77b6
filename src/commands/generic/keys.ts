// Commands on keys of any type: whether they exist, what they hold, deleting, renaming, copying,
// moving. Expiry is in expire.ts, iteration in scan.ts.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import {
  DB_INDEX_OUT_OF_RANGE,
  NO_SUCH_KEY,
  NOT_AN_INTEGER,
  SAME_OBJECT,
} from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt, keyRange } from '../../core/key-specs.ts';
import { OptionTable } from '../../core/options.ts';
import { EVENT_GENERIC } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';

const COPY_OPTIONS = new OptionTable([
  { word: 'db', values: 1, problem: databaseProblem },
  { word: 'replace' },
]);
const COPY_DB = COPY_OPTIONS.bits('db');
const COPY_REPLACE = COPY_OPTIONS.bits('replace');

export const keyCommands: readonly CommandRow[] = [
  {
    name: 'del',
    arity: -2,
    flags: WRITE,
    keys: [keyRange(1, -1, 1, 'RM', 'delete')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Deletes keys.',
    complexity: 'O(N) where N is the number of keys.',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key...',
    handler: del,
  },
  {
    name: 'unlink',
    arity: -2,
    flags: WRITE | FAST,
    keys: [keyRange(1, -1, 1, 'RM', 'delete')],
    group: 'generic',
    since: '4.0.0',
    summary: 'Deletes keys; the memory of large values is freed in the background.',
    complexity: 'O(1) for each key; its memory is given back in the background.',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key...',
    handler: del,
  },
  {
    name: 'exists',
    arity: -2,
    flags: READONLY | FAST,
    keys: [keyRange(1, -1, 1, 'RO')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Counts how many of the keys exist; a key that is named twice counts twice.',
    complexity: 'O(N) where N is the number of keys to check.',
    history: [['3.0.3', 'Takes several keys.']],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key...',
    handler: exists,
  },
  {
    name: 'touch',
    arity: -2,
    flags: READONLY | FAST,
    keys: [keyRange(1, -1, 1, 'RO')],
    group: 'generic',
    since: '3.2.1',
    summary: 'Updates the last access of keys and counts how many of them exist.',
    complexity: 'O(N) where N is the number of keys that will be touched.',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key...',
    handler: touch,
  },
  {
    name: 'type',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Returns the type of the value of a key.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: type,
  },
  {
    name: 'randomkey',
    arity: 1,
    flags: READONLY,
    group: 'generic',
    since: '1.0.0',
    summary: 'Returns a random key of the database.',
    complexity: 'O(1)',
    tips: ['request_policy:all_shards', 'nondeterministic_output'],
    handler: randomkey,
  },
  {
    name: 'rename',
    arity: 3,
    flags: WRITE,
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Renames a key; an existing key of the new name is overwritten.',
    complexity: 'O(1)',
    syntax: 'key newkey:key',
    handler: rename,
  },
  {
    name: 'renamenx',
    arity: 3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'insert')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Renames a key if no key has the new name.',
    complexity: 'O(1)',
    history: [['3.2.0', 'Both names may be the same; that was an error before.']],
    syntax: 'key newkey:key',
    handler: renamenx,
  },
  {
    name: 'copy',
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RO', 'access'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '6.2.0',
    summary: 'Copies the value of a key to another key, in this or another database.',
    complexity: 'O(N) where N is the size of the value.',
    options: COPY_OPTIONS,
    syntax: 'source:key destination:key [DB destination-db:integer] [REPLACE]',
    handler: copy,
  },
  {
    name: 'move',
    arity: 3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'generic',
    since: '1.0.0',
    summary: 'Moves a key to another database.',
    complexity: 'O(1)',
    syntax: 'key db:integer',
    handler: move,
  },
];

const NOT_INT32 = 'ERR value is out of range, value must between -2147483648 and 2147483647';
/** Draws of RANDOMKEY after which an expired key that must not be deleted now is good enough. */
const MAX_RANDOM_TRIES = 100;

function del({ request, reply, db }: Call): void {
  const { count } = request;
  let deleted = 0;
  for (let i = 1; i < count; i++) {
    if (db.delete(request, i)) {
      db.notify(EVENT_GENERIC, 'del', request, i);
      deleted++;
    }
  }
  reply.integer(deleted);
}

function exists({ request, reply, db }: Call): void {
  const { count } = request;
  let found = 0;
  for (let i = 1; i < count; i++) {
    if (db.lookupNoTouch(request, i) !== 0) found++;
  }
  reply.integer(found);
}

function touch({ request, reply, db, server }: Call): void {
  const { keyspace } = server;
  const { count } = request;
  // CLIENT NO-TOUCH holds for commands that use keys on the way, not for this one.
  const suspended = keyspace.suspendTouch;
  keyspace.suspendTouch = false;
  let found = 0;
  for (let i = 1; i < count; i++) {
    if (db.lookupRead(request, i) !== 0) found++;
  }
  keyspace.suspendTouch = suspended;
  reply.integer(found);
}

function type({ request, reply, db, server }: Call): void {
  const ref = db.lookupNoTouch(request, 1);
  reply.simple(ref === 0 ? 'none' : server.keyspace.types.of(db.typeOf(ref)).name);
}

function randomkey({ reply, db }: Call): void {
  let tries = 0;
  let ref = db.random();
  while (ref !== 0 && !db.isLive(ref) && ++tries < MAX_RANDOM_TRIES) ref = db.random();
  if (ref === 0) {
    reply.null();
  } else {
    const key = db.key(ref);
    reply.bulk(key.buffer, key.offset, key.length);
  }
}

function rename(call: Call): void {
  const outcome = renameKey(call, true);
  if (outcome >= 0) call.reply.ok();
}

function renamenx(call: Call): void {
  const outcome = renameKey(call, false);
  if (outcome >= 0) call.reply.integer(outcome);
}

/** Returns 1 if the key was renamed, 0 if it was left as it is, -1 after answering an error. */
function renameKey({ request, reply, db }: Call, overwrite: boolean): number {
  const ref = db.lookupWrite(request, 1);
  if (ref === 0) {
    reply.error(NO_SUCH_KEY);
    return -1;
  }
  if (areEqual(request, 1, 2)) return 0;
  if (!overwrite && db.lookupWrite(request, 2) !== 0) return 0;
  db.moveTo(ref, db, request, 2);
  db.notify(EVENT_GENERIC, 'rename_from', request, 1);
  db.notify(EVENT_GENERIC, 'rename_to', request, 2);
  return 1;
}

function copy(call: Call): void {
  const { request, reply, db, server } = call;
  if (!COPY_OPTIONS.read(call, 3)) return;
  const databaseAt = COPY_OPTIONS.valueAt(COPY_DB);
  const target = databaseAt === 0 ? db : server.keyspace.databases[request.integer(databaseAt)];
  if (target === db && areEqual(request, 1, 2)) {
    reply.error(SAME_OBJECT);
    return;
  }
  const ref = db.lookupRead(request, 1);
  const mayReplace = COPY_OPTIONS.has(COPY_REPLACE);
  const copies = ref !== 0 && (target.lookupWrite(request, 2) === 0 || mayReplace);
  if (copies) {
    db.copyTo(ref, target, request, 2);
    target.notify(EVENT_GENERIC, 'copy_to', request, 2);
  }
  reply.integer(copies ? 1 : 0);
}

function move(call: Call): void {
  const { request, reply, db, server } = call;
  const problem = databaseProblem(call, 2);
  if (problem !== undefined) {
    reply.error(problem);
    return;
  }
  const target = server.keyspace.databases[request.integer(2)];
  if (target === db) {
    reply.error(SAME_OBJECT);
    return;
  }
  const ref = db.lookupWrite(request, 1);
  const moves = ref !== 0 && target.lookupWrite(request, 1) === 0;
  if (moves) {
    db.moveTo(ref, target, request, 1);
    db.notify(EVENT_GENERIC, 'move_from', request, 1);
    target.notify(EVENT_GENERIC, 'move_to', request, 1);
  }
  reply.integer(moves ? 1 : 0);
}

/** What is wrong with argument i as the number of a database. */
function databaseProblem({ request, server }: Call, i: number): string | undefined {
  const index = request.integer(i);
  if (Number.isNaN(index)) return NOT_AN_INTEGER;
  if (index !== (index | 0)) return NOT_INT32;
  return index in server.keyspace.databases ? undefined : DB_INDEX_OUT_OF_RANGE;
}

function areEqual(request: Request, i: number, k: number): boolean {
  return request.lengths[i] === request.lengths[k] && request.bytes(i).equals(request.bytes(k));
}
