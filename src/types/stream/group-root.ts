// The roots of consumer groups and of consumers: one block each.
//
//   group     word 0 … 3           4         5       6            7               8          9         10 … 13
//     [ index of pending entries ][ frozen ][ name ][ pending   ][ consumers'    ][ numbers ][ room in [ last id ]
//                                                     entries     names (table)     (words)    numbers ]
//             14 … 15                        16                      17
//     [ entries read: 64 bits, low first ][ numbers used so far ][ first number that is free; -1: none ]
//
//   consumer  word 0 … 3               4         5       6          7 … – 8 … 9            10 … 11
//     [ index of its pending entries ][ number ][ name ][ entries ]  [ – ][ seen: a double ][ active: a double ]
//
// `frozen` is 0 until the group is detached from its stream. The words of `numbers` are the roots of the consumers by
// number, and those of free numbers form a list.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';

/** Number of pending entries, of a group and of a consumer. */
export const PENDING = 6;
/** Words of a group. */
export const CONSUMERS = 7;
export const NUMBERS = 8;
export const NUMBERS_ROOM = 9;
export const LAST_DELIVERED = 10;
export const ENTRIES_READ = 14;
export const NUMBERS_USED = 16;
export const FREE_NUMBER = 17;
/** A word of a consumer. */
export const NUMBER = 4;
/** Doubles of a consumer: when a command has named it last, and when it was last given an entry. */
export const SEEN_DOUBLE = 4;
export const ACTIVE_DOUBLE = 5;

const GROUP_WORDS = 18;
const CONSUMER_WORDS = 12;
const GROUP_CLASS = classOf(GROUP_WORDS * 4);
const CONSUMER_CLASS = classOf(CONSUMER_WORDS * 4);
/** Bytes of the roots. */
export const GROUP_BYTES: number = GROUP_WORDS * 4;
export const CONSUMER_BYTES: number = CONSUMER_WORDS * 4;

/** Makes a root of a group, all its words 0. @throws ArenaFullError */
export function newGroup(arena: Arena): number {
  return newRoot(arena, GROUP_CLASS, GROUP_WORDS);
}

/** Makes a root of a consumer, all its words 0. @throws ArenaFullError */
export function newConsumer(arena: Arena): number {
  return newRoot(arena, CONSUMER_CLASS, CONSUMER_WORDS);
}

function newRoot(arena: Arena, sizeClass: number, words: number): number {
  const root = arena.allocate(sizeClass);
  const base = (root & SEGMENT_MASK) << 1;
  arena.i32[root >>> SEGMENT_SHIFT].fill(0, base, base + words);
  return root;
}

export function freeGroup(arena: Arena, group: number): void {
  arena.free(group, GROUP_CLASS);
}

export function freeConsumer(arena: Arena, consumer: number): void {
  arena.free(consumer, CONSUMER_CLASS);
}

/** Moves a root of a group out of a page that is being emptied; returns the new root. */
export function relocateGroup(arena: Arena, group: number): number {
  return arena.isSparse(group) ? arena.relocate(group, GROUP_CLASS) : group;
}

/** Moves a root of a consumer out of a page that is being emptied; returns the new root. */
export function relocateConsumer(arena: Arena, consumer: number): number {
  return arena.isSparse(consumer) ? arena.relocate(consumer, CONSUMER_CLASS) : consumer;
}

/** A double of a root: SEEN_DOUBLE or ACTIVE_DOUBLE. */
export function rootDouble(arena: Arena, root: number, double: number): number {
  return arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + double];
}

export function setRootDouble(arena: Arena, root: number, double: number, value: number): void {
  arena.f64[root >>> SEGMENT_SHIFT][(root & SEGMENT_MASK) + double] = value;
}
