// The replies of XINFO: maps of what is known of a stream, a group, a consumer.
import type { Call } from '../../core/call.ts';
import type { Reply } from '../../protocol/reply.ts';
import { ByteView } from '../../structures/entry.ts';
import { groupLag, UNKNOWN_ENTRIES_READ } from '../../types/stream/group-lag.ts';
import type { Groups } from '../../types/stream/groups.ts';
import { PendingCursor } from '../../types/stream/pending-entries.ts';
import { radixNodes } from '../../types/stream/radix-nodes.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import type { Streams } from '../../types/stream/streams.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { replyEntries, replyEntry, replyId } from './replies.ts';

const id = new StreamId();
const zero = new StreamId();
const largest = new StreamId();
largest.setMax();
const name = new ByteView();
const cursor = new PendingCursor();

function replyNumber(reply: Reply, field: string, value: number): void {
  reply.bulkLatin1(field);
  reply.integer(value);
}

/** A number that may be unknown. */
function replyCount(reply: Reply, field: string, value: bigint | undefined): void {
  reply.bulkLatin1(field);
  if (value === undefined) reply.null();
  else reply.bigint(value);
}

function replyIdField(reply: Reply, field: string, value: StreamId): void {
  reply.bulkLatin1(field);
  replyId(reply, value);
}

/** The name of a group or a consumer. */
function replyName(reply: Reply, groups: Groups, ref: number): void {
  groups.name(ref, name);
  reply.bulk(name.buffer, name.offset, name.length);
}

/** The consumers of a group: name, number of pending entries, ms since it was seen. */
export function replyConsumers({ reply, db, server }: Call, group: number): void {
  const { groups } = streamsOf(db.entries);
  const { nowMs } = server.keyspace;
  const consumers = groups.listConsumers(group);
  reply.array(consumers.length);
  for (const consumer of consumers) {
    reply.map(3);
    reply.bulkLatin1('name');
    replyName(reply, groups, consumer);
    replyNumber(reply, 'pending', groups.pendingOf(consumer));
    replyNumber(reply, 'idle', Math.max(0, nowMs - groups.seenMs(consumer)));
  }
}

/** The groups of a stream. */
export function replyGroups({ reply, db }: Call, root: number): void {
  const streams = streamsOf(db.entries);
  const { groups } = streams;
  const all = groups.list(root);
  reply.array(all.length);
  for (const group of all) {
    reply.map(6);
    reply.bulkLatin1('name');
    replyName(reply, groups, group);
    replyNumber(reply, 'consumers', groups.consumerCount(group));
    replyNumber(reply, 'pending', groups.pendingCount(group));
    replyProgress(reply, streams, root, group);
  }
}

/** How far a group has read: three fields. */
function replyProgress(reply: Reply, streams: Streams, root: number, group: number): void {
  const { groups } = streams;
  groups.loadLastId(group, id);
  const read = groups.entriesRead(group);
  replyIdField(reply, 'last-delivered-id', id);
  replyCount(reply, 'entries-read', read === UNKNOWN_ENTRIES_READ ? undefined : read);
  replyCount(reply, 'lag', groupLag(streams, root, read, id));
}

/** What is known of a stream as a whole: seven fields. */
function replySummary(reply: Reply, streams: Streams, root: number): void {
  replyNumber(reply, 'length', streams.length(root));
  replyNumber(reply, 'radix-tree-keys', streams.index.count(root));
  replyNumber(reply, 'radix-tree-nodes', radixNodes(streams, root));
  streams.lastId(root, id);
  replyIdField(reply, 'last-generated-id', id);
  streams.maxDeletedId(root, id);
  replyIdField(reply, 'max-deleted-entry-id', id);
  replyCount(reply, 'entries-added', streams.entriesAdded(root));
  streams.firstId(root, id);
  replyIdField(reply, 'recorded-first-entry-id', id);
}

/** A stream, with its first and last entry. */
export function replyStream({ reply, db }: Call, root: number): void {
  const streams = streamsOf(db.entries);
  reply.map(10);
  replySummary(reply, streams, root);
  replyNumber(reply, 'groups', streams.groups.count(root));
  reply.bulkLatin1('first-entry');
  replyEdge(reply, streams, root, false);
  reply.bulkLatin1('last-entry');
  replyEdge(reply, streams, root, true);
}

/** The first entry, or the last one. */
function replyEdge(reply: Reply, streams: Streams, root: number, isLast: boolean): void {
  const { walk } = streams;
  walk.open(root, zero, largest, isLast);
  if (walk.next()) replyEntry(reply, walk.cursor);
  else reply.null();
}

/**
 * A stream with its entries, its groups and their consumers.
 * @param count how many entries of each kind at most
 */
export function replyWholeStream(call: Call, root: number, count: number): void {
  const { reply, db } = call;
  const streams = streamsOf(db.entries);
  reply.map(9);
  replySummary(reply, streams, root);
  reply.bulkLatin1('entries');
  streams.walk.open(root, zero, largest);
  replyEntries(reply, streams.walk, Math.min(count, streams.length(root)));
  reply.bulkLatin1('groups');
  const groups = streams.groups.list(root);
  reply.array(groups.length);
  for (const group of groups) replyWholeGroup(reply, streams, root, group, count);
}

function replyWholeGroup(
  reply: Reply,
  streams: Streams,
  root: number,
  group: number,
  count: number,
): void {
  const { groups } = streams;
  reply.map(7);
  reply.bulkLatin1('name');
  replyName(reply, groups, group);
  replyProgress(reply, streams, root, group);
  const pending = groups.pendingCount(group);
  replyNumber(reply, 'pel-count', pending);
  reply.bulkLatin1('pending');
  const shown = Math.min(pending, count);
  reply.array(shown);
  for (let i = 0; i < shown; i++) {
    if (i === 0) groups.firstPending(group, cursor);
    else groups.nextPending(group, cursor);
    reply.array(4);
    replyId(reply, cursor.id);
    replyName(reply, groups, cursor.consumer);
    replyDelivery(reply);
  }
  const consumers = groups.listConsumers(group);
  reply.bulkLatin1('consumers');
  reply.array(consumers.length);
  for (const consumer of consumers) replyWholeConsumer(reply, groups, group, consumer, count);
}

function replyWholeConsumer(
  reply: Reply,
  groups: Groups,
  group: number,
  consumer: number,
  count: number,
): void {
  reply.map(4);
  reply.bulkLatin1('name');
  replyName(reply, groups, consumer);
  replyNumber(reply, 'seen-time', groups.seenMs(consumer));
  const pending = groups.pendingOf(consumer);
  replyNumber(reply, 'pel-count', pending);
  reply.bulkLatin1('pending');
  const shown = Math.min(pending, count);
  reply.array(shown);
  for (let i = 0; i < shown; i++) {
    if (i === 0) groups.seekOwn(group, consumer, zero, cursor);
    else groups.nextOwn(group, consumer, cursor);
    reply.array(3);
    replyId(reply, cursor.id);
    replyDelivery(reply);
  }
}

/** When the entry at the cursor was delivered, and how often. */
function replyDelivery(reply: Reply): void {
  reply.integer(cursor.timeMs);
  reply.integer(cursor.deliveries);
}
