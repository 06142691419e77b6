// Consumer groups of streams, off the heap. The word GROUPS of a stream's root leads to all of them:
//
//   GROUPS ─▶ table of names ─▶ group ─┬▶ list of its pending entries
//                                      └▶ table of names ─▶ consumer ─▶ list of its own pending entries
//
// A group and a consumer are named by the references of their roots (group-root.ts). Those stay the same until the group
// or consumer is removed, or the blocks of the stream are moved (groups-relocation.ts).
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import type { BytesTables } from '../../structures/bytes-tables.ts';
import { ByteView } from '../../structures/entry.ts';
import {
  ACTIVE_DOUBLE,
  ENTRIES_READ,
  freeGroup,
  GROUP_BYTES,
  LAST_DELIVERED,
  newGroup,
  PENDING,
  rootDouble,
  SEEN_DOUBLE,
  setRootDouble,
} from './group-root.ts';
import type { GroupState } from './group-state.ts';
import { GroupsRelocation } from './groups-relocation.ts';
import { blockWord, setBlockWord } from './id-blocks.ts';
import { PendingCursor, PendingEntries } from './pending-entries.ts';
import type { SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';
import { counterAt, FROZEN, GROUPS, incrementCounter, setCounterAt } from './stream-root.ts';

/** Blocks that are freed in one step. */
const BLOCKS_PER_STEP = 128;
/** Blocks of a consumer besides those of its pending entries. */
const BLOCKS_OF_CONSUMER = 3;

/** The groups of all streams of an arena; see the head of this file. */
export class Groups extends PendingEntries {
  readonly relocation: GroupsRelocation;
  readonly #view = new ByteView();
  readonly #first = new PendingCursor();
  readonly #unread = new StreamId();

  constructor(arena: Arena, tables: BytesTables, shared: SharedBlocks) {
    super(arena, tables, shared);
    this.relocation = new GroupsRelocation(arena, this.names, this.lists, this.consumers);
  }

  // ── Groups ──────────────────────────────────────────────────────────────────────────────────

  /** Number of groups. */
  count(stream: number): number {
    const table = blockWord(this.arena, stream, GROUPS);
    return table === 0 ? 0 : this.names.count(table);
  }

  /** The group with a name; 0: none. */
  find(stream: number, bytes: Uint8Array, offset: number, length: number): number {
    const table = blockWord(this.arena, stream, GROUPS);
    return table === 0 ? 0 : this.names.find(table, bytes, offset, length);
  }

  /**
   * Adds a group that is not there.
   * @param entriesRead 64 bits; -1: not known
   * @throws ArenaFullError, before anything has changed
   */
  create(
    stream: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    lastId: StreamId,
    entriesRead: bigint,
  ): number {
    const { arena, names } = this;
    const known = blockWord(arena, stream, GROUPS);
    const table = known === 0 ? names.create() : known;
    let group = 0;
    try {
      group = this.#newGroup();
      names.add(table, bytes, offset, length, group);
    } catch (error) {
      if (group !== 0) this.#freeGroup(stream, group, Number.POSITIVE_INFINITY);
      if (known === 0) names.free(table);
      throw error;
    }
    setBlockWord(arena, stream, GROUPS, table);
    this.storeLastId(group, lastId);
    this.setEntriesRead(group, entriesRead);
    return group;
  }

  /** A group without consumers, which has no name yet. */
  #newGroup(): number {
    const group = newGroup(this.arena);
    try {
      this.consumers.begin(group);
    } catch (error) {
      freeGroup(this.arena, group);
      throw error;
    }
    return group;
  }

  /**
   * Removes a group with all that it has.
   * @returns whether all its memory is free; otherwise `removeStep` frees the rest, in any number of calls at any time,
   *   whatever happens to the stream
   */
  remove(stream: number, group: number): boolean {
    const { arena } = this;
    const table = blockWord(arena, stream, GROUPS);
    this.relocation.removing(group);
    this.names.remove(table, group);
    if (this.names.count(table) === 0) this.#freeTable(stream, table);
    // From now on it is frozen or not by itself: what a snapshot has not written yet is left to that.
    setBlockWord(arena, group, FROZEN, blockWord(arena, stream, FROZEN));
    return this.removeStep(group);
  }

  /** Frees a part of a removed group, in well under a millisecond; returns whether all is freed. */
  removeStep(group: number): boolean {
    return this.#freeGroup(group, group, BLOCKS_PER_STEP) < BLOCKS_PER_STEP;
  }

  /** All groups, in the order of their names. */
  list(stream: number): number[] {
    const table = blockWord(this.arena, stream, GROUPS);
    return table === 0 ? [] : this.names.sorted(table);
  }

  /** Points a view at the name of a group or a consumer. */
  name(ref: number, view: ByteView): void {
    this.names.name(ref, view);
  }

  /** Reads the id of the last entry that was delivered. */
  loadLastId(group: number, id: StreamId): void {
    const words = this.arena.i32[group >>> SEGMENT_SHIFT];
    id.load(words, ((group & SEGMENT_MASK) << 1) + LAST_DELIVERED);
  }

  storeLastId(group: number, id: StreamId): void {
    const words = this.arena.i32[group >>> SEGMENT_SHIFT];
    id.store(words, ((group & SEGMENT_MASK) << 1) + LAST_DELIVERED);
  }

  /** Sets an id to the least one that a group has not acknowledged, of all groups; to the largest one without groups. */
  loadLeastUnread(stream: number, id: StreamId): void {
    const { arena } = this;
    id.setMax();
    const table = blockWord(arena, stream, GROUPS);
    if (table === 0) return;
    const unread = this.#unread;
    this.names.visit(table, (group) => {
      if (this.firstPending(group, this.#first)) {
        if (this.#first.id.compare(id) < 0) id.set(this.#first.id);
      }
      this.loadLastId(group, unread);
      if (unread.increment() && unread.compare(id) < 0) id.set(unread);
    });
  }

  /** How many entries the group has read; -1: not known. */
  entriesRead(group: number): bigint {
    return counterAt(this.arena, group, ENTRIES_READ);
  }

  setEntriesRead(group: number, count: bigint): void {
    setCounterAt(this.arena, group, ENTRIES_READ, count);
  }

  incrementEntriesRead(group: number): void {
    incrementCounter(this.arena, group, ENTRIES_READ);
  }

  // ── Consumers ───────────────────────────────────────────────────────────────────────────────

  /** Number of consumers. */
  consumerCount(group: number): number {
    return this.consumers.count(group);
  }

  /** The consumer with a name; 0: none. */
  findConsumer(group: number, bytes: Uint8Array, offset: number, length: number): number {
    return this.consumers.find(group, bytes, offset, length);
  }

  /** Adds a consumer that is not there, and has never been active. @throws ArenaFullError, before anything has changed */
  createConsumer(
    _stream: number,
    group: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    seenMs: number,
  ): number {
    return this.consumers.create(group, bytes, offset, length, seenMs);
  }

  /**
   * Removes a consumer with its pending entries; returns how many these were.
   * @throws ArenaFullError; it may have fewer pending entries then
   */
  removeConsumer(stream: number, group: number, consumer: number): number {
    const count = this.removeAllOwn(stream, group, consumer);
    this.relocation.removing(consumer);
    this.consumers.remove(group, consumer);
    return count;
  }

  /** All consumers, in the order of their names. */
  listConsumers(group: number): number[] {
    return this.consumers.sorted(group);
  }

  /** The consumers that have pending entries, in the order of their names. */
  listOwners(group: number): number[] {
    return this.consumers.sorted(group, (consumer) => this.pendingOf(consumer) > 0);
  }

  /** When a command has named a consumer last, in ms since the epoch. */
  seenMs(consumer: number): number {
    return rootDouble(this.arena, consumer, SEEN_DOUBLE);
  }

  setSeenMs(consumer: number, timeMs: number): void {
    setRootDouble(this.arena, consumer, SEEN_DOUBLE, timeMs);
  }

  /** When a consumer has got or claimed an entry last, in ms since the epoch; -1: never. */
  activeMs(consumer: number): number {
    return rootDouble(this.arena, consumer, ACTIVE_DOUBLE);
  }

  setActiveMs(consumer: number, timeMs: number): void {
    setRootDouble(this.arena, consumer, ACTIVE_DOUBLE, timeMs);
  }

  // ── The whole ───────────────────────────────────────────────────────────────────────────────

  /** Bytes of all groups. */
  bytes(stream: number): number {
    const { arena, names } = this;
    const table = blockWord(arena, stream, GROUPS);
    if (table === 0) return 0;
    let total = names.bytes(table);
    for (const group of this.#all(table)) {
      total += GROUP_BYTES + this.lists.bytes(group) + this.consumers.bytes(group);
    }
    return total;
  }

  /** About how many blocks the groups have. */
  parts(stream: number): number {
    const table = blockWord(this.arena, stream, GROUPS);
    if (table === 0) return 0;
    let total = 0;
    this.names.visit(table, (group) => {
      const leaves = this.lists.index.count(group);
      // The lists of the consumers together have as many items.
      total += 3 + 2 * leaves + BLOCKS_OF_CONSUMER * this.consumers.count(group);
    });
    return total;
  }

  /** Copies all groups to a stream that has none. @throws ArenaFullError; no part of the copy is left then */
  copy(from: number, to: number): void {
    const table = blockWord(this.arena, from, GROUPS);
    if (table === 0) return;
    try {
      for (const group of this.#all(table)) this.#copyGroup(group, to);
    } catch (error) {
      while (!this.freeStep(to));
      throw error;
    }
  }

  #copyGroup(group: number, to: number): void {
    const { arena } = this;
    const view = this.#view;
    const id = new StreamId();
    this.loadLastId(group, id);
    this.name(group, view);
    const { buffer, offset, length } = view;
    const copy = this.create(to, buffer, offset, length, id, this.entriesRead(group));
    setBlockWord(arena, copy, PENDING, this.pendingCount(group));
    this.lists.copy(group, copy);
    this.consumers.copy(group, copy, view);
  }

  /** Frees a part of all groups, in well under a millisecond; returns whether all is freed. */
  freeStep(stream: number): boolean {
    const { arena, names } = this;
    this.relocation.freeing(stream);
    const table = blockWord(arena, stream, GROUPS);
    if (table === 0) return true;
    for (let left = BLOCKS_PER_STEP; names.count(table) > 0; left--) {
      const group = names.any(table);
      left -= this.#freeParts(stream, group, left);
      if (left <= 0) return false;
      names.remove(table, group);
      freeGroup(arena, group);
    }
    this.#freeTable(stream, table);
    return true;
  }

  /** The groups, to be read by one who needs the stream to be as it is now, later (group-state.ts). */
  states(stream: number): GroupState[] {
    return this.list(stream).map((group) => this.#stateOf(group));
  }

  #stateOf(group: number): GroupState {
    const view = this.#view;
    const lastId = new StreamId();
    this.loadLastId(group, lastId);
    this.name(group, view);
    return {
      name: view.copy(),
      lastId,
      entriesRead: this.entriesRead(group),
      pending: this.pendingCount(group),
      blocks: this.lists.blocks(group),
      consumers: this.listConsumers(group).map((consumer) => {
        this.name(consumer, view);
        return {
          name: view.copy(),
          seenMs: this.seenMs(consumer),
          activeMs: this.activeMs(consumer),
          pending: this.pendingOf(consumer),
          blocks: this.lists.blocks(consumer),
        };
      }),
    };
  }

  #all(table: number): number[] {
    const groups: number[] = [];
    this.names.visit(table, (group) => {
      groups.push(group);
    });
    return groups;
  }

  #freeTable(stream: number, table: number): void {
    this.names.free(table);
    setBlockWord(this.arena, stream, GROUPS, 0);
  }

  /** Frees up to `count` blocks of a group without a name; returns how many, fewer if all is freed. */
  #freeGroup(stream: number, group: number, count: number): number {
    const freed = this.#freeParts(stream, group, count);
    if (freed < count) freeGroup(this.arena, group);
    return freed;
  }

  /** Frees up to `count` blocks that a group has; returns how many, fewer if it has none any more. */
  #freeParts(stream: number, group: number, count: number): number {
    const leaves = this.lists.free(stream, group, count);
    if (leaves === count) return count;
    return leaves + this.consumers.free(stream, group, count - leaves);
  }
}
