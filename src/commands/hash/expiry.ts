// When fields of hashes expire: setting, reading and removing that, as from Redis 7.4 on. A command answers a number
// for each field that it names.
import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { EPOCH_MS, MILLISECONDS, SECONDS } from '../../core/expiry-time.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import {
  ABSENT,
  changed,
  changedHalfway,
  lookupRead,
  lookupWrite,
  REFUSED,
} from '../../core/lookup.ts';
import { EVENT_HASH } from '../../keyspace/key-events.ts';
import { TYPE_HASH } from '../../types/hash/encodings.ts';
import { NO_FIELD_EXPIRY } from '../../types/hash/field-tables.ts';
import {
  expiryOfFound,
  persistFound,
  removeFound,
  setFieldExpiry,
} from '../../types/hash/values.ts';
import { readFieldList } from './field-list.ts';
import { fieldTimeMs } from './field-time.ts';
import { findArgument, withoutDue } from './lookup.ts';

const FIELDS = 'FIELDS fields={ numfields:integer field:string... }';

function setterRow(name: string, summary: string, time: string, handler: Handler): CommandRow {
  return {
    name,
    arity: -6,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'hash',
    since: '7.4.0',
    summary,
    complexity: 'O(N) where N is the number of specified fields',
    syntax: `key ${time} [condition=( NX | XX | GT | LT )] ${FIELDS}`,
    handler,
  };
}

function getterRow(name: string, summary: string, unitMs: number, isRelative: boolean): CommandRow {
  return {
    name,
    arity: -5,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'hash',
    since: '7.4.0',
    summary,
    complexity: 'O(N) where N is the number of specified fields',
    ...(isRelative ? { tips: ['nondeterministic_output'] } : {}),
    syntax: `key ${FIELDS}`,
    handler: (call) => replyTimes(call, unitMs, isRelative),
  };
}

export const fieldExpiryCommands: readonly CommandRow[] = [
  setterRow(
    'hexpire',
    'Sets in how many seconds fields of a hash expire.',
    'seconds:integer',
    (call) => expire(call, 'hexpire', SECONDS, true),
  ),
  setterRow(
    'hpexpire',
    'Sets in how many milliseconds fields of a hash expire.',
    'milliseconds:integer',
    (call) => expire(call, 'hpexpire', MILLISECONDS, true),
  ),
  setterRow(
    'hexpireat',
    'Sets at which Unix time in seconds fields of a hash expire.',
    'unix-time-seconds:unix-time',
    (call) => expire(call, 'hexpireat', SECONDS, false),
  ),
  setterRow(
    'hpexpireat',
    'Sets at which Unix time in milliseconds fields of a hash expire.',
    'unix-time-milliseconds:unix-time',
    (call) => expire(call, 'hpexpireat', MILLISECONDS, false),
  ),
  getterRow('httl', 'Returns in how many seconds fields of a hash expire.', SECONDS, true),
  getterRow(
    'hpttl',
    'Returns in how many milliseconds fields of a hash expire.',
    MILLISECONDS,
    true,
  ),
  getterRow(
    'hexpiretime',
    'Returns at which Unix time in seconds fields of a hash expire.',
    SECONDS,
    false,
  ),
  getterRow(
    'hpexpiretime',
    'Returns at which Unix time in milliseconds fields of a hash expire.',
    MILLISECONDS,
    false,
  ),
  {
    name: 'hpersist',
    arity: -5,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'hash',
    since: '7.4.0',
    summary: 'Removes the expiry of fields of a hash.',
    complexity: 'O(N) where N is the number of specified fields',
    syntax: `key ${FIELDS}`,
    handler: hpersist,
  },
];

const NUM_FIELDS_NOT_POSITIVE = 'ERR Parameter `numFields` should be greater than 0';

/** What is answered for a field. */
const NO_FIELD = -2;
const NO_EXPIRY = -1;
const CONDITION_NOT_MET = 0;
const DONE = 1;
const DELETED = 2;

/** Where the time is, and then a condition or the list of fields. */
const TIME = 2;
const CONDITION = 3;

const CONDITIONS = ['nx', 'xx', 'gt', 'lt'] as const;
type Condition = (typeof CONDITIONS)[number];

