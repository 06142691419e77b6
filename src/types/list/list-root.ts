// The root of a long list: a small block with its first and last chunk, its length and its number of chunks; and the
// linking of chunks into the list.
//
//   word 0    1        2                     3
//     [ head ][ tail  ][ number of elements ][ number of chunks ]
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';
import {
  chunkBytes,
  chunkClass,
  freeChunk,
  NEXT,
  neighbour,
  PREVIOUS,
  setNeighbour,
} from './list-chunk.ts';

const ROOT_WORDS = 4;
const ROOT_CLASS = classOf(ROOT_WORDS * 4);

/** Words of a root. */
export const HEAD = 0;
export const TAIL = 1;
export const LENGTH = 2;
export const CHUNKS = 3;

/** Makes the root of an empty list. */
export function newRoot(arena: Arena): number {
  const root = arena.allocate(ROOT_CLASS);
  const base = (root & SEGMENT_MASK) << 1;
  arena.i32[root >>> SEGMENT_SHIFT].fill(0, base, base + ROOT_WORDS);
  return root;
}

/** Gives the root of an empty list back. */
export function freeRoot(arena: Arena, root: number): void {
  arena.free(root, ROOT_CLASS);
}

/** A word of a root: HEAD, TAIL, LENGTH or CHUNKS. */
export function rootWord(arena: Arena, root: number, word: number): number {
  return arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word];
}

/** Adds to the length of a list; negative to subtract. */
export function lengthen(arena: Arena, root: number, by: number): void {
  addWord(arena, root, LENGTH, by);
}

/** Bytes of a list's root and chunks. */
export function bytesOf(arena: Arena, root: number): number {
  let total = ROOT_WORDS * 4;
  for (let chunk = rootWord(arena, root, HEAD); chunk !== 0; ) {
    total += chunkBytes(arena, chunk);
    chunk = neighbour(arena, chunk, NEXT);
  }
  return total;
}

/** Adds a chunk between two neighbours; where `left` or `right` is 0, it is at that end. */
export function linkChunk(
  arena: Arena,
  root: number,
  left: number,
  chunk: number,
  right: number,
): void {
  addWord(arena, root, CHUNKS, 1);
  join(arena, root, left, chunk, right);
}

/** Replaces a chunk by another, and frees the old one. */
export function replaceChunk(arena: Arena, root: number, old: number, fresh: number): void {
  join(arena, root, neighbour(arena, old, PREVIOUS), fresh, neighbour(arena, old, NEXT));
  freeChunk(arena, old);
}

/** Moves a list's root out of a page that is being emptied; returns the new root. */
export function relocateRoot(arena: Arena, root: number): number {
  return arena.isSparse(root) ? arena.relocate(root, ROOT_CLASS) : root;
}

/** Moves a chunk, if there is a place for it. */
export function relocateChunk(arena: Arena, root: number, chunk: number): void {
  const moved = arena.relocate(chunk, chunkClass(arena, chunk));
  if (moved === chunk) return;
  join(arena, root, neighbour(arena, moved, PREVIOUS), moved, neighbour(arena, moved, NEXT));
}

/** Makes three chunks neighbours. */
function join(arena: Arena, root: number, left: number, chunk: number, right: number): void {
  setNeighbour(arena, chunk, PREVIOUS, left);
  setNeighbour(arena, chunk, NEXT, right);
  if (left === 0) setEnd(arena, root, HEAD, chunk);
  else setNeighbour(arena, left, NEXT, chunk);
  if (right === 0) setEnd(arena, root, TAIL, chunk);
  else setNeighbour(arena, right, PREVIOUS, chunk);
}

/** Removes a chunk from its list and frees it. */
export function removeChunk(arena: Arena, root: number, chunk: number): void {
  const left = neighbour(arena, chunk, PREVIOUS);
  const right = neighbour(arena, chunk, NEXT);
  if (left === 0) setEnd(arena, root, HEAD, right);
  else setNeighbour(arena, left, NEXT, right);
  if (right === 0) setEnd(arena, root, TAIL, left);
  else setNeighbour(arena, right, PREVIOUS, left);
  addWord(arena, root, CHUNKS, -1);
  freeChunk(arena, chunk);
}

function addWord(arena: Arena, root: number, word: number, by: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word] += by;
}

function setEnd(arena: Arena, root: number, end: number, chunk: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + end] = chunk;
}
