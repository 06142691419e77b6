// Items of leaves (pending-leaf.ts) as plain arrays, from which new leaves are made: where one is full, has become
// sparse, or an item does not fit into it.
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';
import {
  leafWords,
  MAX_NARROW,
  MOST_ITEMS,
  msAbove,
  OF_GROUP,
  PendingItem,
  PendingLeaf,
} from './pending-leaf.ts';
import type { SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';

/** Those of two leaves. */
const CAPACITY = 2 * MOST_ITEMS;
const TWO_31 = 2 ** 31;

/** A run of items of one kind of leaves; see the head of this file. */
export class PendingItems {
  count = 0;
  readonly #shared: SharedBlocks;
  readonly #ids = new Int32Array(4 * CAPACITY);
  readonly #times = new Float64Array(CAPACITY);
  readonly #deliveries = new Float64Array(CAPACITY);
  readonly #numbers = new Int32Array(CAPACITY);
  readonly #leaf: PendingLeaf;
  readonly #item = new PendingItem();
  readonly #least = new StreamId();
  #kind = OF_GROUP;
  #baseMs = 0;

  constructor(arena: Arena, shared: SharedBlocks) {
    this.#shared = shared;
    this.#leaf = new PendingLeaf(arena);
  }

  /** Takes the items of a leaf. */
  load(leaf: PendingLeaf): void {
    this.clear(leaf.kind);
    this.append(leaf);
  }

  /** There are none. */
  clear(kind: number): void {
    this.count = 0;
    this.#kind = kind;
  }

  /** Adds the items of a leaf behind the others. */
  append(leaf: PendingLeaf): void {
    const item = this.#item;
    for (let i = 0; i < leaf.count; i++) {
      leaf.load(i, item);
      this.#set(this.count++, item);
    }
  }

  /** Inserts an item before item i. */
  insert(i: number, item: PendingItem): void {
    const { count } = this;
    this.#ids.copyWithin(4 * i + 4, 4 * i, 4 * count);
    this.#times.copyWithin(i + 1, i, count);
    this.#deliveries.copyWithin(i + 1, i, count);
    this.#numbers.copyWithin(i + 1, i, count);
    this.#set(i, item);
    this.count = count + 1;
  }

  /**
   * Makes a leaf of items.
   * @param room how many items it shall have room for, unless they are more
   * @param until behind the last item that its items must be able to become
   * @throws ArenaFullError
   */
  write(from: number, to: number, room: number, until: number = to): number {
    const item = this.#item;
    const leaf = this.#leaf;
    const kind = this.#kind;
    this.#least.load(this.#ids, 4 * from);
    const isWide = !this.#areNarrow(from, to, until);
    const words = leafWords(kind, isWide, Math.max(room, to - from));
    const block = this.#shared.allocate(classOf(words * 4));
    leaf.clear(block, kind, isWide, this.#least, this.#baseMs);
    for (let i = from; i < to; i++) {
      this.#get(i, item);
      leaf.insert(i - from, item);
    }
    return block;
  }

  /** Whether items can be narrow ones of a leaf; sets the base of their times. */
  #areNarrow(from: number, to: number, until: number): boolean {
    const ids = this.#ids;
    const { id } = this.#item;
    id.load(ids, 4 * (to - 1));
    if (msAbove(id, ids, 4 * from) > 0xffffffff) return false;
    for (let i = from; i < to; i++) if (ids[4 * i + 2] !== 0) return false;
    return this.#kind !== OF_GROUP || this.#haveNarrowDetails(from, until);
  }

  #haveNarrowDetails(from: number, until: number): boolean {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    let areIntegers = true;
    for (let i = from; i < until; i++) {
      const time = this.#times[i];
      const deliveries = this.#deliveries[i];
      if (time < least) least = time;
      if (time > most) most = time;
      if (!Number.isSafeInteger(time)) areIntegers = false;
      if (deliveries !== (deliveries & MAX_NARROW) || this.#numbers[i] > MAX_NARROW) return false;
    }
    this.#baseMs = least;
    return areIntegers && most - least < TWO_31;
  }

  #set(i: number, item: PendingItem): void {
    item.id.store(this.#ids, 4 * i);
    this.#times[i] = item.timeMs;
    this.#deliveries[i] = item.deliveries;
    this.#numbers[i] = item.number;
  }

  #get(i: number, item: PendingItem): void {
    item.id.load(this.#ids, 4 * i);
    item.timeMs = this.#times[i];
    item.deliveries = this.#deliveries[i];
    item.number = this.#numbers[i];
  }
}
