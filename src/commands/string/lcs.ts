// LCS: the longest common subsequence of two strings, its length, or where it lies in both.
//
// The classic table of lengths is computed row by row; only one row of it is kept, and one bit for
// each cell: whether the way back from there goes up (to the row before) rather than left. Where
// the two bytes of a cell are equal the way back goes through both, so that needs no bit.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyRange } from '../../core/key-specs.ts';
import { TYPE_STRING } from '../../keyspace/plain-strings.ts';
import type { Request } from '../../protocol/request.ts';

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

/** A run of bytes that both strings have, from two places on. */
interface Match {
  readonly first: number;
  readonly second: number;
  readonly length: number;
}

/** What of the table is kept: the length in its last cell, and the way back. */
interface Table {
  readonly length: number;
  readonly upward: Uint8Array;
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
  const table = computeTable(first, second);
  if (options.indexes) replyIndexes(call, table, traceMatches(table, first, second), options);
  else if (options.length) reply.integer(table.length);
  else reply.bulkBuffer(subsequence(table, first, second));
}

/** The string of a key in place, empty when there is none; undefined when it is another type. */
function stringOf({ request, db }: Call, i: number): Uint8Array | undefined {
  const ref = db.read(request, i);
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

function computeTable(first: Uint8Array, second: Uint8Array): Table {
  const width = second.length;
  const upward = new Uint8Array(Math.ceil((first.length * width) / 8));
  const row = new Uint32Array(width + 1);
  let cell = 0;
  for (let i = 0; i < first.length; i++) {
    const byte = first[i];
    // Cell (i - 1, j - 1): the row is overwritten from the left.
    let diagonal = 0;
    for (let j = 0; j < width; j++, cell++) {
      const above = row[j + 1];
      if (byte === second[j]) {
        row[j + 1] = diagonal + 1;
      } else if (above > row[j]) {
        upward[cell >>> 3] |= 1 << (cell & 7);
      } else {
        row[j + 1] = row[j];
      }
      diagonal = above;
    }
  }
  return { length: row[width], upward };
}

/** The runs of bytes of which the subsequence consists, the last one first. */
function traceMatches({ upward }: Table, first: Uint8Array, second: Uint8Array): readonly Match[] {
  const matches: Match[] = [];
  const width = second.length;
  let i = first.length;
  let j = width;
  let run = 0;
  while (i > 0 && j > 0) {
    if (first[i - 1] === second[j - 1]) {
      i--;
      j--;
      run++;
      continue;
    }
    if (run > 0) matches.push({ first: i, second: j, length: run });
    run = 0;
    const cell = (i - 1) * width + (j - 1);
    if ((upward[cell >>> 3] & (1 << (cell & 7))) !== 0) i--;
    else j--;
  }
  if (run > 0) matches.push({ first: i, second: j, length: run });
  return matches;
}

function subsequence(table: Table, first: Uint8Array, second: Uint8Array): Uint8Array {
  const result = new Uint8Array(table.length);
  let end = table.length;
  for (const match of traceMatches(table, first, second)) {
    end -= match.length;
    result.set(first.subarray(match.first, match.first + match.length), end);
  }
  return result;
}

function replyIndexes(
  { reply }: Call,
  table: Table,
  all: readonly Match[],
  { minLength, withLengths }: LcsOptions,
): void {
  const matches = all.filter((match) => match.length >= minLength);
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
  reply.integer(table.length);
}
