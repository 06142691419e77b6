// XACK: entries that a consumer is done with are no longer pending.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { lookupRead, REFUSED } from '../../core/lookup.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { PendingCursor } from '../../types/stream/pending-entries.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { INVALID_STREAM_ID, isId, readId } from './arguments.ts';
import { groupAt } from './group-arguments.ts';

/** Arguments up to which a command of many ids is quick. */
const FEW_ARGUMENTS = 16;
const FIRST_ID = 3;

export const streamAcknowledgingCommands: readonly CommandRow[] = [
  {
    name: 'xack',
    arity: -4,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Acknowledges entries of a group, and returns how many of them were pending.',
    complexity: 'O(1) for each message ID processed.',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key group:string id:string...',
    handler: xack,
  },
];

const id = new StreamId();
const cursor = new PendingCursor();

/** XACK key group id … */
function xack(call: Call): void {
  const { request, reply, db, server } = call;
  const ref = lookupRead(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  const group = groupAt(call, ref, 2);
  if (group === 0) {
    reply.integer(0);
    return;
  }
  for (let i = FIRST_ID; i < request.count; i++) if (!readId(call, i, id)) return;
  const { groups } = streamsOf(db.entries);
  const root = db.entries.root(ref);
  db.changing(ref);
  let acknowledged = 0;
  for (let i = FIRST_ID; i < request.count; i++) {
    if (!isId(request, i, id)) throw new Error(INVALID_STREAM_ID);
    if (!groups.findPending(group, id, cursor)) continue;
    groups.removePending(root, group, cursor);
    acknowledged++;
    server.keyspace.dirty++;
  }
  reply.integer(acknowledged);
}
