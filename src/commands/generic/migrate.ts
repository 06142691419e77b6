// MIGRATE: moves keys, or copies them, to another server. Redis blocks until that server has replied, so that a key
// cannot change between being sent and being deleted. Here the event loop goes on: writes are suspended until then
// (ClientPause), and reads are served. The log gets a DEL of the keys that the other server has accepted.

import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, notFromLog } from '../../core/errors.ts';
import { MOVABLE_KEYS, NOT_IN_MULTI, WRITE } from '../../core/flags.ts';
import {
  type KeyFlag,
  type KeyRange,
  keyAt,
  keyFlagBits,
  keysAfter,
} from '../../core/key-specs.ts';
import { OptionTable } from '../../core/options.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { EVENT_GENERIC } from '../../keyspace/key-events.ts';
import { dumpValue } from '../../persistence/rdb/dump-payload.ts';
import { commandPieces } from '../../protocol/command.ts';
import type { Request } from '../../protocol/request.ts';
import { type MigrationOutcome, migrate as transfer } from './migration.ts';

const KEY = 3;
const FIRST_OPTION = 6;
const KEY_FLAGS: readonly KeyFlag[] = ['RW', 'access', 'delete'];
const KEY_FLAG_BITS = keyFlagBits(...KEY_FLAGS);
const DEFAULT_TIMEOUT_MS = 1000;
/** Keys that one DEL in the log names at most. */
const KEYS_PER_EFFECT = 1024;
const KEY_NOT_EMPTY =
  'ERR When using MIGRATE KEYS option, the key argument must be set to the empty string';

const OPTIONS = new OptionTable([
  { word: 'copy' },
  { word: 'replace' },
  { word: 'auth', values: 1, areSecrets: true },
  { word: 'auth2', values: 2, areSecrets: true },
  {
    word: 'keys',
    values: 'rest',
    problem: ({ request }) => (request.lengths[KEY] === 0 ? undefined : KEY_NOT_EMPTY),
  },
]);
const COPY = OPTIONS.bits('copy');
const REPLACE = OPTIONS.bits('replace');
const AUTH = OPTIONS.bits('auth');
const AUTH2 = OPTIONS.bits('auth2');
const KEYS = OPTIONS.bits('keys');

export const migrateCommands: readonly CommandRow[] = [
  {
    name: 'migrate',
    arity: -6,
    flags: WRITE | MOVABLE_KEYS | NOT_IN_MULTI,
    keys: [
      { ...keyAt(KEY, ...KEY_FLAGS), locate: locateKey },
      {
        ...keysAfter('KEYS', -2, ...KEY_FLAGS, 'incomplete'),
        locate: locateKeysOption,
        flagsOf: () => KEY_FLAG_BITS,
      },
    ],
    group: 'generic',
    categories: ['dangerous'],
    since: '2.6.0',
    summary: 'Moves keys to another server, or copies them.',
    complexity:
      'Depends on the values: DUMP and DEL of each key here, RESTORE there, and O(N) to send N bytes.',
    history: [
      ['3.0.0', 'The options `COPY` and `REPLACE`.'],
      ['3.0.6', 'The option `KEYS`.'],
      ['4.0.7', 'The option `AUTH`.'],
      ['6.0.0', 'The option `AUTH2`.'],
    ],
    tips: ['nondeterministic_output'],
    syntax:
      'host:string port:integer key_or_empty_string=( key | empty_string="" ) destination-db:integer timeout:integer [COPY^3.0.0] [REPLACE^3.0.0] [authentication=( [AUTH password:string^4.0.7] | [AUTH2 username_password={ username:string password:string }^6.0.0] )] [KEYS key...^3.0.6]',
    options: OPTIONS,
    handler: migrate,
  },
];

/** MIGRATE host port key | "" destination-db timeout [options] */
function migrate(call: Call): void {
  const { request, reply, server } = call;
  if (!OPTIONS.read(call, FIRST_OPTION)) return;
  if (!call.mayWait) {
    reply.error(notFromLog('MIGRATE'));
    return;
  }
  const timeoutMs = request.integer(5);
  if (Number.isNaN(timeoutMs) || Number.isNaN(request.integer(4))) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const keys = keysThere(call);
  if (keys.length === 0) {
    reply.simple('NOKEY');
    return;
  }
  const { keyspace, pause, remotes } = server;
  const resumeWrites = pause.suspendWrites();
  const sentMs = keyspace.nowMs;
  const copies = OPTIONS.has(COPY);
  const done = transfer(remotes, {
    host: cString(request, 1),
    port: cString(request, 2),
    credentials: credentialsOf(request),
    database: request.start(4, 32),
    restores: keys.map(({ restore }) => restore),
    timeoutMs: timeoutMs <= 0 ? DEFAULT_TIMEOUT_MS : timeoutMs,
  });
  // No other command runs between the release and the end of this one.
  call.deferUntil(done.finally(resumeWrites), (ended, outcome) =>
    finish(ended, outcome, copies ? [] : keys, sentMs),
  );
}

