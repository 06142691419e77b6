// LCS: the longest common subsequence of two strings, its length, or where it lies in both.
// How it is found: common-subsequence.ts.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyRange } from '../../core/key-specs.ts';
import { OptionTable } from '../../core/options.ts';
import { TYPE_STRING } from '../../keyspace/plain-strings.ts';
import { type CommonRun, commonLength, commonRuns } from './common-subsequence.ts';

const LCS_OPTIONS = new OptionTable([
  { word: 'len' },
  { word: 'idx' },
  {
    word: 'minmatchlen',
    values: 1,
    problem: ({ request }, i) => (Number.isNaN(request.integer(i)) ? NOT_AN_INTEGER : undefined),
  },
  { word: 'withmatchlen' },
]);
const LEN = LCS_OPTIONS.bits('len');
const IDX = LCS_OPTIONS.bits('idx');
const MINMATCHLEN = LCS_OPTIONS.bits('minmatchlen');
const WITHMATCHLEN = LCS_OPTIONS.bits('withmatchlen');

export const lcsCommands: readonly CommandRow[] = [
  {
    name: 'lcs',
    arity: -3,
    flags: READONLY,
    keys: [keyRange(1, 1, 1, 'RO', 'access')],
    group: 'string',
    since: '7.0.0',
    summary: 'Finds the longest common subsequence of the strings of two keys.',
    complexity: 'O(N*M) where N and M are the lengths of s1 and s2, respectively',
    options: LCS_OPTIONS,
    syntax: 'key1:key key2:key [LEN] [IDX] [MINMATCHLEN len:integer] [WITHMATCHLEN]',
    handler: lcs,
  },
];

const NO_STRINGS = 'ERR The specified keys must contain string values';
const BOTH_LENGTH_AND_INDEXES = 'ERR If you want both the length and indexes, please just use IDX.';
const TOO_MUCH_MEMORY =
  'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len';

/** Bytes that Redis takes for a cell of its table: what its limit is reckoned in. */
const REDIS_CELL_BYTES = 4;
const NOTHING = new Uint8Array(0);

function lcs(call: Call): void {
  const { reply, server } = call;
  const first = stringOf(call, 1);
  const second = stringOf(call, 2);
  if (first === undefined || second === undefined) {
    reply.error(NO_STRINGS);
    return;
  }
  if (!LCS_OPTIONS.read(call, 3)) return;
  if (LCS_OPTIONS.has(LEN) && LCS_OPTIONS.has(IDX)) {
    reply.error(BOTH_LENGTH_AND_INDEXES);
    return;
  }
  const tableBytes = (first.length + 1) * (second.length + 1) * REDIS_CELL_BYTES;
  if (tableBytes > server.config.values['proto-max-bulk-len']) {
    reply.error(TOO_MUCH_MEMORY);
    return;
  }
  if (LCS_OPTIONS.has(LEN)) {
    reply.integer(commonLength(first, second));
    return;
  }
  const runs = commonRuns(first, second);
  if (LCS_OPTIONS.has(IDX)) replyIndexes(call, runs);
  else reply.bulkBuffer(subsequence(first, runs));
}

/** The string of a key in place, empty when there is none; undefined when it is another type. */
function stringOf({ request, db }: Call, i: number): Uint8Array | undefined {
  const ref = db.lookupRead(request, i);
  if (ref === 0) return NOTHING;
  if (db.typeOf(ref) !== TYPE_STRING) return undefined;
  const { buffer, offset, length } = db.value(ref);
  return buffer.subarray(offset, offset + length);
}

function subsequence(first: Uint8Array, runs: readonly CommonRun[]): Uint8Array {
  let end = lengthOf(runs);
  const result = new Uint8Array(end);
  for (const run of runs) {
    end -= run.length;
    result.set(first.subarray(run.first, run.first + run.length), end);
  }
  return result;
}

function lengthOf(runs: readonly CommonRun[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0);
}

function replyIndexes({ request, reply }: Call, runs: readonly CommonRun[]): void {
  const withLengths = LCS_OPTIONS.has(WITHMATCHLEN);
  const minLengthAt = LCS_OPTIONS.valueAt(MINMATCHLEN);
  const minLength = minLengthAt === 0 ? 0 : request.integer(minLengthAt);
  const matches = runs.filter(({ length }) => length >= minLength);
  reply.map(2);
  reply.bulkText('matches');
  reply.array(matches.length);
  for (const { first, second, length } of matches) {
    reply.array(withLengths ? 3 : 2);
    for (const start of [first, second]) {
      reply.array(2);
      reply.integer(start);
      reply.integer(start + length - 1);
    }
    if (withLengths) reply.integer(length);
  }
  reply.bulkText('len');
  reply.integer(lengthOf(runs));
}
