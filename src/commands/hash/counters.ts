// Numbers in fields of hashes: HINCRBY on 64-bit integers, HINCRBYFLOAT on long doubles. Integers that doubles hold
// exactly, nearly all there are, allocate nothing.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_A_FLOAT, NOT_AN_INTEGER } from '../../core/errors.ts';
import { DENYOOM, FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, changed, REFUSED } from '../../core/lookup.ts';
import { EVENT_HASH } from '../../keyspace/key-events.ts';
import { writeInteger } from '../../protocol/integer.ts';
import {
  addLongDoubles,
  formatLongDouble,
  isInfinite,
  LONG_DOUBLE_ZERO,
  type LongDouble,
  parseLongDouble,
} from '../../protocol/long-double.ts';
import { NO_FIELD_EXPIRY } from '../../types/hash/field-tables.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import {
  createHash,
  expiryOfFound,
  storeField,
  storeInteger,
  viewFound,
} from '../../types/hash/values.ts';
import { findArgument, lookupHashWrite } from './lookup.ts';

const KEYS = [keyAt(1, 'RW', 'access', 'update')];

export const hashCounterCommands: readonly CommandRow[] = [
  {
    name: 'hincrby',
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: KEYS,
    group: 'hash',
    since: '2.0.0',
    summary: 'Adds to the integer of a field; a field that does not exist counts as 0.',
    complexity: 'O(1)',
    syntax: 'key field:string increment:integer',
    handler: hincrby,
  },
  {
    name: 'hincrbyfloat',
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: KEYS,
    group: 'hash',
    since: '2.6.0',
    summary:
      'Adds to the floating-point number of a field; a field that does not exist counts as 0.',
    complexity: 'O(1)',
    syntax: 'key field:string increment:double',
    handler: hincrbyfloat,
  },
];

const VALUE_NOT_AN_INTEGER = 'ERR hash value is not an integer';
const VALUE_NOT_A_FLOAT = 'ERR hash value is not a float';
const OVERFLOW = 'ERR increment or decrement would overflow';
const INFINITE_INCREMENT = 'ERR value is NaN or Infinity';
const FLOAT_OVERFLOW = 'ERR increment would produce NaN or Infinity';

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
/** Arguments. */
const FIELD = 2;
const INCREMENT = 3;

const value = new FieldView();
const digits = Buffer.allocUnsafeSlow(20);

/** Points `value` at the value of the field, if there is one; false where there is none. */
function find(call: Call, ref: number): boolean {
  if (ref === ABSENT) return false;
  if (!findArgument(call, ref, FIELD)) return false;
  viewFound(call.db.entries, ref, value);
  return true;
}

function hincrby(call: Call): void {
  const { request, reply, db } = call;
  const increment = request.integer(INCREMENT);
  if (Number.isNaN(increment)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const ref = lookupHashWrite(call, FIELD, 1, FIELD);
  if (ref === REFUSED) return;
  const before = find(call, ref) ? value.toInteger() : 0;
  if (Number.isNaN(before)) {
    reply.error(VALUE_NOT_AN_INTEGER);
    return;
  }
  const sum = before + increment;
  if (
    !Number.isSafeInteger(before) ||
    !Number.isSafeInteger(increment) ||
    !Number.isSafeInteger(sum)
  ) {
    addExactly(call, ref, before);
    return;
  }
  const { buffer, offsets, lengths } = request;
  const at = offsets[FIELD];
  const length = lengths[FIELD];
  const target =
    ref === ABSENT
      ? createHash(db, request, buffer, at, length, digits, 0, writeInteger(digits, 0, sum))
      : storeInteger(db, ref, buffer, at, length, sum);
  reply.integer(sum);
  changed(db, request, 1, target, EVENT_HASH, 'hincrby', 1);
}

/** Adds any 64-bit integer to the one that was found; `near` is near it. */
function addExactly(call: Call, ref: number, near: number): void {
  const { request, reply, db } = call;
  const before = Number.isSafeInteger(near) ? BigInt(near) : BigInt(value.toText());
  const sum = before + BigInt(request.latin1(INCREMENT));
  if (sum > MAX_INT64 || sum < MIN_INT64) {
    reply.error(OVERFLOW);
    return;
  }
  const target = store(call, ref, Buffer.from(sum.toString(), 'latin1'));
  reply.bigint(sum);
  changed(db, request, 1, target, EVENT_HASH, 'hincrby', 1);
}

function hincrbyfloat(call: Call): void {
  const { request, reply, db, server } = call;
  const { buffer, offsets, lengths } = request;
  const increment = parseLongDouble(buffer, offsets[INCREMENT], lengths[INCREMENT]);
  if (increment === undefined || isInfinite(increment)) {
    reply.error(increment === undefined ? NOT_A_FLOAT : INFINITE_INCREMENT);
    return;
  }
  const ref = lookupHashWrite(call, FIELD, 1, FIELD);
  if (ref === REFUSED) return;
  const before = floatBefore(call, ref);
  if (before === undefined) {
    reply.error(VALUE_NOT_A_FLOAT);
    return;
  }
  const sum = addLongDoubles(before, increment);
  if (sum === undefined || isInfinite(sum)) {
    reply.error(FLOAT_OVERFLOW);
    return;
  }
  const text = Buffer.from(formatLongDouble(sum), 'latin1');
  const expires = ref !== ABSENT && expiryOfFound(db.entries, ref) !== NO_FIELD_EXPIRY;
  const target = store(call, ref, text);
  reply.bulkBuffer(text);
  changed(db, request, 1, target, EVENT_HASH, 'hincrbyfloat', 1);
  // Not the sum: other implementations of the addition may differ in its last digit.
  const { effects } = server;
  if (!effects.active) return;
  const key = request.bytes(1);
  const field = request.bytes(FIELD);
  if (expires) effects.propagateAs(db, 'HSETEX', key, 'KEEPTTL', 'FIELDS', '1', field, text);
  else effects.propagateAs(db, 'HSET', key, field, text);
}

/** The number in the field; undefined when there is something else. */
function floatBefore(call: Call, ref: number): LongDouble | undefined {
  if (!find(call, ref)) return LONG_DOUBLE_ZERO;
  value.asBytes();
  return parseLongDouble(value.buffer, value.offset, value.length);
}

/** Stores text under the field that was just looked for; one that expires still does. */
function store({ request, db }: Call, ref: number, text: Buffer): number {
  const { buffer, offsets, lengths } = request;
  const at = offsets[FIELD];
  const length = lengths[FIELD];
  if (ref === ABSENT) return createHash(db, request, buffer, at, length, text, 0, text.length);
  return storeField(db, ref, buffer, at, length, text, 0, text.length, true);
}
