// Saving the entries of a large table one by one, as they were at one moment, while the table goes on changing:
// the stamps of entries (entry.ts) tell which are saved. Whoever begins gives `stamp` to all entries that are made
// from then on, and saves an entry that is about to change or go first, if it has another stamp. Then it does not
// matter how the table grows, shrinks and merges between two steps of the scan, nor that the scan may meet an entry
// twice.
import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from './bytes-table.ts';
import { hasStamp, setStamp } from './entry.ts';
import type { EntryVisitor } from './table-segment.ts';

/** Scans tables for entries that are not saved; see the head of this file. */
export class StampedScan {
  readonly #arena: Arena;
  /** The stamp of saved entries, at its place in their meta words (stampBits). */
  readonly #stamp: number;
  readonly #save: EntryVisitor;
  readonly #visit: EntryVisitor = (ref) => this.preserve(ref);

  /** @param save is called once with each entry; it changes no table */
  constructor(arena: Arena, stamp: number, save: EntryVisitor) {
    this.#arena = arena;
    this.#stamp = stamp;
    this.#save = save;
  }

  /** Saves an entry, unless it is saved or newer: to be called before it changes. */
  preserve(ref: number): void {
    if (hasStamp(this.#arena, ref, this.#stamp)) return;
    this.#save(ref);
    setStamp(this.#arena, ref, this.#stamp);
  }

  /**
   * Saves at least `count` entries of a table from a cursor on, or as many as there are, those included that are
   * saved already.
   * @param cursor 0 to begin, then what the last call returned
   * @returns the next cursor; 0 when all entries are saved
   */
  step(table: BytesTable, cursor: number, count: number): number {
    return table.scan(cursor, count, this.#visit);
  }
}
