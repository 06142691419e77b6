// What commands of consumer groups put into the log: not what was asked for, but which entries were given to whom, as
// Redis does. Several effects of one command are repeated all or none.
import type { Call } from '../../core/call.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';

const lastId = new StreamId();

/** A consumer was made: that of the argument behind the group's. @param i the key's argument */
export function recordConsumer({ db, request, server }: Call, i: number, groupAt: number): void {
  if (!server.effects.active) return;
  server.effects.propagateAs(
    db,
    ...['XGROUP', 'CREATECONSUMER', request.bytes(i), request.bytes(groupAt)],
    request.bytes(groupAt + 1),
  );
}

/** A group has another last id, and has read more entries. */
export function recordLastId(
  { db, request, server }: Call,
  i: number,
  groupAt: number,
  group: number,
): void {
  const { groups } = streamsOf(db.entries);
  groups.loadLastId(group, lastId);
  const read = String(groups.entriesRead(group));
  server.effects.propagateAs(
    db,
    ...['XGROUP', 'SETID', request.bytes(i), request.bytes(groupAt)],
    ...[lastId.toString(), 'ENTRIESREAD', read],
  );
}

/**
 * New entries were given to the consumer whose name is behind that of the group.
 * @param ids of the entries, in their order: each was the group's last one in turn
 */
export function recordDelivered(
  { db, request, server }: Call,
  i: number,
  groupAt: number,
  ids: readonly string[],
  nowMs: number,
): void {
  const { effects } = server;
  const names = [request.bytes(i), request.bytes(groupAt), request.bytes(groupAt + 1)];
  const time = String(nowMs);
  const record = () => {
    for (const id of ids) {
      effects.propagateAs(
        db,
        ...['XCLAIM', ...names, '0', id, 'TIME', time],
        ...['RETRYCOUNT', '1', 'FORCE', 'JUSTID', 'LASTID', id],
      );
    }
  };
  if (ids.length === 1) record();
  else effects.together(record);
}
