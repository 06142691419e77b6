// Inserting into a ranked tree (ranked-tree.ts): a full node splits in two, and so may those above it. All blocks that
// this takes are allocated before anything changes. Where a tree grows at one of its ends, the full leaf stays full.
//
//   [ … 62 entries … ]  ─▶  [ … 31 … ][ … 31 and the new one … ]        in between
//   [ … 62 entries … ]  ─▶  [ … 62 entries … ][ the new one ]           behind the last entry, or before the first
import type { Arena } from '../memory/arena.ts';
import {
  addBelow,
  appendEntries,
  COUNT,
  capacityFor,
  capacityOf,
  entriesBefore,
  fillChild,
  freeNode,
  levelOf,
  linkLeaf,
  MAX_INNER,
  MAX_LEAF,
  NEXT,
  newNode,
  nodeWord,
  openSlot,
  PREVIOUS,
  setChild,
  setEntry,
  setNodeWord,
} from './ranked-node.ts';
import { MAX_HEIGHT, type RankedPath } from './ranked-path.ts';

const HALF_LEAF = MAX_LEAF >>> 1;
const HALF_INNER = MAX_INNER >>> 1;
const ROOT_CHILDREN = 2;

/** Inserts entries; it keeps the blocks that were allocated for one. */
export class RankedInsertion {
  readonly #arena: Arena;
  readonly #path: RankedPath;
  readonly #fresh = new Int32Array(MAX_HEIGHT);
  #allocated = 0;
  #taken = 0;

  constructor(arena: Arena, path: RankedPath) {
    this.#arena = arena;
    this.#path = path;
  }

  /** Inserts an entry at the place to which the path leads; returns the root. @throws ArenaFullError */
  insert(root: number, leaf: number, score: number, record: number): number {
    const arena = this.#arena;
    const path = this.#path;
    const count = nodeWord(arena, leaf, COUNT);
    let target = leaf;
    if (count === capacityOf(arena, leaf)) {
      if (count === MAX_LEAF) return this.#split(root, leaf, score, record);
      target = newNode(arena, 0, capacityFor(0, count + 1));
      appendEntries(arena, target, leaf, 0, count);
      path.replaceLeaf(leaf, target);
    }
    put(arena, target, path.slot, score, record);
    if (path.slot === 0) path.firstChanged(target, path.height);
    path.count(1);
    return leaf === root ? target : root;
  }

