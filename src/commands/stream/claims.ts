// XCLAIM and XAUTOCLAIM: a consumer takes over pending entries of others. Those that are no longer in the stream are
// dropped on the way.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { lookupRead, REFUSED } from '../../core/lookup.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { entriesReadAfter } from '../../types/stream/group-lag.ts';
import { PendingCursor } from '../../types/stream/pending-entries.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { INVALID_STREAM_ID, isId, readRangeStart } from './arguments.ts';
import { ClaimArguments } from './claim-arguments.ts';
import { Claimer } from './claimer.ts';
import { hasCold, needRange, waitsForCold } from './cold-reads.ts';
import { groupAt, noKeyOrGroup, readNumber } from './group-arguments.ts';
import { replyEntry, replyId } from './replies.ts';

export const streamClaimCommands: readonly CommandRow[] = [
  {
    name: 'xclaim',
    arity: -6,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Has a consumer take over pending entries, and returns them.',
    complexity: 'O(log N) with N being the number of messages in the PEL of the consumer group.',
    tips: ['nondeterministic_output'],
    syntax:
      'key group:string consumer:string min-idle-time:string id:string... [IDLE ms:integer] [TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [force=FORCE] [justid=JUSTID] [LASTID id:string]',
    handler: xclaim,
  },
  {
    name: 'xautoclaim',
    arity: -6,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'stream',
    since: '6.2.0',
    summary:
      'Has a consumer take over pending entries that have been idle for some time, and returns them.',
    complexity: 'O(1) if COUNT is small.',
    history: [['7.0.0', 'The reply has the ids of deleted entries that it dropped.']],
    tips: ['nondeterministic_output'],
    syntax:
      'key group:string consumer:string min-idle-time:string start:string [COUNT count:integer] [justid=JUSTID]',
    handler: xautoclaim,
  },
];

const INVALID_MIN_IDLE = 'ERR Invalid min-idle-time argument for XAUTOCLAIM';
const INVALID_COUNT = 'ERR COUNT must be > 0';
const COUNT_TOO_HIGH =
  'ERR Insufficient memory, failed allocating transient memory, COUNT too high.';
const DEFAULT_COUNT = 100;
/** Pending entries that are looked at for one that is wanted. */
const ATTEMPTS_FACTOR = 10;
/** Redis takes 16 bytes for each entry that is wanted: more than that is an error of the range, … */
const MOST_WANTED = (1n << 59n) - 1n;
/** … and more than that it does not get. */
const MOST_ADDRESSABLE = 1n << 42n;

const args = new ClaimArguments();
const claimer = new Claimer();
const id = new StreamId();
const cursor = new PendingCursor();

/** XCLAIM key group consumer min-idle-time id … [IDLE | TIME | RETRYCOUNT | FORCE | JUSTID | LASTID …] */
function xclaim(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  const group = groupAt(call, ref, 2);
  if (group === 0) {
    reply.error(noKeyOrGroup(request));
    return;
  }
  if (!args.read(call)) return;
  needIds(call, db.entries.root(ref));
  if (waitsForCold(call, xclaim)) return;
  db.changing(ref);
  const isLastIdSet = setLastId(call, db.entries.root(ref), group);
  claimer.run(call, ref, group, args, isLastIdSet, () => {
    for (let i = args.firstId; i < args.endOfIds; i++) {
      if (!isId(request, i, id)) throw new Error(INVALID_STREAM_ID);
      claimer.claim(call, id, request.bytes(i));
    }
  });
  replyClaimed(call, db.entries.root(ref), args.isJustId);
}

/** Notes those of the entries that lie in files. */
function needIds(call: Call, root: number): void {
  if (!hasCold(call, root)) return;
  for (let i = args.firstId; i < args.endOfIds; i++) {
    if (isId(call.request, i, id)) needRange(call, root, id, id, 1);
  }
}

/** Sets the group's last id to LASTID if that is greater; returns whether it was. */
function setLastId(call: Call, root: number, group: number): boolean {
  const streams = streamsOf(call.db.entries);
  const { groups } = streams;
  groups.loadLastId(group, id);
  if (args.lastId.compare(id) <= 0) return false;
  if (isDelivery(call)) {
    const read = groups.entriesRead(group);
    groups.setEntriesRead(group, entriesReadAfter(streams, root, read, args.lastId));
  }
  groups.storeLastId(group, args.lastId);
  return true;
}

