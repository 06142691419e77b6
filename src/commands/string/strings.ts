// Strings as a whole: GET, SET and their relatives. Parts of strings are in ranges.ts,
// numbers in counters.ts. The handlers of GET, SET, MGET and MSET allocate nothing.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { wrongArity } from '../../core/errors.ts';
import { recordDeletion, recordExpiry } from '../../core/expiry-effects.ts';
import { futureTimeMs, MILLISECONDS, SECONDS } from '../../core/expiry-time.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt, keyFlagBits, keyRange } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { EVENT_GENERIC, EVENT_STRING } from '../../keyspace/key-events.ts';
import { TYPE_STRING } from '../../keyspace/plain-strings.ts';
import type { Request } from '../../protocol/request.ts';
import { KEEP_EXPIRY, storeArgument } from '../../types/string/values.ts';
import { ExpiryOption, GETEX_OPTIONS, SET_OPTIONS } from './set-options.ts';

export const stringCommands: readonly CommandRow[] = [
  {
    name: 'get',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'string',
    since: '1.0.0',
    summary: 'Returns the string of a key.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: get,
  },
  {
    name: 'set',
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: [
      {
        ...keyAt(1, 'RW', 'access', 'update', 'variable_flags'),
        notes: 'RW and ACCESS due to the optional `GET` argument',
        flagsOf: setKeyFlags,
      },
    ],
    group: 'string',
    since: '1.0.0',
    summary: 'Stores a string under a key, optionally with conditions and an expiry.',
    complexity: 'O(1)',
    history: [
      ['2.6.12', 'The options `EX`, `PX`, `NX` and `XX`.'],
      ['6.0.0', 'The option `KEEPTTL`.'],
      ['6.2.0', 'The options `GET`, `EXAT` and `PXAT`.'],
      ['7.0.0', '`NX` and `GET` go together.'],
    ],
    options: SET_OPTIONS,
    syntax:
      'key value:string [condition=(NX | XX)^2.6.12] [GET^6.2.0] [expiration=(EX seconds:integer^2.6.12 | PX milliseconds:integer^2.6.12 | EXAT unix-time-seconds:unix-time^6.2.0 | PXAT unix-time-milliseconds:unix-time^6.2.0 | KEEPTTL^6.0.0)]',
    largeArguments: [2, 0],
    handler: set,
  },
  {
    name: 'setnx',
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'OW', 'insert')],
    group: 'string',
    since: '1.0.0',
    summary: 'Stores a string under a key that does not exist yet.',
    complexity: 'O(1)',
    syntax: 'key value:string',
    largeArguments: [2, 0],
    handler: setnx,
  },
  {
    name: 'setex',
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'OW', 'update')],
    group: 'string',
    since: '2.0.0',
    summary: 'Stores a string under a key that expires after some seconds.',
    complexity: 'O(1)',
    syntax: 'key seconds:integer value:string',
    largeArguments: [3, 0],
    handler: setex,
  },
  {
    name: 'psetex',
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'OW', 'update')],
    group: 'string',
    since: '2.6.0',
    summary: 'Stores a string under a key that expires after some milliseconds.',
    complexity: 'O(1)',
    syntax: 'key milliseconds:integer value:string',
    largeArguments: [3, 0],
    handler: psetex,
  },
  {
    name: 'getset',
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '1.0.0',
    summary: 'Stores a string under a key and returns the one that was there.',
    complexity: 'O(1)',
    deprecated: { since: '6.2.0', replacedBy: '`SET` with the `!GET` argument' },
    syntax: 'key value:string',
    largeArguments: [2, 0],
    handler: getset,
  },
  {
    name: 'getdel',
    arity: 2,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    group: 'string',
    since: '6.2.0',
    summary: 'Returns the string of a key and deletes the key.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: getdel,
  },
  {
    name: 'getex',
    arity: -2,
    flags: WRITE | FAST,
    keys: [
      { ...keyAt(1, 'RW', 'access', 'update'), notes: 'RW and UPDATE because it changes the TTL' },
    ],
    group: 'string',
    since: '6.2.0',
    summary: 'Returns the string of a key and sets or removes the expiry of the key.',
    complexity: 'O(1)',
    options: GETEX_OPTIONS,
    syntax:
      'key [expiration=(EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | PERSIST)]',
    handler: getex,
  },
  {
    name: 'mget',
    arity: -2,
    flags: READONLY | FAST,
    keys: [keyRange(1, -1, 1, 'RO', 'access')],
    group: 'string',
    since: '1.0.0',
    summary: 'Returns the strings of several keys.',
    complexity: 'O(N) where N is the number of keys to retrieve.',
    tips: ['request_policy:multi_shard'],
    syntax: 'key...',
    handler: mget,
  },
  {
    name: 'mset',
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: [keyRange(1, -1, 2, 'OW', 'update')],
    group: 'string',
    since: '1.0.1',
    summary: 'Stores strings under several keys at once.',
    complexity: 'O(N) where N is the number of keys to set.',
    tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
    syntax: 'key_value={ key value:string }...',
    largeArguments: [2, 2],
    handler: mset,
  },
  {
    name: 'msetnx',
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: [keyRange(1, -1, 2, 'OW', 'insert')],
    group: 'string',
    since: '1.0.1',
    summary: 'Stores strings under several keys at once if none of the keys exists yet.',
    complexity: 'O(N) where N is the number of keys to set.',
    tips: ['request_policy:multi_shard', 'response_policy:agg_min'],
    syntax: 'key_value={ key value:string }...',
    largeArguments: [2, 2],
    handler: msetnx,
  },
];

