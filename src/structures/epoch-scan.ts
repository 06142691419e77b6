// Saving the entries of a large table one by one, as they were at one moment, while the table goes on changing:
// the epochs of entries (entry.ts) show which are saved. From the beginning on, all new entries get `epoch`, and an
// entry with another epoch is saved before it changes or is removed (`preserve`). Then it does not matter how the
// table grows, shrinks and merges between two steps of the scan, nor that the scan may visit an entry twice.
import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from './bytes-table.ts';
import { hasEpoch, setEpoch } from './entry.ts';
import type { EntryVisitor } from './table-segment.ts';

/** Scans tables for entries that are not saved; see the head of this file. */
export class EpochScan {
  readonly #arena: Arena;
  /** The epoch of saved entries, at its place in their meta words (epochBits). */
  readonly #epoch: number;
  readonly #save: (ref: number) => void;
  readonly #visit: EntryVisitor = (ref) => this.preserve(ref);

  /** @param save is called once with each entry; it changes no table */
  constructor(arena: Arena, epoch: number, save: (ref: number) => void) {
    this.#arena = arena;
    this.#epoch = epoch;
    this.#save = save;
  }

  /** Saves an entry, unless it is saved already or newer: to be called before it changes. */
  preserve(ref: number): void {
    if (hasEpoch(this.#arena, ref, this.#epoch)) return;
    this.#save(ref);
    setEpoch(this.#arena, ref, this.#epoch);
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
