// The directory of a bytes table (bytes-table.ts): maps the top bits of a hash to a segment. A table of one segment
// has its reference in the root; a larger directory is a run of words of its own, which may have room for more than
// is in use.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { ifThereIsMemory } from '../memory/out-of-memory.ts';
import {
  allocateWords,
  freeWords,
  relocateWords,
  wordsBytes,
  wordsOf,
  wordsStart,
} from '../memory/word-block.ts';
import {
  addRootWord,
  DEEPEST,
  DIRECTORY,
  packShape,
  ROOT_BYTES,
  rootWord,
  SEGMENTS,
  SHAPE,
  setRootWord,
  shapeClass,
  shapeDepth,
  shapeRoomDepth,
  shapeSegmentBytes,
} from './table-root.ts';
import { directoryIndex, localDepth } from './table-segment.ts';

/** The array in which a table's directory lies, beginning at `directoryStart`. */
export function directoryWords(arena: Arena, root: number): Int32Array {
  const room = shapeRoomDepth(rootWord(arena, root, SHAPE));
  if (room === 0) return arena.i32[root >>> SEGMENT_SHIFT];
  return wordsOf(arena, rootWord(arena, root, DIRECTORY), 1 << room);
}

/** Index of the directory's first word in `directoryWords`. */
export function directoryStart(arena: Arena, root: number): number {
  const room = shapeRoomDepth(rootWord(arena, root, SHAPE));
  if (room === 0) return ((root & SEGMENT_MASK) << 1) + DIRECTORY;
  return wordsStart(rootWord(arena, root, DIRECTORY), 1 << room);
}

/** Bytes of a table's root, directory and segments. */
export function overheadBytes(arena: Arena, root: number): number {
  const shape = rootWord(arena, root, SHAPE);
  const room = shapeRoomDepth(shape);
  const segments = rootWord(arena, root, SEGMENTS);
  return (
    ROOT_BYTES + (room === 0 ? 0 : wordsBytes(1 << room)) + segments * shapeSegmentBytes(shape)
  );
}

/** The segment that a word of the directory names: index 0 … 2^depth - 1. */
export function segmentAt(arena: Arena, root: number, index: number): number {
  return directoryWords(arena, root)[directoryStart(arena, root) + index];
}

/** The segment that a hash belongs to; 0 when the table has none. */
export function segmentOf(arena: Arena, root: number, hash: number): number {
  return segmentAt(arena, root, directoryIndex(hash, shapeDepth(rootWord(arena, root, SHAPE))));
}

/** Sets the words from `first` to `end` (exclusive) to a segment. */
export function fillDirectory(
  arena: Arena,
  root: number,
  segment: number,
  first: number,
  end: number,
): void {
  const start = directoryStart(arena, root);
  directoryWords(arena, root).fill(segment, start + first, start + end);
}

/**
 * Doubles the directory: each word becomes two words side by side.
 * @throws ArenaFullError or RangeError when there is no memory; nothing has changed then
 */
export function doubleDirectory(arena: Arena, root: number): void {
  const shape = rootWord(arena, root, SHAPE);
  const depth = shapeDepth(shape);
  const room = shapeRoomDepth(shape);
  const source = directoryWords(arena, root);
  const sourceStart = directoryStart(arena, root);
  const isMoving = room === depth;
  const id = isMoving ? allocateWords(arena, 2 << depth) : rootWord(arena, root, DIRECTORY);
  const newRoom = isMoving ? depth + 1 : room;
  const target = wordsOf(arena, id, 1 << newRoom);
  const targetStart = wordsStart(id, 1 << newRoom);
  // From the end, as it may be the same run.
  for (let i = (1 << depth) - 1; i >= 0; i--) {
    const segment = source[sourceStart + i];
    target[targetStart + 2 * i] = segment;
    target[targetStart + 2 * i + 1] = segment;
  }
  if (isMoving) {
    if (room > 0) freeWords(arena, rootWord(arena, root, DIRECTORY), 1 << room);
    setRootWord(arena, root, DIRECTORY, id);
  }
  setRootWord(arena, root, SHAPE, packShape(depth + 1, newRoom, shapeClass(shape)));
  setRootWord(arena, root, DEEPEST, 0);
}

/**
 * Halves a directory in which each segment is named by at least two words. Without memory for a shorter run, it
 * keeps its present one.
 */
export function halveDirectory(arena: Arena, root: number): void {
  const shape = rootWord(arena, root, SHAPE);
  const depth = shapeDepth(shape) - 1;
  const words = directoryWords(arena, root);
  const start = directoryStart(arena, root);
  for (let i = 0; i < 1 << depth; i++) words[start + i] = words[start + 2 * i];
  setRootWord(arena, root, SHAPE, packShape(depth, shapeRoomDepth(shape), shapeClass(shape)));
  fitDirectory(arena, root);
  setRootWord(arena, root, DEEPEST, 0);
  for (let i = 0; i < 1 << depth; i++) {
    if (localDepth(arena, segmentAt(arena, root, i)) === depth) {
      addRootWord(arena, root, DEEPEST, 1);
    }
  }
}

/** Frees the unused room of a directory. */
function fitDirectory(arena: Arena, root: number): void {
  const shape = rootWord(arena, root, SHAPE);
  const depth = shapeDepth(shape);
  const room = shapeRoomDepth(shape);
  const old = rootWord(arena, root, DIRECTORY);
  if (depth === 0) {
    setRootWord(arena, root, DIRECTORY, segmentAt(arena, root, 0));
  } else {
    if (wordsBytes(1 << depth) === wordsBytes(1 << room)) return;
    const fresh = ifThereIsMemory(() => allocateWords(arena, 1 << depth));
    if (fresh === undefined) return;
    const start = directoryStart(arena, root);
    const used = directoryWords(arena, root).subarray(start, start + (1 << depth));
    wordsOf(arena, fresh, 1 << depth).set(used, wordsStart(fresh, 1 << depth));
    setRootWord(arena, root, DIRECTORY, fresh);
  }
  freeWords(arena, old, 1 << room);
  setRootWord(arena, root, SHAPE, packShape(depth, depth, shapeClass(shape)));
}

/** Frees a directory; its segments are freed already. */
export function freeDirectory(arena: Arena, root: number): void {
  const room = shapeRoomDepth(rootWord(arena, root, SHAPE));
  if (room > 0) freeWords(arena, rootWord(arena, root, DIRECTORY), 1 << room);
}

/** Moves a directory out of a page that is being emptied. */
export function relocateDirectory(arena: Arena, root: number): void {
  const room = shapeRoomDepth(rootWord(arena, root, SHAPE));
  if (room === 0) return;
  const id = rootWord(arena, root, DIRECTORY);
  setRootWord(arena, root, DIRECTORY, relocateWords(arena, id, 1 << room));
}
