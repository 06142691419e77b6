// Hashes, field by field: setting, getting, deleting. All fields at once are in whole.ts, numbers in counters.ts,
// iteration in scan.ts, random fields in random.ts.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { wrongArity } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, changed, changedHalfway, lookupRead, REFUSED } from '../../core/lookup.ts';
import { EVENT_HASH } from '../../keyspace/key-events.ts';
import { TYPE_HASH } from '../../types/hash/encodings.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import {
  createHash,
  fieldsAdded,
  fieldsSet,
  hashLength,
  removeFound,
  setFields,
  storeField,
  viewFound,
} from '../../types/hash/values.ts';
import { findArgument, lookupHashWrite } from './lookup.ts';
import { replyView } from './replies.ts';

/** Arguments up to which a command for several fields is quick. */
const FEW_ARGUMENTS = 10;

export const hashCommands: readonly CommandRow[] = [
  {
    name: 'hset',
    arity: -4,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Sets fields of a hash to values.',
    complexity:
      'O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.',
    quickUpTo: FEW_ARGUMENTS,
    history: [['4.0.0', 'Several fields can be given.']],
    syntax: 'key field_value={ field:string value:string }...',
    handler: (call) => set(call, false),
  },
  {
    name: 'hsetnx',
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Sets a field of a hash to a value if there is no such field.',
    complexity: 'O(1)',
    syntax: 'key field:string value:string',
    handler: hsetnx,
  },
  {
    name: 'hmset',
    arity: -4,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Sets fields of a hash to values.',
    complexity: 'O(N) where N is the number of fields being set.',
    quickUpTo: FEW_ARGUMENTS,
    deprecated: { since: '4.0.0', replacedBy: '`HSET` with multiple field-value pairs' },
    syntax: 'key field_value={ field:string value:string }...',
    handler: (call) => set(call, true),
  },
  {
    name: 'hget',
    arity: 3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Returns the value of a field of a hash.',
    complexity: 'O(1)',
    syntax: 'key field:string',
    handler: hget,
  },
  {
    name: 'hmget',
    arity: -3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Returns the values of fields of a hash.',
    complexity: 'O(N) where N is the number of fields being requested.',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key field:string...',
    handler: hmget,
  },
  {
    name: 'hexists',
    arity: 3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Returns whether a hash has a field.',
    complexity: 'O(1)',
    syntax: 'key field:string',
    handler: hexists,
  },
  {
    name: 'hdel',
    arity: -3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Removes fields from a hash.',
    complexity: 'O(N) where N is the number of fields to be removed.',
    quickUpTo: FEW_ARGUMENTS,
    history: [['2.4.0', 'Several fields can be given.']],
    syntax: 'key field:string...',
    handler: hdel,
  },
  {
    name: 'hlen',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'hash',
    since: '2.0.0',
    summary: 'Returns the number of fields of a hash.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: hlen,
  },
  {
    name: 'hstrlen',
    arity: 3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'hash',
    since: '3.2.0',
    summary: 'Returns the length of the value of a field of a hash.',
    complexity: 'O(1)',
    syntax: 'key field:string',
    handler: hstrlen,
  },
];

const value = new FieldView();

/** HSET and HMSET, which answers only that it is done. */
function set(call: Call, isOld: boolean): void {
  const { request, reply, db } = call;
  const { count } = request;
  if ((count & 1) !== 0) {
    reply.error(wrongArity(isOld ? 'hmset' : 'hset'));
    return;
  }
  const ref = lookupHashWrite(call, 2, 2, count - 1);
  if (ref === REFUSED) return;
  let target: number;
  try {
    target = setFields(db, ref, request, 2);
  } catch (error) {
    changedHalfway(db, request, 1, EVENT_HASH, 'hset', fieldsSet());
    throw error;
  }
  if (isOld) reply.ok();
  else reply.integer(fieldsAdded());
  changed(db, request, 1, target, EVENT_HASH, 'hset', (count - 2) >> 1);
}

function hsetnx(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupHashWrite(call, 2, 1, 2);
  if (ref === REFUSED) return;
  if (ref !== ABSENT && findArgument(call, ref, 2)) {
    reply.integer(0);
    return;
  }
  const { buffer, offsets, lengths } = request;
  const target =
    ref === ABSENT
      ? createHash(db, request, buffer, offsets[2], lengths[2], buffer, offsets[3], lengths[3])
      : storeField(db, ref, buffer, offsets[2], lengths[2], buffer, offsets[3], lengths[3]);
  reply.integer(1);
  changed(db, request, 1, target, EVENT_HASH, 'hset', 1);
}

function hget(call: Call): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED) return;
  if (ref === ABSENT || !findArgument(call, ref, 2)) {
    reply.null();
    return;
  }
  viewFound(db.entries, ref, value);
  replyView(reply, value);
}

function hmget(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED) return;
  const { count } = request;
  reply.array(count - 2);
  for (let i = 2; i < count; i++) {
    if (ref === ABSENT || !findArgument(call, ref, i)) {
      reply.null();
      continue;
    }
    viewFound(db.entries, ref, value);
    replyView(reply, value);
  }
}

function hexists(call: Call): void {
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref !== REFUSED) call.reply.integer(ref !== ABSENT && findArgument(call, ref, 2) ? 1 : 0);
}

function hdel(call: Call): void {
  const { request, reply, db } = call;
  let ref = lookupHashWrite(call, 2, 1, request.count - 1);
  if (ref === REFUSED) return;
  let removed = 0;
  for (let i = 2; i < request.count && ref !== ABSENT; i++) {
    if (!findArgument(call, ref, i)) continue;
    ref = removeFound(db, ref);
    removed++;
  }
  if (removed > 0) changed(db, request, 1, ref, EVENT_HASH, 'hdel', removed);
  reply.integer(removed);
}

function hlen(call: Call): void {
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED) return;
  call.reply.integer(ref === ABSENT ? 0 : hashLength(call.db.entries, ref));
}

function hstrlen(call: Call): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED) return;
  if (ref === ABSENT || !findArgument(call, ref, 2)) {
    reply.integer(0);
    return;
  }
  viewFound(db.entries, ref, value);
  value.asBytes();
  reply.integer(value.length);
}
