// The memory of an expiry heap (expiry-heap.ts): a root, a directory and chunks, all in the arena.
//
//   root   word 0          1       2         3          chunk
//            [ directory ][ room ][ places ][ size ]      [ times, doubles … ][ references … ]
//
//   directory  of one chunk: its reference; else the number of a run of words (memory/word-block.ts), a chunk each
//   room       words that the run has; 0: there is none
//   places     in all chunks: of the first one, as long as it is the only one and smaller than others, or a multiple
//              of CHUNK_PLACES
//   size       places that are in use
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { classOf } from '../memory/size-classes.ts';
import {
  allocateWords,
  freeWords,
  relocateWords,
  wordsBytes,
  wordsOf,
  wordsStart,
} from '../memory/word-block.ts';

export const CHUNK_SHIFT = 12;
/** Places of a chunk. */
export const CHUNK_PLACES: number = 1 << CHUNK_SHIFT;
export const CHUNK_MASK: number = CHUNK_PLACES - 1;
/** Initial capacity of the first chunk, in places. */
export const FIRST_PLACES = 16;
/** A time and a reference. */
const PLACE_BYTES = 12;
/** Initial capacity of a directory, in words. */
const FIRST_ROOM = 16;

/** Words of a root. */
export const DIRECTORY = 0;
const ROOM = 1;
export const PLACES = 2;
export const SIZE = 3;
export const ROOT_WORDS = 4;
const ROOT_CLASS = classOf(ROOT_WORDS * 4);

/** Creates a heap of one small chunk; returns its root. @throws ArenaFullError */
export function newHeap(arena: Arena): number {
  const root = arena.allocate(ROOT_CLASS);
  try {
    set(arena, root, DIRECTORY, newChunk(arena, FIRST_PLACES));
  } catch (error) {
    arena.free(root, ROOT_CLASS);
    throw error;
  }
  set(arena, root, ROOM, 0);
  set(arena, root, PLACES, FIRST_PLACES);
  set(arena, root, SIZE, 0);
  return root;
}

/** Frees a heap. */
export function freeHeap(arena: Arena, root: number): void {
  const places = get(arena, root, PLACES);
  for (let i = chunksIn(places) - 1; i >= 0; i--)
    arena.free(chunkAt(arena, root, i), classFor(places));
  const room = get(arena, root, ROOM);
  if (room > 0) freeWords(arena, get(arena, root, DIRECTORY), room);
  arena.free(root, ROOT_CLASS);
}

/** Bytes of a heap. */
export function heapBytes(arena: Arena, root: number): number {
  const places = get(arena, root, PLACES);
  const room = get(arena, root, ROOM);
  return ROOT_WORDS * 4 + (room > 0 ? wordsBytes(room) : 0) + places * PLACE_BYTES;
}

/** The array in which the chunks' references lie, from `directoryBase` on. */
export function directoryOf(arena: Arena, root: number): Int32Array {
  const room = get(arena, root, ROOM);
  if (room === 0) return arena.i32[root >>> SEGMENT_SHIFT];
  return wordsOf(arena, get(arena, root, DIRECTORY), room);
}

/** Index of the first chunk's reference in `directoryOf`. */
export function directoryBase(arena: Arena, root: number): number {
  const room = get(arena, root, ROOM);
  if (room === 0) return ((root & SEGMENT_MASK) << 1) + DIRECTORY;
  return wordsStart(get(arena, root, DIRECTORY), room);
}

/** Words from the start of each chunk of a heap to its references. */
export function refsOffset(places: number): number {
  return 2 * Math.min(places, CHUNK_PLACES);
}

/**
 * Doubles the only chunk as long as it is small, then adds chunks.
 * @throws ArenaFullError or RangeError when there is no memory; nothing has changed then
 */
