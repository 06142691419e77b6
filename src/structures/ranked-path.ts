// The way from the root of a ranked tree down to an entry: what a change of the entry changes above it.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { ByteView, viewKey } from './entry.ts';
import {
  addBelow,
  COUNT,
  childOf,
  entriesBefore,
  freeNode,
  isLeafShape,
  levelOf,
  linkLeaf,
  NEXT,
  nodeWord,
  PREVIOUS,
  recordOf,
  recordsAt,
  SHAPE,
  scoreOf,
  scoresAt,
  setChild,
  setEntry,
  shapeCapacity,
  slotOfRank,
} from './ranked-node.ts';
import { memberSlot, scoresBelow } from './ranked-search.ts';

/** More levels than a tree has whose nodes are nearly empty. */
export const MAX_HEIGHT = 40;

/** A way down; the methods that go down return the leaf. */
export class RankedPath {
  /** The inner nodes from the root on, and which child of each is the next one. */
  readonly nodes = new Int32Array(MAX_HEIGHT);
  readonly slots = new Int32Array(MAX_HEIGHT);
  /** Number of inner nodes. */
  height = 0;
  /** Slot of the entry in the leaf. */
  slot = 0;
  readonly #arena: Arena;
  readonly #view = new ByteView();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /**
   * To where a record is with this score, or would be.
   * @param isThere whether it is there: then its leaf is looked through for it, without looking into others
   * @param stale what the tree has in place of the record: its former block, which is free
   */
  toMember(root: number, score: number, record: number, isThere = false, stale = 0): number {
    const arena = this.#arena;
    const view = this.#view;
    viewKey(arena, record, view);
    const { buffer, offset, length } = view;
    const own = stale === 0 ? record : stale;
    const { nodes, slots } = this;
    let height = 0;
    let node = root;
    for (;;) {
      const words = arena.i32[node >>> SEGMENT_SHIFT];
      const scores = arena.f64[node >>> SEGMENT_SHIFT];
      const base = (node & SEGMENT_MASK) << 1;
      const shape = words[base + SHAPE];
      const isLeaf = isLeafShape(shape);
      const first = scoresAt(node);
      const end = first + words[base + COUNT];
      let low = first;
      let high = end;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (scores[middle] < score) low = middle + 1;
        else high = middle;
      }
      let slot = low - first;
      if (isThere && isLeaf) {
        const records = recordsAt(node, shapeCapacity(shape));
        while (low < end && scores[low] === score && words[records + slot] !== own) {
          low++;
          slot++;
        }
      } else if (low < end && scores[low] === score) {
        const isOnly = low + 1 === end || scores[low + 1] !== score;
        const behind = isOnly ? slot + 1 : scoresBelow(arena, node, end - first, score, true);
        slot = memberSlot(arena, node, slot, behind, buffer, offset, length, !isLeaf, own);
      }
      if (isLeaf) {
        this.height = height;
        this.slot = slot;
        return node;
      }
      if (slot > 0) slot--;
      nodes[height] = node;
      slots[height++] = slot;
      const capacity = shapeCapacity(shape);
      node = words[recordsAt(node, capacity) + capacity + slot];
    }
  }

  /** The slot of a leaf where the record found last would be with this score, among the others and itself. */
  placeIn(leaf: number, score: number, record: number): number {
    const arena = this.#arena;
    const count = nodeWord(arena, leaf, COUNT);
    const low = scoresBelow(arena, leaf, count, score, false);
    if (scoreOf(arena, leaf, low) !== score) return low;
    const high = scoresBelow(arena, leaf, count, score, true);
    const { buffer, offset, length } = this.#view;
    return memberSlot(arena, leaf, low, high, buffer, offset, length, false, record);
  }

  /** To a record that is there. @throws Error if it is not, which is a defect */
  toRecord(root: number, score: number, record: number, stale = 0): number {
    const leaf = this.toMember(root, score, record, true, stale);
    const isThere = this.slot < nodeWord(this.#arena, leaf, COUNT);
    const found = isThere ? recordOf(this.#arena, leaf, this.slot) : 0;
    if (found === 0 || found !== (stale === 0 ? record : stale)) {
      throw new Error('a member is not in its ranked tree');
    }
    return leaf;
  }

  /** To the entry of a rank, which is there. */
  toRank(root: number, rank: number): number {
    const arena = this.#arena;
    this.height = 0;
    let node = root;
    let rest = rank;
    while (levelOf(arena, node) > 0) {
      const slot = slotOfRank(arena, node, rest);
      if (slot > 0) rest -= entriesBefore(arena, node, slot);
      node = this.#enter(node, slot);
    }
    this.slot = rest;
    return node;
  }

  /** To the place before the first entry, or behind the last one. */
  toEnd(root: number, atFront: boolean): number {
    const arena = this.#arena;
    this.height = 0;
    let node = root;
    while (levelOf(arena, node) > 0) {
      node = this.#enter(node, atFront ? 0 : nodeWord(arena, node, COUNT) - 1);
    }
    this.slot = atFront ? 0 : nodeWord(arena, node, COUNT);
    return node;
  }

  /** The rank of the entry. */
  rank(): number {
    let rank = this.slot;
    for (let level = 0; level < this.height; level++) {
      rank += entriesBefore(this.#arena, this.nodes[level], this.slots[level]);
    }
    return rank;
  }

  /** Adds to the number of entries below each node of the way. */
  count(by: number): void {
    for (let level = 0; level < this.height; level++) {
      addBelow(this.#arena, this.nodes[level], this.slots[level], by);
    }
  }

  /** The node at the end of the uppermost `height` ones has another first entry: those above name it. */
  firstChanged(node: number, height: number): void {
    const arena = this.#arena;
    const score = scoreOf(arena, node, 0);
    const record = recordOf(arena, node, 0);
    for (let level = height - 1; level >= 0; level--) {
      setEntry(arena, this.nodes[level], this.slots[level], score, record);
      if (this.slots[level] > 0) return;
    }
  }

  /** An entry was taken out of the leaf at the end, which has others: as `count(-1)` and `firstChanged` together. */
  takenOut(leaf: number): void {
    const arena = this.#arena;
    const { nodes, slots } = this;
    let isFirst = this.slot === 0;
    const score = isFirst ? scoreOf(arena, leaf, 0) : 0;
    const record = isFirst ? recordOf(arena, leaf, 0) : 0;
    for (let level = this.height - 1; level >= 0; level--) {
      const node = nodes[level];
      const slot = slots[level];
      const words = arena.i32[node >>> SEGMENT_SHIFT];
      const capacity = shapeCapacity(words[((node & SEGMENT_MASK) << 1) + SHAPE]);
      const records = recordsAt(node, capacity) + slot;
      words[records + 2 * capacity]--;
      if (!isFirst) continue;
      words[records] = record;
      arena.f64[node >>> SEGMENT_SHIFT][scoresAt(node) + slot] = score;
      isFirst = slot === 0;
    }
  }

  /** Puts a leaf in the place of the one at the end, and frees that. */
  replaceLeaf(leaf: number, fresh: number): void {
    const arena = this.#arena;
    linkLeaf(arena, nodeWord(arena, leaf, PREVIOUS), fresh, nodeWord(arena, leaf, NEXT));
    const above = this.height - 1;
    if (above >= 0) setChild(arena, this.nodes[above], this.slots[above], fresh);
    freeNode(arena, leaf);
  }

  #enter(node: number, slot: number): number {
    this.nodes[this.height] = node;
    this.slots[this.height++] = slot;
    return childOf(this.#arena, node, slot);
  }
}
