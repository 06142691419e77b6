// Single bits of strings, and ranges of them: SETBIT, GETBIT, BITCOUNT, BITPOS. SETBIT and GETBIT allocate nothing.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { IndexRange } from '../../core/index-range.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { EVENT_STRING } from '../../keyspace/key-events.ts';
import { ENCODING_RAW, TYPE_STRING } from '../../keyspace/plain-strings.ts';
import { byteOf } from '../../structures/bitmap/bit-order.ts';
import { findBit } from '../../structures/bitmap/bit-search.ts';
import { countBits } from '../../structures/bitmap/population-count.ts';
import { createString, makeRaw, patchString } from '../../types/string/values.ts';
import { NO_OFFSET, readBitOffset } from './bit-offset.ts';

export const bitCommands: readonly CommandRow[] = [
  {
    name: 'setbit',
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'bitmap',
    since: '2.2.0',
    summary: 'Sets or clears a bit of the string of a key, which grows with NUL bytes as needed.',
    complexity: 'O(1)',
    syntax: 'key offset:integer value:integer',
    handler: setbit,
  },
  {
    name: 'getbit',
    arity: 3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.2.0',
    summary: 'Returns a bit of the string of a key.',
    complexity: 'O(1)',
    syntax: 'key offset:integer',
    handler: getbit,
  },
  {
    name: 'bitcount',
    arity: -2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.6.0',
    summary: 'Counts the bits that are set in the string of a key, or in a part of it.',
    complexity: 'O(N)',
    history: [['7.0.0', 'The options `BYTE` and `BIT`.']],
    syntax: 'key [index={ start:integer end:integer [index_unit=(byte=BYTE | bit=BIT)^7.0.0] }]',
    handler: bitcount,
  },
  {
    name: 'bitpos',
    arity: -3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.8.7',
    summary: 'Finds the first bit that is set, or clear, in the string of a key.',
    complexity: 'O(N)',
    history: [['7.0.0', 'The options `BYTE` and `BIT`.']],
    syntax:
      'key bit:integer [index={ start:integer [end_index={ end:integer [index_unit=(byte=BYTE | bit=BIT)^7.0.0] }] }]',
    handler: bitpos,
  },
];

const BIT_VALUE = 'ERR bit is not an integer or out of range';
const BIT_ARGUMENT = 'ERR The bit argument must be 1 or 0.';

/** Units of a range. */
const BYTES = 0;
const BITS = 1;
const NO_UNIT = -1;

const given = new IndexRange();
/** The byte that SETBIT writes. */
const changed = new Uint8Array(1);

