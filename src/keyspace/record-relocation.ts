// Moves the blocks of one collection of records (record-tables.ts) out of pages that are being emptied: table, records,
// partner, some at a time. Between two steps the collection may change in any way: positions are in hash order.

import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import { metaClass, metaOf } from '../structures/entry.ts';
import { relocateRoot, rootWord, setRootWord, TABLE } from '../structures/record-root.ts';
import type { EntryMover } from '../structures/table-segment.ts';
import type { Relocation } from './collections.ts';

/** Records examined in place of a block. */
const RECORDS_PER_BLOCK = 32;

/** What the collections are of. */
export interface RelocationOwner {
  /** Whether a collection must stay where it is. */
  isPinned(root: number): boolean;
  /** Forgets the table used last, which another view is about to change. */
  forgetTable(): void;
  /** A record has moved to another block. */
  recordMoved(root: number, old: number, fresh: number): void;
  /**
   * Moves blocks of what is kept beside the table out of pages that are being emptied, about `count` of them.
   * @param position 0 to begin, then what the last call returned
   * @returns where to go on; 0 after the last
   */
  relocatePartner(root: number, position: number, count: number): number;
}

/** The relocation; see the head of this file. */
export class RecordRelocation implements Relocation, EntryMover {
  root = 0;
  scanned = 0;
  readonly #arena: Arena;
  readonly #owner: RelocationOwner;
  readonly #view: BytesTable;
  #position = 0;
  #isInPartner = false;
  /** Whether nothing is left to do. */
  #isOver = true;
  /** How many records this step may still examine. */
  #left = 0;

  /** @param view a view of its own */
  constructor(arena: Arena, owner: RelocationOwner, view: BytesTable) {
    this.#arena = arena;
    this.#owner = owner;
    this.#view = view;
  }

  begin(root: number): number {
    this.scanned++;
    this.#position = 0;
    this.#isInPartner = false;
    this.#isOver = this.#owner.isPinned(root);
    this.root = this.#isOver ? root : relocateRoot(this.#arena, root);
    return this.root;
  }

  step(count: number): boolean {
    if (!this.#isOver && this.#owner.isPinned(this.root)) this.#isOver = true;
    if (this.#isOver) return false;
    this.#left = count * RECORDS_PER_BLOCK;
    this.#owner.forgetTable();
    while (this.#left > 0 && !this.#isOver) {
      if (this.#isInPartner) this.#stepInPartner(count);
      else this.#stepInTable();
    }
    return !this.#isOver;
  }

  /** The collection is about to be freed. */
  stop(): void {
    this.#isOver = true;
    this.root = 0;
  }

  get isDone(): boolean {
    return this.#left <= 0;
  }

  move(ref: number): number {
    this.scanned++;
    this.#left--;
    if (!this.#arena.isSparse(ref)) return ref;
    const moved = this.#arena.relocate(ref, metaClass(metaOf(this.#arena, ref)));
    if (moved !== ref) this.#owner.recordMoved(this.root, ref, moved);
    return moved;
  }

  #stepInTable(): void {
    const view = this.#view;
    view.point(rootWord(this.#arena, this.root, TABLE));
    this.#position = view.relocate(this.#position, this);
    setRootWord(this.#arena, this.root, TABLE, view.root);
    // An empty segment takes some time, too.
    this.#left--;
    this.#isInPartner = this.#position === 0;
  }

  #stepInPartner(count: number): void {
    this.#position = this.#owner.relocatePartner(this.root, this.#position, count);
    this.#left = 0;
    this.#isOver = this.#position === 0;
  }
}
