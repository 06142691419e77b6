// DUMP and RESTORE: a serialized value, from which another server, Redis too, can create the same value.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import { recordDeletion } from '../../core/expiry-effects.ts';
import { absoluteTimeMs, EPOCH_MS, MILLISECONDS } from '../../core/expiry-time.ts';
import { DENYOOM, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { OptionTable } from '../../core/options.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { EVENT_GENERIC } from '../../keyspace/key-events.ts';
import type { ValueReader } from '../../keyspace/value-type.ts';
import { dumpValue, isIntact, readPayload } from '../../persistence/rdb/dump-payload.ts';
import { setUse } from '../../persistence/rdb/keyspace-loader.ts';

const RESTORE_OPTIONS = new OptionTable([
  { word: 'replace' },
  { word: 'absttl' },
  {
    word: 'idletime',
    values: 1,
    excludes: ['freq'],
    problem: ({ request }, i) =>
      problemOf(request.integer(i), Number.POSITIVE_INFINITY, INVALID_IDLE_TIME),
  },
  {
    word: 'freq',
    values: 1,
    excludes: ['idletime'],
    problem: ({ request }, i) => problemOf(request.integer(i), MAX_FREQUENCY, INVALID_FREQUENCY),
  },
]);
const REPLACE = RESTORE_OPTIONS.bits('replace');
const ABSTTL = RESTORE_OPTIONS.bits('absttl');
const IDLETIME = RESTORE_OPTIONS.bits('idletime');
const FREQ = RESTORE_OPTIONS.bits('freq');

export const dumpCommands: readonly CommandRow[] = [
  {
    name: 'dump',
    arity: 2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '2.6.0',
    summary: 'Returns the value of a key in the serialized form that RESTORE takes.',
    complexity:
      'O(1) to access the key and additional O(N*M) to serialize it, where N is the number of elements of the value and M their average size.',
    tips: ['nondeterministic_output'],
    syntax: 'key',
    handler: dump,
  },
  {
    name: 'restore',
    arity: -4,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'OW', 'update')],
    group: 'generic',
    categories: ['dangerous'],
    since: '2.6.0',
    summary: 'Creates a key from the serialized value that DUMP returned.',
    complexity:
      'O(1) to create the new key and additional O(N*M) to reconstruct the value, where N is the number of its elements and M their average size.',
    history: [
      ['3.0.0', 'The option `REPLACE`.'],
      ['5.0.0', 'The option `ABSTTL`.'],
      ['5.0.0', 'The options `IDLETIME` and `FREQ`.'],
    ],
    options: RESTORE_OPTIONS,
    syntax:
      'key ttl:integer serialized-value:string [REPLACE^3.0.0] [ABSTTL^5.0.0] [IDLETIME seconds:integer^5.0.0] [FREQ frequency:integer^5.0.0]',
    handler: restore,
  },
];

const BUSY_KEY = 'BUSYKEY Target key name already exists.';
const INVALID_IDLE_TIME = 'ERR Invalid IDLETIME value, must be >= 0';
const INVALID_FREQUENCY = 'ERR Invalid FREQ value, must be >= 0 and <= 255';
const INVALID_TTL = 'ERR Invalid TTL value, must be >= 0';
const BAD_CHECKSUM = 'ERR DUMP payload version or checksum are wrong';
const BAD_DATA = 'ERR Bad data format';
const MAX_FREQUENCY = 255;

function dump({ request, reply, db, server }: Call): void {
  const ref = db.lookupRead(request, 1);
  if (ref === 0) reply.null();
  else reply.bulkBuffer(dumpValue(server.keyspace, ref, server.config.values.rdbcompression));
}

