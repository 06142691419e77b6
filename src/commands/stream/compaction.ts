// XCOMPACT: of entries with the same value in a field, only the newest are kept (types/stream/compaction.ts). What it
// removes reaches log and replicas as XDEL, so it is repeated whatever the time is then. A long stream is compacted in
// slices, beside everything else, while the client waits.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import type { Services } from '../../core/services.ts';
import type { Database } from '../../keyspace/database.ts';
import { NOTHING, type Payloads } from '../../types/stream/cold-blocks.ts';
import { Compaction } from '../../types/stream/compaction.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import type { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { readInteger } from './arguments.ts';

export const streamCompactionCommands: readonly CommandRow[] = [
  {
    name: 'xcompact',
    arity: -3,
    flags: WRITE,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'stream',
    since: '0.1.0',
    summary:
      'Removes entries of a stream for which there are newer ones with the same value in a field, and returns how many.',
    complexity: 'O(N log(N)) where N is the number of entries of the stream.',
    syntax: 'key field:string [KEEP count:integer]',
    handler: xcompact,
  },
];

const NOT_ABOVE_ZERO = 'ERR The KEEP argument must be > 0.';

/** Entries of a stream that is compacted at once. */
const FEW_ENTRIES = 500;
/** Entries that are reported together, at least. */
const CHUNK = 500;
/** How long a slice takes, and how long others have the event loop in between, in ms. */
const SLICE_MS = 1;
const REST_MS = 1;
/** How long it is waited before it is looked again whether writes are still paused, in ms. */
const PAUSE_MS = 20;

/** XCOMPACT key field [KEEP n] */
function xcompact(call: Call): void {
  const { request, reply, db, server } = call;
  const keep = keepOf(call);
  if (keep < 1) return;
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  const graceEndMs = server.keyspace.nowMs - server.config.values['stream-tombstone-grace-ms'];
  const rule = { field: Buffer.from(request.bytes(2)), keep, graceEndMs };
  const compaction = new Compaction(streams, root, rule);
  if (call.mayWait && streams.length(root) > FEW_ENTRIES) {
    const ended = compactInSlices(server, db, Buffer.from(request.bytes(1)), compaction);
    call.deferUntil(ended, (answered, count) => answered.reply.integer(count));
    return;
  }
  // Each removal is recorded as what it is.
  server.effects.suppress();
  let count = 0;
  try {
    while (!compaction.isDone) count += removeSome(db, ref, compaction, Number.POSITIVE_INFINITY);
  } finally {
    compaction.end();
  }
  reply.integer(count);
}

/** How many entries of each value are to be kept; 0 after answering an error. */
function keepOf(call: Call): number {
  const { request, reply } = call;
  if (request.count === 3) return 1;
  if (request.count !== 5 || !request.is(3, 'keep')) {
    reply.error(SYNTAX);
    return 0;
  }
  const keep = readInteger(call, 4);
  if (Number.isNaN(keep)) return 0;
  if (keep < 1) reply.error(NOT_ABOVE_ZERO);
  return Math.max(keep, 0);
}

/** Goes on until the deadline (by performance.now()), or until there is something to report; returns how many are gone. */
function removeSome(db: Database, ref: number, compaction: Compaction, deadlineMs: number): number {
  const removed: StreamId[] = [];
  db.changing(ref);
  try {
    do compaction.step(removed);
    while (
      !compaction.isDone &&
      removed.length < CHUNK &&
      performance.now() < deadlineMs &&
      compaction.coldBlock === 0
    );
  } finally {
    const ids = removed.map((id) => Buffer.from(id.toString(), 'latin1'));
    if (ids.length > 0) db.entriesRemoved(ref, 'xdel', ids, ids.length);
  }
  return removed.length;
}

/**
 * Compacts a stream in slices, as long as it is there under its key.
 * @returns how many entries are gone; never resolves when the server ends before that
 */
async function compactInSlices(
  { keyspace, pause }: Services,
  db: Database,
  key: Buffer,
  compaction: Compaction,
): Promise<number> {
  const { entries } = db;
  const { hold } = compaction;
  const { cold, spilling } = streamsOf(entries);
  /** What was read of the block that is next, if that lies in a file. */
  let payloads: Payloads | undefined;
  let count = 0;
  try {
    while (!compaction.isDone) {
      await sleep(keyspace.expiryPaused ? PAUSE_MS : REST_MS);
      if (pause.isEnding) return new Promise(() => {});
      if (keyspace.expiryPaused) continue;
      const ref = db.find(key, 0, key.length);
      const isThere = ref !== 0 && !hold.isOver && entries.typeOf(ref) === TYPE_STREAM;
      if (!isThere || entries.root(ref) !== hold.root) break;
      const { coldBlock } = compaction;
      if (coldBlock !== 0 && payloads === undefined) {
        payloads = await cold.load([coldBlock], []);
        continue;
      }
      cold.withLoaded(payloads ?? NOTHING, () => {
        count += removeSome(db, ref, compaction, performance.now() + SLICE_MS);
      });
      payloads = undefined;
      // What has come back from files for that may go there again.
      spilling.consider(hold.root);
    }
  } finally {
    compaction.end();
  }
  return count;
}
