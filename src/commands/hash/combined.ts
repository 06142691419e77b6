// Commands of Redis 8.0 that do two things with fields of hashes at once: get and delete them (HGETDEL), get them and
// set when they expire (HGETEX), set them and when they expire (HSETEX).
import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX, wrongArity } from '../../core/errors.ts';
import { MILLISECONDS, SECONDS } from '../../core/expiry-time.ts';
import { DENYOOM, FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, changedHalfway, lookupWrite, notifyChange, REFUSED } from '../../core/lookup.ts';
import { EVENT_GENERIC, EVENT_HASH } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { TYPE_HASH } from '../../types/hash/encodings.ts';
import { NO_FIELD_EXPIRY } from '../../types/hash/field-tables.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import {
  createExpiring,
  createHash,
  expiryOfFound,
  findField,
  persistFound,
  removeFound,
  setFieldExpiry,
  storeExpiring,
  storeField,
  viewFound,
} from '../../types/hash/values.ts';
import { record } from './expiry.ts';
import { readFieldList } from './field-list.ts';
import { fieldTimeMs } from './field-time.ts';
import { findArgument, withoutDue } from './lookup.ts';
import { replyView } from './replies.ts';

const TIME =
  'EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time';
const KEYS = [keyAt(1, 'RW', 'access', 'delete')];

export const combinedHashCommands: readonly CommandRow[] = [
  {
    name: 'hgetdel',
    arity: -5,
    flags: WRITE | FAST,
    keys: KEYS,
    group: 'hash',
    since: '8.0.0',
    summary: 'Returns the values of fields of a hash and removes the fields.',
    complexity: 'O(N) where N is the number of specified fields',
    syntax: 'key FIELDS fields={ numfields:integer field:string... }',
    handler: hgetdel,
  },
  {
    name: 'hgetex',
    arity: -5,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'hash',
    since: '8.0.0',
    summary: 'Returns the values of fields of a hash and sets when they expire.',
    complexity: 'O(N) where N is the number of specified fields',
    syntax: `key [expiration=( ${TIME} | PERSIST )] FIELDS fields={ numfields:integer field:string... }`,
    handler: hgetex,
  },
  {
    name: 'hsetex',
    arity: -6,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'hash',
    since: '8.0.0',
    summary: 'Sets fields of a hash to values, and when they expire.',
    complexity: 'O(N) where N is the number of fields being set.',
    syntax: `key [condition=( FNX | FXX )] [expiration=( ${TIME} | KEEPTTL )] FIELDS fields={ numfields:integer data={ field:string value:string }... }`,
    handler: hsetex,
  },
];

const INVALID_NUMBER_OF_FIELDS = 'ERR invalid number of fields';
const MISSING_TIME = 'ERR missing expire time';
const SEVERAL_TIMES = 'ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified';
const SEVERAL_CONDITIONS = 'ERR Only one of FXX or FNX arguments can be specified';
const MAX_FIELDS = 2 ** 31 - 1;

/** The words that a time follows. */
const TIMES = ['ex', 'px', 'exat', 'pxat'] as const;
type TimeWord = (typeof TIMES)[number];

const value = new FieldView();

/** The time of argument i, which follows one of TIMES, in ms since the epoch; -1 after answering an error. */
function timeMsOf(call: Call, command: string, word: TimeWord, i: number): number {
  const unitMs = word === 'ex' || word === 'exat' ? SECONDS : MILLISECONDS;
  return fieldTimeMs(call, command, i, unitMs, word === 'ex' || word === 'px');
}

function timeWordAt(request: Request, i: number): TimeWord | undefined {
  return TIMES.find((word) => request.is(i, word));
}

/** Answers the value of the field of argument i; whether it is there. */
function replyField(call: Call, ref: number, i: number): boolean {
  if (ref === ABSENT || !findArgument(call, ref, i)) {
    call.reply.null();
    return false;
  }
  viewFound(call.db.entries, ref, value);
  replyView(call.reply, value);
  return true;
}

function hgetdel(call: Call): void {
  const { request, reply, db } = call;
  const found = lookupWrite(call, 1, TYPE_HASH);
  if (found === REFUSED || !readFieldList(call, 2)) return;
  let ref = found === ABSENT ? ABSENT : withoutDue(call, found, 4, 1, request.count - 1);
  const removed: number[] = [];
  reply.array(request.count - 4);
  for (let i = 4; i < request.count; i++) {
    if (!replyField(call, ref, i)) continue;
    ref = removeFound(db, ref);
    removed.push(i);
  }
  if (removed.length === 0) return;
  db.modified(request, 1, removed.length);
  notifyChange(db, request, 1, ref, EVENT_HASH, 'hdel');
  record(call, removed, undefined);
}

