// The root of a collection whose records are in a hash table (keyspace/record-tables.ts).
//
//   word 0     1           2, 3                        4          5
//     [ table ][ partner ][ bytes of records: double ][ state ][ free for the type ]
//
//   table    root of the bytes table
//   partner  root of what the type keeps beside it: the ranked tree of a sorted set, the expiries of a hash; 0: none
//   state    from bit 0: epoch 8 | is walked 1 | … | walks given up since one was completed 8 (from bit 16)
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { classOf } from '../memory/size-classes.ts';

/** Words of a root. */
export const TABLE = 0;
export const PARTNER = 1;
const STATE = 4;
/** A word that belongs to the type; 0 at first. */
export const SPARE = 5;

const ROOT_WORDS = 6;
/** Bytes of a root. */
export const ROOT_BYTES = ROOT_WORDS * 4;
const ROOT_CLASS = classOf(ROOT_BYTES);
/** Index of the sum of bytes, in doubles. */
const BYTES_DOUBLE = 1;

const EPOCH_MASK = 0xff;
const WALKED = 1 << 8;
const GIVEN_UP_ONE = 1 << 16;

/** Makes a root. @throws ArenaFullError */
export function newRoot(arena: Arena, table: number): number {
  const root = arena.allocate(ROOT_CLASS);
  const base = (root & SEGMENT_MASK) << 1;
  const words = arena.i32[root >>> SEGMENT_SHIFT];
  words.fill(0, base, base + ROOT_WORDS);
  words[base + TABLE] = table;
  return root;
}

/** Frees a root; what it refers to is freed already. */
export function freeRoot(arena: Arena, root: number): void {
  arena.free(root, ROOT_CLASS);
}

/** Moves a root out of a page that is being emptied; returns the new root. */
export function relocateRoot(arena: Arena, root: number): number {
  return arena.isSparse(root) ? arena.relocate(root, ROOT_CLASS) : root;
}

/** A word of a root: TABLE, PARTNER or SPARE. */
export function rootWord(arena: Arena, root: number, word: number): number {
  return arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word];
}

/** Sets a word of a root. */
export function setRootWord(arena: Arena, root: number, word: number, value: number): void {
  arena.i32[root >>> SEGMENT_SHIFT][((root & SEGMENT_MASK) << 1) + word] = value;
}

/** Bytes of all records. */
export function recordBytes(arena: Arena, root: number): number {
  return arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + BYTES_DOUBLE];
}

/** Adds to the bytes of all records. */
export function addRecordBytes(arena: Arena, root: number, by: number): void {
  arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + BYTES_DOUBLE] += by;
}

/** Whether the records are being walked. */
export function isWalked(arena: Arena, root: number): boolean {
  return (rootWord(arena, root, STATE) & WALKED) !== 0;
}

/** The epoch of the walk in progress, or else of the last one; 0 before the first. */
export function epochOf(arena: Arena, root: number): number {
  return rootWord(arena, root, STATE) & EPOCH_MASK;
}

/**
 * Begins a walk, with the next epoch.
 * @returns whether the epochs of all records must be set to 0 first, as records may have this one already
 */
export function startWalk(arena: Arena, root: number): boolean {
  const state = rootWord(arena, root, STATE);
  const epoch = (state & EPOCH_MASK) === EPOCH_MASK ? 1 : (state & EPOCH_MASK) + 1;
  const givenUp = state >>> 16;
  const isExhausted = givenUp >= EPOCH_MASK - 1;
  setRootWord(arena, root, STATE, epoch | WALKED | (isExhausted ? 0 : givenUp << 16));
  return isExhausted;
}

/**
 * Ends a walk.
 * @param isComplete whether all records have its epoch now
 */
export function endWalk(arena: Arena, root: number, isComplete: boolean): void {
  const state = rootWord(arena, root, STATE);
  const left = isComplete ? state & EPOCH_MASK : (state & ~WALKED) + GIVEN_UP_ONE;
  setRootWord(arena, root, STATE, left);
}
