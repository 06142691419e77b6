// The pending entries of consumer groups: each is in the list of its group, with who got it when, and in the own list of
// its consumer, by its id (pending-lists.ts). The two lists always agree.
import type { Arena } from '../../memory/arena.ts';
import type { BytesTables } from '../../structures/bytes-tables.ts';
import { Consumers } from './consumers.ts';
import { NUMBER, PENDING } from './group-root.ts';
import { blockWord, setBlockWord } from './id-blocks.ts';
import { NameTables } from './names.ts';
import { MAX_NARROW, OF_CONSUMER, OF_GROUP, PendingItem } from './pending-leaf.ts';
import { ItemPlace, PendingLists } from './pending-lists.ts';
import type { SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';
import { FROZEN } from './stream-root.ts';

/** Where a consumer has so many entries for each leaf of its group, going through all leaves is quicker. */
const MANY_OF_LEAF = 4;

/** Number of no consumer, or of one of very many. */
const UNOWNED = MAX_NARROW;

/**
 * A pending entry that was found, and where it is. Groups and consumers may change between two calls: a cursor goes on
 * by its id then.
 */
export class PendingCursor extends PendingItem {
  /** The consumer who has the entry. */
  consumer = 0;
  /** Where it is in the list of this root, while there are no more changes of lists than so many. */
  readonly place: ItemPlace = new ItemPlace();
  list = 0;
  changes = 0;
}

/** The operations on the pending entries of all groups of an arena; see the head of this file. */
export class PendingEntries {
  protected readonly arena: Arena;
  protected readonly names: NameTables;
  protected readonly lists: PendingLists;
  protected readonly consumers: Consumers;
  readonly #item = new PendingItem();
  readonly #id = new StreamId();
  readonly #place = new ItemPlace();
  readonly #ownPlace = new ItemPlace();

  constructor(arena: Arena, tables: BytesTables, shared: SharedBlocks) {
    this.arena = arena;
    this.names = new NameTables(arena, tables);
    this.lists = new PendingLists(arena, shared);
    this.consumers = new Consumers(arena, this.names, this.lists);
  }

  /** Number of pending entries of a group. */
  pendingCount(group: number): number {
    return blockWord(this.arena, group, PENDING);
  }

  /** Number of pending entries of a consumer. */
  pendingOf(consumer: number): number {
    return blockWord(this.arena, consumer, PENDING);
  }

  // ── Finding ─────────────────────────────────────────────────────────────────────────────────

  /** Goes to the pending entry with an id; false when there is none. */
  findPending(group: number, id: StreamId, cursor: PendingCursor): boolean {
    return this.lists.find(group, id, cursor.place) && this.#read(group, cursor);
  }

  /** Goes to the first pending entry; false when there is none. */
  firstPending(group: number, cursor: PendingCursor): boolean {
    return this.lists.first(group, cursor.place) && this.#read(group, cursor);
  }

  /** Goes to the last pending entry; false when there is none. */
  lastPending(group: number, cursor: PendingCursor): boolean {
    return this.lists.last(group, cursor.place) && this.#read(group, cursor);
  }

  /** Goes to the first pending entry whose id is not less; false when there is none. */
  seekPending(group: number, id: StreamId, cursor: PendingCursor): boolean {
    return this.lists.seek(group, id, cursor.place) && this.#read(group, cursor);
  }

  /** Goes on to the next pending entry; false when there is none, and the cursor stays. */
  nextPending(group: number, cursor: PendingCursor): boolean {
    return this.#next(group, cursor) && this.#read(group, cursor);
  }

  /** Goes to a consumer's first pending entry whose id is not less; false when there is none. */
  seekOwn(group: number, consumer: number, id: StreamId, cursor: PendingCursor): boolean {
    return this.lists.seek(consumer, id, cursor.place) && this.#readOwn(group, consumer, cursor);
  }

  /** Goes on to a consumer's next pending entry; false when there is none, and the cursor stays. */
  nextOwn(group: number, consumer: number, cursor: PendingCursor): boolean {
    return this.#next(consumer, cursor) && this.#readOwn(group, consumer, cursor);
  }

  #next(list: number, cursor: PendingCursor): boolean {
    const { lists } = this;
    const { place } = cursor;
    const isThere = cursor.list === list && cursor.changes === lists.changes;
    cursor.list = 0;
    if (isThere) return lists.next(list, place);
    const id = this.#id;
    id.set(cursor.id);
    return id.increment() && lists.seek(list, id, place);
  }

  #read(group: number, cursor: PendingCursor): boolean {
    this.lists.read(cursor.place, cursor);
    cursor.consumer = this.consumers.withNumber(group, cursor.number);
    cursor.list = group;
    cursor.changes = this.lists.changes;
    return true;
  }

  #readOwn(group: number, consumer: number, cursor: PendingCursor): boolean {
    const { lists } = this;
    lists.read(cursor.place, cursor);
    lists.find(group, cursor.id, this.#place);
    lists.readDetails(this.#place, cursor);
    cursor.consumer = consumer;
    cursor.list = consumer;
    cursor.changes = lists.changes;
    return true;
  }

  // ── Reading from files ──────────────────────────────────────────────────────────────────────

  /**
   * Adds a pending entry whose consumer is not known yet: `setOwner` gives it one, before anything else is done.
   * @throws ArenaFullError, before anything has changed
   */
  addUnowned(
    stream: number,
    group: number,
    id: StreamId,
    timeMs: number,
    deliveries: number,
  ): void {
    const item = this.#item;
    item.id.set(id);
    item.timeMs = timeMs;
    item.deliveries = deliveries;
    item.number = UNOWNED;
    this.lists.add(stream, group, OF_GROUP, item);
    this.#count(group, 1);
  }

  /**
   * Gives a consumer a pending entry that has none.
   * @returns false when there is no such entry
   * @throws ArenaFullError, before anything has changed
   */
  setOwner(stream: number, group: number, consumer: number, id: StreamId): boolean {
    const { lists } = this;
    const place = this.#place;
    const item = this.#item;
    if (!lists.find(group, id, place)) return false;
    lists.read(place, item);
    if (item.number !== UNOWNED || this.#isOfUnowned(group, id)) return false;
    item.number = blockWord(this.arena, consumer, NUMBER);
    lists.prepare(stream, group, place, item);
    lists.add(stream, consumer, OF_CONSUMER, item);
    lists.set(stream, group, place, item);
    this.#count(consumer, 1);
    return true;
  }

  /** Whether an entry is that of the consumer whose number is UNOWNED, if there are so many. */
  #isOfUnowned(group: number, id: StreamId): boolean {
    if (!this.consumers.hasNumber(group, UNOWNED)) return false;
    return this.lists.find(this.consumers.withNumber(group, UNOWNED), id, this.#ownPlace);
  }

  // ── Changing ────────────────────────────────────────────────────────────────────────────────

  /**
   * Adds a pending entry that is not there.
   * @param timeMs when it was delivered, in ms since the epoch
   * @param deliveries how often, 0 … 2^53
   * @throws ArenaFullError, before anything has changed
   */
  addPending(
    stream: number,
    group: number,
    consumer: number,
    id: StreamId,
    timeMs: number,
    deliveries: number,
  ): void {
    const { lists } = this;
    const item = this.#item;
    item.id.set(id);
    item.timeMs = timeMs;
    item.deliveries = deliveries;
    item.number = blockWord(this.arena, consumer, NUMBER);
    lists.add(stream, group, OF_GROUP, item);
    try {
      lists.add(stream, consumer, OF_CONSUMER, item);
    } catch (error) {
      // What it was added to is the stream's own already.
      lists.find(group, id, this.#place);
      lists.remove(stream, group, this.#place);
      throw error;
    }
    this.#count(group, 1);
    this.#count(consumer, 1);
  }

  /**
   * Changes the pending entry that a cursor was moved to: its consumer, and when and how often it was delivered.
   * @throws ArenaFullError, before anything has changed
   */
  setPending(
    stream: number,
    group: number,
    cursor: PendingCursor,
    consumer: number,
    timeMs: number,
    deliveries: number,
  ): void {
    const { lists } = this;
    const place = this.#placeOf(group, cursor);
    const item = this.#item;
    lists.readDetails(place, item);
    const old = this.consumers.withNumber(group, item.number);
    item.id.set(cursor.id);
    item.timeMs = timeMs;
    item.deliveries = deliveries;
    item.number = blockWord(this.arena, consumer, NUMBER);
    lists.prepare(stream, group, place, item);
    if (old !== consumer) this.#move(stream, old, consumer, item);
    lists.set(stream, group, place, item);
    cursor.timeMs = timeMs;
    cursor.deliveries = deliveries;
    cursor.number = item.number;
    cursor.consumer = consumer;
    // Nothing else has moved in the list of the group.
    if (place === cursor.place) cursor.changes = lists.changes;
  }

  /** Moves an item from one consumer's list to another's. */
  #move(stream: number, from: number, to: number, item: PendingItem): void {
    const { lists } = this;
    const place = this.#ownPlace;
    lists.find(from, item.id, place);
    lists.prepareRemoval(stream, from, place);
    lists.add(stream, to, OF_CONSUMER, item);
    lists.remove(stream, from, place);
    this.#count(from, -1);
    this.#count(to, 1);
  }

  /** Removes the pending entry that a cursor was moved to. @throws ArenaFullError, before anything has changed */
  removePending(stream: number, group: number, cursor: PendingCursor): void {
    const place = this.#placeOf(group, cursor);
    const item = this.#item;
    this.lists.readDetails(place, item);
    const consumer = this.consumers.withNumber(group, item.number);
    const own = this.#ownPlace;
    this.lists.find(consumer, cursor.id, own);
    this.#remove(stream, group, place, consumer, own);
    cursor.list = 0;
  }

  #remove(stream: number, group: number, place: ItemPlace, consumer: number, own: ItemPlace): void {
    const { lists } = this;
    lists.prepareRemoval(stream, group, place);
    lists.prepareRemoval(stream, consumer, own);
    lists.remove(stream, group, place);
    lists.remove(stream, consumer, own);
    this.#count(group, -1);
    this.#count(consumer, -1);
  }

  /**
   * Removes all pending entries of a consumer; returns how many these were.
   * @throws ArenaFullError; the first ones may be removed then
   */
  protected removeAllOwn(stream: number, group: number, consumer: number): number {
    const { arena, lists } = this;
    const count = this.pendingOf(consumer);
    const isFrozen = blockWord(arena, stream, FROZEN) !== 0;
    if (isFrozen || count < MANY_OF_LEAF * lists.index.count(group)) {
      this.#removeEach(stream, group, consumer);
      return count;
    }
    lists.removeOf(stream, group, blockWord(arena, consumer, NUMBER));
    lists.free(stream, consumer, Number.POSITIVE_INFINITY);
    this.#count(group, -count);
    this.#count(consumer, -count);
    return count;
  }

  #removeEach(stream: number, group: number, consumer: number): void {
    const { lists } = this;
    const item = this.#item;
    const place = this.#place;
    const own = this.#ownPlace;
    while (lists.first(consumer, own)) {
      lists.read(own, item);
      lists.find(group, item.id, place);
      this.#remove(stream, group, place, consumer, own);
    }
  }

  /** Where the pending entry of a cursor is in the list of its group. */
  #placeOf(group: number, cursor: PendingCursor): ItemPlace {
    const { lists } = this;
    if (cursor.list === group && cursor.changes === lists.changes) return cursor.place;
    if (lists.find(group, cursor.id, this.#place)) return this.#place;
    throw new Error('a cursor is at no pending entry');
  }

  #count(root: number, by: number): void {
    setBlockWord(this.arena, root, PENDING, blockWord(this.arena, root, PENDING) + by);
  }
}
