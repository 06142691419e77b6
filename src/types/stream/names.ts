// Tables of names: those of a stream's groups, and of a group's consumers. A table is a bytes table (bytes-tables.ts)
// of records that have a name and the root of what it names, which in turn has the record:
//
//   table ─▶ record [ meta ][ length ][ root: as a double ][ name ] ⇄ root [ … ][ record ] …
import type { Arena } from '../../memory/arena.ts';
import { ByteRuns } from '../../structures/byte-runs.ts';
import type { BytesTable } from '../../structures/bytes-table.ts';
import type { BytesTables } from '../../structures/bytes-tables.ts';
import { ByteView, metaClass, metaOf } from '../../structures/entry.ts';
import { sortedIndexes } from '../../structures/radix-sort.ts';
import { Records } from '../../structures/records.ts';
import { blockWord, setBlockWord } from './id-blocks.ts';

/** Word of a root with the record of its name. */
export const NAME = 5;

/** The operations on all such tables of an arena; see the head of this file. */
export class NameTables {
  readonly #arena: Arena;
  readonly #tables: BytesTables;
  readonly #records: Records;
  readonly #view = new ByteView();

  constructor(arena: Arena, tables: BytesTables) {
    this.#arena = arena;
    this.#tables = tables;
    this.#records = new Records(arena);
  }

  /** Makes an empty table. @throws ArenaFullError */
  create(): number {
    return this.#tables.create();
  }

  /** Number of names. */
  count(table: number): number {
    return this.#tables.length(table);
  }

  /** What has a name; 0: nothing. */
  find(table: number, bytes: Uint8Array, offset: number, length: number): number {
    const record = this.#tables.open(table).find(bytes, offset, length);
    return record === 0 ? 0 : this.rootOf(record);
  }

  /** The root that a record leads to. */
  rootOf(record: number): number {
    return this.#records.score(record) | 0;
  }

  /** Points a view at the name of a root. */
  name(root: number, view: ByteView): void {
    this.#records.key(blockWord(this.#arena, root, NAME), view);
  }

  /** Gives a root a name that is not in the table. @throws ArenaFullError, before anything has changed */
  add(table: number, bytes: Uint8Array, offset: number, length: number, root: number): void {
    const names = this.#tables.open(table);
    names.find(bytes, offset, length);
    names.reserve();
    const record = this.#records.newScored(bytes, offset, length, root);
    names.insert(record);
    setBlockWord(this.#arena, root, NAME, record);
  }

  /** Takes the name of a root out of a table, and frees it. */
  remove(table: number, root: number): void {
    const record = blockWord(this.#arena, root, NAME);
    const names = this.#tables.open(table);
    names.locate(record);
    names.remove();
    this.#records.free(record);
  }

  /** Some root; there is one. */
  any(table: number): number {
    return this.rootOf(this.#tables.open(table).random());
  }

  /** Visits all roots; meanwhile no other table is used. */
  visit(table: number, visit: (root: number) => void): void {
    this.#tables.open(table).scan(0, Number.POSITIVE_INFINITY, (record) => {
      visit(this.rootOf(record));
    });
  }

  /** All roots, or those that are accepted, in the order of their names. */
  sorted(table: number, accepts?: (root: number) => boolean): number[] {
    const view = this.#view;
    const runs = new ByteRuns();
    const roots: number[] = [];
    if (accepts === undefined) runs.reserve(this.count(table));
    this.#tables.open(table).scan(0, Number.POSITIVE_INFINITY, (record) => {
      const root = this.rootOf(record);
      if (accepts?.(root) === false) return;
      this.#records.key(record, view);
      runs.add(view.buffer, view.offset, view.length);
      roots.push(root);
    });
    if (roots.length < 2) return roots;
    const order = sortedIndexes(runs.prefixes(), (a, b) => runs.compare(a, b));
    return Array.from(order, (i) => roots[i]);
  }

  // ── The whole ───────────────────────────────────────────────────────────────────────────────

  /** Bytes of a table and its names. */
  bytes(table: number): number {
    let total = this.#tables.overheadBytes(table);
    this.#tables.open(table).scan(0, Number.POSITIVE_INFINITY, (record) => {
      total += this.#records.bytes(record);
    });
    return total;
  }

  /** Frees an empty table. */
  free(table: number): void {
    while (!this.#tables.freeStep(table, () => {}));
  }

  /** A view of its own on a table, for `relocate`. */
  view(): BytesTable {
    return this.#tables.view();
  }

  /** Moves the record of a name, if its page is being emptied; returns the new one. */
  relocate(record: number): number {
    const arena = this.#arena;
    if (!arena.isSparse(record)) return record;
    const moved = arena.relocate(record, metaClass(metaOf(arena, record)));
    setBlockWord(arena, this.rootOf(moved), NAME, moved);
    return moved;
  }

  /** A root has moved. */
  setRoot(record: number, root: number): void {
    this.#records.setScore(record, root);
  }
}
