// How many nodes the radix tree has in which Redis keeps the blocks of a stream (XINFO STREAM tells it). Its keys are the
// least ids of the blocks, 16 bytes each, the most significant one first. As they are equally long, there is only one
// tree for a set of keys: a node for each key (a leaf), one for each point where keys part, and one for each chain of
// bytes that all keys below have in common, unless it is empty:
//
//   ids 1-0, 1-1, 2-0       (0000000)─▶ ⟨01│02⟩ ─▶ (00000000) ─▶ leaf 2-0
//                                         └─▶ (0000000) ─▶ ⟨00│01⟩ ─▶ leaf 1-0
//                                                              └─▶ leaf 1-1
//
// The node where keys part holds the first bytes in which they differ. The number follows from the lengths of the
// prefixes that neighbours share: one pass, with the depths of the open nodes on a stack.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import { BlockPlace, LEAST_ID } from './id-blocks.ts';
import { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';

const KEY_BYTES = 16;
/** Depth of no node: what is above the root. Its chain begins with the first byte, not behind it. */
const ABOVE = -1;

const place = new BlockPlace();
const id = new StreamId();
const previous = new StreamId();
const depths = new Int32Array(KEY_BYTES + 1);

/** The number of nodes of a stream's radix tree, 1 if it has no blocks. */
export function radixNodes(streams: Streams, root: number): number {
  const { index, arena } = streams;
  if (!index.first(root, place)) return 1;
  let nodes = 0;
  /** Open nodes: those on the path to the present key; `depths[0]` is above the root. */
  let open = 0;
  depths[0] = ABOVE;
  let isFirst = true;
  do {
    const { block } = place;
    id.load(arena.i32[block >>> SEGMENT_SHIFT], ((block & SEGMENT_MASK) << 1) + LEAST_ID);
    const shared = isFirst ? ABOVE : sharedBytes(previous, id);
    if (!isFirst) {
      nodes += 1 + chainsBetween(Math.max(depths[open], shared), KEY_BYTES);
      while (depths[open] > shared) {
        nodes += chainsBetween(Math.max(depths[open - 1], shared), depths[open]);
        open--;
      }
      if (depths[open] < shared) {
        depths[++open] = shared;
        nodes++;
      }
    }
    previous.set(id);
    isFirst = false;
  } while (index.next(root, place));
  nodes += 1 + chainsBetween(depths[open], KEY_BYTES);
  for (; open > 0; open--) nodes += chainsBetween(depths[open - 1], depths[open]);
  return nodes;
}

/** Nodes of the bytes between a node at a depth and one below it: none or one. */
function chainsBetween(upper: number, lower: number): number {
  return lower - upper > 1 ? 1 : 0;
}

/** How many bytes two ids, which differ, have in common from the beginning. */
function sharedBytes(a: StreamId, b: StreamId): number {
  if (a.msHigh !== b.msHigh) return equalBytes(a.msHigh ^ b.msHigh);
  if (a.msLow !== b.msLow) return 4 + equalBytes(a.msLow ^ b.msLow);
  if (a.seqHigh !== b.seqHigh) return 8 + equalBytes(a.seqHigh ^ b.seqHigh);
  return 12 + equalBytes(a.seqLow ^ b.seqLow);
}

function equalBytes(difference: number): number {
  return Math.clz32(difference) >> 3;
}
