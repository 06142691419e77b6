// Iteration over all keys: KEYS at once, SCAN a step at a time. A cursor of SCAN is a point in hash
// space (structures/bytes-table.ts), so it stays valid however the table changes between steps.

import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { OptionTable } from '../../core/options.ts';
import type { Database } from '../../keyspace/database.ts';
import { EVENT_KEY_MISS } from '../../keyspace/key-events.ts';

import { globMatchIn } from '../../protocol/glob.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';

const SCAN_OPTIONS = new OptionTable([
  { word: 'match', values: 1 },
  {
    word: 'count',
    values: 1,
    problem({ request }, i) {
      const count = request.integer(i);
      if (Number.isNaN(count)) return NOT_AN_INTEGER;
      return count < 1 ? SYNTAX : undefined;
    },
  },
  { word: 'type', values: 1 },
]);
const SCAN_MATCH = SCAN_OPTIONS.bits('match');
const SCAN_COUNT = SCAN_OPTIONS.bits('count');
const SCAN_TYPE = SCAN_OPTIONS.bits('type');

export const scanCommands: readonly CommandRow[] = [
  {
    name: 'keys',
    arity: 2,
    flags: READONLY,
    group: 'generic',
    categories: ['dangerous'],
    since: '1.0.0',
    summary: 'Returns all keys whose names match a pattern.',
    complexity: 'O(N) where N is the number of keys in the database.',
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
    syntax: 'pattern:pattern',
    handler: keys,
  },
  {
    name: 'scan',
    arity: -2,
    flags: READONLY,
    group: 'generic',
    since: '2.8.0',
    summary: 'Iterates over the keys of the database, a few at a time.',
    complexity:
      'O(1) for each call, and O(N) for all of an iteration where N is the number of keys.',
    history: [['6.0.0', 'The option `TYPE`.']],
    tips: ['nondeterministic_output', 'request_policy:special'],
    options: SCAN_OPTIONS,
    syntax: 'cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type:string^6.0.0]',
    handler: scan,
  },
];

export const INVALID_CURSOR = 'ERR invalid cursor';
const CURSOR = /^[+-]?\d+$/;
const MAX_CURSOR = 2n ** 64n - 1n;
const DEFAULT_COUNT = 10;
const STAR = 42;

function keys({ request, reply, db }: Call): void {
  const patternAt = patternIndex(request, 1);
  const found: number[] = [];
  db.scan(0, Infinity, (ref) => {
    if (matches(request, patternAt, db, ref) && !db.isDue(ref)) found.push(ref);
  });
  replyKeys(reply, db, found);
}

function scan(call: Call): void {
  const { request, reply, db } = call;
  const cursor = readCursor(request, 1);
  if (cursor < 0) {
    reply.error(INVALID_CURSOR);
    return;
  }
  if (!SCAN_OPTIONS.read(call, 2)) return;
  const hasCount = SCAN_OPTIONS.has(SCAN_COUNT);
  const count = hasCount ? request.integer(SCAN_OPTIONS.valueAt(SCAN_COUNT)) : DEFAULT_COUNT;
  const matchAt = SCAN_OPTIONS.valueAt(SCAN_MATCH);
  const patternAt = matchAt === 0 ? 0 : patternIndex(request, matchAt);
  const typeAt = SCAN_OPTIONS.valueAt(SCAN_TYPE);
  const found: number[] = [];
  const next = db.scan(cursor, count, (ref) => {
    if (matches(request, patternAt, db, ref)) found.push(ref);
  });
  reply.array(2);
  reply.bulkInteger(next);
  // This deletes expired keys, which must not happen while the table is walked through.
  const wanted = found.filter((ref) =>
    typeAt === 0 ? db.isLive(ref) : isLiveOfType(call, typeAt, ref),
  );
  replyKeys(reply, db, wanted);
}

/** The cursor of argument i, read as C's strtoul does, in the 32 bits that ours have; or -1. */
export function readCursor(request: Request, i: number): number {
  const text = cString(request, i);
  if (text === '') return 0;
  if (!CURSOR.test(text)) return -1;
  const value = BigInt(text.replace('+', ''));
  if (value > MAX_CURSOR || -value > MAX_CURSOR) return -1;
  return Number(BigInt.asUintN(32, value));
}

/** The argument as the place of a pattern; 0 if it is `*`, which every key matches, even "". */
export function patternIndex(request: Request, i: number): number {
  const matchesAll = request.lengths[i] === 1 && request.buffer[request.offsets[i]] === STAR;
  return matchesAll ? 0 : i;
}

function matches(request: Request, patternAt: number, db: Database, ref: number): boolean {
  if (patternAt === 0) return true;
  const { buffer, offsets, lengths } = request;
  const { buffer: bytes, offset, length } = db.key(ref);
  const at = offsets[patternAt];
  return globMatchIn(buffer, at, lengths[patternAt], bytes, offset, length, false);
}

/**
 * Whether an entry's expiry has not passed and its type is that of argument `typeAt`. Looking up the type counts as
 * a hit or a miss of the key, as in Redis 7.0.
 */
function isLiveOfType({ request, db, server }: Call, typeAt: number, ref: number): boolean {
  const { events, stats, types } = server.keyspace;
  if (!db.isDue(ref)) {
    stats.hits++;
    return request.is(typeAt, types.of(db.typeOf(ref)).name);
  }
  const key = db.key(ref).copy();
  db.isLive(ref);
  stats.misses++;
  if ((events.mask & EVENT_KEY_MISS) !== 0) events.emit('keymiss', db.index, key, 0, key.length);
  return false;
}

function replyKeys(reply: Reply, db: Database, refs: readonly number[]): void {
  reply.array(refs.length);
  for (const ref of refs) {
    const key = db.key(ref);
    reply.bulk(key.buffer, key.offset, key.length);
  }
}