  #split(root: number, leaf: number, score: number, record: number): number {
    const arena = this.#arena;
    const path = this.#path;
    const { slot } = path;
    const next = nodeWord(arena, leaf, NEXT);
    if (slot === MAX_LEAF && next === 0) {
      this.#allocate(MAX_LEAF, 0);
      const right = this.#take();
      put(arena, right, 0, score, record);
      linkLeaf(arena, leaf, right, 0);
      return this.#addChild(root, right, 1);
    }
    if (slot === 0 && nodeWord(arena, leaf, PREVIOUS) === 0) {
      this.#allocate(MAX_LEAF, 0);
      const left = this.#take();
      put(arena, left, 0, score, record);
      linkLeaf(arena, 0, left, leaf);
      this.#replaceChild(left);
      path.firstChanged(left, path.height);
      return this.#addChild(leaf === root ? left : root, leaf, MAX_LEAF);
    }
    const isLeft = slot <= HALF_LEAF;
    const leftCount = HALF_LEAF + (isLeft ? 1 : 0);
    const rightCount = MAX_LEAF + 1 - leftCount;
    this.#allocate(capacityFor(0, leftCount), capacityFor(0, rightCount));
    const left = this.#take();
    const right = this.#take();
    appendEntries(arena, left, leaf, 0, HALF_LEAF);
    appendEntries(arena, right, leaf, HALF_LEAF, MAX_LEAF - HALF_LEAF);
    path.replaceLeaf(leaf, left);
    linkLeaf(arena, left, right, next);
    if (isLeft) put(arena, left, slot, score, record);
    else put(arena, right, slot - HALF_LEAF, score, record);
    if (slot === 0) path.firstChanged(left, path.height);
    return this.#addChild(leaf === root ? left : root, right, rightCount);
  }

  /** Puts a leaf in the place of the one at the end of the path, which stays. */
  #replaceChild(fresh: number): void {
    const { nodes, slots, height } = this.#path;
    if (height > 0) setChild(this.#arena, nodes[height - 1], slots[height - 1], fresh);
  }

  /**
   * Adds a node behind the one at the end of the path, of which it was split off, and counts the new entry.
   * @param below entries below it
   * @returns the root
   */
  #addChild(root: number, added: number, below: number): number {
    const arena = this.#arena;
    const { nodes, slots, height } = this.#path;
    let top = root;
    let child = added;
    let moved = below;
    for (let level = height - 1; level >= 0; level--) {
      const node = nodes[level];
      const slot = slots[level];
      addBelow(arena, node, slot, 1 - moved);
      if (child === 0) continue;
      const count = nodeWord(arena, node, COUNT);
      if (count === MAX_INNER) {
        child = this.#splitInner(node, slot + 1, child, moved);
        moved = entriesBefore(arena, child, nodeWord(arena, child, COUNT));
        continue;
      }
      let target = node;
      if (count === capacityOf(arena, node)) {
        target = this.#take();
        appendEntries(arena, target, node, 0, count);
        if (level === 0) top = target;
        else setChild(arena, nodes[level - 1], slots[level - 1], target);
        freeNode(arena, node);
      }
      putChild(arena, target, slot + 1, child, moved);
      child = 0;
      moved = 0;
    }
    return child === 0 ? top : this.#newRoot(top, child, moved);
  }

  /** Splits a full inner node, and adds a child to one of the halves; returns the second half. */
  #splitInner(node: number, slot: number, child: number, below: number): number {
    const arena = this.#arena;
    const right = this.#take();
    appendEntries(arena, right, node, HALF_INNER, MAX_INNER - HALF_INNER);
    setNodeWord(arena, node, COUNT, HALF_INNER);
    if (slot <= HALF_INNER) putChild(arena, node, slot, child, below);
    else putChild(arena, right, slot - HALF_INNER, child, below);
    return right;
  }

  #newRoot(left: number, right: number, below: number): number {
    const arena = this.#arena;
    const root = this.#take();
    const count = nodeWord(arena, left, COUNT);
    const before = levelOf(arena, left) === 0 ? count : entriesBefore(arena, left, count);
    setNodeWord(arena, root, COUNT, ROOT_CHILDREN);
    fillChild(arena, root, 0, left, before);
    fillChild(arena, root, 1, right, below);
    return root;
  }

  #take(): number {
    return this.#fresh[this.#taken++];
  }

  /**
   * Allocates one or two leaves, and what adding a child above them takes.
   * @param second capacity of the second one; 0: there is none
   */
  #allocate(first: number, second: number): void {
    this.#allocated = 0;
    this.#taken = 0;
    try {
      this.#add(0, first);
      if (second > 0) this.#add(0, second);
      this.#allocateAbove();
    } catch (error) {
      for (let i = 0; i < this.#allocated; i++) freeNode(this.#arena, this.#fresh[i]);
      throw error;
    }
  }

  #allocateAbove(): void {
    const arena = this.#arena;
    const { nodes, height } = this.#path;
    for (let level = height - 1; level >= 0; level--) {
      const node = nodes[level];
      const count = nodeWord(arena, node, COUNT);
      if (count < capacityOf(arena, node)) return;
      if (count < MAX_INNER) {
        this.#add(levelOf(arena, node), capacityFor(levelOf(arena, node), count + 1));
        return;
      }
      this.#add(
        levelOf(arena, node),
        capacityFor(levelOf(arena, node), MAX_INNER - HALF_INNER + 1),
      );
    }
    this.#add(height + 1, capacityFor(height + 1, ROOT_CHILDREN));
  }

  #add(level: number, capacity: number): void {
    this.#fresh[this.#allocated] = newNode(this.#arena, level, capacity);
    this.#allocated++;
  }
}

function put(arena: Arena, leaf: number, slot: number, score: number, record: number): void {
  openSlot(arena, leaf, slot);
  setEntry(arena, leaf, slot, score, record);
}

function putChild(arena: Arena, node: number, slot: number, child: number, below: number): void {
  openSlot(arena, node, slot);
  fillChild(arena, node, slot, child, below);
}
