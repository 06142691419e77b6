// BITFIELD and BITFIELD_RO: integers of any width within a string. Fields of up to 52 bits are computed without
// allocating.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { OFFSET_OUT_OF_RANGE } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt, keyFlagBits } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { EVENT_STRING } from '../../keyspace/key-events.ts';
import { TYPE_STRING } from '../../keyspace/plain-strings.ts';
import type { Request } from '../../protocol/request.ts';
import {
  MAX_FIELD_BYTES,
  MAX_NUMBER_BITS,
  readUnsigned,
  readUnsignedWide,
  writeUnsigned,
  writeUnsignedWide,
} from '../../structures/bitmap/bit-fields.ts';
import { byteOf } from '../../structures/bitmap/bit-order.ts';
import {
  FAIL,
  fitField,
  fitFieldWide,
  fromBits,
  fromBitsWide,
  MAX_NUMBER_CHANGE,
  numberToSet,
  toBits,
  toBitsWide,
} from '../../structures/bitmap/field-arithmetic.ts';
import { createString, MAX_STRING_BYTES, makeRaw } from '../../types/string/values.ts';
import { BitfieldOperations, GET, onlyReads, SET } from './bitfield-operations.ts';

export const bitfieldCommands: readonly CommandRow[] = [
  {
    name: 'bitfield',
    arity: -2,
    flags: WRITE | DENYOOM,
    keys: [
      {
        ...keyAt(1, 'RW', 'access', 'update', 'variable_flags'),
        notes: 'This command allows both access and modification of the key',
        flagsOf: keyFlagsOf,
      },
    ],
    group: 'bitmap',
    since: '3.2.0',
    summary: 'Reads, sets and increments integers of any width within the string of a key.',
    complexity: 'O(1) for each subcommand specified',
    quickUpTo: 30,
    syntax:
      'key [operation=(GET encoding_offset={ encoding:string offset:integer } | write={ [OVERFLOW wrap_sat_fail=(WRAP | SAT | FAIL)] write_operation=(SET encoding_offset_value={ encoding:string offset:integer value:integer } | INCRBY encoding_offset_increment={ encoding:string offset:integer increment:integer }) })...]',
    handler: bitfield,
  },
  {
    name: 'bitfield_ro',
    arity: -2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '6.0.0',
    summary: 'Reads integers of any width within the string of a key.',
    complexity: 'O(1) for each subcommand specified',
    quickUpTo: 30,
    syntax: 'key [GET encoding_offset={ encoding:string offset:integer }...~]',
    handler: bitfieldRo,
  },
];

const READ_ONLY = 'ERR BITFIELD_RO only supports the GET subcommand';

const FLAGS_OF_READING = keyFlagBits('RO', 'access');
const FLAGS_OF_WRITING = keyFlagBits('RW', 'access', 'update');

/** What a BITFIELD does with its key. */
function keyFlagsOf(request: Request): number {
  return onlyReads(request) ? FLAGS_OF_READING : FLAGS_OF_WRITING;
}

const operations = new BitfieldOperations();
/** The bytes that the present field lies in. */
const field = new Uint8Array(MAX_FIELD_BYTES);

/** Of the request that runs: how many operations it has, and the byte behind all fields that are written. */
let operationCount = 0;
let writtenBytes = 0;
/** The string's entry, or ABSENT. */
let target = ABSENT;
/** Whether the string has become longer, or was made: then all that is written counts as a change. */
let hasGrown = false;
let changes = 0;

function bitfield(call: Call): void {
  if (readOperations(call)) run(call);
}

function bitfieldRo(call: Call): void {
  if (!readOperations(call)) return;
  if (writtenBytes > 0) call.reply.error(READ_ONLY);
  else run(call);
}

/** Reads all operations; false after answering an error. */
function readOperations(call: Call): boolean {
  operationCount = 0;
  writtenBytes = 0;
  operations.begin();
  while (operations.next(call)) {
    operationCount++;
    if (operations.kind === GET) continue;
    writtenBytes = Math.max(writtenBytes, byteOf(operations.offset + operations.bits - 1) + 1);
  }
  if (operations.hasFailed) return false;
  if (writtenBytes <= MAX_STRING_BYTES) return true;
  call.reply.error(OFFSET_OUT_OF_RANGE);
  return false;
}

function run(call: Call): void {
  const { request, reply, db } = call;
  const isWrite = writtenBytes > 0;
  target = isWrite ? lookupWrite(call, 1, TYPE_STRING) : lookupRead(call, 1, TYPE_STRING);
  if (target === REFUSED) return;
  if (isWrite && target !== ABSENT) makeRaw(db, target);
  const length = target === ABSENT ? 0 : db.value(target).length;
  hasGrown = length < writtenBytes && writesAnything(call);
  // Before the reply begins, in which the event of a new key must not stand.
  if (hasGrown) grow(call, length);
  changes = 0;
  reply.array(operationCount);
  operations.begin();
  while (operations.next(call)) {
    const size = loadField(call);
    if (needsBigInt(request)) runWide(call, size);
    else runNarrow(call, size);
  }
  if (changes === 0) return;
  db.modified(request, 1, changes);
  db.notify(EVENT_STRING, 'setbit', request, 1);
}

