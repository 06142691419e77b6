// All bytes tables of an arena whose keys are hashed with one seed. A table is named by the reference of its root,
// which its owner keeps; the tables of collections share one view (bytes-table.ts), so that they cost the JavaScript
// heap nothing.
import type { Arena } from '../memory/arena.ts';
import { BytesTable } from './bytes-table.ts';
import { type HashSeed, hashBytes } from './hash.ts';
import { overheadBytes } from './table-directory.ts';
import { createTable, dismantleStep } from './table-growth.ts';
import { rootWord, SEGMENTS, SIZE } from './table-root.ts';

/** Operations on all tables of an arena; see the head of this file. */
export class BytesTables {
  readonly #arena: Arena;
  readonly #seed: HashSeed;
  readonly #shared: BytesTable;

  constructor(arena: Arena, seed: HashSeed) {
    this.#arena = arena;
    this.#seed = seed;
    this.#shared = this.view();
  }

  /** A separate view, of an empty table: for a table that is used all the time, or walked while others are used. */
  view(): BytesTable {
    return new BytesTable(this.#arena, this.#seed);
  }

  /** The hash of a key. */
  hash(bytes: Uint8Array, offset: number, length: number): number {
    return hashBytes(this.#seed, bytes, offset, length);
  }

  /** Makes an empty table; returns its root. @throws ArenaFullError */
  create(): number {
    return createTable(this.#arena);
  }

  /**
   * The shared view, pointed at a table. Valid until the next call: while the entries of a table are visited, no
   * other table is opened, and there is no other view of the same one.
   */
  open(root: number): BytesTable {
    this.#shared.point(root);
    return this.#shared;
  }

  /** Number of entries. */
  length(root: number): number {
    return rootWord(this.#arena, root, SIZE);
  }

  /** Number of segments. */
  parts(root: number): number {
    return rootWord(this.#arena, root, SEGMENTS);
  }

  /** Bytes of root, directory and segments, without the entries. */
  overheadBytes(root: number): number {
    return overheadBytes(this.#arena, root);
  }

  /**
   * Frees a segment of a table that is not used any more, after visiting each of its entries, and with the last
   * segment the root.
   * @returns whether that was all
   */
  freeStep(root: number, visit: (ref: number) => void): boolean {
    return !dismantleStep(this.#arena, root, visit);
  }
}
