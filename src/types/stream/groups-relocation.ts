// Moves the blocks of a stream's groups out of pages that are being emptied, some at a time: tables of names, roots and
// lists. Between two steps the groups may change in any way, as positions are hashes of names, and ids; but whoever
// removes a group or a consumer reports it. While the stream is frozen, nothing is moved.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import type { BytesTable } from '../../structures/bytes-table.ts';
import type { EntryMover } from '../../structures/table-segment.ts';
import type { Consumers } from './consumers.ts';
import { CONSUMERS, NUMBER, relocateConsumer, relocateGroup } from './group-root.ts';
import { BlockPlace, blockClass, blockWord, LEAST_ID, setBlockWord } from './id-blocks.ts';
import type { NameTables } from './names.ts';
import type { PendingLists } from './pending-lists.ts';
import { StreamId } from './stream-id.ts';
import { FROZEN, GROUPS } from './stream-root.ts';

/** A walk through a table of names, from one root to the next. */
class NameWalk implements EntryMover {
  /** Where to go on; 0 at the beginning, and at the end. */
  position = 0;
  /** The root that the walk is at; 0: none. */
  root = 0;
  readonly #names: NameTables;
  readonly #view: BytesTable;
  readonly #moveRoot: (root: number) => number;

  constructor(names: NameTables, moveRoot: (root: number) => number) {
    this.#names = names;
    this.#view = names.view();
    this.#moveRoot = moveRoot;
  }

  /** Goes on to another root, or to the end of a segment of the table; returns the table, which may have moved. */
  advance(table: number): number {
    const view = this.#view;
    view.point(table);
    this.root = 0;
    this.position = view.relocate(this.position, this);
    const moved = view.root;
    view.point(0);
    return moved;
  }

  get isDone(): boolean {
    return this.root !== 0;
  }

  move(record: number): number {
    const moved = this.#names.relocate(record);
    const root = this.#moveRoot(this.#names.rootOf(moved));
    this.#names.setRoot(moved, root);
    this.root = root;
    return moved;
  }
}

/** The relocation; see the head of this file. */
export class GroupsRelocation {
  /** Number of blocks examined so far. */
  scanned = 0;
  readonly #arena: Arena;
  readonly #lists: PendingLists;
  readonly #consumers: Consumers;
  readonly #groupWalk: NameWalk;
  readonly #consumerWalk: NameWalk;
  readonly #place = new BlockPlace();
  #stream = 0;
  /** The root of the list that is gone through, and the least id of the next leaf; 0: none. */
  #list = 0;
  readonly #next = new StreamId();
  /** Whether the walks have come to the ends of their tables. */
  #isLastGroup = false;
  #isLastConsumer = false;
  /** How many blocks this step may still examine. */
  #left = 0;

  constructor(arena: Arena, names: NameTables, lists: PendingLists, consumers: Consumers) {
    this.#arena = arena;
    this.#lists = lists;
    this.#consumers = consumers;
    this.#groupWalk = new NameWalk(names, (root) => relocateGroup(arena, root));
    this.#consumerWalk = new NameWalk(names, (root) => this.#moveConsumer(root));
  }

  /** Begins with the groups of a stream. */
  begin(stream: number): void {
    this.#stream = stream;
    this.#list = 0;
    this.#groupWalk.position = 0;
    this.#groupWalk.root = 0;
    this.#isLastGroup = false;
  }

  /** Examines about `count` more blocks; returns whether any are left. */
  step(count: number): boolean {
    this.#left = count;
    while (this.#left > 0 && this.#canGoOn()) {
      this.#lists.changes = (this.#lists.changes + 1) | 0;
      if (this.#list !== 0) this.#stepInList();
      else if (this.#groupWalk.root === 0) this.#stepInGroups();
      else this.#stepInConsumers();
    }
    return this.#canGoOn();
  }

  /** A group or a consumer is about to be removed. */
  removing(root: number): void {
    if (this.#list === root) this.#list = 0;
    if (this.#groupWalk.root !== root) return;
    this.#groupWalk.root = 0;
    this.#list = 0;
  }

  /** The groups of a stream are about to be freed. */
  freeing(stream: number): void {
    if (this.#stream === stream) this.#stream = 0;
  }

  /** Whether there is something to do; otherwise that is over. */
  #canGoOn(): boolean {
    const stream = this.#stream;
    if (stream === 0) return false;
    const arena = this.#arena;
    const isOver =
      blockWord(arena, stream, FROZEN) !== 0 ||
      blockWord(arena, stream, GROUPS) === 0 ||
      (this.#isLastGroup && this.#groupWalk.root === 0);
    if (isOver) this.#stream = 0;
    return !isOver;
  }

  #stepInGroups(): void {
    const arena = this.#arena;
    const walk = this.#groupWalk;
    const table = walk.advance(blockWord(arena, this.#stream, GROUPS));
    setBlockWord(arena, this.#stream, GROUPS, table);
    this.#isLastGroup = walk.position === 0;
    this.#examined();
    if (walk.root === 0) return;
    this.#consumers.relocateNumbers(walk.root);
    this.#consumerWalk.position = 0;
    this.#isLastConsumer = false;
    this.#beginList(walk.root);
  }

  #stepInConsumers(): void {
    const arena = this.#arena;
    const group = this.#groupWalk.root;
    const walk = this.#consumerWalk;
    if (this.#isLastConsumer) {
      this.#groupWalk.root = 0;
      return;
    }
    const table = walk.advance(blockWord(arena, group, CONSUMERS));
    setBlockWord(arena, group, CONSUMERS, table);
    this.#isLastConsumer = walk.position === 0;
    this.#examined();
    if (walk.root !== 0) this.#beginList(walk.root);
  }

  #moveConsumer(root: number): number {
    const moved = relocateConsumer(this.#arena, root);
    const number = blockWord(this.#arena, moved, NUMBER);
    this.#consumers.setNumber(this.#groupWalk.root, number, moved);
    return moved;
  }

  #beginList(root: number): void {
    this.#list = root;
    this.#next.setZero();
    this.#lists.index.relocateDirectory(root);
  }

  #stepInList(): void {
    const arena = this.#arena;
    const { index } = this.#lists;
    const root = this.#list;
    const place = this.#place;
    let isThere = index.findOrFirst(root, this.#next, place);
    for (; isThere && this.#left > 0; isThere = index.next(root, place)) {
      const { block } = place;
      this.#examined();
      if (arena.isSparse(block)) {
        index.replace(root, place, arena.relocate(block, blockClass(arena, block)));
      }
    }
    if (isThere) this.#loadLeast(place.block);
    else this.#list = 0;
  }

  #loadLeast(block: number): void {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    this.#next.load(words, ((block & SEGMENT_MASK) << 1) + LEAST_ID);
  }

  #examined(): void {
    this.scanned++;
    this.#left--;
  }
}
