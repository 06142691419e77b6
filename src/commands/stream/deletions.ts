// XDELEX and XACKDEL of Redis 8.2: deleting entries of a stream with a say in what becomes of the pending entries that
// groups have of them. Specification: https://redis.io/docs/latest/commands/xdelex/ and …/xackdel/
//
//   KEEPREF    the entry goes, pending entries of it stay
//   DELREF     both go; pending entries of one that is gone already go, too
//   ACKED      the entry goes if every group was given it and none has it pending
//
// The log has XACK and XDEL in their place, which Redis 7.0 can load, too.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import { ByteView } from '../../structures/entry.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { PendingCursor } from '../../types/stream/pending-entries.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { INVALID_STREAM_ID, isId, readId } from './arguments.ts';
import { groupAt } from './group-arguments.ts';

const SYNTAX_OF_IDS =
  '[condition=( keepref=KEEPREF | delref=DELREF | acked=ACKED )] IDS ids={ numids:integer id:string... }';

export const streamDeletionCommands: readonly CommandRow[] = [
  {
    name: 'xdelex',
    arity: -5,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'stream',
    since: '8.2.0',
    summary: 'Removes entries from a stream, with or without what groups have pending of them.',
    complexity: 'O(1) for each single item to delete in the stream, regardless of the stream size.',
    syntax: `key ${SYNTAX_OF_IDS}`,
    handler: xdelex,
  },
  {
    name: 'xackdel',
    arity: -6,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'update', 'delete')],
    group: 'stream',
    since: '8.2.0',
    summary: 'Acknowledges entries of a group and removes them from the stream.',
    complexity: 'O(1) for each entry ID processed.',
    syntax: `key group:string ${SYNTAX_OF_IDS}`,
    handler: xackdel,
  },
];

const NUMBER_NOT_POSITIVE = 'ERR Number of IDs must be a positive integer';
const NUMBER_MISMATCH = 'ERR The `numids` parameter must match the number of arguments';

const KEEP = 'keepref';
const DELETE = 'delref';
const ACKNOWLEDGED = 'acked';

/** What became of an id. */
const MISSING = -1;
const DELETED = 1;
const REFERENCED = 2;

const id = new StreamId();
const lastId = new StreamId();
const cursor = new PendingCursor();
const name = new ByteView();

/** The arguments of the request that runs: what becomes of references, and where the ids are. */
const args = { references: KEEP, firstId: 0, ids: 0 };

/** What it has done so far: the arguments that are ids of entries that were deleted, and references that were removed. */
const deleted: number[] = [];
/** Pairs of a group and an argument: there may be many. */
const acknowledged: number[] = [];

/** Reads the arguments from i on; false after answering an error. */
function readArguments({ request, reply }: Call, from: number): boolean {
  args.ids = 0;
  let references: string | undefined;
  let problem: string | undefined;
  for (let i = from; i < request.count && problem === undefined; i++) {
    const word = [KEEP, DELETE, ACKNOWLEDGED].find((one) => request.is(i, one));
    if (word !== undefined && references === undefined) {
      references = word;
    } else if (request.is(i, 'ids') && args.ids === 0 && i + 1 < request.count) {
      args.ids = request.integer(i + 1);
      args.firstId = i + 2;
      i += 1 + args.ids;
      if (!(args.ids >= 1)) problem = NUMBER_NOT_POSITIVE;
      else if (i >= request.count) problem = NUMBER_MISMATCH;
    } else {
      problem = SYNTAX;
    }
  }
  if (args.ids === 0) problem ??= SYNTAX;
  args.references = references ?? KEEP;
  if (problem !== undefined) reply.error(problem);
  return problem === undefined;
}

/** XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id … */
function xdelex(call: Call): void {
  if (!readArguments(call, 2)) return;
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    replyMissing(call);
    return;
  }
  forEachId(call, ref, (root, groups, i) => deleteEntry(call, root, groups, i));
}

/** XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id … */
function xackdel(call: Call): void {
  if (!readArguments(call, 3)) return;
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  const group = groupAt(call, ref, 2);
  if (group === 0) {
    replyMissing(call);
    return;
  }
  forEachId(call, ref, (root, groups, i) => {
    if (!removeReference(call, root, group, i)) return MISSING;
    // Acknowledged is acknowledged, whether the entry is still there or not.
    return deleteEntry(call, root, groups, i) === REFERENCED ? REFERENCED : DELETED;
  });
}

function replyMissing({ reply }: Call): void {
  reply.array(args.ids);
  for (let i = 0; i < args.ids; i++) reply.integer(MISSING);
}

/** Runs something for each of the ids, as `id`, and answers what became of it. */
function forEachId(
  call: Call,
  ref: number,
  run: (root: number, groups: readonly number[], i: number) => number,
): void {
  const { request, reply, db } = call;
  const end = args.firstId + args.ids;
  for (let i = args.firstId; i < end; i++) if (!readId(call, i, id)) return;
  const root = db.entries.root(ref);
  const groups = args.references === KEEP ? [] : streamsOf(db.entries).groups.list(root);
  const results: number[] = [];
  deleted.length = 0;
  acknowledged.length = 0;
  try {
    for (let i = args.firstId; i < end; i++) {
      if (!isId(request, i, id)) throw new Error(INVALID_STREAM_ID);
      results.push(run(root, groups, i));
    }
  } finally {
    report(call);
  }
  reply.array(results.length);
  for (const result of results) reply.integer(result);
}

/** Everybody learns of what was done; removed references are as silent as XACK. */
function report(call: Call): void {
  const { db, request, server } = call;
  server.keyspace.dirty += acknowledged.length / 2;
  if (server.effects.active && deleted.length + acknowledged.length > 0) record(call);
  if (deleted.length === 0) return;
  db.modified(request, 1, deleted.length);
  db.notify(EVENT_STREAM, 'xdel', request, 1);
}

function record({ db, request, server: { effects } }: Call): void {
  const { groups } = streamsOf(db.entries);
  const recordAll = () => {
    for (let k = 0; k < acknowledged.length; k += 2) {
      groups.name(acknowledged[k], name);
      const id = request.bytes(acknowledged[k + 1]);
      effects.propagateAs(db, 'XACK', request.bytes(1), name.copy(), id);
    }
    const ids = deleted.map((i) => request.bytes(i));
    if (ids.length > 0) effects.propagateAs(db, 'XDEL', request.bytes(1), ...ids);
  };
  if (acknowledged.length / 2 + Math.min(deleted.length, 1) === 1) recordAll();
  else effects.together(recordAll);
}

/** Deletes the entry with the id, argument i, if it may be. */
function deleteEntry(call: Call, root: number, groups: readonly number[], i: number): number {
  const streams = streamsOf(call.db.entries);
  if (args.references === DELETE) {
    for (const group of groups) removeReference(call, root, group, i);
  } else if (args.references === ACKNOWLEDGED) {
    if (!streams.find(root, id)) return MISSING;
    if (isReferenced(call, groups)) return REFERENCED;
  }
  if (!streams.delete(root, id)) return MISSING;
  deleted.push(i);
  return DELETED;
}

/** Whether a group is still to be given the entry, or has it pending; also where there are no groups. */
function isReferenced({ db }: Call, groups: readonly number[]): boolean {
  const all = streamsOf(db.entries).groups;
  const isAcknowledged = (group: number) => {
    all.loadLastId(group, lastId);
    return lastId.compare(id) >= 0 && !all.findPending(group, id, cursor);
  };
  return groups.length === 0 || !groups.every(isAcknowledged);
}

/** Removes the pending entry that a group has of the id, argument i; returns whether it had one. */
function removeReference({ db }: Call, root: number, group: number, i: number): boolean {
  const { groups } = streamsOf(db.entries);
  if (!groups.findPending(group, id, cursor)) return false;
  groups.removePending(root, group, cursor);
  acknowledged.push(group, i);
  return true;
}
