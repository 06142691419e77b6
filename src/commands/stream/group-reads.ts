// XREADGROUP: the entries of streams that no consumer of a group was given yet (`>`), or those that a consumer was given
// and has not acknowledged. It may wait for new ones; each goes to one consumer of a group then.
import { cString } from '../../core/argument-errors.ts';
import type { Call, Wait } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { BLOCKING, MOVABLE_KEYS, WRITE } from '../../core/flags.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../keyspace/key-signals.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { entriesReadAfter, isCounting } from '../../types/stream/group-lag.ts';
import { PendingCursor } from '../../types/stream/pending-entries.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { isSign, readId } from './arguments.ts';
import { hasCold, needRange, waitsForCold } from './cold-reads.ts';
import { consumerAt } from './group-arguments.ts';
import {
  beginDelivered,
  keepConsumer,
  keepDelivered,
  keepLastId,
  recordKept,
} from './group-effects.ts';
import { ReadArguments } from './read-arguments.ts';
import { COUNT_AFTER_WAIT, needBehind, replyStreamKey, replyStreams, streamKeys } from './reads.ts';
import { replyEntry, replyId } from './replies.ts';

export const streamGroupReadCommands: readonly CommandRow[] = [
  {
    name: 'xreadgroup',
    arity: -7,
    flags: WRITE | BLOCKING | MOVABLE_KEYS,
    keys: [streamKeys(4)],
    group: 'stream',
    since: '5.0.0',
    summary:
      'Gives a consumer entries of streams that its group was not given yet, or again those that it has not acknowledged; waits if there are none.',
    complexity:
      'For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.',
    syntax:
      'GROUP group_consumer={ group:string consumer:string } [COUNT count:integer] [BLOCK milliseconds:integer] [noack=NOACK] STREAMS streams={ key... id:string... }',
    handler: xreadgroup,
  },
];

const LAST_IN_XREADGROUP =
  'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.';
const NEWEST_IN_XREADGROUP =
  'ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.';
const KEY_IS_GONE = 'UNBLOCKED the stream key no longer exists';
const GROUP_IS_GONE = 'NOGROUP the consumer group this client was blocked on no longer exists';

const DOLLAR = 36;
const PLUS = 43;
const GREATER = 62;

/** What is to be done with a stream of a request. */
const NOTHING = 0;
const DELIVER = 1;
const REPEAT = 2;

const args = new ReadArguments();
const id = new StreamId();
const lastId = new StreamId();
const start = new StreamId();
const largest = new StreamId();
largest.setMax();
const cursor = new PendingCursor();

/** XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key … id … */
function xreadgroup(call: Call): void {
  const { db, reply, request, server } = call;
  if (!args.read(call, true)) return;
  const { firstKey, keys, groupAt, noAck, count } = args;
  if (!areValid(call)) return;
  // What it changes is recorded entry by entry.
  server.effects.suppress();
  let served = 0;
  for (let i = 0; i < keys; i++) {
    // The second time that it is looked up: it counts as two hits.
    const root = db.entries.root(db.lookupRead(request, firstKey + i));
    const group = groupAtRoot(call, root, groupAt);
    const task = taskOf(call, root, group, firstKey + keys + i);
    if (task === NOTHING) continue;
    served++;
    if (task === DELIVER) needBehind(call, root, id, count);
    else needHistory(call, root, group, consumerAt(call, group, groupAt + 1), count);
  }
  if (served > 0) {
    if (waitsForCold(call, xreadgroup)) return;
    try {
      replyServed(call, served);
    } finally {
      recordKept(call);
    }
    return;
  }
  // One that has waited for cold entries, which others got meanwhile, does not wait again.
  if (args.timeoutMs < 0 || call.client.blocked) {
    reply.nullArray();
    return;
  }
  const wait: Wait = {
    type: TYPE_STREAM,
    events: KEY_CREATED | KEY_GROWN | KEY_GONE,
    firstKey,
    lastKey: firstKey + keys - 1,
    timeoutMs: args.timeoutMs,
    serve: (waiting, i) => serveWaiting(waiting, i, groupAt, noAck, count || COUNT_AFTER_WAIT),
  };
  if (!call.block(wait)) reply.nullArray();
}

/** Answers with the streams that have something for the consumer. */
function replyServed(call: Call, expected: number): void {
  const { reply } = call;
  if (args.keys === 1) {
    replyStreams(call, expected);
    replyEach(call);
    return;
  }
  // A stream that is named twice may have nothing left for the second time: the number comes after the streams.
  const mark = reply.mark();
  const served = replyEach(call);
  const streams = reply.takeSince(mark);
  replyStreams(call, served);
  for (const part of streams) reply.part(part);
}

