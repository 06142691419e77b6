// Lists of pending entries, sorted by id: a group's, and the own ones of its consumers. A list is a sequence of leaves
// (pending-leaf.ts), its index (id-blocks.ts) at the beginning of the root of the group or consumer:
//
//   root ─▶ [ 1-0 … 62-0 ] [ 63-0 … 124-0 ] [ 125-0 … ]
//
// A leaf grows until it is full. Then it is split in halves; but what comes behind everything begins a leaf, so that
// lists that are filled in order are dense. Leaves that have become sparse are joined with a neighbour, or shrink.
// Blocks that a snapshot may be writing are copied before they change (shared-blocks.ts).
import type { Arena } from '../../memory/arena.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import { BlockPlace, blockClass, type IdBlocks, LEAST_ID } from './id-blocks.ts';
import { PendingItems } from './pending-items.ts';
import { maxItems, type PendingItem, PendingLeaf } from './pending-leaf.ts';
import type { SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';

/** Items of the smallest leaf. */
const MIN_ROOM = 4;
/** Room in a leaf that follows a full one. */
const NEXT_ROOM = 16;
/** A leaf of so few items is joined with a neighbour if the items of both are not more than `JOINED`. */
const SPARSE = 15;
const JOINED = 40;

/** Where an item is; valid until a list changes. */
export class ItemPlace extends BlockPlace {
  /** Number of the item in the block. */
  item = 0;
}

/** The operations on all lists of an arena; see the head of this file. */
export class PendingLists {
  /** Counts what may have moved items, in 32 bits: places are valid while it stays the same. */
  changes = 0;
  readonly index: IdBlocks;
  readonly #arena: Arena;
  readonly #shared: SharedBlocks;
  readonly #leaf: PendingLeaf;
  readonly #items: PendingItems;
  readonly #place = new ItemPlace();
  readonly #neighbour = new BlockPlace();
  readonly #sweep = new ItemPlace();
  readonly #id = new StreamId();

  constructor(arena: Arena, shared: SharedBlocks) {
    this.#arena = arena;
    this.index = shared.index;
    this.#shared = shared;
    this.#leaf = new PendingLeaf(arena);
    this.#items = new PendingItems(arena, shared);
  }

  // ── Finding ─────────────────────────────────────────────────────────────────────────────────

  /** Goes to the item with an id; false when there is none. It is quick where the place was near to it before. */
  find(root: number, id: StreamId, place: ItemPlace): boolean {
    if (!this.#isNear(root, id, place) && !this.index.find(root, id, place)) return false;
    place.item = this.#leaf.open(place.block).search(id);
    return place.item >= 0;
  }

  /** Whether the leaf that is now where a place was, in whatever list, is that of an id. */
  #isNear(root: number, id: StreamId, place: ItemPlace): boolean {
    place.slot--;
    if (!this.index.next(root, place)) return false;
    const leaf = this.#leaf.open(place.block);
    if (id.compareAt(leaf.words, leaf.base + LEAST_ID) < 0) return false;
    return leaf.compare(id, leaf.count - 1) <= 0;
  }

  /** Goes to the first item whose id is not less; false when there is none. */
  seek(root: number, id: StreamId, place: ItemPlace): boolean {
    if (!this.index.findOrFirst(root, id, place)) return false;
    const leaf = this.#leaf.open(place.block);
    const found = leaf.search(id);
    place.item = found < 0 ? ~found : found;
    if (place.item < leaf.count) return true;
    place.item = 0;
    return this.index.next(root, place);
  }

  /** Goes to the first item; false when there is none. */
  first(root: number, place: ItemPlace): boolean {
    place.item = 0;
    return this.index.first(root, place);
  }

  /** Goes to the last item; false when there is none. */
  last(root: number, place: ItemPlace): boolean {
    if (!this.index.last(root, place)) return false;
    place.item = this.#leaf.open(place.block).count - 1;
    return true;
  }

  /** Goes on to the next item; false when there is none. */
  next(root: number, place: ItemPlace): boolean {
    if (++place.item < this.#leaf.open(place.block).count) return true;
    place.item = 0;
    return this.index.next(root, place);
  }

  /** Reads the item at a place. */
  read(place: ItemPlace, item: PendingItem): void {
    this.#leaf.open(place.block).load(place.item, item);
  }

  /** Reads all of the item at a place but its id, in a group's list. */
  readDetails(place: ItemPlace, item: PendingItem): void {
    this.#leaf.open(place.block).loadDetails(place.item, item);
  }

  // ── Changing ────────────────────────────────────────────────────────────────────────────────

  /**
   * Adds an item whose id is not in the list.
   * @param stream the root of the stream, as for SharedBlocks
   * @param kind of the list's leaves
   * @throws ArenaFullError, before anything has changed
   */
  add(stream: number, root: number, kind: number, item: PendingItem): void {
    const { index } = this;
    this.changes = (this.changes + 1) | 0;
    const last = index.lastBlock(root);
    if (last === 0) {
      this.#addLeaf(root, kind, item, MIN_ROOM);
      return;
    }
    const place = this.#place;
    const leaf = this.#leaf.open(last);
    if (leaf.compare(item.id, leaf.count - 1) < 0) {
      index.findOrFirst(root, item.id, place);
      place.item = ~leaf.open(place.block).search(item.id);
      this.#insert(stream, root, place, item);
      return;
    }
    const { count } = leaf;
    if (count === maxItems(kind)) {
      this.#addLeaf(root, kind, item, NEXT_ROOM);
    } else if (count < leaf.capacity && leaf.fits(item) && !this.#shared.isShared(stream, last)) {
      leaf.insert(count, item);
    } else {
      index.last(root, place);
      place.item = count;
      this.#insert(stream, root, place, item);
    }
  }

  /**
   * Has the block at a place such that `remove` cannot fail.
   * @throws ArenaFullError, before anything has changed
   */
  prepareRemoval(stream: number, root: number, place: ItemPlace): void {
    if (!this.#shared.isShared(stream, place.block)) return;
    if (this.#leaf.open(place.block).count > 1) this.#own(stream, root, place);
  }

  /**
   * Has the block at a place, in a group's list, such that `set` can write an item there, of the same id.
   * @throws ArenaFullError, before anything has changed
   */
  prepare(stream: number, root: number, place: ItemPlace, item: PendingItem): void {
    const leaf = this.#leaf.open(place.block);
    if (leaf.fits(item)) {
      this.#own(stream, root, place);
      return;
    }
    const items = this.#items;
    const { count, capacity } = leaf;
    items.load(leaf);
    items.insert(count, item);
    const fresh = items.write(0, count, Math.min(capacity, maxItems(leaf.kind)), count + 1);
    this.#replace(stream, root, place, fresh);
  }

  /** Writes the item at a place, after `prepare`. */
  set(stream: number, root: number, place: ItemPlace, item: PendingItem): void {
    const leaf = this.#leaf.open(place.block);
    leaf.set(place.item, item);
    // When all have been changed, they may be narrow.
    if (leaf.isWide && place.item === leaf.count - 1) this.#rewrite(stream, root, place);
  }

  /** Removes the item at a place, after `prepareRemoval`. */
  remove(stream: number, root: number, place: ItemPlace): void {
    this.changes = (this.changes + 1) | 0;
    const leaf = this.#leaf.open(place.block);
    if (leaf.count === 1) {
      this.#removeLeaf(stream, root, place);
      return;
    }
    leaf.remove(place.item);
    if (leaf.count <= SPARSE) this.#condense(stream, root, place);
  }

  /** Removes all items of a consumer, by its number, from a group's list of a stream that is not frozen. */
  removeOf(stream: number, root: number, number: number): void {
    this.changes = (this.changes + 1) | 0;
    const leaf = this.#leaf;
    const place = this.#sweep;
    const id = this.#id;
    id.setZero();
    for (let more = true; more && this.seek(root, id, place); more = id.increment()) {
      leaf.open(place.block);
      // Whatever becomes of the leaf.
      leaf.loadId(leaf.count - 1, id);
      leaf.removeOf(number);
      if (leaf.count === 0) this.#removeLeaf(stream, root, place);
      else if (leaf.count <= SPARSE) this.#condense(stream, root, place);
    }
  }

  // ── The whole ───────────────────────────────────────────────────────────────────────────────

  /** Bytes of leaves and index. */
  bytes(root: number): number {
    const place = this.#place;
    let total = this.index.directoryBytes(root);
    for (let is = this.first(root, place); is; is = this.index.next(root, place)) {
      total += this.#shared.bytes(place.block);
    }
    return total;
  }

  /** The blocks of all leaves. */
  blocks(root: number): Int32Array {
    return this.index.blocks(root);
  }

  /**
   * Copies all leaves into the empty list of another root.
   * @throws ArenaFullError; the other list has a part of them then
   */
  copy(from: number, to: number): void {
    const place = this.#place;
    for (let is = this.first(from, place); is; is = this.index.next(from, place)) {
      this.#addBlock(to, this.#shared.copy(place.block));
    }
  }

  /** Frees up to `count` leaves; returns how many it has freed. */
  free(stream: number, root: number, count: number): number {
    const place = this.#place;
    this.changes = (this.changes + 1) | 0;
    let freed = 0;
    for (; freed < count && this.index.last(root, place); freed++) {
      this.#removeLeaf(stream, root, place);
    }
    return freed;
  }

  // ── Leaves ──────────────────────────────────────────────────────────────────────────────────

  /** Adds a leaf of one item behind the others. */
  #addLeaf(root: number, kind: number, item: PendingItem, room: number): void {
    const items = this.#items;
    items.clear(kind);
    items.insert(0, item);
    this.#addBlock(root, items.write(0, 1, room));
  }

  #addBlock(root: number, block: number): void {
    try {
      this.index.append(root, block);
    } catch (error) {
      this.#free(block);
      throw error;
    }
  }

  #removeLeaf(stream: number, root: number, place: BlockPlace): void {
    const { block } = place;
    this.index.remove(root, place);
    this.#shared.free(stream, block);
  }

  /** Gives a leaf back that is in no list yet. */
  #free(block: number): void {
    this.#arena.free(block, blockClass(this.#arena, block));
  }

  /** Has the stream own the block at a place. */
  #own(stream: number, root: number, place: ItemPlace): void {
    if (!this.#shared.isShared(stream, place.block)) return;
    this.changes = (this.changes + 1) | 0;
    this.#shared.own(stream, root, place);
  }

  /** Inserts an item before the one at a place. */
  #insert(stream: number, root: number, place: ItemPlace, item: PendingItem): void {
    const leaf = this.#leaf.open(place.block);
    const { count } = leaf;
    if (count < leaf.capacity && leaf.fits(item)) {
      this.#own(stream, root, place);
      leaf.open(place.block).insert(place.item, item);
      return;
    }
    const items = this.#items;
    const most = maxItems(leaf.kind);
    items.load(leaf);
    items.insert(place.item, item);
    if (count === most) this.#split(stream, root, place);
    else {
      const room = Math.min(most, Math.max(MIN_ROOM, 2 * count, leaf.capacity));
      this.#replace(stream, root, place, items.write(0, count + 1, room));
    }
  }

  /** Puts two leaves with `#items` into the place of one. */
  #split(stream: number, root: number, place: ItemPlace): void {
    const { index } = this;
    const items = this.#items;
    const { count } = items;
    const half = count >>> 1;
    const room = half + (half >>> 1);
    const left = items.write(0, half, room);
    let right = 0;
    try {
      right = items.write(half, count, room);
      index.insertAfter(root, place, right);
    } catch (error) {
      if (right !== 0) this.#free(right);
      this.#free(left);
      throw error;
    }
    // The old leaf is before the new one; its number may be another.
    this.#leaf.open(right).loadId(0, this.#id);
    index.find(root, this.#id, place);
    index.previous(root, place);
    this.#replace(stream, root, place, left);
  }

  #replace(stream: number, root: number, place: ItemPlace, fresh: number): void {
    const old = place.block;
    this.changes = (this.changes + 1) | 0;
    this.index.replace(root, place, fresh);
    this.#shared.free(stream, old);
  }

  /** Joins the leaf of a place with a neighbour, or moves the only one to a smaller block, if that is worth it. */
  #condense(stream: number, root: number, place: ItemPlace): void {
    const leaf = this.#leaf;
    const { count } = leaf;
    const left = this.#neighbour;
    const right = this.#place;
    // Places may be those of callers.
    this.#copyPlace(place, left);
    this.#copyPlace(place, right);
    if (this.index.next(root, right)) {
      if (this.#join(stream, root, left, right, count)) return;
    }
    this.#copyPlace(place, right);
    if (this.index.previous(root, left)) {
      if (this.#join(stream, root, left, right, count)) return;
    }
    if (this.index.count(root) > 1) return;
    leaf.open(place.block);
    if (leaf.capacity >= Math.max(4 * count, 2 * MIN_ROOM)) this.#rewrite(stream, root, place);
  }

  /** Moves the items of the leaf at a place to a new one, if there is memory. */
  #rewrite(stream: number, root: number, place: ItemPlace): void {
    const items = this.#items;
    const leaf = this.#leaf.open(place.block);
    const { count } = leaf;
    const room = Math.min(maxItems(leaf.kind), Math.max(MIN_ROOM, 2 * count));
    items.load(leaf);
    const fresh = ifThereIsMemory(() => items.write(0, count, room));
    if (fresh !== undefined) this.#replace(stream, root, place, fresh);
  }

  /** Joins two neighbours, one of which has `count` items; returns whether it did. */
  #join(stream: number, root: number, left: BlockPlace, right: BlockPlace, count: number): boolean {
    const items = this.#items;
    const leaf = this.#leaf;
    const [first, second] = [left.block, right.block];
    const total = leaf.open(first).count + leaf.open(second).count;
    if (total > JOINED || total === count) return false;
    items.load(leaf.open(first));
    items.append(leaf.open(second));
    const fresh = ifThereIsMemory(() => items.write(0, total, total));
    if (fresh === undefined) return false;
    this.index.replace(root, left, fresh);
    this.index.remove(root, right);
    this.#shared.free(stream, first);
    this.#shared.free(stream, second);
    return true;
  }

  #copyPlace(from: BlockPlace, to: BlockPlace): void {
    to.block = from.block;
    to.page = from.page;
    to.slot = from.slot;
  }
}