function hgetex(call: Call): void {
  const { request, db, server } = call;
  const found = lookupWrite(call, 1, TYPE_HASH);
  if (found === REFUSED) return;
  const word = timeWordAt(request, 2);
  const persists = request.is(2, 'persist');
  const timeMs = word === undefined ? -1 : timeMsOf(call, 'hgetex', word, 3);
  if (word !== undefined && timeMs < 0) return;
  let listAt = persists ? 3 : 2;
  if (word !== undefined) listAt = 4;
  if (!readFieldList(call, listAt)) return;
  const first = listAt + 2;
  let ref = found === ABSENT ? ABSENT : withoutDue(call, found, first, 1, request.count - 1);
  const isOver = word !== undefined && timeMs <= server.keyspace.dueMs;
  const keyHash = db.hashOf(request, 1);
  const applied: number[] = [];
  call.reply.array(request.count - first);
  try {
    for (let i = first; i < request.count; i++) {
      if (!replyField(call, ref, i) || (word === undefined && !persists)) continue;
      if (persists) {
        if (expiryOfFound(db.entries, ref) === NO_FIELD_EXPIRY) continue;
        persistFound(db.entries, ref);
      } else if (isOver) {
        ref = removeFound(db, ref);
      } else {
        ref = setFieldExpiry(db, ref, request, i, timeMs, keyHash);
      }
      applied.push(i);
    }
  } catch (error) {
    changedHalfway(db, request, 1, EVENT_HASH, 'hexpire', applied.length);
    throw error;
  }
  if (applied.length === 0) return;
  db.modified(request, 1, applied.length);
  if (persists) {
    db.notify(EVENT_HASH, 'hpersist', request, 1);
    recordPersistence(call, applied);
  } else {
    notifyChange(db, request, 1, ref, EVENT_HASH, isOver ? 'hdel' : 'hexpire');
    record(call, applied, isOver ? undefined : timeMs);
  }
}

function recordPersistence({ request, db, server }: Call, fields: readonly number[]): void {
  const { effects } = server;
  if (!effects.active) return;
  const names = fields.map((i) => request.bytes(i));
  const count = String(names.length);
  effects.propagateAs(db, 'HPERSIST', request.bytes(1), 'FIELDS', count, ...names);
}

/** What HSETEX is asked for. */
interface SetRequest {
  /** Whether all fields must be there (`true`), or none of them (`false`). */
  readonly mustExist: boolean | undefined;
  readonly keepsExpiry: boolean;
  /** When the fields expire, in ms since the epoch; undefined: never. */
  readonly timeMs: number | undefined;
  /** Argument that is the first field. */
  readonly first: number;
}

/** Reads the arguments of HSETEX; undefined after answering an error. */
function readSetRequest(call: Call): SetRequest | undefined {
  const { request, reply } = call;
  let mustExist: boolean | undefined;
  let keepsExpiry = false;
  let timeMs: number | undefined;
  for (let i = 2; i < request.count; i++) {
    const word = timeWordAt(request, i);
    const isKeepTtl = request.is(i, 'keepttl');
    const isExisting = request.is(i, 'fxx');
    let problem: string | undefined;
    if (request.is(i, 'fields')) {
      problem = pairsProblem(request, i);
      if (problem === undefined) return { mustExist, keepsExpiry, timeMs, first: i + 2 };
    } else if (word !== undefined || isKeepTtl) {
      if (timeMs !== undefined || keepsExpiry) problem = SEVERAL_TIMES;
      else if (word !== undefined && i >= request.count - 1) problem = MISSING_TIME;
      else if (word === undefined) keepsExpiry = true;
      else {
        timeMs = timeMsOf(call, 'hsetex', word, ++i);
        if (timeMs < 0) return undefined;
      }
    } else if (isExisting || request.is(i, 'fnx')) {
      if (mustExist !== undefined) problem = SEVERAL_CONDITIONS;
      mustExist = isExisting;
    } else {
      problem = `ERR unknown argument: ${cString(request, i)}`;
    }
    if (problem === undefined) continue;
    reply.error(problem);
    return undefined;
  }
  reply.error(SYNTAX);
  return undefined;
}

