// Ranked trees: members in the order of their scores, with their ranks. A B+ tree in the arena whose inner nodes know
// how many entries are below each child (an order-statistic tree), beside a table that finds the members' records:
//
//                 [ 0.5 a ×31 | 7 b ×40 | 7 x ×28 ]          first entry below each child, and how many there are
//                  │           │         └───▶ [ 7 x | 7 y | 8 c … ]
//                  │           └─────────────▶ [ 7 b | … ]                leaves: score and record of each entry,
//                  └─────────────────────────▶ [ 0.5 a | … ]              and both neighbours
//
// Members of equal scores are compared in their records, so a tree of one score is a tree of members. A score stands
// in the leaf, too: looking for one touches no record. What an operation costs is bounded by the height of the tree:
// four for a million members.
//
// A tree is named by its root, a node that may change: whoever changes a tree keeps what is returned. The records
// belong to the caller. Without memory insertions throw before they have changed anything.
import { SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { RankedInsertion } from './ranked-insertion.ts';
import {
  COUNT,
  capacityFor,
  capacityOf,
  childOf,
  entriesBefore,
  freeNode,
  levelOf,
  linkLeaf,
  moveEntry,
  NEXT,
  newNode,
  nodeBytes,
  nodeClass,
  nodeWord,
  PREVIOUS,
  recordOf,
  recordsAt,
  scoreOf,
  scoresAt,
  setChild,
  setEntry,
  setNodeWord,
  slotOfRank,
} from './ranked-node.ts';
import { RankedPath } from './ranked-path.ts';
import { removeAt, takeOut } from './ranked-removal.ts';
import { memberSlot, scoresBelow } from './ranked-search.ts';

/** A leaf of more entries may lose one without being joined with a neighbour, or made smaller. */
const ROOMY_LEAF = 32;

/** No words of any leaf. */
const NO_WORDS: Int32Array = new Int32Array(0);
const NO_DOUBLES: Float64Array = new Float64Array(0);

/** An entry, and the way to its neighbours; valid until the tree changes. */
export class RankedCursor {
  /** Its leaf; 0: behind the last entry, or before the first one. */
  leaf = 0;
  slot = 0;
  score = 0;
  record = 0;
  /** The leaf's number of entries, and where they are. */
  count = 0;
  records = NO_WORDS;
  recordsAt = 0;
  scores = NO_DOUBLES;
  scoresAt = 0;

  /** Goes on within the leaf; false behind its last entry. */
  step(): boolean {
    const slot = this.slot + 1;
    if (slot >= this.count) return false;
    this.slot = slot;
    this.score = this.scores[this.scoresAt + slot];
    this.record = this.records[this.recordsAt + slot];
    return true;
  }
}

/** Operations on the ranked trees of an arena; see the head of this file. */
export class RankedTrees {
  /** What `relocate` leaves: the rank of the next leaf, or 0. */
  rankBehind = 0;
  /** The record that `removeRank` removed last. */
  removed = 0;
  /** The leaf to which `endRecord` went. */
  #endLeaf = 0;
  readonly #arena: Arena;
  readonly #path: RankedPath;
  readonly #insertion: RankedInsertion;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#path = new RankedPath(arena);
    this.#insertion = new RankedInsertion(arena, this.#path);
  }

  /** Makes an empty tree; returns its root. @throws ArenaFullError */
  create(): number {
    return newNode(this.#arena, 0, capacityFor(0, 1));
  }

  /** Number of entries. */
  count(root: number): number {
    const count = nodeWord(this.#arena, root, COUNT);
    return levelOf(this.#arena, root) === 0 ? count : entriesBefore(this.#arena, root, count);
  }

  // ── Changing ────────────────────────────────────────────────────────────────────────────────

  /** Adds a record that is not there with this score; returns the root. @throws ArenaFullError */
  insert(root: number, score: number, record: number): number {
    const leaf = this.#path.toMember(root, score, record);
    return this.#insertion.insert(root, leaf, score, record);
  }

  /**
   * Adds a record before all others, or behind them, where the caller knows that it belongs there; returns the root.
   * @throws ArenaFullError
   */
  push(root: number, score: number, record: number, atFront: boolean): number {
    const leaf = this.#path.toEnd(root, atFront);
    return this.#insertion.insert(root, leaf, score, record);
  }

  /** Removes a record; returns the root. */
  remove(root: number, score: number, record: number): number {
    return removeAt(this.#arena, this.#path, root, this.#path.toRecord(root, score, record));
  }

  /** Removes the record of a rank, 0 … count - 1, and sets `removed` to it; returns the root. */
  removeRank(root: number, rank: number): number {
    const leaf = this.#path.toRank(root, rank);
    this.removed = recordOf(this.#arena, leaf, this.#path.slot);
    return removeAt(this.#arena, this.#path, root, leaf);
  }

  /** The first or the last record of a tree that has some; `removeEnd` may come next. */
  endRecord(root: number, isLast: boolean): number {
    const leaf = this.#path.toEnd(root, !isLast);
    if (isLast) this.#path.slot--;
    this.#endLeaf = leaf;
    return recordOf(this.#arena, leaf, this.#path.slot);
  }

  /** Number of records in the leaf to which `endRecord` went. */
  get endCount(): number {
    return nodeWord(this.#arena, this.#endLeaf, COUNT);
  }

  /** The records of that leaf, from its beginning or its end on, as many as there is room for; it has so many. */
  endRecords(isLast: boolean, records: Int32Array): void {
    const from = isLast ? this.endCount - records.length : 0;
    for (let i = 0; i < records.length; i++) {
      records[i] = recordOf(this.#arena, this.#endLeaf, from + i);
    }
  }

  /** Removes the record that `endRecord` has just returned; returns the root. */
  removeEnd(root: number): number {
    return removeAt(this.#arena, this.#path, root, this.#endLeaf);
  }

  /** Gives a record another score; returns the root. @throws ArenaFullError */
  update(root: number, score: number, record: number, fresh: number): number {
    const arena = this.#arena;
    const leaf = this.#path.toRecord(root, score, record);
    const { slot } = this.#path;
    const count = nodeWord(arena, leaf, COUNT);
    // Most scores change a little: the record stays in its leaf.
    if (slot > 0 && scoreOf(arena, leaf, 0) < fresh && scoreOf(arena, leaf, count - 1) > fresh) {
      const place = this.#path.placeIn(leaf, fresh, record);
      moveEntry(arena, leaf, slot, place > slot ? place - 1 : place, fresh, record);
      return root;
    }
    if (slot > 0 && count > ROOMY_LEAF) return this.#move(root, leaf, score, record, fresh);
    return this.remove(this.insert(root, fresh, record), score, record);
  }

  /**
   * Moves the record to which the path leads. As it is not the first of its leaf, which has others, there is a place to
   * put it back to if there is no memory for the new one.
   */
  #move(root: number, leaf: number, score: number, record: number, fresh: number): number {
    takeOut(this.#arena, this.#path, leaf);
    try {
      return this.insert(root, fresh, record);
    } catch (error) {
      this.insert(root, score, record);
      throw error;
    }
  }

  /** The block of a record has moved. */
  recordMoved(root: number, score: number, old: number, fresh: number): void {
    const path = this.#path;
    const leaf = path.toRecord(root, score, fresh, old);
    setEntry(this.#arena, leaf, path.slot, score, fresh);
    if (path.slot === 0) path.firstChanged(leaf, path.height);
  }

  // ── Looking up ──────────────────────────────────────────────────────────────────────────────

  /** The rank of a record that is there: how many are before it. */
  rankOf(root: number, score: number, record: number): number {
    this.#path.toRecord(root, score, record);
    return this.#path.rank();
  }

  /**
   * How many scores are below one: or not above it, if `inclusive`.
   * @param cursor is pointed at the first of the others, if given; it leads nowhere if there is none
   */
  rankOfScore(root: number, score: number, inclusive: boolean, cursor?: RankedCursor): number {
    const arena = this.#arena;
    let rank = 0;
    let node = root;
    for (;;) {
      const count = nodeWord(arena, node, COUNT);
      const below = scoresBelow(arena, node, count, score, inclusive);
      if (levelOf(arena, node) === 0) {
        if (cursor !== undefined) this.#loadFrom(cursor, node, below, count);
        return rank + below;
      }
      const slot = below === 0 ? 0 : below - 1;
      rank += entriesBefore(arena, node, slot);
      node = childOf(arena, node, slot);
    }
  }

  /** How many members come before bytes: or are equal to them, if `inclusive`. All have one score. */
  rankOfMember(
    root: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    inclusive: boolean,
  ): number {
    const arena = this.#arena;
    let rank = 0;
    let node = root;
    for (;;) {
      const count = nodeWord(arena, node, COUNT);
      const below = memberSlot(arena, node, 0, count, bytes, offset, length, inclusive, 0);
      if (levelOf(arena, node) === 0) return rank + below;
      const slot = below === 0 ? 0 : below - 1;
      rank += entriesBefore(arena, node, slot);
      node = childOf(arena, node, slot);
    }
  }

  /** Points a cursor at the entry of a rank; false if there is none. */
  seek(root: number, rank: number, cursor: RankedCursor): boolean {
    cursor.leaf = 0;
    if (rank < 0 || rank >= this.count(root)) return false;
    return this.#load(cursor, this.#path.toRank(root, rank), this.#path.slot);
  }

  /** Points a cursor at the first entry whose score is not below one; false if there is none. */
  seekScore(root: number, score: number, cursor: RankedCursor): boolean {
    const arena = this.#arena;
    let node = root;
    for (;;) {
      const count = nodeWord(arena, node, COUNT);
      const below = scoresBelow(arena, node, count, score, false);
      if (levelOf(arena, node) === 0) return this.#loadFrom(cursor, node, below, count);
      node = childOf(arena, node, below === 0 ? 0 : below - 1);
    }
  }

  /** As `seekScore`, for a cursor that is in the tree: cheap where the entry is in the same leaf. */
  seekScoreNear(root: number, score: number, cursor: RankedCursor): boolean {
    const { leaf, count, scores, scoresAt: first } = cursor;
    const isHere = leaf !== 0 && scores[first] < score && scores[first + count - 1] >= score;
    if (!isHere) return this.seekScore(root, score, cursor);
    cursor.slot = scoresBelow(this.#arena, leaf, count, score, false) - 1;
    return cursor.step();
  }

  /** Goes on to the next entry; false behind the last. */
  next(cursor: RankedCursor): boolean {
    return cursor.step() || this.#load(cursor, nodeWord(this.#arena, cursor.leaf, NEXT), 0);
  }

  /** Goes back to the entry before; false before the first. */
  previous(cursor: RankedCursor): boolean {
    const { leaf, slot } = cursor;
    if (slot > 0) return this.#load(cursor, leaf, slot - 1);
    const before = nodeWord(this.#arena, leaf, PREVIOUS);
    return this.#load(cursor, before, before === 0 ? 0 : nodeWord(this.#arena, before, COUNT) - 1);
  }

  /** Points a cursor at a slot of a leaf: of the next leaf, if it is that behind the last. */
  #loadFrom(cursor: RankedCursor, leaf: number, slot: number, count: number): boolean {
    if (slot < count) return this.#load(cursor, leaf, slot);
    return this.#load(cursor, nodeWord(this.#arena, leaf, NEXT), 0);
  }

  #load(cursor: RankedCursor, leaf: number, slot: number): boolean {
    const arena = this.#arena;
    cursor.leaf = leaf;
    if (leaf === 0) return false;
    cursor.count = nodeWord(arena, leaf, COUNT);
    cursor.records = arena.i32[leaf >>> SEGMENT_SHIFT];
    cursor.recordsAt = recordsAt(leaf, capacityOf(arena, leaf));
    cursor.scores = arena.f64[leaf >>> SEGMENT_SHIFT];
    cursor.scoresAt = scoresAt(leaf);
    cursor.slot = slot - 1;
    return cursor.step();
  }

  // ── The whole ───────────────────────────────────────────────────────────────────────────────

  /** Bytes of all nodes. */
  bytes(root: number): number {
    return this.#sum(root, (node) => nodeBytes(this.#arena, node));
  }

  /** Number of nodes. */
  nodes(root: number): number {
    return this.#sum(root, () => 1);
  }

  #sum(node: number, of: (node: number) => number): number {
    let sum = of(node);
    if (levelOf(this.#arena, node) === 0) return sum;
    const count = nodeWord(this.#arena, node, COUNT);
    for (let slot = 0; slot < count; slot++) sum += this.#sum(childOf(this.#arena, node, slot), of);
    return sum;
  }

  /** Frees the last leaf of a tree that is not used any more; returns its root, 0 once all is freed. */
  freeStep(root: number): number {
    const arena = this.#arena;
    const path = this.#path;
    let node = path.toEnd(root, false);
    for (let level = path.height - 1; ; level--) {
      freeNode(arena, node);
      if (level < 0) return 0;
      node = path.nodes[level];
      const left = nodeWord(arena, node, COUNT) - 1;
      setNodeWord(arena, node, COUNT, left);
      if (left > 0) return root;
    }
  }

  /**
   * Moves the leaf of a rank, and the nodes above it, out of pages that are being emptied; sets `rankBehind`.
   * @returns the root
   */
  relocate(root: number, rank: number): number {
    const arena = this.#arena;
    const total = this.count(root);
    this.rankBehind = 0;
    if (rank >= total) return root;
    const top = this.#relocateNode(root);
    let node = top;
    let before = 0;
    while (levelOf(arena, node) > 0) {
      const slot = slotOfRank(arena, node, rank - before);
      before += entriesBefore(arena, node, slot);
      const child = this.#relocateNode(childOf(arena, node, slot));
      setChild(arena, node, slot, child);
      node = child;
    }
    const behind = before + nodeWord(arena, node, COUNT);
    if (behind < total) this.rankBehind = behind;
    return top;
  }

  #relocateNode(node: number): number {
    const arena = this.#arena;
    if (!arena.isSparse(node)) return node;
    const moved = arena.relocate(node, nodeClass(arena, node));
    if (levelOf(arena, moved) === 0) {
      linkLeaf(arena, nodeWord(arena, moved, PREVIOUS), moved, nodeWord(arena, moved, NEXT));
    }
    return moved;
  }
}
