// Results of commands that are stored as sorted sets: they replace whatever is under their key.
import type { Call } from '../../core/call.ts';
import { changed, deleteTarget } from '../../core/lookup.ts';
import { type Entries, NO_EXPIRY } from '../../keyspace/entries.ts';
import { EVENT_SORTED_SET } from '../../keyspace/key-events.ts';
import { SortedSetBuilder } from '../../types/zset/builder.ts';

/** By the entries of their keyspace: builders that are empty between two commands. */
const builders = new WeakMap<Entries, SortedSetBuilder>();

/** A sorted set for the result of the command that runs, which discards it at its end. */
export function temporarySet(entries: Entries): SortedSetBuilder {
  let builder = builders.get(entries);
  if (builder === undefined) {
    builder = new SortedSetBuilder(entries);
    builders.set(entries, builder);
  }
  return builder;
}

/** Stores a result under argument 1, or deletes that key if there are no members; answers their number. */
export function storeOrDelete(call: Call, set: SortedSetBuilder, event: string): void {
  const { request, reply, db } = call;
  const { count } = set;
  if (count > 0) {
    const old = db.lookupForChange(request, 1);
    const ref = set.store(db, old, request, 1, NO_EXPIRY);
    reply.integer(count);
    changed(db, request, 1, ref, EVENT_SORTED_SET, event, 1);
    return;
  }
  reply.integer(0);
  deleteTarget(db, request, 1);
}