/** What is wrong with the list of fields and values that argument i begins. */
function pairsProblem(request: Request, i: number): string | undefined {
  if (i >= request.count - 3) return wrongArity('hsetex');
  const count = request.integer(i + 1);
  if (!(count >= 1 && count <= MAX_FIELDS)) return INVALID_NUMBER_OF_FIELDS;
  return request.count - i - 2 === 2 * count ? undefined : wrongArity('hsetex');
}

function hsetex(call: Call): void {
  const { request, reply, db, server } = call;
  const asked = readSetRequest(call);
  if (asked === undefined) return;
  const { first, timeMs } = asked;
  const found = lookupWrite(call, 1, TYPE_HASH);
  if (found === REFUSED) return;
  const ref = found === ABSENT ? ABSENT : withoutDue(call, found, first, 2, request.count - 1);
  if (!meetsCondition(call, ref, asked)) {
    reply.integer(0);
    return;
  }
  const count = (request.count - first) / 2;
  const isOver = timeMs !== undefined && timeMs <= server.keyspace.dueMs;
  let target: number;
  try {
    target = isOver ? removeFields(call, ref, first) : setPairs(call, ref, asked);
  } catch (error) {
    changedHalfway(db, request, 1, EVENT_HASH, 'hset', pairsSet);
    throw error;
  }
  reply.integer(1);
  db.modified(request, 1, count);
  db.notify(EVENT_HASH, 'hset', request, 1);
  if (timeMs !== undefined) db.notify(EVENT_HASH, isOver ? 'hdel' : 'hexpire', request, 1);
  if (target === ABSENT) db.notify(EVENT_GENERIC, 'del', request, 1);
  if (timeMs !== undefined) recordSetting(call, first, isOver ? undefined : timeMs);
}

/** Whether all fields are there, or none of them, as is asked for. */
function meetsCondition(call: Call, ref: number, { mustExist, first }: SetRequest): boolean {
  if (mustExist === undefined) return true;
  for (let i = first; i < call.request.count; i += 2) {
    if ((ref !== ABSENT && findArgument(call, ref, i)) !== mustExist) return false;
  }
  return true;
}

/** How many fields the last `setPairs` has set: even if it had no memory for all of them. */
let pairsSet = 0;

/** Sets the fields and when they expire; returns the hash's entry. */
function setPairs({ request, db }: Call, ref: number, asked: SetRequest): number {
  const { buffer, offsets, lengths, count } = request;
  const { first, timeMs, keepsExpiry } = asked;
  const keyHash = db.hashOf(request, 1);
  let target = ref;
  pairsSet = 0;
  for (let i = first; i < count; i += 2) {
    const at = offsets[i];
    const length = lengths[i];
    const valueAt = offsets[i + 1];
    const valueLength = lengths[i + 1];
    if (timeMs !== undefined) {
      target =
        target === ABSENT
          ? createExpiring(db, request, i, timeMs, keyHash)
          : storeExpiring(db, target, request, i, timeMs, keyHash);
    } else if (target === ABSENT) {
      target = createHash(db, request, buffer, at, length, buffer, valueAt, valueLength);
    } else {
      findField(db.entries, target, buffer, at, length);
      target = storeField(
        db,
        target,
        buffer,
        at,
        length,
        buffer,
        valueAt,
        valueLength,
        keepsExpiry,
      );
    }
    pairsSet++;
  }
  return target;
}

/** Removes those of the fields that are there: they would expire at once. */
function removeFields(call: Call, ref: number, first: number): number {
  let target = ref;
  for (let i = first; i < call.request.count && target !== ABSENT; i += 2) {
    if (findArgument(call, target, i)) target = removeFound(call.db, target);
  }
  return target;
}

/** Records that fields were set, and expire at a time in ms since the epoch; undefined: they were removed. */
function recordSetting(
  { request, db, server }: Call,
  first: number,
  timeMs: number | undefined,
): void {
  const { effects } = server;
  if (!effects.active) return;
  const key = request.bytes(1);
  const texts: Buffer[] = [];
  const step = timeMs === undefined ? 2 : 1;
  for (let i = first; i < request.count; i += step) texts.push(request.bytes(i));
  if (timeMs === undefined) {
    effects.propagateAs(db, 'HDEL', key, ...texts);
  } else {
    const count = String(texts.length / 2);
    effects.propagateAs(db, 'HSETEX', key, 'PXAT', String(timeMs), 'FIELDS', count, ...texts);
  }
}