function restore(call: Call): void {
  const { request, reply, db, server } = call;
  if (!RESTORE_OPTIONS.read(call, 4)) return;
  const replaces = RESTORE_OPTIONS.has(REPLACE);
  const isAbsolute = RESTORE_OPTIONS.has(ABSTTL);
  if (!replaces && db.lookupWrite(request, 1) !== 0) {
    reply.error(BUSY_KEY);
    return;
  }
  const ttl = request.integer(2);
  if (!(ttl >= 0)) {
    reply.error(Number.isNaN(ttl) ? NOT_AN_INTEGER : INVALID_TTL);
    return;
  }
  const value = readValue(call);
  if (value === undefined) return;
  try {
    const wasThere = replaces && discardOld(call);
    const expiryMs = ttl === 0 ? NO_EXPIRY : expiryOf(call, isAbsolute);
    const isOver = expiryMs !== NO_EXPIRY && expiryMs <= server.keyspace.dueMs;
    if (!isOver) {
      store(call, value, expiryMs);
      if (expiryMs !== NO_EXPIRY && !isAbsolute) recordRestore(call, expiryMs);
    } else if (wasThere) {
      notify(call, 'del');
      recordDeletion(call);
    }
    reply.ok();
  } finally {
    value.discard();
  }
}

/** The integer of an option, or -1 if it was not given. */
function givenInteger({ request }: Call, option: number): number {
  const at = RESTORE_OPTIONS.valueAt(option);
  return at === 0 ? -1 : request.integer(at);
}

/** What is wrong with an option's value, which should be 0 … `most`. */
function problemOf(value: number, most: number, outOfRange: string): string | undefined {
  if (Number.isNaN(value)) return NOT_AN_INTEGER;
  return value < 0 || value > most ? outOfRange : undefined;
}

/** The reader that stores the value of the payload; undefined after an error reply. */
function readValue({ request, reply, server }: Call): ValueReader | undefined {
  const payload = request.bytes(3);
  if (!isIntact(payload, server.debug.verifiesChecksums)) {
    reply.error(BAD_CHECKSUM);
    return undefined;
  }
  const value = readPayload(server.keyspace, payload);
  if (value === undefined) {
    reply.error(BAD_DATA);
  } else if ('type' in value) {
    reply.error(`${BAD_DATA}: there are no values of the type ${value.type} yet`);
  } else {
    return value;
  }
  return undefined;
}

/** Removes the key; returns whether it existed. */
function discardOld({ request, db }: Call): boolean {
  const old = db.lookupForChange(request, 1);
  if (old !== 0) db.discard(old);
  return old !== 0;
}

/** When a key with the time to live of argument 2 expires, in ms since the epoch. */
function expiryOf({ request, server }: Call, isAbsolute: boolean): number {
  const baseMs = isAbsolute ? EPOCH_MS : server.keyspace.nowMs;
  const timeMs = absoluteTimeMs(request, 2, MILLISECONDS, baseMs);
  // Redis adds in 64 bits, so a time too far in the future wraps to the past.
  return timeMs === Number.POSITIVE_INFINITY ? 0 : timeMs;
}

function store(call: Call, value: ValueReader, expiryMs: number): void {
  const { request, db, server } = call;
  // Looks the key up once more: the table puts the entry where it found none.
  db.lookupForChange(request, 1);
  const ref = value.store(db, request, 1, expiryMs);
  setUse(server.keyspace, db, ref, givenInteger(call, IDLETIME), givenInteger(call, FREQ));
  notify(call, 'restore');
}

/** The effect of a RESTORE whose time to live is relative: the same with an absolute one. */
function recordRestore({ request, db, server }: Call, expiryMs: number): void {
  const { effects } = server;
  if (!effects.active) return;
  const options = Array.from({ length: request.count - 4 }, (_, i) => request.bytes(4 + i));
  const [key, payload] = [request.bytes(1), request.bytes(3)];
  effects.propagateAs(db, 'RESTORE', key, String(expiryMs), payload, ...options, 'ABSTTL');
}

function notify({ request, db }: Call, event: string): void {
  db.modified(request, 1, 1);
  db.notify(EVENT_GENERIC, event, request, 1);
}