/** Answers stream by stream; returns how many there were. */
function replyEach(call: Call): number {
  const { firstKey, keys, groupAt, noAck, count } = args;
  let served = 0;
  for (let i = 0; i < keys; i++) {
    const root = rootAt(call, firstKey + i);
    const group = groupAtRoot(call, root, groupAt);
    const task = taskOf(call, root, group, firstKey + keys + i);
    if (task === NOTHING) continue;
    served++;
    replyStreamKey(call, firstKey + i);
    // One that finds nothing is not made.
    const consumer = consumerOf(call, firstKey + i, root, group, groupAt);
    if (task === REPEAT) replyHistory(call, root, group, consumer, count);
    else deliver(call, firstKey + i, groupAt, root, group, consumer, count, noAck);
  }
  return served;
}

/** Whether groups and ids are as they must be; if not, an error was answered. */
function areValid(call: Call): boolean {
  const { request, reply } = call;
  const { firstKey, keys, groupAt } = args;
  for (let i = 0; i < keys; i++) {
    const ref = lookupRead(call, firstKey + i, TYPE_STREAM);
    if (ref === REFUSED) return false;
    const root = ref === ABSENT ? 0 : call.db.entries.root(ref);
    if (root === 0 || groupAtRoot(call, root, groupAt) === 0) {
      reply.error(
        `NOGROUP No such key '${cString(request, firstKey + i)}' or consumer group '${cString(request, groupAt)}' in XREADGROUP with GROUP option`,
      );
      return false;
    }
    const idAt = firstKey + keys + i;
    if (isSign(request, idAt, GREATER)) continue;
    if (isSign(request, idAt, DOLLAR) || isSign(request, idAt, PLUS)) {
      reply.error(isSign(request, idAt, DOLLAR) ? LAST_IN_XREADGROUP : NEWEST_IN_XREADGROUP);
      return false;
    }
    if (!readId(call, idAt, id)) return false;
  }
  return true;
}

/** The root of the stream of argument i, which is there. */
function rootAt({ db, request }: Call, i: number): number {
  return db.entries.root(db.lookupStored(request, i));
}

/** The group of a stream that argument i names; 0: none. */
function groupAtRoot({ db, request }: Call, root: number, i: number): number {
  const { buffer, offsets, lengths } = request;
  return streamsOf(db.entries).groups.find(root, buffer, offsets[i], lengths[i]);
}

/** What there is for the consumer; sets `id` to the one behind which it reads. */
function taskOf(call: Call, root: number, group: number, idAt: number): number {
  const { request, db } = call;
  if (!isSign(request, idAt, GREATER)) {
    readId(call, idAt, id);
    // The largest id means what `>` does, as in Redis.
    if (!id.isMax) return REPEAT;
  }
  const streams = streamsOf(db.entries);
  streams.groups.loadLastId(group, id);
  if (streams.length(root) === 0) return NOTHING;
  streams.edgeId(root, false, lastId);
  return lastId.compare(id) > 0 ? DELIVER : NOTHING;
}

/**
 * The consumer whose name follows that of its group, in argument `groupAt`; it is made if there is none.
 * @param i the key's argument
 */
function consumerOf(
  call: Call,
  i: number,
  root: number,
  group: number,
  groupAt: number,
  noAck = args.noAck,
): number {
  const { db, request, server } = call;
  const { buffer, offsets, lengths } = request;
  const { keyspace } = server;
  const { groups } = streamsOf(db.entries);
  const [at, length] = [offsets[groupAt + 1], lengths[groupAt + 1]];
  db.changing(db.lookupStored(request, i));
  let consumer = groups.findConsumer(group, buffer, at, length);
  if (consumer !== 0) {
    groups.setSeenMs(consumer, keyspace.nowMs);
    return consumer;
  }
  consumer = groups.createConsumer(root, group, buffer, at, length, keyspace.nowMs);
  db.notify(EVENT_STREAM, 'xgroup-createconsumer', request, i);
  keyspace.dirty++;
  if (noAck) keepConsumer(call, i, groupAt);
  return consumer;
}

// ── History ─────────────────────────────────────────────────────────────────────────────────

/** Notes the consumer's pending entries behind `id` that lie in files. */
function needHistory(
  call: Call,
  root: number,
  group: number,
  consumer: number,
  count: number,
): void {
  if (consumer === 0 || !hasCold(call, root)) return;
  const { groups } = streamsOf(call.db.entries);
  start.set(id);
  start.increment();
  let left = count === 0 ? Number.POSITIVE_INFINITY : count;
  let more = groups.seekOwn(group, consumer, start, cursor);
  for (; more && left > 0; more = groups.nextOwn(group, consumer, cursor)) {
    needRange(call, root, cursor.id, cursor.id, 1);
    left--;
  }
}