export function addChunk(arena: Arena, root: number): void {
  const places = get(arena, root, PLACES);
  if (places < CHUNK_PLACES) {
    widen(arena, root, places);
    return;
  }
  const chunk = newChunk(arena, CHUNK_PLACES);
  const count = places >>> CHUNK_SHIFT;
  try {
    makeRoom(arena, root, count);
  } catch (error) {
    arena.free(chunk, classFor(CHUNK_PLACES));
    throw error;
  }
  directoryOf(arena, root)[directoryBase(arena, root) + count] = chunk;
  set(arena, root, PLACES, places + CHUNK_PLACES);
}

/** Frees the last of several chunks, which is not in use. */
export function removeChunk(arena: Arena, root: number): void {
  const places = get(arena, root, PLACES);
  arena.free(chunkAt(arena, root, chunksIn(places) - 1), classFor(places));
  set(arena, root, PLACES, places - CHUNK_PLACES);
}

/** Moves root and directory out of pages that are being emptied; returns the new root. */
export function relocateFrame(arena: Arena, root: number): number {
  const moved = arena.isSparse(root) ? arena.relocate(root, ROOT_CLASS) : root;
  const room = get(arena, moved, ROOM);
  if (room > 0) {
    set(arena, moved, DIRECTORY, relocateWords(arena, get(arena, moved, DIRECTORY), room));
  }
  return moved;
}

/** Moves a chunk out of a page that is being emptied; returns the next one, 0 after the last. */
export function relocateHeapChunk(arena: Arena, root: number, index: number): number {
  const places = get(arena, root, PLACES);
  if (index >= chunksIn(places)) return 0;
  const chunk = chunkAt(arena, root, index);
  if (arena.isSparse(chunk)) {
    const moved = arena.relocate(chunk, classFor(places));
    directoryOf(arena, root)[directoryBase(arena, root) + index] = moved;
  }
  return index + 1 < chunksIn(places) ? index + 1 : 0;
}

/** Moves the only chunk into one of twice the size. */
function widen(arena: Arena, root: number, places: number): void {
  const fresh = newChunk(arena, 2 * places);
  const old = chunkAt(arena, root, 0);
  const source = arena.i32[old >>> SEGMENT_SHIFT];
  const target = arena.i32[fresh >>> SEGMENT_SHIFT];
  const from = (old & SEGMENT_MASK) << 1;
  const to = (fresh & SEGMENT_MASK) << 1;
  const refs = refsOffset(places);
  target.set(source.subarray(from, from + refs), to);
  target.set(source.subarray(from + refs, from + refs + places), to + refsOffset(2 * places));
  arena.free(old, classFor(places));
  set(arena, root, DIRECTORY, fresh);
  set(arena, root, PLACES, 2 * places);
}

/** Makes room in the directory for one more chunk than `count`. */
function makeRoom(arena: Arena, root: number, count: number): void {
  const room = get(arena, root, ROOM);
  if (count < room) return;
  const larger = Math.max(FIRST_ROOM, 2 * room);
  const fresh = allocateWords(arena, larger);
  const from = directoryBase(arena, root);
  const used = directoryOf(arena, root).subarray(from, from + count);
  wordsOf(arena, fresh, larger).set(used, wordsStart(fresh, larger));
  if (room > 0) freeWords(arena, get(arena, root, DIRECTORY), room);
  set(arena, root, DIRECTORY, fresh);
  set(arena, root, ROOM, larger);
}

function newChunk(arena: Arena, places: number): number {
  return arena.allocate(classFor(places));
}

/** Size class of each chunk of a heap with so many places. */
function classFor(places: number): number {
  return classOf(Math.min(places, CHUNK_PLACES) * PLACE_BYTES);
}

function chunksIn(places: number): number {
  return Math.ceil(places / CHUNK_PLACES);
}

function chunkAt(arena: Arena, root: number, index: number): number {
  return directoryOf(arena, root)[directoryBase(arena, root) + index];
}

function get(arena: Arena, root: number, word: number): number {
  return arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word];
}

function set(arena: Arena, root: number, word: number, value: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word] = value;
}