/** The arguments of AUTH for the other server: a user's name and password, a password, or none. */
function credentialsOf(request: Request): string[] {
  const pairAt = OPTIONS.valueAt(AUTH2);
  const passwordAt = OPTIONS.valueAt(AUTH);
  // The last password counts, whichever option it came with.
  const last = Math.max(pairAt === 0 ? 0 : pairAt + 1, passwordAt);
  const words = pairAt === 0 ? [last] : [pairAt, last];
  return last === 0 ? [] : words.map((i) => request.latin1(i));
}

/** A key that exists. */
interface Key {
  /** Its argument. */
  readonly position: number;
  /** The command that makes it on the other server. */
  readonly restore: readonly Uint8Array[];
}

/** The existing keys of the request. */
function keysThere(call: Call): Key[] {
  const { request, db, server } = call;
  const listAt = OPTIONS.valueAt(KEYS);
  const firstKey = listAt === 0 ? KEY : listAt;
  const lastKey = listAt === 0 ? KEY : request.count - 1;
  const compresses = server.config.values.rdbcompression;
  const keys: Key[] = [];
  for (let i = firstKey; i <= lastKey; i++) {
    const ref = db.lookupRead(request, i);
    if (ref === 0) continue;
    const expiryMs = db.expiryOf(ref);
    const leftMs = expiryMs === NO_EXPIRY ? 0 : Math.max(1, expiryMs - server.keyspace.nowMs);
    const payload = dumpValue(server.keyspace, ref, compresses);
    const options = OPTIONS.has(REPLACE) ? ['REPLACE'] : [];
    const key = request.copy(i);
    const restore = commandPieces(['RESTORE', key, String(leftMs), payload, ...options]);
    keys.push({ position: i, restore });
  }
  return keys;
}

/** The other server has replied: deletes the keys that it has accepted. */
function finish(
  call: Call,
  { taken, error }: MigrationOutcome,
  keys: readonly Key[],
  sentMs: number,
): void {
  const gone = keys.filter((_, i) => taken[i]).map(({ position }) => position);
  const { keyspace } = call.server;
  const { dueMs } = keyspace;
  // Keys that have expired since they were sent are deleted all the same, as if no time had passed.
  keyspace.dueMs = sentMs;
  for (const i of gone) remove(call, i);
  keyspace.dueMs = dueMs;
  recordDeletions(call, gone);
  if (error === undefined) call.reply.ok();
  else call.reply.error(error);
}

/** A key that is named twice is deleted twice, as by Redis. */
function remove({ request, db }: Call, i: number): void {
  db.delete(request, i);
  db.modified(request, i, 1);
  db.notify(EVENT_GENERIC, 'del', request, i);
}

function recordDeletions({ request, db, server }: Call, positions: readonly number[]): void {
  const { effects } = server;
  if (!effects.active) return;
  for (let at = 0; at < positions.length; at += KEYS_PER_EFFECT) {
    const some = positions.slice(at, at + KEYS_PER_EFFECT);
    effects.propagateAs(db, 'DEL', ...some.map((i) => request.bytes(i)));
  }
}

/** The key at its place, unless there is the option KEYS. */
function locateKey(request: Request, range: KeyRange): void {
  if (optionKeysOf(request) === 0) range.first = range.last = KEY;
}

/** The keys behind the option KEYS. */
function locateKeysOption(request: Request, range: KeyRange): void {
  const option = optionKeysOf(request);
  if (option === 0 || request.lengths[KEY] > 0) return;
  range.first = option + 1;
  range.last = request.count - 1;
}

/**
 * The argument that is the option KEYS, in a request that was not checked yet; 0 when it has none. A
 * password may be "keys".
 */
function optionKeysOf(request: Request): number {
  for (let i = FIRST_OPTION; i < request.count - 1; i++) {
    if (request.is(i, 'keys')) return i;
    if (request.is(i, 'auth')) i += 1;
    else if (request.is(i, 'auth2')) i += 2;
  }
  return 0;
}
