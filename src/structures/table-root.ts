// The root of a bytes table (bytes-table.ts): a small block that describes a table completely, so that the reference
// of the root is enough to name the table.
//
//   word 0          1        2       3           4          5
//     [ directory ][ shape ][ size ][ segments ][ deepest ][ left ]
//
//   directory  depth 0: the only segment, or 0; else the number of a run of words (memory/word-block.ts)
//   shape      from bit 0: depth 5 | depth that the directory's run has room for 5 | size class of segments 8
//   size       number of entries
//   segments   number of segments
//   deepest    segments whose local depth is the directory's depth (the directory halves at 0)
//   left       while the table is taken apart: how many words of the directory are still in use
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { CLASS_UNITS, classOf, UNIT_BYTES } from '../memory/size-classes.ts';

/** Words of a root. */
export const DIRECTORY = 0;
export const SHAPE = 1;
export const SIZE = 2;
export const SEGMENTS = 3;
export const DEEPEST = 4;
export const LEFT = 5;

/** Number of words of a root. */
export const ROOT_WORDS = 6;
/** Bytes of a root. */
export const ROOT_BYTES = ROOT_WORDS * 4;
const ROOT_CLASS = classOf(ROOT_BYTES);

const DEPTH_MASK = 0x1f;
const ROOM_SHIFT = 5;
const CLASS_SHIFT = 10;

/** Builds the word SHAPE. */
export function packShape(depth: number, roomDepth: number, segmentClass: number): number {
  return depth | (roomDepth << ROOM_SHIFT) | (segmentClass << CLASS_SHIFT);
}

/** The directory has 2^depth words. */
export function shapeDepth(shape: number): number {
  return shape & DEPTH_MASK;
}

/** The directory's run has room for 2^depth words; 0: no run, the only segment's reference is in the root. */
export function shapeRoomDepth(shape: number): number {
  return (shape >>> ROOM_SHIFT) & DEPTH_MASK;
}

/** Size class of all segments. */
export function shapeClass(shape: number): number {
  return shape >>> CLASS_SHIFT;
}

/** Bytes of each segment. */
export function shapeSegmentBytes(shape: number): number {
  return CLASS_UNITS[shapeClass(shape)] * UNIT_BYTES;
}

/**
 * Makes the root of an empty table, which has no segment yet.
 * @throws ArenaFullError
 */
export function newRoot(arena: Arena, segmentBytes: number): number {
  const root = arena.allocate(ROOT_CLASS);
  const words = arena.i32[root >>> SEGMENT_SHIFT];
  const base = (root & SEGMENT_MASK) << 1;
  words.fill(0, base, base + ROOT_WORDS);
  words[base + SHAPE] = packShape(0, 0, classOf(segmentBytes));
  words[base + DEEPEST] = 1;
  return root;
}

/** Frees a root; its segments and directory are freed already. */
export function freeRoot(arena: Arena, root: number): void {
  arena.free(root, ROOT_CLASS);
}

/** Moves a root out of a page that is being emptied; returns the new root. */
export function relocateRoot(arena: Arena, root: number): number {
  return arena.isSparse(root) ? arena.relocate(root, ROOT_CLASS) : root;
}

/** A word of a root. */
export function rootWord(arena: Arena, root: number, word: number): number {
  return arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word];
}

/** Sets a word of a root. */
export function setRootWord(arena: Arena, root: number, word: number, value: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word] = value;
}

/** Adds to a word of a root. */
export function addRootWord(arena: Arena, root: number, word: number, by: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word] += by;
}
