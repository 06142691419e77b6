// Finds the cold blocks that reading a range of a stream will read.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import { isCold } from './cold-block.ts';
import { coldLive } from './cold-root.ts';
import { LAST_ENTRY_ID, LIVE } from './entry-block.ts';
import { BlockPlace, blockWord, LEAST_ID } from './id-blocks.ts';
import type { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';

/** Cold blocks behind a range that are likely to be asked for next. */
const AHEAD = 8;

const place = new BlockPlace();

/**
 * Adds the cold blocks of a range to `needed`, and some that follow to `ahead`.
 * @param count how many entries are read at most
 */
export function findCold(
  streams: Streams,
  root: number,
  first: StreamId,
  last: StreamId,
  count: number,
  isReverse: boolean,
  needed: Set<number>,
  ahead: number[],
): void {
  const { arena, index } = streams;
  if (coldLive(arena, root) === 0 || first.compare(last) > 0) return;
  const go = () => (isReverse ? index.previous(root, place) : index.next(root, place));
  let more = isReverse ? index.find(root, last, place) : index.findOrFirst(root, first, place);
  let left = count;
  for (; more && left > 0; more = go()) {
    const { block } = place;
    const words = arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    if (last.compareAt(words, base + LEAST_ID) < 0 && !isReverse) return;
    if (first.compareAt(words, base + LAST_ENTRY_ID) > 0 && isReverse) return;
    if (isCold(arena, block)) needed.add(block);
    // Of the first block only some may be in the range: it does not count.
    const isWhole = isReverse
      ? last.compareAt(words, base + LAST_ENTRY_ID) >= 0
      : first.compareAt(words, base + LEAST_ID) <= 0;
    if (isWhole) left -= blockWord(arena, block, LIVE);
  }
  for (let i = 0; more && i < AHEAD && !isReverse; i++, more = go()) {
    if (isCold(arena, place.block)) ahead.push(place.block);
  }
}