/**
 * Whether this is what a log has of an entry that XREADGROUP gave to a consumer (group-effects.ts): then the group has
 * read one more, which the log does not say.
 */
function isDelivery({ request, client }: Call): boolean {
  return (
    client.deniesBlocking &&
    args.isForced &&
    args.isJustId &&
    args.retryCount === 1 &&
    args.endOfIds === args.firstId + 1 &&
    isId(request, args.firstId, id) &&
    id.compare(args.lastId) === 0
  );
}

/** What the claimer has claimed: entries or ids. */
function replyClaimed(call: Call, root: number, isJustId: boolean): void {
  const { reply, db } = call;
  const streams = streamsOf(db.entries);
  const { claimed } = claimer;
  reply.array(claimed.count);
  claimer.notifyConsumer(call);
  for (let i = 0; i < claimed.count; i++) {
    claimed.load(i, id);
    if (isJustId) replyId(reply, id);
    else if (streams.find(root, id)) replyEntry(reply, streams.found);
    else throw new Error('an entry that was claimed is not there');
  }
}

/** What XAUTOCLAIM was given. */
const auto = {
  minIdleMs: 0,
  start: new StreamId(),
  count: 0,
  isJustId: false,
  timeMs: 0,
  retryCount: -1,
  isForced: false,
};

/** XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID] */
function xautoclaim(call: Call): void {
  const { request, reply, db, server } = call;
  if (!readAuto(call)) return;
  const ref = lookupRead(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  const group = groupAt(call, ref, 2);
  if (group === 0 || auto.count > MOST_ADDRESSABLE) {
    reply.error(group === 0 ? noKeyOrGroup(request) : COUNT_TOO_HIGH);
    return;
  }
  auto.timeMs = server.keyspace.nowMs;
  needPending(call, db.entries.root(ref), group);
  if (waitsForCold(call, xautoclaim)) return;
  db.changing(ref);
  claimer.run(call, ref, group, auto, false, () => {
    claimer.claimFrom(call, auto.start, auto.count, auto.count * ATTEMPTS_FACTOR);
  });
  reply.array(3);
  replyId(reply, claimer.next);
  replyClaimed(call, db.entries.root(ref), auto.isJustId);
  const { deleted } = claimer;
  reply.array(deleted.count);
  for (let i = 0; i < deleted.count; i++) {
    deleted.load(i, id);
    replyId(reply, id);
  }
}

/** Notes those of the entries that lie in files: of all that may be looked at. */
function needPending(call: Call, root: number, group: number): void {
  if (!hasCold(call, root)) return;
  const { groups } = streamsOf(call.db.entries);
  let wanted = auto.count;
  let more = groups.seekPending(group, auto.start, cursor);
  for (let left = auto.count * ATTEMPTS_FACTOR; more && left > 0 && wanted > 0; left--) {
    needRange(call, root, cursor.id, cursor.id, 1);
    if (auto.timeMs - cursor.timeMs >= auto.minIdleMs) wanted--;
    more = groups.nextPending(group, cursor);
  }
}

/** Sets `auto`; false after answering an error. */
function readAuto(call: Call): boolean {
  const { request, reply } = call;
  auto.minIdleMs = Math.max(0, readNumber(call, 4, INVALID_MIN_IDLE));
  if (Number.isNaN(auto.minIdleMs)) return false;
  if (!readRangeStart(call, 5, auto.start)) return false;
  auto.count = DEFAULT_COUNT;
  auto.isJustId = false;
  for (let i = 6; i < request.count; i++) {
    if (request.is(i, 'count') && i + 1 < request.count) {
      const count = request.bigint(++i);
      if (count === undefined || count < 1n || count > MOST_WANTED) {
        reply.error(INVALID_COUNT);
        return false;
      }
      auto.count = Number(count);
    } else if (request.is(i, 'justid')) {
      auto.isJustId = true;
    } else {
      reply.error(SYNTAX);
      return false;
    }
  }
  return true;
}
