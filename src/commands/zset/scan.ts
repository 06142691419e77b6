// ZSCAN: iteration over the members of a sorted set, a few at a time. A packed one is answered as a whole; otherwise the
// cursor is a point in hash space (structures/bytes-table.ts), which stays valid however the sorted set changes.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import type { Database } from '../../keyspace/database.ts';
import { globMatchIn } from '../../protocol/glob.ts';
import type { Request } from '../../protocol/request.ts';
import { ByteView } from '../../structures/entry.ts';
import { ENCODING_PACKED, TYPE_ZSET } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { sortedSetsOf } from '../../types/zset/values.ts';
import { INVALID_CURSOR, patternIndex, readCursor } from '../generic/scan.ts';
import { replyMember } from './replies.ts';

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
]);
const MATCH = OPTIONS.bits('match');
const COUNT = OPTIONS.bits('count');
const DEFAULT_COUNT = 10;

export const sortedSetScanCommands: readonly CommandRow[] = [
  {
    name: 'zscan',
    arity: -3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '2.8.0',
    summary: 'Iterates over the members of a sorted set and their scores, a few at a time.',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.',
    tips: ['nondeterministic_output'],
    options: OPTIONS,
    syntax: 'key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]',
    handler: zscan,
  },
];

/** A member. */
type Bytes = Pick<ByteView, 'buffer' | 'offset' | 'length'>;

const member = new MemberCursor();
const view = new ByteView();

function zscan(call: Call): void {
  const { request, reply, db } = call;
  const cursor = readCursor(request, 2);
  if (cursor < 0) {
    reply.error(INVALID_CURSOR);
    return;
  }
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.array(2);
    reply.bulkInteger(0);
    reply.array(0);
    return;
  }
  if (!OPTIONS.read(call, 3)) return;
  if (db.encodingOf(ref) === ENCODING_PACKED) scanPacked(call, ref);
  else scanTable(call, ref, cursor);
}

function scanPacked({ request, reply, db }: Call, ref: number): void {
  let found = 0;
  visitMatching(request, db, ref, () => found++);
  reply.array(2);
  reply.bulkInteger(0);
  reply.array(2 * found);
  visitMatching(request, db, ref, () => {
    replyMember(reply, member);
    reply.bulkDouble(member.score);
  });
}

/** Calls `visit` with `member` at each one that matches. */
function visitMatching(
  request: Request,
  { entries }: Database,
  ref: number,
  visit: () => void,
): void {
  member.open(entries, ref);
  for (let more = member.seek(0); more; more = member.next()) {
    member.asBytes();
    if (matches(request, member)) visit();
  }
}

function scanTable({ request, reply, db }: Call, ref: number, cursor: number): void {
  const sets = sortedSetsOf(db.entries);
  const { records } = sets;
  const found: number[] = [];
  const countAt = OPTIONS.valueAt(COUNT);
  const count = countAt === 0 ? DEFAULT_COUNT : request.integer(countAt);
  const next = sets.scan(db.entries.root(ref), cursor, count, (record) => {
    records.key(record, view);
    if (matches(request, view)) found.push(record);
  });
  reply.array(2);
  reply.bulkInteger(next);
  reply.array(2 * found.length);
  for (const record of found) {
    records.key(record, view);
    reply.bulk(view.buffer, view.offset, view.length);
    reply.bulkDouble(records.score(record));
  }
}

/** Whether a member matches the pattern of a request, or there is none. */
function matches(request: Request, { buffer, offset, length }: Bytes): boolean {
  const matchAt = OPTIONS.valueAt(MATCH);
  const patternAt = matchAt === 0 ? 0 : patternIndex(request, matchAt);
  if (patternAt === 0) return true;
  const at = request.offsets[patternAt];
  const patternLength = request.lengths[patternAt];
  return globMatchIn(request.buffer, at, patternLength, buffer, offset, length, false);
}