/** Answers the consumer's pending entries behind `id`; those that were deleted have no fields. */
function replyHistory(
  call: Call,
  root: number,
  group: number,
  consumer: number,
  count: number,
): void {
  const { reply, db, server } = call;
  const streams = streamsOf(db.entries);
  const { groups } = streams;
  const { nowMs } = server.keyspace;
  start.set(id);
  start.increment();
  const limit = count === 0 ? Number.POSITIVE_INFINITY : count;
  let available = 0;
  let more = groups.seekOwn(group, consumer, start, cursor);
  for (; more && available < limit; more = groups.nextOwn(group, consumer, cursor)) available++;
  reply.array(available);
  more = groups.seekOwn(group, consumer, start, cursor);
  for (let left = available; left > 0; left--) {
    if (streams.find(root, cursor.id)) {
      replyEntry(reply, streams.found);
      groups.setPending(root, group, cursor, consumer, nowMs, cursor.deliveries + 1);
    } else {
      reply.array(2);
      replyId(reply, cursor.id);
      reply.nullArray();
    }
    if (left > 1) groups.nextOwn(group, consumer, cursor);
  }
  // Even if there was none.
  server.keyspace.dirty++;
}

// ── Delivery ────────────────────────────────────────────────────────────────────────────────

/**
 * Answers the entries behind the last id of a group, which are the consumer's from now on.
 * @param i the key's argument
 */
function deliver(
  call: Call,
  i: number,
  groupAt: number,
  root: number,
  group: number,
  consumer: number,
  count: number,
  noAck: boolean,
): void {
  const { reply, db, server } = call;
  const streams = streamsOf(db.entries);
  const { groups, walk } = streams;
  const { nowMs } = server.keyspace;
  groups.loadLastId(group, start);
  start.increment();
  const limit = count === 0 ? Number.POSITIVE_INFINITY : count;
  const available = streams.countRange(root, start, largest, limit);
  reply.array(available);
  walk.open(root, start, largest);
  if (!noAck && available > 0) beginDelivered(call, i, groupAt);
  let entriesRead = groups.entriesRead(group);
  let counted = 0;
  let isCountingOn = false;
  try {
    for (let left = available; left > 0 && walk.next(); left--) {
      const entryId = walk.cursor.id;
      replyEntry(reply, walk.cursor);
      if (!noAck) addPending(call, root, group, consumer, entryId, nowMs);
      // What holds of one id holds of those behind it.
      if (isCountingOn) {
        counted++;
      } else {
        isCountingOn = isCounting(streams, root, entriesRead, entryId);
        entriesRead = entriesReadAfter(streams, root, entriesRead, entryId);
      }
      groups.storeLastId(group, entryId);
      if (!noAck) keepDelivered(call, entryId);
    }
  } finally {
    groups.setEntriesRead(group, entriesRead + BigInt(counted));
    server.keyspace.dirty++;
    if (noAck && available > 0) keepLastId(call, i, groupAt, group);
  }
}

/** Makes an entry the consumer's: one that another one had before, too, after XGROUP SETID. */
function addPending(
  { db }: Call,
  root: number,
  group: number,
  consumer: number,
  entryId: StreamId,
  nowMs: number,
): void {
  const { groups } = streamsOf(db.entries);
  if (groups.findPending(group, entryId, cursor)) {
    groups.setPending(root, group, cursor, consumer, nowMs, 1);
  } else {
    groups.addPending(root, group, consumer, entryId, nowMs, 1);
  }
}

/** Gives a consumer that has waited what there is now; false when there is nothing for it. */
function serveWaiting(
  call: Call,
  i: number,
  groupAt: number,
  noAck: boolean,
  count: number,
): boolean {
  const { db, request, reply } = call;
  // No hit or miss.
  const ref = db.lookupWrite(request, i);
  if (ref === ABSENT || db.typeOf(ref) !== TYPE_STREAM) {
    reply.error(KEY_IS_GONE);
    return true;
  }
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  const group = groupAtRoot(call, root, groupAt);
  if (group === 0) {
    reply.error(GROUP_IS_GONE);
    return true;
  }
  streams.groups.loadLastId(group, id);
  streams.lastId(root, lastId);
  if (lastId.compare(id) <= 0) return false;
  try {
    const consumer = consumerOf(call, i, root, group, groupAt, noAck);
    replyStreams(call, 1);
    replyStreamKey(call, i);
    deliver(call, i, groupAt, root, group, consumer, count, noAck);
  } finally {
    recordKept(call);
  }
  return true;
}