/** Whether an operation changes something: of a request of which all fail the string must not grow. */
function writesAnything(call: Call): boolean {
  const { request } = call;
  operations.begin();
  while (operations.next(call)) {
    if (operations.kind === GET) continue;
    if (operations.overflow !== FAIL) return true;
    loadField(call);
    // Until one succeeds, all read what was there before.
    const hasFailed = needsBigInt(request)
      ? resultWide(request, readWide()) === undefined
      : Number.isNaN(resultNarrow(request, readNarrow()));
    if (!hasFailed) return true;
  }
  return false;
}

/** Makes the string as long as the fields that are written need it. */
function grow({ request, db }: Call, length: number): void {
  if (target === ABSENT) {
    target = createString(db, request, 1, writtenBytes);
    return;
  }
  target = db.resize(target, writtenBytes);
  // Nothing, at its end: all bytes in between become NUL.
  db.entries.patch(target, length, writtenBytes, field, 0, 0);
}

/** Loads the bytes of the present field, NUL bytes behind the string's end; returns how many they are. */
function loadField({ db }: Call): number {
  const first = byteOf(operations.offset);
  const size = byteOf(operations.offset + operations.bits - 1) + 1 - first;
  field.fill(0, 0, size);
  if (target === ABSENT) return size;
  const { buffer, offset, length } = db.value(target);
  const end = Math.min(size, length - first);
  for (let i = 0; i < end; i++) field[i] = buffer[offset + first + i];
  return size;
}

/** Stores the bytes of the present field, which has changed. */
function storeField({ db }: Call, size: number): void {
  const { length } = db.value(target);
  db.entries.patch(target, length, byteOf(operations.offset), field, 0, size);
  changes++;
}

/** Whether the present operation is beyond what doubles compute exactly. */
function needsBigInt(request: Request): boolean {
  const { bits, kind, isSigned, valueAt } = operations;
  if (bits > MAX_NUMBER_BITS) return true;
  if (kind === GET) return false;
  const value = request.integer(valueAt);
  // Set to a negative number, an unsigned field compares 64 bits.
  if (kind === SET && !isSigned && value < 0) return true;
  return value > MAX_NUMBER_CHANGE || value < -MAX_NUMBER_CHANGE;
}

/** The value of the present field. */
function readNarrow(): number {
  const { offset, bits, isSigned } = operations;
  return fromBits(readUnsigned(field, offset & 7, bits), bits, isSigned);
}

/** What becomes of it; NaN if the operation fails. */
function resultNarrow(request: Request, old: number): number {
  const { bits, isSigned, kind, overflow, valueAt } = operations;
  const given = request.integer(valueAt);
  return fitField(kind === SET ? given : old + given, bits, isSigned, overflow);
}

/** Does the present operation in doubles, and answers. */
function runNarrow(call: Call, size: number): void {
  const { request, reply } = call;
  const { offset, bits, kind } = operations;
  const old = readNarrow();
  if (kind === GET) {
    reply.integer(old);
    return;
  }
  const value = resultNarrow(request, old);
  if (Number.isNaN(value)) {
    reply.null();
    return;
  }
  if (hasGrown || value !== old) {
    writeUnsigned(field, offset & 7, bits, toBits(value, bits));
    storeField(call, size);
  }
  reply.integer(kind === SET ? old : value);
}

/** As `readNarrow`, in BigInt. */
function readWide(): bigint {
  const { offset, bits, isSigned } = operations;
  return fromBitsWide(readUnsignedWide(field, offset & 7, bits), bits, isSigned);
}

/** As `resultNarrow`; undefined if the operation fails. */
function resultWide(request: Request, old: bigint): bigint | undefined {
  const { bits, isSigned, kind, overflow, valueAt } = operations;
  const given = request.bigint(valueAt) ?? 0n;
  const wanted = kind === SET ? numberToSet(given, bits, isSigned) : old + given;
  return fitFieldWide(wanted, bits, isSigned, overflow);
}

/** As `runNarrow`. */
function runWide(call: Call, size: number): void {
  const { request, reply } = call;
  const { offset, bits, kind } = operations;
  const old = readWide();
  if (kind === GET) {
    reply.bigint(old);
    return;
  }
  const value = resultWide(request, old);
  if (value === undefined) {
    reply.null();
    return;
  }
  if (hasGrown || value !== old) {
    writeUnsignedWide(field, offset & 7, bits, toBitsWide(value, bits));
    storeField(call, size);
  }
  reply.bigint(kind === SET ? old : value);
}
