// What XREADGROUP puts into the log: not what was asked for, but which entries were given to whom, as Redis does. Several
// effects of one command are repeated all or none: they are kept until it is done, or has failed halfway.
import type { Call } from '../../core/call.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';

const lastId = new StreamId();
/** Each records one effect: many entries may be read at once, so not all of their effects are made first. */
const kept: (() => void)[] = [];

/** A consumer was made: that of the argument behind the group's. @param i the key's argument */
export function keepConsumer({ db, request, server }: Call, i: number, groupAt: number): void {
  const { effects } = server;
  if (!effects.active) return;
  kept.push(() =>
    effects.propagateAs(
      db,
      ...['XGROUP', 'CREATECONSUMER', request.bytes(i), request.bytes(groupAt)],
      request.bytes(groupAt + 1),
    ),
  );
}

/** A group has another last id, and has read more entries. */
export function keepLastId(
  { db, request, server }: Call,
  i: number,
  groupAt: number,
  group: number,
): void {
  const { effects } = server;
  if (!effects.active) return;
  const { groups } = streamsOf(db.entries);
  groups.loadLastId(group, lastId);
  const [id, read] = [lastId.toString(), String(groups.entriesRead(group))];
  kept.push(() =>
    effects.propagateAs(
      db,
      ...['XGROUP', 'SETID', request.bytes(i), request.bytes(groupAt)],
      ...[id, 'ENTRIESREAD', read],
    ),
  );
}

/** The group's next entry was given to the consumer whose name is behind that of the group. */
export function keepDelivered(
  { db, request, server }: Call,
  i: number,
  groupAt: number,
  entryId: StreamId,
): void {
  const { effects, keyspace } = server;
  if (!effects.active) return;
  const id = entryId.toString();
  kept.push(() =>
    effects.propagateAs(
      db,
      ...['XCLAIM', request.bytes(i), request.bytes(groupAt), request.bytes(groupAt + 1), '0', id],
      ...['TIME', String(keyspace.nowMs)],
      ...['RETRYCOUNT', '1', 'FORCE', 'JUSTID', 'LASTID', id],
    ),
  );
}

/** Records what was kept. */
export function recordKept({ server }: Call): void {
  const all = () => {
    for (const record of kept) record();
  };
  if (kept.length === 1) all();
  else if (kept.length > 1) server.effects.together(all);
  kept.length = 0;
}