/** Sets when fields expire; a time that is over removes them. */
function expire(call: Call, command: string, unitMs: number, isRelative: boolean): void {
  const { request, reply, db } = call;
  const found = lookupWrite(call, 1, TYPE_HASH);
  if (found === REFUSED) return;
  const timeMs = fieldTimeMs(call, command, TIME, unitMs, isRelative);
  if (timeMs < 0) return;
  const condition = CONDITIONS.find((word) => request.is(CONDITION, word));
  const listAt = condition === undefined ? CONDITION : CONDITION + 1;
  if (!readFieldList(call, listAt, NUM_FIELDS_NOT_POSITIVE)) return;
  const first = listAt + 2;
  let ref = found === ABSENT ? ABSENT : withoutDue(call, found, first, 1, request.count - 1);
  reply.array(request.count - first);
  const isOver = timeMs <= call.server.keyspace.dueMs;
  const keyHash = db.hashOf(request, 1);
  const applied: number[] = [];
  const event = isOver ? 'hdel' : 'hexpire';
  try {
    for (let i = first; i < request.count; i++) {
      const outcome = ref === ABSENT ? NO_FIELD : outcomeFor(call, ref, i, timeMs, condition);
      if (outcome !== DONE) {
        reply.integer(outcome);
        continue;
      }
      if (isOver) ref = removeFound(db, ref);
      else ref = setFieldExpiry(db, ref, request, i, timeMs, keyHash);
      applied.push(i);
      reply.integer(isOver ? DELETED : DONE);
    }
  } catch (error) {
    changedHalfway(db, request, 1, EVENT_HASH, event, applied.length);
    throw error;
  }
  if (applied.length === 0) return;
  changed(db, request, 1, ref, EVENT_HASH, event, applied.length);
  record(call, applied, isOver ? undefined : timeMs);
}

/** What happens to the field of argument i, which is looked for; DONE if its expiry may be set. */
function outcomeFor(
  call: Call,
  ref: number,
  i: number,
  timeMs: number,
  condition: Condition | undefined,
): number {
  if (!findArgument(call, ref, i)) return NO_FIELD;
  const current = expiryOfFound(call.db.entries, ref);
  return allows(condition, current, timeMs) ? DONE : CONDITION_NOT_MET;
}

/** Whether a condition lets the expiry of a field be replaced; a field without one never expires. */
function allows(condition: Condition | undefined, current: number, timeMs: number): boolean {
  const expires = current !== NO_FIELD_EXPIRY;
  switch (condition) {
    case 'nx':
      return !expires;
    case 'xx':
      return expires;
    case 'gt':
      return expires && timeMs > current;
    case 'lt':
      return !expires || timeMs < current;
    default:
      return true;
  }
}

/**
 * Records that the fields of some arguments expire at a time, or are removed.
 * @param timeMs in ms since the epoch; undefined: they are removed
 */
export function record(
  { request, db, server }: Call,
  fields: readonly number[],
  timeMs: number | undefined,
): void {
  const { effects } = server;
  if (!effects.active) return;
  const key = request.bytes(1);
  const names = fields.map((i) => request.bytes(i));
  if (timeMs === undefined) effects.propagateAs(db, 'HDEL', key, ...names);
  else {
    const count = String(names.length);
    effects.propagateAs(db, 'HPEXPIREAT', key, String(timeMs), 'FIELDS', count, ...names);
  }
}

/** Answers when fields expire: from now on, or as Unix times. */
function replyTimes(call: Call, unitMs: number, isRelative: boolean): void {
  const { request, reply, db, server } = call;
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED || !readFieldList(call, 2)) return;
  const baseMs = isRelative ? server.keyspace.nowMs : EPOCH_MS;
  reply.array(request.count - 4);
  for (let i = 4; i < request.count; i++) {
    if (ref === ABSENT || !findArgument(call, ref, i)) {
      reply.integer(NO_FIELD);
      continue;
    }
    const timeMs = expiryOfFound(db.entries, ref);
    if (timeMs === NO_FIELD_EXPIRY) reply.integer(NO_EXPIRY);
    else reply.integer(Math.floor((timeMs + unitMs - 1 - baseMs) / unitMs));
  }
}

function hpersist(call: Call): void {
  const { request, reply, db } = call;
  const found = lookupWrite(call, 1, TYPE_HASH);
  if (found === REFUSED || !readFieldList(call, 2)) return;
  const ref = found === ABSENT ? ABSENT : withoutDue(call, found, 4, 1, request.count - 1);
  let done = 0;
  reply.array(request.count - 4);
  for (let i = 4; i < request.count; i++) {
    if (ref === ABSENT || !findArgument(call, ref, i)) {
      reply.integer(NO_FIELD);
    } else if (expiryOfFound(db.entries, ref) === NO_FIELD_EXPIRY) {
      reply.integer(NO_EXPIRY);
    } else {
      persistFound(db.entries, ref);
      reply.integer(DONE);
      done++;
    }
  }
  if (done > 0) changed(db, request, 1, ref, EVENT_HASH, 'hpersist', 1);
}
