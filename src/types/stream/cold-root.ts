// What is known of the cold part of a stream, and how much of it may be hot: a block that a word of the stream's root
// leads to. Streams that never were told to be anything but hot have none.
//
//   word 0 … 1              2 … 3                 4 … 5                 6
//     [ limit              ][ live entries       ][ bytes              ][ log ]
//       a double             of all cold blocks    of their entries
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';
import { blockWord, setBlockWord } from './id-blocks.ts';
import { COLD } from './stream-root.ts';

const LIMIT = 0;
const LIVE = 1;
const BYTES = 2;
const LOG = 6;
const ROOT_WORDS = 8;
const ROOT_CLASS = classOf(ROOT_WORDS * 4);
/** Bytes of such a block. */
export const COLD_ROOT_BYTES: number = ROOT_WORDS * 4;

/** How much of a stream is hot at least: entries if positive, bytes if negative; 0: as the directive says. */
export function hotLimit(arena: Arena, stream: number): number {
  return double(arena, stream, LIMIT);
}

/** Sets that. @throws ArenaFullError, before anything has changed */
export function setHotLimit(arena: Arena, stream: number, limit: number): void {
  setDouble(arena, ensure(arena, stream), LIMIT, limit);
}

/** Entries of the cold blocks that are not deleted. */
export function coldLive(arena: Arena, stream: number): number {
  return double(arena, stream, LIVE);
}

/** Bytes that the cold blocks had while they were hot. */
export function coldBytes(arena: Arena, stream: number): number {
  return double(arena, stream, BYTES);
}

/** Counts a cold block that comes, or goes with negative numbers. @throws ArenaFullError, before anything has changed */
export function countCold(arena: Arena, stream: number, live: number, bytes: number): void {
  const cold = ensure(arena, stream);
  setDouble(arena, cold, LIVE, doubleAt(arena, cold, LIVE) + live);
  setDouble(arena, cold, BYTES, doubleAt(arena, cold, BYTES) + bytes);
}

/** The number of the log into which the stream's blocks go; 0: none yet. */
export function coldLog(arena: Arena, stream: number): number {
  const cold = blockWord(arena, stream, COLD);
  return cold === 0 ? 0 : blockWord(arena, cold, LOG);
}

export function setColdLog(arena: Arena, stream: number, log: number): void {
  setBlockWord(arena, ensure(arena, stream), LOG, log);
}

/** Makes the block of a stream, if there is none; returns it. @throws ArenaFullError */
export function ensure(arena: Arena, stream: number): number {
  const known = blockWord(arena, stream, COLD);
  if (known !== 0) return known;
  const cold = arena.allocate(ROOT_CLASS);
  const base = (cold & SEGMENT_MASK) << 1;
  arena.i32[cold >>> SEGMENT_SHIFT].fill(0, base, base + ROOT_WORDS);
  setBlockWord(arena, stream, COLD, cold);
  return cold;
}

/** Copies limit and counts to a stream that has none; a log belongs to one stream. @throws ArenaFullError */
export function copyCold(arena: Arena, from: number, to: number): void {
  if (blockWord(arena, from, COLD) === 0) return;
  setHotLimit(arena, to, hotLimit(arena, from));
  countCold(arena, to, coldLive(arena, from), coldBytes(arena, from));
}

/** Frees the block of a stream. */
export function freeCold(arena: Arena, stream: number): void {
  const cold = blockWord(arena, stream, COLD);
  if (cold !== 0) arena.free(cold, ROOT_CLASS);
  setBlockWord(arena, stream, COLD, 0);
}

/** Moves the block out of a page that is being emptied. */
export function relocateCold(arena: Arena, stream: number): void {
  const cold = blockWord(arena, stream, COLD);
  if (cold === 0 || !arena.isSparse(cold)) return;
  setBlockWord(arena, stream, COLD, arena.relocate(cold, ROOT_CLASS));
}

function double(arena: Arena, stream: number, index: number): number {
  const cold = blockWord(arena, stream, COLD);
  return cold === 0 ? 0 : doubleAt(arena, cold, index);
}

function doubleAt(arena: Arena, cold: number, index: number): number {
  return arena.f64[cold >>> SEGMENT_SHIFT][(cold & SEGMENT_MASK) + index];
}

function setDouble(arena: Arena, cold: number, index: number, value: number): void {
  arena.f64[cold >>> SEGMENT_SHIFT][(cold & SEGMENT_MASK) + index] = value;
}
