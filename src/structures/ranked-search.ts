// How the entries of ranked trees are ordered, and looked for in a node: by score, and those of equal scores by the
// bytes of their members, as memcmp compares them.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { compareBytes } from './compare-bytes.ts';
import { ByteView, FLAG_OVERFLOW_KEY, keyOffset, viewKey } from './entry.ts';
import { capacityOf, recordsAt, scoresAt } from './ranked-node.ts';

const long = new ByteView();

/**
 * Compares the member of a record with bytes.
 * @returns negative, 0 or positive, as the member comes before them, is equal, or comes after
 */
export function compareMember(
  arena: Arena,
  record: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const words = arena.i32[record >>> SEGMENT_SHIFT];
  const base = (record & SEGMENT_MASK) << 1;
  const meta = words[base];
  if ((meta & FLAG_OVERFLOW_KEY) !== 0) {
    viewKey(arena, record, long);
    return compareBytes(long.buffer, long.offset, long.length, bytes, offset, length);
  }
  const own = arena.u8[record >>> SEGMENT_SHIFT];
  return compareBytes(own, (base << 2) + keyOffset(meta), words[base + 1], bytes, offset, length);
}

/** Of the first `count` scores of a node, how many are below a score: or not above it, if `inclusive`. */
export function scoresBelow(
  arena: Arena,
  node: number,
  count: number,
  score: number,
  inclusive: boolean,
): number {
  const scores = arena.f64[node >>> SEGMENT_SHIFT];
  const first = scoresAt(node);
  let low = first;
  let high = first + count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (scores[middle] < score || (inclusive && scores[middle] === score)) low = middle + 1;
    else high = middle;
  }
  return low - first;
}

/**
 * Of the entries `from` … `to` - 1 of a node, which are in the order of their members: where one would be.
 * @param own a record that is equal, whatever its bytes: its block may be free already; 0: none
 */
export function memberSlot(
  arena: Arena,
  node: number,
  from: number,
  to: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  inclusive: boolean,
  own: number,
): number {
  const words = arena.i32[node >>> SEGMENT_SHIFT];
  const records = recordsAt(node, capacityOf(arena, node));
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const record = words[records + middle];
    const order = record === own ? 0 : compareMember(arena, record, bytes, offset, length);
    if (order < 0 || (inclusive && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
