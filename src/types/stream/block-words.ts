// Words of blocks of the arena.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';

/** A word of a block, or of any other block of the arena. */
export function blockWord(arena: Arena, block: number, word: number): number {
  return arena.i32[block >>> SEGMENT_SHIFT][((block & SEGMENT_MASK) << 1) + word];
}

/** Sets a word of a block. */
export function setBlockWord(arena: Arena, block: number, word: number, value: number): void {
  arena.i32[block >>> SEGMENT_SHIFT][((block & SEGMENT_MASK) << 1) + word] = value;
}
