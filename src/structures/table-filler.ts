// Adds many entries to a table, much faster than one by one in any order: in a table larger than the processor's
// caches each addition waits for memory. Entries are therefore first collected by the top bits of their hashes, and
// go into the table when there are many for one part of it, which is then in the cache.
//
//   hash ─▶ part 0    [ hash │ reference ][ hash │ reference ] …      4096 of them, then into the table
//        ─▶ part 1    …
//        ─▶ part 255
//
// That takes 8 MB, too much for a few entries: parts have room for 16 until one of them is full.
import type { BytesTable } from './bytes-table.ts';

const PARTS = 256;
const PART_SHIFT = 24;
/** A hash and a reference. */
const PAIR_WORDS = 2;
const PART_WORDS = 4096 * PAIR_WORDS;
/** Words of a part while there are few entries. */
const SMALL_PART_WORDS = 16 * PAIR_WORDS;
/**
 * Gap between two parts: a cache line. At distances of a power of two, all parts would share a few sets of the
 * processor's caches.
 */
const GAP_WORDS = 16;

/** Fills tables with entries; see the head of this file. */
export class TableFiller {
  /** Called with an entry that is not added because another one has its key; may throw. */
  readonly #onTwice: (ref: number) => void;
  /** Capacity of each part, in words. */
  #partWords = SMALL_PART_WORDS;
  #pairs = new Int32Array(PARTS * (SMALL_PART_WORDS + GAP_WORDS));
  /** How many words of each part are in use. */
  readonly #used = new Int32Array(PARTS);
  /** The parts before this one are empty, if nothing was added since the last call of `settle`. */
  #nextPart = 0;

  constructor(onTwice: (ref: number) => void) {
    this.#onTwice = onTwice;
  }

  /** Adds an entry to the table, if not now, then at the latest when `settle` has returned true. */
  add(table: BytesTable, hash: number, ref: number): void {
    const part = hash >>> PART_SHIFT;
    const used = this.#used[part];
    const at = part * (this.#partWords + GAP_WORDS) + used;
    this.#pairs[at] = hash;
    this.#pairs[at + 1] = ref;
    this.#used[part] = used + PAIR_WORDS;
    if (used + PAIR_WORDS === this.#partWords) this.#makeRoom(part, table);
    this.#nextPart = 0;
  }

  /** Moves some of the collected entries into the table; returns whether none are left. */
  settle(table: BytesTable): boolean {
    while (this.#nextPart < PARTS && this.#used[this.#nextPart] === 0) this.#nextPart++;
    if (this.#nextPart === PARTS) return true;
    this.#empty(this.#nextPart, table);
    return false;
  }

  /** Drops the collected entries, calling `visit` with each. */
  discard(visit: (ref: number) => void): void {
    for (let part = 0; part < PARTS; part++) {
      while (this.#used[part] > 0) {
        this.#used[part] -= PAIR_WORDS;
        visit(this.#pairs[part * (this.#partWords + GAP_WORDS) + this.#used[part] + 1]);
      }
    }
  }

  /** Makes room in a part that is full: enlarges all parts, or moves its entries into the table. */
  #makeRoom(part: number, table: BytesTable): void {
    if (this.#partWords === PART_WORDS) {
      this.#empty(part, table);
      return;
    }
    const pairs = new Int32Array(PARTS * (PART_WORDS + GAP_WORDS));
    for (let i = 0; i < PARTS; i++) {
      const first = i * (this.#partWords + GAP_WORDS);
      pairs.set(this.#pairs.subarray(first, first + this.#used[i]), i * (PART_WORDS + GAP_WORDS));
    }
    this.#pairs = pairs;
    this.#partWords = PART_WORDS;
  }

  #empty(part: number, table: BytesTable): void {
    const first = part * (this.#partWords + GAP_WORDS);
    // Entries that cannot be added are still collected when an error is thrown.
    for (let at = this.#used[part] - PAIR_WORDS; at >= 0; at -= PAIR_WORDS) {
      const ref = this.#pairs[first + at + 1];
      if (!table.add(this.#pairs[first + at], ref)) this.#onTwice(ref);
      this.#used[part] = at;
    }
  }
}
