// Numbers in strings: INCR, DECR and their relatives on 64-bit integers, INCRBYFLOAT on long
// doubles. Integers that doubles hold exactly, nearly all there are, allocate nothing.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_A_FLOAT, NOT_AN_INTEGER } from '../../core/errors.ts';
import { DENYOOM, FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupForChange, REFUSED } from '../../core/lookup.ts';
import { EVENT_STRING } from '../../keyspace/key-events.ts';
import {
  ENCODING_EMBSTR,
  ENCODING_RAW,
  MAX_EMBSTR_BYTES,
  TYPE_STRING,
} from '../../keyspace/plain-strings.ts';
import { parseInteger } from '../../protocol/integer.ts';
import {
  addLongDoubles,
  formatLongDouble,
  isInfinite,
  LONG_DOUBLE_ZERO,
  type LongDouble,
  parseLongDouble,
} from '../../protocol/long-double.ts';
import { KEEP_EXPIRY, setInteger, setString } from '../../types/string/values.ts';

const KEYS = [keyAt(1, 'RW', 'access', 'update')];

export const counterCommands: readonly CommandRow[] = [
  {
    name: 'incr',
    arity: 2,
    flags: WRITE | DENYOOM | FAST,
    keys: KEYS,
    group: 'string',
    since: '1.0.0',
    summary: 'Adds one to the integer of a key; a key that does not exist counts as 0.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: incr,
  },
  {
    name: 'decr',
    arity: 2,
    flags: WRITE | DENYOOM | FAST,
    keys: KEYS,
    group: 'string',
    since: '1.0.0',
    summary: 'Subtracts one from the integer of a key; a key that does not exist counts as 0.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: decr,
  },
  {
    name: 'incrby',
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: KEYS,
    group: 'string',
    since: '1.0.0',
    summary: 'Adds to the integer of a key; a key that does not exist counts as 0.',
    complexity: 'O(1)',
    syntax: 'key increment:integer',
    handler: incrby,
  },
  {
    name: 'decrby',
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: KEYS,
    group: 'string',
    since: '1.0.0',
    summary: 'Subtracts from the integer of a key; a key that does not exist counts as 0.',
    complexity: 'O(1)',
    syntax: 'key decrement:integer',
    handler: decrby,
  },
  {
    name: 'incrbyfloat',
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: KEYS,
    group: 'string',
    since: '2.6.0',
    summary: 'Adds to the floating-point number of a key; a key that does not exist counts as 0.',
    complexity: 'O(1)',
    syntax: 'key increment:double',
    handler: incrbyfloat,
  },
];

const OVERFLOW = 'ERR increment or decrement would overflow';
const DECREMENT_OVERFLOW = 'ERR decrement would overflow';
const FLOAT_OVERFLOW = 'ERR increment would produce NaN or Infinity';

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

function incr(call: Call): void {
  add(call, 1);
}

function decr(call: Call): void {
  add(call, -1);
}

function incrby(call: Call): void {
  const { request, reply } = call;
  const increment = request.integer(2);
  if (Number.isNaN(increment)) reply.error(NOT_AN_INTEGER);
  else if (Number.isSafeInteger(increment)) add(call, increment);
  else addExactly(call, BigInt(request.latin1(2)));
}

function decrby(call: Call): void {
  const { request, reply } = call;
  const decrement = request.integer(2);
  if (Number.isNaN(decrement)) {
    reply.error(NOT_AN_INTEGER);
  } else if (Number.isSafeInteger(decrement)) {
    add(call, -decrement);
  } else {
    const exact = BigInt(request.latin1(2));
    // Its negative is no 64-bit integer, even where the difference would be one.
    if (exact === MIN_INT64) reply.error(DECREMENT_OVERFLOW);
    else addExactly(call, -exact);
  }
}

/** Adds a safe integer to the integer of argument 1. */
function add(call: Call, increment: number): void {
  const { request, reply, db } = call;
  const ref = lookupForChange(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  let before = 0;
  if (ref !== ABSENT) {
    const value = db.value(ref);
    before = parseInteger(value.buffer, value.offset, value.length);
    if (Number.isNaN(before)) {
      reply.error(NOT_AN_INTEGER);
      return;
    }
  }
  const sum = before + increment;
  if (Number.isSafeInteger(before) && Number.isSafeInteger(sum)) {
    setInteger(db, request, 1, ref, sum);
    db.notify(EVENT_STRING, 'incrby', request, 1);
    reply.integer(sum);
  } else {
    addExactly(call, BigInt(increment));
  }
}

/** Adds any 64-bit integer to the integer of argument 1. */
function addExactly(call: Call, increment: bigint): void {
  const { request, reply, db } = call;
  const ref = lookupForChange(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  let before = 0n;
  if (ref !== ABSENT) {
    const { buffer, offset, length } = db.value(ref);
    if (Number.isNaN(parseInteger(buffer, offset, length))) {
      reply.error(NOT_AN_INTEGER);
      return;
    }
    before = BigInt(buffer.toString('latin1', offset, offset + length));
  }
  const sum = before + increment;
  if (sum > MAX_INT64 || sum < MIN_INT64) {
    reply.error(OVERFLOW);
    return;
  }
  const digits = Buffer.from(sum.toString(), 'latin1');
  setString(db, request, 1, digits, 0, digits.length, KEEP_EXPIRY);
  db.notify(EVENT_STRING, 'incrby', request, 1);
  reply.bigint(sum);
}

function incrbyfloat(call: Call): void {
  const { request, reply, db, server } = call;
  const ref = lookupForChange(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  let before: LongDouble | undefined = LONG_DOUBLE_ZERO;
  if (ref !== ABSENT) {
    const value = db.value(ref);
    before = parseLongDouble(value.buffer, value.offset, value.length);
  }
  const increment = parseLongDouble(request.buffer, request.offsets[2], request.lengths[2]);
  if (before === undefined || increment === undefined) {
    reply.error(NOT_A_FLOAT);
    return;
  }
  const sum = addLongDoubles(before, increment);
  if (sum === undefined || isInfinite(sum)) {
    reply.error(FLOAT_OVERFLOW);
    return;
  }
  const text = Buffer.from(formatLongDouble(sum), 'latin1');
  // Redis keeps the result as text even where it is an integer.
  const encoding = text.length <= MAX_EMBSTR_BYTES ? ENCODING_EMBSTR : ENCODING_RAW;
  setString(db, request, 1, text, 0, text.length, KEEP_EXPIRY, encoding);
  db.notify(EVENT_STRING, 'incrbyfloat', request, 1);
  // Not the sum: other implementations of the addition may differ in its last digit.
  if (server.effects.active) {
    server.effects.propagateAs(db, 'SET', request.bytes(1), text, 'KEEPTTL');
  }
  reply.bulkBuffer(text);
}
