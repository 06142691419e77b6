// Expiries of keys: setting, reading and removing them.

import { cString } from '../../core/argument-errors.ts';
import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { invalidExpireTime, NOT_AN_INTEGER } from '../../core/errors.ts';
import { recordDeletion, recordExpiry } from '../../core/expiry-effects.ts';
import { absoluteTimeMs, EPOCH_MS, MILLISECONDS, SECONDS } from '../../core/expiry-time.ts';
import { FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { OptionTable } from '../../core/options.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { EVENT_GENERIC } from '../../keyspace/key-events.ts';

const SET_HISTORY = [['7.0.0', 'The options `NX`, `XX`, `GT` and `LT`.']] as const;
const EXPIRE_OPTIONS = new OptionTable(
  ['nx', 'xx', 'gt', 'lt'].map((word) => ({ word })),
  { unknown: ({ request }, i) => `ERR Unsupported option ${cString(request, i)}` },
);
const NX = EXPIRE_OPTIONS.bits('nx');
const XX = EXPIRE_OPTIONS.bits('xx');
const GT = EXPIRE_OPTIONS.bits('gt');
const LT = EXPIRE_OPTIONS.bits('lt');

const CONDITION = '[condition=(NX | XX | GT | LT)^7.0.0]';

/** The row of a command that sets the expiry; all of them are alike but for the time's unit. */
function setterRow(
  name: string,
  since: string,
  summary: string,
  time: string,
  handler: Handler,
): CommandRow {
  return {
    name,
    arity: -3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since,
    summary,
    complexity: 'O(1)',
    history: SET_HISTORY,
    options: EXPIRE_OPTIONS,
    syntax: `key ${time} ${CONDITION}`,
    handler,
  };
}

/** The row of a command that reads the expiry. */
function getterRow(
  name: string,
  since: string,
  summary: string,
  handler: Handler,
  facts: Pick<CommandRow, 'history' | 'tips'> = {},
): CommandRow {
  return {
    name,
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since,
    summary,
    complexity: 'O(1)',
    ...facts,
    syntax: 'key',
    handler,
  };
}

const TTL_FACTS = {
  history: [['2.8.0', 'Answers -2 for a key that does not exist.']],
  tips: ['nondeterministic_output'],
} as const;

export const expireCommands: readonly CommandRow[] = [
  setterRow('expire', '1.0.0', 'Lets a key expire after some seconds.', 'seconds:integer', expire),
  setterRow(
    'pexpire',
    '2.6.0',
    'Lets a key expire after some milliseconds.',
    'milliseconds:integer',
    pexpire,
  ),
  setterRow(
    'expireat',
    '1.2.0',
    'Lets a key expire at a time, in seconds since the epoch.',
    'unix-time-seconds:unix-time',
    expireat,
  ),
  setterRow(
    'pexpireat',
    '2.6.0',
    'Lets a key expire at a time, in milliseconds since the epoch.',
    'unix-time-milliseconds:unix-time',
    pexpireat,
  ),
  getterRow('ttl', '1.0.0', 'Returns in how many seconds a key expires.', ttl, TTL_FACTS),
  getterRow('pttl', '2.6.0', 'Returns in how many milliseconds a key expires.', pttl, TTL_FACTS),
  getterRow(
    'expiretime',
    '7.0.0',
    'Returns when a key expires, in seconds since the epoch.',
    expiretime,
  ),
  getterRow(
    'pexpiretime',
    '7.0.0',
    'Returns when a key expires, in milliseconds since the epoch.',
    pexpiretime,
  ),
  {
    name: 'persist',
    arity: 2,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '2.2.0',
    summary: 'Removes the expiry of a key.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: persist,
  },
];

const NX_AND_OTHERS = 'ERR NX and XX, GT or LT options at the same time are not compatible';
const GT_AND_LT = 'ERR GT and LT options at the same time are not compatible';

/** Answers of the commands that read the expiry. */
const MISSING = -2;
const PERSISTENT = -1;

function expire(call: Call): void {
  expireAt(call, 'expire', SECONDS, call.server.keyspace.nowMs);
}

function pexpire(call: Call): void {
  expireAt(call, 'pexpire', MILLISECONDS, call.server.keyspace.nowMs);
}

function expireat(call: Call): void {
  expireAt(call, 'expireat', SECONDS, EPOCH_MS);
}

function pexpireat(call: Call): void {
  expireAt(call, 'pexpireat', MILLISECONDS, EPOCH_MS);
}

/** Sets the expiry of argument 1 to the time of argument 2; a time that is over deletes the key. */
function expireAt(call: Call, command: string, unitMs: number, baseMs: number): void {
  const { request, reply, db } = call;
  if (!readConditions(call)) return;
  const timeMs = absoluteTimeMs(request, 2, unitMs, baseMs);
  if (Number.isNaN(timeMs)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  if (timeMs === Infinity) {
    reply.error(invalidExpireTime(command));
    return;
  }
  const ref = db.lookupWrite(request, 1);
  if (ref !== 0 && allows(db.expiryOf(ref), timeMs)) applyExpiry(call, ref, timeMs);
  else reply.integer(0);
}

function applyExpiry(call: Call, ref: number, timeMs: number): void {
  const { request, reply, db, server } = call;
  if (timeMs <= server.keyspace.dueMs) {
    db.delete(request, 1);
    db.notify(EVENT_GENERIC, 'del', request, 1);
    recordDeletion(call);
    reply.integer(1);
  } else {
    // A log may contain times before the epoch: -1 would mean no expiry.
    db.setExpiry(ref, Math.max(0, timeMs));
    recordExpiry(call, timeMs);
    // The reply is written first, so that a client that also receives the event gets it second, as in Redis.
    reply.integer(1);
    db.notify(EVENT_GENERIC, 'expire', request, 1);
  }
}

/** Reads the conditions from argument 3 on; false after answering an error. */
function readConditions(call: Call): boolean {
  const conditions = EXPIRE_OPTIONS;
  if (!conditions.read(call, 3)) return false;
  let problem: string | undefined;
  if (conditions.has(NX) && conditions.has(XX | GT | LT)) problem = NX_AND_OTHERS;
  else if (conditions.has(GT) && conditions.has(LT)) problem = GT_AND_LT;
  if (problem === undefined) return true;
  call.reply.error(problem);
  return false;
}

/** Whether the conditions let a key's expiry be replaced; a key without one never expires. */
function allows(current: number, timeMs: number): boolean {
  const conditions = EXPIRE_OPTIONS;
  const volatile = current !== NO_EXPIRY;
  if (conditions.has(NX) && volatile) return false;
  if (conditions.has(XX) && !volatile) return false;
  if (conditions.has(GT) && (!volatile || timeMs <= current)) return false;
  return !conditions.has(LT) || !volatile || timeMs < current;
}

function ttl(call: Call): void {
  replyExpiry(call, SECONDS, call.server.keyspace.nowMs);
}

function pttl(call: Call): void {
  replyExpiry(call, MILLISECONDS, call.server.keyspace.nowMs);
}

function expiretime(call: Call): void {
  replyExpiry(call, SECONDS, EPOCH_MS);
}

function pexpiretime(call: Call): void {
  replyExpiry(call, MILLISECONDS, EPOCH_MS);
}

/** Answers when the key expires, counted from `baseMs`, rounded to the unit. */
function replyExpiry({ request, reply, db }: Call, unitMs: number, baseMs: number): void {
  const ref = db.lookupNoTouch(request, 1);
  const expiry = ref === 0 ? MISSING : db.expiryOf(ref);
  if (ref === 0 || expiry === NO_EXPIRY) {
    reply.integer(ref === 0 ? MISSING : PERSISTENT);
    return;
  }
  const roundedMs = Math.max(0, expiry - baseMs) + Math.floor(unitMs / 2);
  const time = (roundedMs - (roundedMs % unitMs)) / unitMs;
  if (Number.isSafeInteger(time)) reply.integer(time);
  else reply.bigint(BigInt(time));
}

function persist({ request, reply, db }: Call): void {
  const ref = db.lookupWrite(request, 1);
  const applies = ref !== 0 && db.expiryOf(ref) !== NO_EXPIRY;
  if (applies) {
    db.setExpiry(ref, NO_EXPIRY);
    db.notify(EVENT_GENERIC, 'persist', request, 1);
  }
  reply.integer(applies ? 1 : 0);
}
