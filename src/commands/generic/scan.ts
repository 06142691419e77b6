// Iteration over all keys: KEYS at once, SCAN a step at a time. A cursor of SCAN is a point in hash
// space (structures/bytes-table.ts), so it stays valid however the table changes between steps.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { READONLY } from '../../core/flags.ts';
import { OptionTable } from '../../core/options.ts';
import type { Database } from '../../keyspace/database.ts';
import { EVENT_KEY_MISS } from '../../keyspace/key-events.ts';

import type { Reply } from '../../protocol/reply.ts';
import { matchesPattern, patternIndex, SCAN_RULES, ScanStep } from '../scan-step.ts';

const SCAN_OPTIONS = new OptionTable([...SCAN_RULES, { word: 'type', values: 1 }]);
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

const step = new ScanStep(SCAN_OPTIONS);

function keys({ request, reply, db }: Call): void {
  const patternAt = patternIndex(request, 1);
  const found: number[] = [];
  db.scan(0, Infinity, (ref) => {
    const { buffer, offset, length } = db.key(ref);
    if (matchesPattern(request, patternAt, buffer, offset, length) && !db.isDue(ref))
      found.push(ref);
  });
  replyKeys(reply, db, found);
}

function scan(call: Call): void {
  const { request, reply, db } = call;
  if (!step.readCursor(call, 1) || !step.readOptions(call, 2)) return;
  const typeAt = SCAN_OPTIONS.valueAt(SCAN_TYPE);
  const found: number[] = [];
  const next = db.scan(step.cursor, step.count, (ref) => {
    const { buffer, offset, length } = db.key(ref);
    if (step.matches(request, buffer, offset, length)) found.push(ref);
  });
  reply.array(2);
  reply.bulkInteger(next);
  // This deletes expired keys, which must not happen while the table is walked through.
  const wanted = found.filter((ref) =>
    typeAt === 0 ? db.isLive(ref) : isLiveOfType(call, typeAt, ref),
  );
  replyKeys(reply, db, wanted);
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
