// Walks over the entries of a stream between two ids, in their order or backward; deleted ones are left out.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { BlockCursor, type PayloadSource } from './block-cursor.ts';
import { LAST_ENTRY_ID, LIVE } from './entry-block.ts';
import { BlockPlace, type IdBlocks, LEAST_ID } from './id-blocks.ts';
import { StreamId } from './stream-id.ts';

/** A walk, which can be used again and again; valid until any data change. */
export class EntryWalk {
  /** The entry that `next` went to. */
  readonly cursor: BlockCursor;
  readonly #arena: Arena;
  readonly #index: IdBlocks;
  readonly #place = new BlockPlace();
  readonly #first = new StreamId();
  readonly #last = new StreamId();
  #root = 0;
  #isReverse = false;
  /** Whether the next entry is the first one, so that those before the range are to be passed over. */
  #isAtStart = false;

  constructor(arena: Arena, index: IdBlocks, payloads: PayloadSource) {
    this.cursor = new BlockCursor(arena, payloads);
    this.#arena = arena;
    this.#index = index;
  }

  /** The block of the entry that `next` went to. */
  get place(): BlockPlace {
    return this.#place;
  }

  /**
   * Begins a walk.
   * @param first the least id that an entry may have
   * @param last the greatest one
   * @param isReverse whether it goes from the last to the first
   */
  open(root: number, first: StreamId, last: StreamId, isReverse = false): void {
    this.#root = root;
    this.#first.set(first);
    this.#last.set(last);
    this.#isReverse = isReverse;
    this.#isAtStart = true;
    const place = this.#place;
    if (first.compare(last) > 0) {
      place.block = 0;
    } else if (isReverse) {
      if (this.#index.find(root, last, place)) this.cursor.openEnd(place.block);
    } else if (this.#index.findOrFirst(root, first, place)) {
      this.cursor.open(place.block);
    }
  }

  /** Goes on to the next entry; false when there is none. */
  next(): boolean {
    if (this.#place.block === 0) return false;
    return this.#isReverse ? this.#previous() : this.#following();
  }

  /** Number of entries between two ids, both included, up to a limit; ends a walk that was begun. */
  count(root: number, first: StreamId, last: StreamId, limit: number): number {
    const place = this.#place;
    const { cursor } = this;
    if (limit === 0 || first.compare(last) > 0) return 0;
    const index = this.#index;
    const arena = this.#arena;
    let count = 0;
    for (let more = index.findOrFirst(root, first, place); more; more = index.next(root, place)) {
      const { block } = place;
      const words = arena.i32[block >>> SEGMENT_SHIFT];
      const base = (block & SEGMENT_MASK) << 1;
      if (last.compareAt(words, base + LEAST_ID) < 0) return count;
      const isWhole =
        first.compareAt(words, base + LEAST_ID) <= 0 &&
        last.compareAt(words, base + LAST_ENTRY_ID) >= 0;
      if (isWhole) {
        count += words[base + LIVE];
      } else {
        cursor.open(block);
        for (let isIn = cursor.seek(first); isIn; isIn = cursor.next()) {
          if (cursor.isDeleted) continue;
          if (cursor.id.compare(last) > 0) return count;
          if (++count === limit) return count;
        }
      }
      if (count >= limit) return limit;
    }
    return count;
  }

  #following(): boolean {
    const { cursor } = this;
    for (;;) {
      while (cursor.next()) {
        // Before it is looked at: after XSETID, entries may follow that are less than a deleted one.
        if (cursor.isDeleted) continue;
        if (this.#isAtStart) {
          if (cursor.id.compare(this.#first) < 0) continue;
          this.#isAtStart = false;
        }
        if (cursor.id.compare(this.#last) <= 0) return true;
        this.#place.block = 0;
        return false;
      }
      if (!this.#index.next(this.#root, this.#place)) return false;
      cursor.open(this.#place.block);
    }
  }

  #previous(): boolean {
    const { cursor } = this;
    for (;;) {
      while (cursor.previous()) {
        if (cursor.isDeleted) continue;
        if (this.#isAtStart) {
          if (cursor.id.compare(this.#last) > 0) continue;
          this.#isAtStart = false;
        }
        if (cursor.id.compare(this.#first) >= 0) return true;
        this.#place.block = 0;
        return false;
      }
      if (!this.#index.previous(this.#root, this.#place)) return false;
      cursor.openEnd(this.#place.block);
    }
  }
}
