// Frees the contents of an emptied database, a little at a time: a segment of the table with all its entries, or
// fewer entries if they are collections. A collection frees its first blocks at once and the rest in steps of its own.
import type { BytesTable } from '../structures/bytes-table.ts';
import type { DetachedKeys } from './database-parts.ts';
import type { Entries } from './entries.ts';

/** Weight of the entries freed in one step; a segment has fewer entries. */
const STEP_WEIGHT = 1024;
/** Weight of freeing the first blocks of a collection, in plain entries. */
const COLLECTION_WEIGHT = 64;

/** The detached keys of a table that is no longer used otherwise. */
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
