// The root of a long list: a small block that tells its first and last chunk and its length, and the
// linking of chunks into the list.
//
//   word 0    1        2
//     [ head ][ tail  ][ number of elements ][ unused ]
import type { Arena } from '../memory/arena.ts';
import { classOf } from '../memory/size-classes.ts';
import { chunkBytes, freeChunk, NEXT, neighbour, PREVIOUS, setNeighbour } from './list-chunk.ts';

const SEGMENT_SHIFT = 23;
const SEGMENT_MASK = (1 << SEGMENT_SHIFT) - 1;
const ROOT_WORDS = 4;
const ROOT_CLASS = classOf(ROOT_WORDS * 4);

/** Words of a root. */
export const HEAD = 0;
export const TAIL = 1;
export const LENGTH = 2;

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

/** A word of a root: HEAD, TAIL or LENGTH. */
export function rootWord(arena: Arena, root: number, word: number): number {
  return arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word];
}

/** Notes that a list has so many elements more, or less. */
export function lengthen(arena: Arena, root: number, by: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + LENGTH] += by;
}

/** Whether a list has at least so many chunks. */
export function hasChunks(arena: Arena, root: number, count: number): boolean {
  let chunk = rootWord(arena, root, HEAD);
  for (let i = 1; i < count && chunk !== 0; i++) chunk = neighbour(arena, chunk, NEXT);
  return chunk !== 0;
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

/** Makes three chunks neighbours; where `left` or `right` is 0, the chunk is at that end. */
export function linkChunk(
  arena: Arena,
  root: number,
  left: number,
  chunk: number,
  right: number,
): void {
  setNeighbour(arena, chunk, PREVIOUS, left);
  setNeighbour(arena, chunk, NEXT, right);
  if (left === 0) setEnd(arena, root, HEAD, chunk);
  else setNeighbour(arena, left, NEXT, chunk);
  if (right === 0) setEnd(arena, root, TAIL, chunk);
  else setNeighbour(arena, right, PREVIOUS, chunk);
}

/** Takes a chunk out of its list and gives it back. */
export function removeChunk(arena: Arena, root: number, chunk: number): void {
  const left = neighbour(arena, chunk, PREVIOUS);
  const right = neighbour(arena, chunk, NEXT);
  if (left === 0) setEnd(arena, root, HEAD, right);
  else setNeighbour(arena, left, NEXT, right);
  if (right === 0) setEnd(arena, root, TAIL, left);
  else setNeighbour(arena, right, PREVIOUS, left);
  freeChunk(arena, chunk);
}

function setEnd(arena: Arena, root: number, end: number, chunk: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + end] = chunk;
}
