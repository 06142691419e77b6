// The root of a stream: one block with what is known of it as a whole, and where its parts are.
//
//   word 0 … 3            4         5         6 … 7      8 … 11     12 … 15     16 … 19       20 … 21          22 … 23
//     [ index of blocks ][ frozen ][ groups ][ length   ][ last id ][ first id ][ largest    ][ entries added ][ bytes  ]
//                                             a double                           deleted id    64 bits,         a double
//                                                                                              low word first
//
//   word 24: cold part, 25: retention rule
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';
import type { StreamId } from './stream-id.ts';

/** Number of the freeze that the stream is frozen by; 0: none (shared-blocks.ts). */
export const FROZEN = 4;
/** What leads to the groups; 0: none. */
export const GROUPS = 5;
const LENGTH_DOUBLE = 3;
/** The ids. */
export const LAST_ID = 8;
export const FIRST_ID = 12;
export const MAX_DELETED_ID = 16;
export const ENTRIES_ADDED = 20;

const BYTES_DOUBLE = 11;
/** The first word that a copy of a stream does not have from the stream. */
export const COPIED_WORDS = 24;
/** What leads to the rule of how much is kept (retention-rules.ts); 0: none. */
export const RETENTION = 25;
/** What is known of the cold part; 0: nothing (cold-root.ts). */
export const COLD = 24;

const ROOT_WORDS = 26;
const ROOT_CLASS = classOf(ROOT_WORDS * 4);
/** Bytes of a root. */
export const ROOT_BYTES: number = ROOT_WORDS * 4;

/** Makes the root of an empty stream. @throws ArenaFullError */
export function newRoot(arena: Arena): number {
  const root = arena.allocate(ROOT_CLASS);
  const base = (root & SEGMENT_MASK) << 1;
  arena.i32[root >>> SEGMENT_SHIFT].fill(0, base, base + ROOT_WORDS);
  return root;
}

/** Frees the root of an empty stream. */
export function freeRoot(arena: Arena, root: number): void {
  arena.free(root, ROOT_CLASS);
}

/** Moves a root out of a page that is being emptied; returns the new root. */
export function relocateRoot(arena: Arena, root: number): number {
  return arena.isSparse(root) ? arena.relocate(root, ROOT_CLASS) : root;
}

/** Number of entries. */
export function rootLength(arena: Arena, root: number): number {
  return arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + LENGTH_DOUBLE];
}

export function setRootLength(arena: Arena, root: number, length: number): void {
  arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + LENGTH_DOUBLE] = length;
}

/** Bytes of all blocks of entries. */
export function rootBytes(arena: Arena, root: number): number {
  return arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + BYTES_DOUBLE];
}

export function addRootBytes(arena: Arena, root: number, bytes: number): void {
  arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + BYTES_DOUBLE] += bytes;
}

/** Reads one of the ids: LAST_ID, FIRST_ID or MAX_DELETED_ID. */
export function loadRootId(arena: Arena, root: number, word: number, id: StreamId): void {
  id.load(arena.i32[root >>> SEGMENT_SHIFT], ((root & SEGMENT_MASK) << 1) + word);
}

export function storeRootId(arena: Arena, root: number, word: number, id: StreamId): void {
  id.store(arena.i32[root >>> SEGMENT_SHIFT], ((root & SEGMENT_MASK) << 1) + word);
}

/** A 64-bit counter, low word first, of a root or another block. */
export function counterAt(arena: Arena, block: number, word: number): bigint {
  const words = arena.i32[block >>> SEGMENT_SHIFT];
  const at = ((block & SEGMENT_MASK) << 1) + word;
  return (BigInt(words[at + 1]) << 32n) | BigInt(words[at] >>> 0);
}

export function setCounterAt(arena: Arena, block: number, word: number, value: bigint): void {
  const words = arena.i32[block >>> SEGMENT_SHIFT];
  const at = ((block & SEGMENT_MASK) << 1) + word;
  words[at] = Number(BigInt.asIntN(32, value));
  words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/** Adds one to a counter. */
export function incrementCounter(arena: Arena, block: number, word: number): void {
  const words = arena.i32[block >>> SEGMENT_SHIFT];
  const at = ((block & SEGMENT_MASK) << 1) + word;
  words[at] = (words[at] + 1) | 0;
  if (words[at] === 0) words[at + 1] = (words[at + 1] + 1) | 0;
}
