// The way from the root of a ranked tree down to an entry: what a change of the entry changes above it.
import type { Arena } from '../memory/arena.ts';
import { ByteView, viewKey } from './entry.ts';
import {
  addBelow,
  COUNT,
  childOf,
  entriesBefore,
  freeNode,
  levelOf,
  linkLeaf,
  NEXT,
  nodeWord,
  PREVIOUS,
  recordOf,
  scoreOf,
  setChild,
  setEntry,
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
   * @param stale what the tree has in place of the record: its former block, which is free
   */
  toMember(root: number, score: number, record: number, stale = 0): number {
    const arena = this.#arena;
    const view = this.#view;
    viewKey(arena, record, view);
    const { buffer, offset, length } = view;
    const own = stale === 0 ? record : stale;
    this.height = 0;
    let node = root;
    for (;;) {
      const isLeaf = levelOf(arena, node) === 0;
      const count = nodeWord(arena, node, COUNT);
      const low = scoresBelow(arena, node, count, score, false);
      let slot = low;
      if (low < count && scoreOf(arena, node, low) === score) {
        const isOnly = low + 1 === count || scoreOf(arena, node, low + 1) !== score;
        const high = isOnly ? low + 1 : scoresBelow(arena, node, count, score, true);
        slot = memberSlot(arena, node, low, high, buffer, offset, length, !isLeaf, own);
      }
      if (isLeaf) {
        this.slot = slot;
        return node;
      }
      node = this.#enter(node, slot === 0 ? 0 : slot - 1);
    }
  }

  /** To a record that is there. @throws Error if it is not, which is a defect */
  toRecord(root: number, score: number, record: number, stale = 0): number {
    const leaf = this.toMember(root, score, record, stale);
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
