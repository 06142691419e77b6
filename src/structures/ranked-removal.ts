// Removing from a ranked tree (ranked-tree.ts): a node that has become sparse joins a neighbour below the same node, if
// both fit easily. Nothing here needs memory; blocks of a better size are taken where there are some.

import type { Arena } from '../memory/arena.ts';
import { ifThereIsMemory } from '../memory/out-of-memory.ts';
import {
  addBelow,
  appendEntries,
  COUNT,
  capacityFor,
  capacityOf,
  childOf,
  closeSlot,
  countBelow,
  freeNode,
  levelOf,
  linkLeaf,
  NEXT,
  newNode,
  nodeWord,
  PREVIOUS,
  setChild,
  unlinkLeaf,
} from './ranked-node.ts';
import type { RankedPath } from './ranked-path.ts';

/** A node with fewer entries joins a neighbour, if both together have at most so many. */
const SPARSE_LEAF = 16;
const JOINED_LEAF = 44;
const SPARSE_INNER = 12;
const JOINED_INNER = 36;

/** Removes the entry to which the path leads, which is not the first of its leaf, and leaves the nodes as they are. */
export function takeOut(arena: Arena, path: RankedPath, leaf: number): void {
  closeSlot(arena, leaf, path.slot);
  path.count(-1);
}

/** Removes the entry to which the path leads; returns the root. */
export function removeAt(arena: Arena, path: RankedPath, root: number, leaf: number): number {
  const { slot, height } = path;
  closeSlot(arena, leaf, slot);
  const count = nodeWord(arena, leaf, COUNT);
  if (count === 0) {
    path.count(-1);
    if (height === 0) return root;
    unlinkLeaf(arena, leaf);
    freeNode(arena, leaf);
    return dropChild(arena, path, root, height - 1);
  }
  path.takenOut(leaf);
  if (height > 0 && count < SPARSE_LEAF && join(arena, path, height - 1)) {
    return settle(arena, path, root, height - 1);
  }
  if (count * 2 > capacityOf(arena, leaf)) return root;
  const fresh = shrunken(arena, path, leaf, count);
  return leaf === root ? fresh : root;
}

/** A leaf that is half empty in a smaller block, if that is to be had. */
function shrunken(arena: Arena, path: RankedPath, leaf: number, count: number): number {
  const capacity = capacityFor(0, count + (count >>> 2));
  if (capacity >= capacityOf(arena, leaf)) return leaf;
  const fresh = ifThereIsMemory(() => newNode(arena, 0, capacity));
  if (fresh === undefined) return leaf;
  appendEntries(arena, fresh, leaf, 0, count);
  path.replaceLeaf(leaf, fresh);
  return fresh;
}

/** Takes the child on the path, which is freed, out of its node of a level; returns the root. */
function dropChild(arena: Arena, path: RankedPath, root: number, level: number): number {
  const node = path.nodes[level];
  const slot = path.slots[level];
  closeSlot(arena, node, slot);
  if (nodeWord(arena, node, COUNT) === 0) {
    freeNode(arena, node);
    return dropChild(arena, path, root, level - 1);
  }
  if (slot === 0) path.firstChanged(node, level);
  return settle(arena, path, root, level);
}

/** The inner node of a level has lost a child: it may be sparse, or an unneeded root. Returns the root. */
function settle(arena: Arena, path: RankedPath, root: number, level: number): number {
  if (level > 0) {
    const isSparse = nodeWord(arena, path.nodes[level], COUNT) < SPARSE_INNER;
    return isSparse && join(arena, path, level - 1) ? settle(arena, path, root, level - 1) : root;
  }
  let top = root;
  while (levelOf(arena, top) > 0 && nodeWord(arena, top, COUNT) === 1) {
    const child = childOf(arena, top, 0);
    freeNode(arena, top);
    top = child;
  }
  return top;
}

/** Joins the child on the path of the node of a level with one of its neighbours; false if that is not possible. */
function join(arena: Arena, path: RankedPath, level: number): boolean {
  const node = path.nodes[level];
  const children = nodeWord(arena, node, COUNT);
  const slot = path.slots[level] + 1 < children ? path.slots[level] : path.slots[level] - 1;
  if (slot < 0) return false;
  const left = childOf(arena, node, slot);
  const right = childOf(arena, node, slot + 1);
  const leftCount = nodeWord(arena, left, COUNT);
  const rightCount = nodeWord(arena, right, COUNT);
  const height = levelOf(arena, left);
  const total = leftCount + rightCount;
  if (total > (height === 0 ? JOINED_LEAF : JOINED_INNER)) return false;
  let target: number | undefined = left;
  if (capacityOf(arena, left) < total) {
    target = ifThereIsMemory(() => newNode(arena, height, capacityFor(height, total)));
    if (target === undefined) return false;
    appendEntries(arena, target, left, 0, leftCount);
  }
  appendEntries(arena, target, right, 0, rightCount);
  if (height === 0) {
    linkLeaf(arena, nodeWord(arena, left, PREVIOUS), target, nodeWord(arena, right, NEXT));
  }
  if (target !== left) freeNode(arena, left);
  freeNode(arena, right);
  setChild(arena, node, slot, target);
  addBelow(arena, node, slot, countBelow(arena, node, slot + 1));
  closeSlot(arena, node, slot + 1);
  return true;
}
