// HSCAN: iteration over the fields of a hash, a few at a time. A packed hash is answered as a whole. The cursor of a
// table is a point in hash space (structures/bytes-table.ts), so it stays valid however the hash changes.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import { globMatchIn } from '../../protocol/glob.ts';
import type { Request } from '../../protocol/request.ts';
import { ENCODING_PACKED, TYPE_HASH } from '../../types/hash/encodings.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import { hashesOf, visitFields } from '../../types/hash/values.ts';
import { INVALID_CURSOR, patternIndex, readCursor } from '../generic/scan.ts';
import { replyView } from './replies.ts';

const OPTIONS = new OptionTable([
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
  { word: 'novalues' },
]);
const MATCH = OPTIONS.bits('match');
const COUNT = OPTIONS.bits('count');
const NOVALUES = OPTIONS.bits('novalues');

const CURSOR = 2;
const DEFAULT_COUNT = 10;

export const hashScanCommands: readonly CommandRow[] = [
  {
    name: 'hscan',
    arity: -3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'hash',
    since: '2.8.0',
    summary: 'Iterates over the fields of a hash and their values, a few at a time.',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..',
    tips: ['nondeterministic_output'],
    options: OPTIONS,
    syntax: 'key cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [NOVALUES^7.4.0]',
    handler: hscan,
  },
];

const field = new FieldView();
const value = new FieldView();

function hscan(call: Call): void {
  const { request, reply, db } = call;
  const cursor = readCursor(request, CURSOR);
  if (cursor < 0) {
    reply.error(INVALID_CURSOR);
    return;
  }
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    // Whatever the options are: Redis does not look at them.
    reply.array(2);
    reply.bulkInteger(0);
    reply.array(0);
    return;
  }
  if (!OPTIONS.read(call, CURSOR + 1)) return;
  const matchAt = OPTIONS.valueAt(MATCH);
  const patternAt = matchAt === 0 ? 0 : patternIndex(request, matchAt);
  const hasValues = !OPTIONS.has(NOVALUES);
  if (db.encodingOf(ref) === ENCODING_PACKED) scanPacked(call, ref, patternAt, hasValues);
  else scanTable(call, ref, cursor, patternAt, hasValues);
}

/** Answers all fields of a packed hash that match. */
function scanPacked(
  { request, reply, db }: Call,
  ref: number,
  patternAt: number,
  hasValues: boolean,
): void {
  let count = 0;
  visitFields(db.entries, ref, field, value, () => {
    if (matches(request, patternAt)) count++;
  });
  reply.array(2);
  reply.bulkInteger(0);
  reply.array(hasValues ? 2 * count : count);
  visitFields(db.entries, ref, field, value, () => {
    if (!matches(request, patternAt)) return;
    replyView(reply, field);
    if (hasValues) replyView(reply, value);
  });
}

/** Answers some fields of a table. */
function scanTable(
  { request, reply, db }: Call,
  ref: number,
  cursor: number,
  patternAt: number,
  hasValues: boolean,
): void {
  const hashes = hashesOf(db.entries);
  const hasCount = OPTIONS.has(COUNT);
  const count = hasCount ? request.integer(OPTIONS.valueAt(COUNT)) : DEFAULT_COUNT;
  const found: number[] = [];
  const next = hashes.scan(db.entries.root(ref), cursor, count, (record) => {
    if (hashes.isDue(record)) return;
    hashes.viewField(record, field);
    if (matches(request, patternAt)) found.push(record);
  });
  reply.array(2);
  reply.bulkInteger(next);
  reply.array(hasValues ? 2 * found.length : found.length);
  for (const record of found) {
    hashes.viewField(record, field);
    replyView(reply, field);
    if (!hasValues) continue;
    hashes.viewValue(record, value);
    replyView(reply, value);
  }
}

/** Whether the field in `field` matches the pattern in argument `patternAt`; 0: all do. */
function matches(request: Request, patternAt: number): boolean {
  if (patternAt === 0) return true;
  const { buffer, offsets, lengths } = request;
  field.asBytes();
  const { buffer: bytes, offset, length } = field;
  return globMatchIn(buffer, offsets[patternAt], lengths[patternAt], bytes, offset, length, false);
}