function setbit(call: Call): void {
  const { request, reply, db } = call;
  const offset = readBitOffset(call, 2, 0);
  if (offset === NO_OFFSET) return;
  const value = request.integer(3);
  if (value !== 0 && value !== 1) {
    reply.error(BIT_VALUE);
    return;
  }
  let ref = lookupWrite(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  const at = byteOf(offset);
  const mask = 0x80 >> (offset & 7);
  const byte = ref === ABSENT ? -1 : byteAt(call, ref, at);
  const before = byte >= 0 && (byte & mask) !== 0 ? 1 : 0;
  if (byte < 0 || before !== value) {
    if (ref === ABSENT) ref = createString(db, request, 1, at + 1);
    const old = byte < 0 ? 0 : byte;
    changed[0] = value === 1 ? old | mask : old & ~mask;
    patchString(db, ref, at, changed, 0, 1, ENCODING_RAW);
    db.notify(EVENT_STRING, 'setbit', request, 1);
  } else {
    makeRaw(db, ref);
  }
  reply.integer(before);
}

/** A byte of a string; -1 behind its end. */
function byteAt({ db }: Call, ref: number, at: number): number {
  const { buffer, offset, length } = db.value(ref);
  return at < length ? buffer[offset + at] : -1;
}

function getbit(call: Call): void {
  const { reply } = call;
  const offset = readBitOffset(call, 2, 0);
  if (offset === NO_OFFSET) return;
  const ref = lookupRead(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  const byte = ref === ABSENT ? -1 : byteAt(call, ref, byteOf(offset));
  reply.integer(byte >= 0 && (byte & (0x80 >> (offset & 7))) !== 0 ? 1 : 0);
}

function bitcount(call: Call): void {
  const { request, reply, db } = call;
  const { count } = request;
  // What is wrong with the arguments is only looked at where there is a string.
  const ref = lookupRead(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  if (count === 2) {
    const { buffer, offset, length } = db.value(ref);
    reply.integer(countBits(buffer, offset, 0, length * 8));
    return;
  }
  if (count !== 4 && count !== 5) {
    reply.error(SYNTAX);
    return;
  }
  if (!given.read(call, 2)) return;
  // Two ends before the string's start are an empty range if they are in the wrong order, in whatever unit.
  if (given.from < 0 && given.to < 0 && given.isReversed(request, 2)) {
    reply.integer(0);
    return;
  }
  const unit = count === 5 ? readUnit(call, 4) : BYTES;
  if (unit === NO_UNIT) return;
  const { buffer, offset, length } = db.value(ref);
  reply.integer(countBits(buffer, offset, firstBit(length, unit), endBit(length, unit)));
}

function bitpos(call: Call): void {
  const { request, reply, db } = call;
  const { count } = request;
  const bit = request.integer(2);
  if (bit !== 0 && bit !== 1) {
    reply.error(Number.isNaN(bit) ? NOT_AN_INTEGER : BIT_ARGUMENT);
    return;
  }
  const ref = lookupRead(call, 1, TYPE_STRING);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  const unit = readSearchRange(call);
  if (unit === NO_UNIT) return;
  const { buffer, offset, length } = db.value(ref);
  const first = firstBit(length, unit);
  const end = endBit(length, unit);
  const found = findBit(buffer, offset, first, end, bit);
  // Behind the string all bits are clear, unless an end was given.
  if (found < 0 && first < end && bit === 0 && count < 5) reply.integer(length * 8);
  else reply.integer(found);
}

/** Reads the range of BITPOS into `given`; returns its unit, or NO_UNIT after answering an error. */
function readSearchRange(call: Call): number {
  const { request, reply } = call;
  const { count } = request;
  given.from = count > 3 ? request.integer(3) : 0;
  given.to = -1;
  if (count > 6) {
    reply.error(SYNTAX);
    return NO_UNIT;
  }
  if (Number.isNaN(given.from)) {
    reply.error(NOT_AN_INTEGER);
    return NO_UNIT;
  }
  const unit = count === 6 ? readUnit(call, 5) : BYTES;
  if (unit !== NO_UNIT && count > 4) given.to = request.integer(4);
  if (!Number.isNaN(given.to)) return unit;
  reply.error(NOT_AN_INTEGER);
  return NO_UNIT;
}

/** Reads argument i as the unit of a range; NO_UNIT after answering an error. */
function readUnit({ request, reply }: Call, i: number): number {
  if (request.is(i, 'bit')) return BITS;
  if (request.is(i, 'byte')) return BYTES;
  reply.error(SYNTAX);
  return NO_UNIT;
}

/** The first bit of the range in `given`, of a string of so many bytes. */
function firstBit(length: number, unit: number): number {
  const total = unit === BITS ? length * 8 : length;
  const from = given.from < 0 ? Math.max(0, given.from + total) : Math.min(given.from, total);
  return unit === BITS ? from : from * 8;
}

/** The end of the range in `given`: the bit behind its last one, or 0 for an empty string. */
function endBit(length: number, unit: number): number {
  const total = unit === BITS ? length * 8 : length;
  const to = given.to < 0 ? Math.max(0, given.to + total) : given.to;
  const end = Math.min(to, total - 1) + 1;
  return unit === BITS ? end : end * 8;
}