const FLAGS_OF_SET = keyFlagBits('OW', 'update');
const FLAGS_OF_SET_GET = keyFlagBits('RW', 'access', 'update');

/** What a SET does with its key. */
function setKeyFlags(request: Request): number {
  for (let i = 3; i < request.count; i++) {
    if (request.is(i, 'get')) return FLAGS_OF_SET_GET;
  }
  return FLAGS_OF_SET;
}

const SET_NX = SET_OPTIONS.bits('nx');
const SET_XX = SET_OPTIONS.bits('xx');
const SET_GET = SET_OPTIONS.bits('get');
const SET_KEEPTTL = SET_OPTIONS.bits('keepttl');
const GETEX_PERSIST = GETEX_OPTIONS.bits('persist');
const setExpiry = new ExpiryOption(SET_OPTIONS);
const getexExpiry = new ExpiryOption(GETEX_OPTIONS);

function get(call: Call): void {
  replyString(call);
}

function set(call: Call): void {
  if (call.request.count > 3) {
    setWithOptions(call);
    return;
  }
  store(call, 1, 2, NO_EXPIRY);
  call.reply.ok();
}

function setWithOptions(call: Call): void {
  const { request, reply, db } = call;
  const options = SET_OPTIONS;
  if (!options.read(call, 3)) return;
  const expires = setExpiry.isGiven;
  let expiry = options.has(SET_KEEPTTL) ? KEEP_EXPIRY : NO_EXPIRY;
  if (expires) {
    expiry = setExpiry.timeMs(call, 'set');
    if (expiry < 0) return;
  }
  const answersOld = options.has(SET_GET);
  if (answersOld && replyString(call) === REFUSED) return;
  const ref = db.lookupForChange(request, 1);
  if (options.has(ref === 0 ? SET_XX : SET_NX)) {
    if (ref !== 0) db.touch(ref);
    if (!answersOld) reply.null();
    return;
  }
  store(call, 1, 2, expiry);
  if (expires) {
    notifyExpire(call);
    recordExpiring(call, 2, expiry);
  }
  if (!answersOld) reply.ok();
}

function setnx(call: Call): void {
  const { request, reply, db } = call;
  if (db.lookupWrite(request, 1) !== 0) {
    reply.integer(0);
    return;
  }
  store(call, 1, 2, NO_EXPIRY);
  reply.integer(1);
}

function setex(call: Call): void {
  setExpiring(call, 'setex', SECONDS);
}

function psetex(call: Call): void {
  setExpiring(call, 'psetex', MILLISECONDS);
}

function setExpiring(call: Call, command: string, unitMs: number): void {
  const expiry = futureTimeMs(call, command, 2, unitMs, call.server.keyspace.nowMs);
  if (expiry < 0) return;
  store(call, 1, 3, expiry);
  notifyExpire(call);
  recordExpiring(call, 3, expiry);
  call.reply.ok();
}

