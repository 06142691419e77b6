// XPENDING: the entries that consumers of a group were given and have not acknowledged.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { lookupRead, REFUSED } from '../../core/lookup.ts';
import { ByteView } from '../../structures/entry.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { PendingCursor } from '../../types/stream/pending-entries.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { readInteger, readRangeEnd, readRangeStart } from './arguments.ts';
import { consumerAt, groupAt, noKeyOrGroup } from './group-arguments.ts';
import { replyId } from './replies.ts';

export const streamPendingCommands: readonly CommandRow[] = [
  {
    name: 'xpending',
    arity: -3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Returns what is pending in a group: a summary, or entries with who got them when.',
    complexity:
      'O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.',
    history: [['6.2.0', 'The option `IDLE`, and either end can be excluded.']],
    tips: ['nondeterministic_output'],
    syntax:
      'key group:string [filters={ [IDLE min-idle-time:integer^6.2.0] start:string end:string count:integer [consumer:string] }]',
    handler: xpending,
  },
];

/** Arguments of the summary, and of the least and the longest form with a range. */
const SUMMARY_ARGUMENTS = 3;
const LEAST_ARGUMENTS = 6;
const MOST_ARGUMENTS = 9;
/** Those at least with IDLE. */
const LEAST_WITH_IDLE = 8;

/** The range of the request that runs. */
const range = { start: new StreamId(), end: new StreamId(), count: 0, minIdleMs: 0, consumerAt: 0 };
const cursor = new PendingCursor();
const name = new ByteView();

/** XPENDING key group [[IDLE min-idle-time] start end count [consumer]] */
function xpending(call: Call): void {
  const { request, reply } = call;
  const isSummary = request.count === SUMMARY_ARGUMENTS;
  if (!isSummary && !readRange(call)) return;
  const ref = lookupRead(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  const group = groupAt(call, ref, 2);
  if (group === 0) reply.error(noKeyOrGroup(request));
  else if (isSummary) replySummary(call, group);
  else replyRange(call, group);
}

/** Sets `range`; false after answering an error. */
function readRange(call: Call): boolean {
  const { request, reply } = call;
  const { count } = request;
  range.minIdleMs = 0;
  let at = 3;
  let isWrong = count < LEAST_ARGUMENTS || count > MOST_ARGUMENTS;
  if (!isWrong && request.is(3, 'idle')) {
    range.minIdleMs = readInteger(call, 4);
    if (Number.isNaN(range.minIdleMs)) return false;
    isWrong = count < LEAST_WITH_IDLE;
    at = 5;
  }
  if (isWrong) {
    reply.error(SYNTAX);
    return false;
  }
  range.count = Math.max(0, readInteger(call, at + 2));
  if (Number.isNaN(range.count)) return false;
  range.consumerAt = at + 3 < count ? at + 3 : 0;
  return readRangeStart(call, at, range.start) && readRangeEnd(call, at + 1, range.end);
}

/** How many are pending, the first and the last id, and how many each consumer has. */
function replySummary({ reply, db }: Call, group: number): void {
  const { groups } = streamsOf(db.entries);
  const pending = groups.pendingCount(group);
  reply.array(4);
  reply.integer(pending);
  if (pending === 0) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  groups.firstPending(group, cursor);
  replyId(reply, cursor.id);
  groups.lastPending(group, cursor);
  replyId(reply, cursor.id);
  const owners = groups.listOwners(group);
  reply.array(owners.length);
  for (const owner of owners) {
    groups.name(owner, name);
    reply.array(2);
    reply.bulk(name.buffer, name.offset, name.length);
    reply.bulkInteger(groups.pendingOf(owner));
  }
}

/** The entries in `range`: id, consumer, ms since it got it, number of deliveries. */
function replyRange(call: Call, group: number): void {
  const { reply, db, server } = call;
  const { nowMs } = server.keyspace;
  const { groups } = streamsOf(db.entries);
  const consumer = range.consumerAt === 0 ? 0 : consumerAt(call, group, range.consumerAt);
  if (range.consumerAt > 0 && consumer === 0) {
    reply.array(0);
    return;
  }
  let count = 0;
  let more = range.count > 0 && seek(call, group, consumer);
  for (; more && count < range.count; more = next(call, group, consumer)) count++;
  reply.array(count);
  more = count > 0 && seek(call, group, consumer);
  for (let left = count; more && left > 0; left--) {
    reply.array(4);
    replyId(reply, cursor.id);
    groups.name(cursor.consumer, name);
    reply.bulk(name.buffer, name.offset, name.length);
    reply.integer(Math.max(0, nowMs - cursor.timeMs));
    reply.integer(cursor.deliveries);
    more = left > 1 && next(call, group, consumer);
  }
}

/** Goes to the first entry of `range`, of one consumer or (0) of all; false when there is none. */
function seek(call: Call, group: number, consumer: number): boolean {
  const { groups } = streamsOf(call.db.entries);
  const isThere =
    consumer === 0
      ? groups.seekPending(group, range.start, cursor)
      : groups.seekOwn(group, consumer, range.start, cursor);
  return isThere && goToIdle(call, group, consumer);
}

/** Goes on to the next one. */
function next(call: Call, group: number, consumer: number): boolean {
  return goOn(call, group, consumer) && goToIdle(call, group, consumer);
}

function goOn({ db }: Call, group: number, consumer: number): boolean {
  const { groups } = streamsOf(db.entries);
  return consumer === 0
    ? groups.nextPending(group, cursor)
    : groups.nextOwn(group, consumer, cursor);
}

/** Goes on to an entry that has been idle for long enough, if it is not at one. */
function goToIdle(call: Call, group: number, consumer: number): boolean {
  const { nowMs } = call.server.keyspace;
  const { minIdleMs, end } = range;
  do {
    if (cursor.id.compare(end) > 0) return false;
    if (minIdleMs === 0 || nowMs - cursor.timeMs >= minIdleMs) return true;
  } while (goOn(call, group, consumer));
  return false;
}
