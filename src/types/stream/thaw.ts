// Makes a cold block hot again: the blocks that it stands for come back into memory, in its place.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { BlockImage, RAW_BYTES } from './cold-block.ts';
import { countCold } from './cold-root.ts';
import { DATA_AT, LIVE, USED } from './entry-block.ts';
import type { EntryBlocks } from './entry-blocks.ts';
import { type BlockPlace, blockWord, LEAST_ID } from './id-blocks.ts';

/**
 * Makes the cold block at a place hot; the place is that of the first of its blocks then.
 * @param payload of the cold block
 * @throws ArenaFullError, before anything has changed
 */
export function thaw(
  arena: Arena,
  entries: EntryBlocks,
  root: number,
  place: BlockPlace,
  payload: Buffer,
): void {
  const cold = place.block;
  const image = new BlockImage();
  const fresh: number[] = [];
  let inserted = 0;
  try {
    for (let more = image.open(payload, 0); more; more = image.open(payload, image.next)) {
      fresh.push(copyOf(arena, entries, image));
    }
    // Behind the cold block, the last one first: so ids always ascend.
    for (let i = fresh.length - 1; i > 0; i--) {
      entries.insertAfter(root, place, fresh[i]);
      inserted++;
    }
  } catch (error) {
    entries.removeAfter(root, place, inserted);
    for (const block of fresh.slice(0, fresh.length - inserted)) entries.discard(root, block);
    throw error;
  }
  countCold(arena, root, -blockWord(arena, cold, LIVE), -blockWord(arena, cold, RAW_BYTES));
  entries.replace(root, place, fresh[0]);
}

/** A block of memory like an image. */
function copyOf(arena: Arena, entries: EntryBlocks, image: BlockImage): number {
  const used = image.word(USED);
  const block = entries.allocate(used);
  const words = arena.i32[block >>> SEGMENT_SHIFT];
  const base = (block & SEGMENT_MASK) << 1;
  for (let i = LEAST_ID; i < LEAST_ID + 4; i++) words[base + i] = image.word(i);
  for (let i = USED; i < DATA_AT >> 2; i++) words[base + i] = image.word(i);
  entries.fill(block, image.payload, image.dataAt, used);
  return block;
}
