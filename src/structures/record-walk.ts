// A walk through all records of a collection (keyspace/record-tables.ts) as they were when it began, in steps between which the
// collection may change in any way, and even be freed. Epochs of records show which were visited (epoch-scan.ts); one
// that was not is handed over before it changes. So a change costs one record, however large the collection is.
import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from './bytes-table.ts';
import { epochBits, setEpoch } from './entry.ts';
import { EpochScan } from './epoch-scan.ts';
import { epochOf, rootWord, TABLE } from './record-root.ts';

/** Called with a record that was not visited yet; what it reads of it must be copied. */
export type RecordVisitor = (ref: number) => void;

/** The walk; see the head of this file. Made by RecordTables.startWalk. */
export class RecordWalk {
  /** Root of the collection. */
  readonly root: number;
  /** Number of records that were there when it began. */
  readonly length: number;
  /** Whether the collection was freed meanwhile: its records are freed after the walk. */
  isOrphan = false;
  /** Number of records visited. */
  visited = 0;
  readonly #arena: Arena;
  readonly #table: BytesTable;
  readonly #epochBits: number;
  readonly #scan: EpochScan;
  #cursor = 0;

  /**
   * @param table a view of its own
   * @param visit receives each record once; also outside of `step`, when a record is about to change
   */
  constructor(arena: Arena, root: number, table: BytesTable, visit: RecordVisitor) {
    this.#arena = arena;
    this.root = root;
    this.#table = table;
    this.#epochBits = epochBits(epochOf(arena, root));
    this.#scan = new EpochScan(arena, this.#epochBits, (ref) => {
      visit(ref);
      this.visited++;
    });
    this.#point();
    this.length = table.size;
  }

  /**
   * Visits about `count` more records.
   * @returns whether there are more
   */
  step(count: number): boolean {
    this.#point();
    this.#cursor = this.#scan.step(this.#table, this.#cursor, count);
    return this.#cursor !== 0;
  }

  /** Visits a record, unless it was visited already or is newer than the walk. */
  visitOnce(ref: number): void {
    this.#scan.preserve(ref);
  }

  /** Marks a record as newer than the walk. */
  mark(ref: number): void {
    setEpoch(this.#arena, ref, this.#epochBits);
  }

  /** The table may have grown or shrunk since the last step. */
  #point(): void {
    this.#table.point(rootWord(this.#arena, this.root, TABLE));
  }
}
