// How a bytes table (bytes-table.ts) grows and shrinks, one bounded step at a time: its only segment becomes a larger
// or smaller one, a segment of full size splits, two sparse neighbours merge. All functions take only the table's
// root. Memory is allocated before anything changes; shrinking needs none, or is skipped without it.
import { SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { ifThereIsMemory } from '../memory/out-of-memory.ts';
import { classOf } from '../memory/size-classes.ts';
import { allocateWords, freeWords, wordsOf, wordsStart } from '../memory/word-block.ts';
import {
  doubleDirectory,
  fillDirectory,
  freeDirectory,
  halveDirectory,
  segmentAt,
  segmentOf,
} from './table-directory.ts';
import {
  addRootWord,
  DEEPEST,
  DIRECTORY,
  freeRoot,
  LEFT,
  newRoot,
  packShape,
  rootWord,
  SEGMENTS,
  SHAPE,
  SIZE,
  setRootWord,
  shapeClass,
  shapeDepth,
  shapeSegmentBytes,
} from './table-root.ts';
import {
  addCount,
  countOf,
  directoryIndex,
  FULL_SEGMENT_BYTES,
  firstSlotOf,
  fullAt,
  localDepth,
  MAX_DEPTH,
  makeSegment,
  moveSlots,
  SMALLEST_SEGMENT_BYTES,
  slotsIn,
  takeSlots,
} from './table-segment.ts';

/** Makes an empty table; returns its root. @throws ArenaFullError */
export function createTable(arena: Arena): number {
  return newRoot(arena, SMALLEST_SEGMENT_BYTES);
}

/**
 * The segment that a hash belongs to, after it has grown or split if it was full.
 * @throws ArenaFullError when there is no memory for that: nothing has changed then
 */
export function segmentWithRoom(arena: Arena, root: number, hash: number): number {
  for (;;) {
    const segment = segmentOf(arena, root, hash);
    const segmentBytes = shapeSegmentBytes(rootWord(arena, root, SHAPE));
    if (segment === 0) addFirst(arena, root, segmentBytes);
    else if (countOf(arena, segment) < fullAt(slotsIn(segmentBytes))) return segment;
    else if (segmentBytes < FULL_SEGMENT_BYTES) {
      resizeOnly(arena, root, segment, 2 * segmentBytes);
    } else split(arena, root, hash, segment);
  }
}

/**
 * Gives a table without segments all segments of a depth.
 * @throws ArenaFullError when there is no memory: nothing has changed then
 */
export function presize(arena: Arena, root: number, depth: number): void {
  const length = 1 << depth;
  const id = allocateWords(arena, length);
  const words = wordsOf(arena, id, length);
  const start = wordsStart(id, length);
  const sizeClass = classOf(FULL_SEGMENT_BYTES);
  let made = 0;
  try {
    for (; made < length; made++) {
      words[start + made] = makeSegment(arena, FULL_SEGMENT_BYTES, depth);
    }
  } finally {
    if (made < length) {
      for (let i = 0; i < made; i++) arena.free(words[start + i], sizeClass);
      freeWords(arena, id, length);
    }
  }
  setRootWord(arena, root, DIRECTORY, id);
  setRootWord(arena, root, SHAPE, packShape(depth, depth, sizeClass));
  setRootWord(arena, root, SEGMENTS, length);
  setRootWord(arena, root, DEEPEST, length);
}

/** Whether a segment of `slots` slots that an entry was taken from should shrink or merge (`shrink`). */
export function isSparseSegment(count: number, slots: number): boolean {
  return count < slots >>> 3;
}

/** Joins a sparse segment, that of a hash, with its neighbour, or makes it smaller if it is the only one. */
export function shrink(arena: Arena, root: number, hash: number): void {
  const segment = segmentOf(arena, root, hash);
  const depth = localDepth(arena, segment);
  if (depth > 0) merge(arena, root, hash, depth);
  else shrinkOnly(arena, root, segment);
}

/**
 * Frees a table in steps, once nothing else uses it: each step visits every entry of the last segment and frees that
 * segment, and with the last segment the root.
 * @param visit may return false to have the rest of the segment's entries visited in the next step
 * @returns whether anything is left
 */
export function dismantleStep(
  arena: Arena,
  root: number,
  visit: (ref: number) => unknown,
): boolean {
  const shape = rootWord(arena, root, SHAPE);
  const left = rootWord(arena, root, LEFT) || 1 << shapeDepth(shape);
  const segment = segmentAt(arena, root, left - 1);
  let remaining = 0;
  if (segment !== 0) {
    const slots = slotsIn(shapeSegmentBytes(shape));
    const words = arena.i32[segment >>> SEGMENT_SHIFT];
    const first = firstSlotOf(segment);
    for (let at = first; at < first + 2 * slots; at += 2) {
      const ref = words[at + 1];
      if (ref === 0) continue;
      words[at + 1] = 0;
      addCount(arena, segment, -1);
      addRootWord(arena, root, SIZE, -1);
      if (visit(ref) === false) return true;
    }
    remaining = left - (1 << (shapeDepth(shape) - localDepth(arena, segment)));
    freeSegment(arena, root, segment);
  }
  if (remaining > 0) {
    setRootWord(arena, root, LEFT, remaining);
    return true;
  }
  freeDirectory(arena, root);
  freeRoot(arena, root);
  return false;
}

// ── The only segment ──────────────────────────────────────────────────────────────────────────

function addFirst(arena: Arena, root: number, segmentBytes: number): void {
  setRootWord(arena, root, DIRECTORY, makeSegment(arena, segmentBytes, 0));
  addRootWord(arena, root, SEGMENTS, 1);
}

/** Moves what is in a table's only segment into one of another size. */
function resizeOnly(arena: Arena, root: number, segment: number, segmentBytes: number): void {
  const fresh = makeSegment(arena, segmentBytes, 0);
  const shape = rootWord(arena, root, SHAPE);
  const slots = slotsIn(shapeSegmentBytes(shape));
  const words = arena.i32[segment >>> SEGMENT_SHIFT];
  moveSlots(arena, words, firstSlotOf(segment), slots, fresh, fresh, 0, slotsIn(segmentBytes));
  arena.free(segment, shapeClass(shape));
  setRootWord(arena, root, SHAPE, packShape(0, 0, classOf(segmentBytes)));
  setRootWord(arena, root, DIRECTORY, fresh);
}

/** Gives a table that has become sparse a segment of half the size, if there is memory for it. */
function shrinkOnly(arena: Arena, root: number, segment: number): void {
  const segmentBytes = shapeSegmentBytes(rootWord(arena, root, SHAPE)) / 2;
  if (segmentBytes < SMALLEST_SEGMENT_BYTES) return;
  ifThereIsMemory(() => resizeOnly(arena, root, segment, segmentBytes));
}

// ── Several segments ──────────────────────────────────────────────────────────────────────────

function split(arena: Arena, root: number, hash: number, segment: number): void {
  const depth = localDepth(arena, segment);
  if (depth >= MAX_DEPTH) throw new RangeError('a hash table segment cannot be split further');
  const slots = slotsIn(FULL_SEGMENT_BYTES);
  const high = makeSegment(arena, FULL_SEGMENT_BYTES, depth + 1);
  if (depth === tableDepth(arena, root)) {
    try {
      doubleDirectory(arena, root);
    } catch (error) {
      arena.free(high, classOf(FULL_SEGMENT_BYTES));
      throw error;
    }
  }
  addRootWord(arena, root, SEGMENTS, 1);
  const taken = takeSlots(arena, segment, slots, depth + 1);
  moveSlots(arena, taken, 0, slots, segment, high, depth, slots);
  const span = 1 << (tableDepth(arena, root) - depth);
  const first = directoryIndex(hash, tableDepth(arena, root)) & ~(span - 1);
  fillDirectory(arena, root, high, first + span / 2, first + span);
  if (depth + 1 === tableDepth(arena, root)) addRootWord(arena, root, DEEPEST, 2);
}

/** Joins a sparse segment with its neighbour of the same depth when both fit easily. */
function merge(arena: Arena, root: number, hash: number, depth: number): void {
  const span = 1 << (tableDepth(arena, root) - depth);
  const first = directoryIndex(hash, tableDepth(arena, root)) & ~(2 * span - 1);
  const low = segmentAt(arena, root, first);
  const high = segmentAt(arena, root, first + span);
  if (localDepth(arena, low) !== depth || localDepth(arena, high) !== depth) return;
  const slots = slotsIn(FULL_SEGMENT_BYTES);
  if (countOf(arena, low) + countOf(arena, high) > slots >>> 2) return;
  const taken = takeSlots(arena, low, slots, depth - 1);
  moveSlots(arena, taken, 0, slots, low, low, 0, slots);
  const highWords = arena.i32[high >>> SEGMENT_SHIFT];
  moveSlots(arena, highWords, firstSlotOf(high), slots, low, low, 0, slots);
  freeSegment(arena, root, high);
  fillDirectory(arena, root, low, first + span, first + 2 * span);
  if (depth !== tableDepth(arena, root)) return;
  addRootWord(arena, root, DEEPEST, -2);
  if (rootWord(arena, root, DEEPEST) === 0) halveDirectory(arena, root);
}

function freeSegment(arena: Arena, root: number, segment: number): void {
  arena.free(segment, shapeClass(rootWord(arena, root, SHAPE)));
  addRootWord(arena, root, SEGMENTS, -1);
}

function tableDepth(arena: Arena, root: number): number {
  return shapeDepth(rootWord(arena, root, SHAPE));
}
