// Runs of 32-bit words that may outgrow a block: directories of tables and heaps. A run of up to
// MAX_BLOCK_WORDS words is a block of the arena, a longer one an overflow block. Which of the two a run's number
// names follows from its length, so the owner keeps both. Lengths are powers of 2.
import { SEGMENT_MASK, SEGMENT_SHIFT } from './addressing.ts';
import type { Arena } from './arena.ts';
import { CLASS_UNITS, classOf, MAX_BLOCK_BYTES, UNIT_BYTES } from './size-classes.ts';

const WORD_BYTES = 4;

/** Longer runs are overflow blocks. */
export const MAX_BLOCK_WORDS = MAX_BLOCK_BYTES / WORD_BYTES;

/**
 * Allocates a run of `length` words, their content undefined; returns its number.
 * @throws ArenaFullError, or RangeError when there is no memory for a long one
 */
export function allocateWords(arena: Arena, length: number): number {
  if (length > MAX_BLOCK_WORDS) return arena.overflow.allocateWords(length);
  return arena.allocate(classOf(length * WORD_BYTES));
}

/** Frees a run of `length` words. */
export function freeWords(arena: Arena, id: number, length: number): void {
  if (length > MAX_BLOCK_WORDS) arena.overflow.free(id);
  else arena.free(id, classOf(length * WORD_BYTES));
}

/** The array in which a run lies, beginning at `wordsStart`. */
export function wordsOf(arena: Arena, id: number, length: number): Int32Array {
  return length > MAX_BLOCK_WORDS ? arena.overflow.words(id) : arena.i32[id >>> SEGMENT_SHIFT];
}

/** Index of a run's first word in `wordsOf`. */
export function wordsStart(id: number, length: number): number {
  return length > MAX_BLOCK_WORDS ? 0 : (id & SEGMENT_MASK) << 1;
}

/** Bytes that a run of `length` words takes. */
export function wordsBytes(length: number): number {
  const sizeBytes = length * WORD_BYTES;
  return length > MAX_BLOCK_WORDS ? sizeBytes : CLASS_UNITS[classOf(sizeBytes)] * UNIT_BYTES;
}

/** Moves a run out of a page that is being emptied; returns its new number. */
export function relocateWords(arena: Arena, id: number, length: number): number {
  if (length > MAX_BLOCK_WORDS || !arena.isSparse(id)) return id;
  return arena.relocate(id, classOf(length * WORD_BYTES));
}
