// LCS: the longest common subsequence of two strings, its length, or where it lies in both.
// How it is found: common-subsequence.ts.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyRange } from '../../core/key-specs.ts';
import { TYPE_STRING } from '../../keyspace/plain-strings.ts';
import type { Request } from '../../protocol/request.ts';
import { type CommonRun, commonLength, commonRuns } from './common-subsequence.ts';

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

interface LcsOptions {
  readonly length: boolean;
  readonly indexes: boolean;
  readonly withLengths: boolean;
  readonly minLength: number;
}

function lcs(call: Call): void {
  const { reply, server } = call;
  const first = stringOf(call, 1);
  const second = stringOf(call, 2);
  if (first === undefined || second === undefined) {
    reply.error(NO_STRINGS);
    return;
  }
  const options = readOptions(call.request);
  if (typeof options === 'string') {
    reply.error(options);
    return;
  }
  const tableBytes = (first.length + 1) * (second.length + 1) * REDIS_CELL_BYTES;
  if (tableBytes > server.config.values['proto-max-bulk-len']) {
    reply.error(TOO_MUCH_MEMORY);
    return;
  }
  if (options.length) {
    reply.integer(commonLength(first, second));
    return;
  }
  const runs = commonRuns(first, second);
  if (options.indexes) replyIndexes(call, runs, options);
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

/** The options, or the text of an error. */
function readOptions(request: Request): LcsOptions | string {
  let length = false;
  let indexes = false;
  let withLengths = false;
  let minLength = 0;
  for (let i = 3; i < request.count; i++) {
    if (request.is(i, 'idx')) indexes = true;
    else if (request.is(i, 'len')) length = true;
    else if (request.is(i, 'withmatchlen')) withLengths = true;
    else if (request.is(i, 'minmatchlen') && i + 1 < request.count) {
      minLength = request.integer(++i);
      if (Number.isNaN(minLength)) return NOT_AN_INTEGER;
    } else return SYNTAX;
  }
  if (length && indexes) return BOTH_LENGTH_AND_INDEXES;
  return { length, indexes, withLengths, minLength };
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

function replyIndexes(
  { reply }: Call,
  runs: readonly CommonRun[],
  { minLength, withLengths }: LcsOptions,
): void {
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
