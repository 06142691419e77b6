// ZSCAN: iteration over the members of a sorted set, a few at a time. A packed one is answered as a whole; otherwise the
// cursor is a point in hash space (structures/bytes-table.ts), which stays valid however the sorted set changes.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Request } from '../../protocol/request.ts';
import { ByteView } from '../../structures/entry.ts';
import { ENCODING_PACKED, TYPE_ZSET } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { sortedSetsOf } from '../../types/zset/values.ts';
import { SCAN_RULES, ScanStep } from '../scan-step.ts';
import { replyMember } from './replies.ts';

const OPTIONS = new OptionTable(SCAN_RULES);
const step = new ScanStep(OPTIONS);

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
      'O(1) for each call, and O(N) for all of an iteration where N is the number of members.',
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
  const ref = step.lookup(call, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (call.db.encodingOf(ref) === ENCODING_PACKED) scanPacked(call, ref);
  else scanTable(call, ref);
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

function scanTable({ request, reply, db }: Call, ref: number): void {
  const sets = sortedSetsOf(db.entries);
  const { records } = sets;
  const found: number[] = [];
  const next = sets.scan(db.entries.root(ref), step.cursor, step.count, (record) => {
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

/** Whether a member matches the pattern of the request. */
function matches(request: Request, { buffer, offset, length }: Bytes): boolean {
  return step.matches(request, buffer, offset, length);
}
