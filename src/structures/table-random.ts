// Drawing an entry of a bytes table (bytes-table.ts) at random, each with the same probability.
//
// First a segment: a word of the directory is chosen, and refused where it is not the first of the words that name its
// segment, and as often as the segment has fewer entries than it may have. So entries of shallow segments and of sparse
// ones are no more likely than others, and what a refusal reads are the first words of segments alone. Then a slot of it,
// until one is taken.
import { SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { randomBelow } from './random-source.ts';
import { countOf, firstSlotOf, fullAt, localDepth } from './table-segment.ts';

/** Draws after which any segment is taken: a table that is nearly empty has few, so they suffice. */
const MAX_DRAWS = 1000;

/**
 * Draws the slot of an entry; there are entries.
 * @param directory 2^depth words from `base` on
 * @param slots of each segment
 * @returns the index of the segment in the directory, times `slots`, and the slot in it
 */
export function drawSlot(
  arena: Arena,
  directory: Int32Array,
  base: number,
  depth: number,
  slots: number,
): number {
  const words = 1 << depth;
  const full = fullAt(slots);
  let index = 0;
  for (let tries = 0; tries < MAX_DRAWS; tries++) {
    if (depth > 0) index = randomBelow(words);
    const segment = directory[base + index];
    const shared = depth - localDepth(arena, segment);
    if ((index & ((1 << shared) - 1)) !== 0) continue;
    if (depth > 0 && randomBelow(full) >= countOf(arena, segment)) continue;
    return index * slots + takenSlot(arena, segment, slots);
  }
  while (countOf(arena, directory[base + index]) === 0) index = (index + 1) % words;
  return index * slots + takenSlot(arena, directory[base + index], slots);
}

/** A slot of a segment that is taken, drawn at random; there are some. */
function takenSlot(arena: Arena, segment: number, slots: number): number {
  const words = arena.i32[segment >>> SEGMENT_SHIFT];
  const first = firstSlotOf(segment);
  for (;;) {
    const slot = randomBelow(slots);
    if (words[first + (slot << 1) + 1] !== 0) return slot;
  }
}
