// Gives back what was in an emptied database, a little at a time: a table's segment with all entries in it, or
// fewer where these are collections, each of which gives the first of its parts back at once.
import type { BytesTable } from '../structures/bytes-table.ts';
import type { DetachedKeys } from './database-parts.ts';
import type { Entries } from './entries.ts';

/** What is freed in one step: a segment has fewer entries. */
const STEP_WEIGHT = 1024;
/** What freeing a collection, or the first of its parts, counts for. */
const COLLECTION_WEIGHT = 64;

/** The keys of a table that nobody else uses any more. */
export function detachedKeys(table: BytesTable, entries: Entries): DetachedKeys {
  let left = 0;
  const free = (ref: number): boolean => {
    left -= entries.hasRoot(ref) ? COLLECTION_WEIGHT : 1;
    entries.free(ref);
    return left > 0;
  };
  return {
    table,
    keys: table.size,
    free() {
      left = STEP_WEIGHT;
      return table.dismantle(free);
    },
  };
}