/** The effect of storing argument `valueAt` under argument 1 until a time. */
function recordExpiring({ request, db, server }: Call, valueAt: number, expiryMs: number): void {
  const { effects } = server;
  if (!effects.active) return;
  const value = request.large?.at(valueAt) ?? request.bytes(valueAt);
  effects.propagateAs(db, 'SET', request.bytes(1), value, 'PXAT', String(expiryMs));
}

function getset(call: Call): void {
  if (replyString(call) !== REFUSED) store(call, 1, 2, NO_EXPIRY);
}

function getdel(call: Call): void {
  const ref = replyString(call);
  if (ref === 0 || ref === REFUSED) return;
  call.db.delete(call.request, 1);
  call.db.notify(EVENT_GENERIC, 'del', call.request, 1);
}

function getex(call: Call): void {
  const { request, db, server } = call;
  if (!GETEX_OPTIONS.read(call, 2)) return;
  const ref = readString(call);
  if (ref === 0 || ref === REFUSED) return;
  const expiry = getexExpiry.isGiven ? getexExpiry.timeMs(call, 'getex') : KEEP_EXPIRY;
  if (getexExpiry.isGiven && expiry < 0) return;
  replyValue(call, ref);
  if (getexExpiry.isAbsolute && expiry <= server.keyspace.dueMs) {
    db.delete(request, 1);
    db.notify(EVENT_GENERIC, 'del', request, 1);
    recordDeletion(call);
  } else if (expiry !== KEEP_EXPIRY) {
    db.setExpiry(ref, expiry);
    notifyExpire(call);
    recordExpiry(call, expiry);
  } else if (GETEX_OPTIONS.has(GETEX_PERSIST) && db.expiryOf(ref) !== NO_EXPIRY) {
    db.setExpiry(ref, NO_EXPIRY);
    db.notify(EVENT_GENERIC, 'persist', request, 1);
  }
}

function mget(call: Call): void {
  const { request, reply, db } = call;
  const { count } = request;
  reply.array(count - 1);
  for (let i = 1; i < count; i++) {
    const ref = db.lookupRead(request, i);
    if (ref === 0 || db.typeOf(ref) !== TYPE_STRING) {
      reply.null();
    } else {
      replyValue(call, ref);
    }
  }
}

function mset(call: Call): void {
  if (!hasPairs(call, 'mset')) return;
  storePairs(call);
  call.reply.ok();
}

function msetnx(call: Call): void {
  const { request, reply, db } = call;
  if (!hasPairs(call, 'msetnx')) return;
  for (let i = 1; i < request.count; i += 2) {
    if (db.lookupWrite(request, i) !== 0) {
      reply.integer(0);
      return;
    }
  }
  storePairs(call);
  reply.integer(1);
}

/** Whether every key has a value; answers an error if not. */
function hasPairs({ request, reply }: Call, command: string): boolean {
  if (request.count % 2 === 1) return true;
  reply.error(wrongArity(command));
  return false;
}

function storePairs(call: Call): void {
  const { count } = call.request;
  for (let i = 1; i < count; i += 2) store(call, i, i + 1, NO_EXPIRY);
}

/** Stores argument `valueAt` as a string under argument `keyAt`. */
function store({ request, db }: Call, keyAt: number, valueAt: number, expiry: number): void {
  storeArgument(db, request, keyAt, valueAt, expiry);
  db.notify(EVENT_STRING, 'set', request, keyAt);
}

/** Notifies that argument 1 was given an expiry. */
function notifyExpire({ request, db }: Call): void {
  db.notify(EVENT_GENERIC, 'expire', request, 1);
}

/** As `lookupRead` of argument 1, a string; where there is none it answers null. */
function readString(call: Call): number {
  const ref = lookupRead(call, 1, TYPE_STRING);
  if (ref === ABSENT) call.reply.null();
  return ref;
}

/** As `readString`, and answers the string. */
function replyString(call: Call): number {
  const ref = readString(call);
  if (ref !== 0 && ref !== REFUSED) {
    replyValue(call, ref);
  }
  return ref;
}

/** Answers the string of an entry. */
function replyValue({ db, reply }: Call, ref: number): void {
  const { buffer, offset, length } = db.value(ref);
  reply.bulk(buffer, offset, length, db.entries.arena.viewBehind(ref, buffer));
}
