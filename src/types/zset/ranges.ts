// Ranges of a sorted set as commands give them, by scores or by members, as ranks: what is in between is read and
// removed by these.
import type { Entries } from '../../keyspace/entries.ts';
import { openPacked, PackedView } from '../../keyspace/packed-value.ts';
import { parseLimit } from '../../protocol/double-parse.ts';
import type { Request } from '../../protocol/request.ts';
import { compareBytes } from '../../structures/compare-bytes.ts';
import { elementAfter, elementBefore } from '../../structures/packed-list.ts';
import { RankedCursor } from '../../structures/ranked-tree.ts';
import { ENCODING_PACKED } from './encodings.ts';
import { MemberCursor } from './member-cursor.ts';
import { compareAt, STRIDE } from './packed-members.ts';
import { memberCount, rankOfScore, sortedSetsOf } from './values.ts';

const OPEN = 40; // (
const CLOSED = 91; // [
const PLUS = 43;
const MINUS = 45;

const cursor = new MemberCursor();

/** The ranks from … to - 1; none where `from` is not below `to`. */
export class RankRange {
  from = 0;
  to = 0;
  /** A place that looking for the range has led to, until the sorted set changes: that of `placeRank`, -1: none. */
  readonly place: RankedCursor = new RankedCursor();
  placeRank = -1;
}

/** Two scores, each of which may be excluded. */
export class ScoreLimits {
  #min = 0;
  #max = 0;
  #excludesMin = false;
  #excludesMax = false;

  /** Reads two arguments; false if one of them is no score. */
  read(request: Request, minAt: number, maxAt: number): boolean {
    const { buffer } = request;
    this.#excludesMin = buffer[request.offsets[minAt]] === OPEN && request.lengths[minAt] > 0;
    this.#excludesMax = buffer[request.offsets[maxAt]] === OPEN && request.lengths[maxAt] > 0;
    this.#min = limitAt(request, minAt, this.#excludesMin);
    this.#max = limitAt(request, maxAt, this.#excludesMax);
    return !Number.isNaN(this.#min) && !Number.isNaN(this.#max);
  }

  /** Sets the ranks of the scores between them. */
  find(entries: Entries, ref: number, ranks: RankRange): void {
    ranks.from = rankOfScore(entries, ref, this.#min, this.#excludesMin, ranks.place);
    if (ranks.place.leaf !== 0) ranks.placeRank = ranks.from;
    ranks.to = rankOfScore(entries, ref, this.#max, !this.#excludesMax);
  }
}

function limitAt({ buffer, offsets, lengths }: Request, i: number, isExcluded: boolean): number {
  const skipped = isExcluded ? 1 : 0;
  return parseLimit(buffer, offsets[i] + skipped, lengths[i] - skipped);
}

/** A limit of members: bytes, or before or behind all others. */
class MemberLimit {
  /** -1 before all members, 1 behind them. */
  side = 0;
  isExcluded = false;
  bytes: Uint8Array = Buffer.alloc(0);
  offset = 0;
  length = 0;

  read({ buffer, offsets, lengths }: Request, i: number): boolean {
    const first = lengths[i] === 0 ? 0 : buffer[offsets[i]];
    this.side = 0;
    this.isExcluded = first !== CLOSED;
    this.bytes = buffer;
    this.offset = offsets[i] + 1;
    this.length = lengths[i] - 1;
    if (first === OPEN || first === CLOSED) return true;
    this.side = first === PLUS ? 1 : -1;
    // What follows a NUL does not count.
    return (first === PLUS || first === MINUS) && (this.length === 0 || buffer[this.offset] === 0);
  }
}

/** Two members, of a sorted set in which all have one score. */
export class MemberLimits {
  readonly #min = new MemberLimit();
  readonly #max = new MemberLimit();
  readonly #packed = new PackedView();

  /** Reads two arguments; false if one of them is no limit. */
  read(request: Request, minAt: number, maxAt: number): boolean {
    return this.#min.read(request, minAt) && this.#max.read(request, maxAt);
  }

  /**
   * Sets the ranks of the members between them. Where scores differ members are in no order, and are gone through as
   * Redis does: from the end where one begins, up to the first that is beyond the other limit.
   * @param needed how many members are wanted: the rest of a longer range need not be looked for
   */
  find(entries: Entries, ref: number, isReverse: boolean, needed: number, ranks: RankRange): void {
    ranks.from = 0;
    ranks.to = 0;
    if (this.#isEmpty()) return;
    if (entries.encodingOf(ref) !== ENCODING_PACKED) {
      this.#findInTree(entries, ref, isReverse, needed, ranks);
      return;
    }
    const packed = this.#packed;
    openPacked(entries, ref, packed);
    const { buffer, start, end } = packed;
    const last = elementBefore(buffer, elementBefore(buffer, end));
    if (!this.#isFromMin(buffer, last) || !this.#isUpToMax(buffer, start)) return;
    if (isReverse) this.#findBackwards(packed, last, ranks);
    else this.#findForwards(packed, ranks);
  }

  #findInTree(
    entries: Entries,
    ref: number,
    isReverse: boolean,
    needed: number,
    ranks: RankRange,
  ): void {
    cursor.open(entries, ref);
    const { count } = cursor;
    cursor.seek(count - 1);
    const highest = cursor.score;
    const endsAboveMin = this.#isCursorFromMin();
    cursor.seek(0);
    if (!endsAboveMin || !this.#isCursorUpToMax()) return;
    const lowest = cursor.score;
    ranks.from = rankOfLimit(entries, ref, this.#min, this.#min.isExcluded);
    ranks.to = rankOfLimit(entries, ref, this.#max, !this.#max.isExcluded);
    if (lowest === highest) return;
    if (isReverse) this.#walkBackwards(needed, ranks);
    else this.#walkForwards(needed, ranks);
  }

  /** From a place near the first member that is not below the minimum: some lie behind it, as the last one does. */
  #walkForwards(needed: number, ranks: RankRange): void {
    const { count } = cursor;
    let rank = Math.min(ranks.from, count - 1);
    cursor.seek(rank);
    for (; !this.#isCursorFromMin(); rank++) cursor.next();
    ranks.from = rank;
    const end = Math.min(count, rank + needed);
    if (this.#max.side > 0) rank = end;
    for (; rank < end && this.#isCursorUpToMax(); rank++) cursor.next();
    ranks.to = rank;
  }

  /** The same from the last member that is not above the maximum, of which the first one is none. */
  #walkBackwards(needed: number, ranks: RankRange): void {
    let rank = Math.max(ranks.to, 1);
    cursor.seek(rank - 1);
    for (; !this.#isCursorUpToMax(); rank--) cursor.previous();
    ranks.to = rank;
    const end = Math.max(0, rank - needed);
    if (this.#min.side < 0) rank = end;
    for (; rank > end && this.#isCursorFromMin(); rank--) cursor.previous();
    ranks.from = rank;
  }

  #isCursorFromMin(): boolean {
    const order = orderOf(cursor, this.#min);
    return order > 0 || (order === 0 && !this.#min.isExcluded);
  }

  #isCursorUpToMax(): boolean {
    const order = orderOf(cursor, this.#max);
    return order < 0 || (order === 0 && !this.#max.isExcluded);
  }

  #isEmpty(): boolean {
    const min = this.#min;
    const max = this.#max;
    const isOpen = min.isExcluded || max.isExcluded;
    if (min.side !== 0 || max.side !== 0) {
      return min.side > max.side || (min.side === max.side && isOpen);
    }
    const order = compareBytes(
      min.bytes,
      min.offset,
      min.length,
      max.bytes,
      max.offset,
      max.length,
    );
    return order > 0 || (order === 0 && isOpen);
  }

  #findForwards({ buffer, start, end }: PackedView, ranks: RankRange): void {
    let at = start;
    let rank = 0;
    for (; !this.#isFromMin(buffer, at); rank++)
      at = elementAfter(buffer, elementAfter(buffer, at));
    ranks.from = rank;
    for (; at < end && this.#isUpToMax(buffer, at); rank++) {
      at = elementAfter(buffer, elementAfter(buffer, at));
    }
    ranks.to = rank;
  }

  #findBackwards({ buffer, start, count }: PackedView, last: number, ranks: RankRange): void {
    let at = last;
    let rank = count / STRIDE;
    for (; !this.#isUpToMax(buffer, at); rank--) {
      at = elementBefore(buffer, elementBefore(buffer, at));
    }
    ranks.to = rank;
    while (this.#isFromMin(buffer, at)) {
      rank--;
      if (at === start) break;
      at = elementBefore(buffer, elementBefore(buffer, at));
    }
    ranks.from = rank;
  }

  #isFromMin(buffer: Buffer, at: number): boolean {
    const order = orderAt(buffer, at, this.#min);
    return order > 0 || (order === 0 && !this.#min.isExcluded);
  }

  #isUpToMax(buffer: Buffer, at: number): boolean {
    const order = orderAt(buffer, at, this.#max);
    return order < 0 || (order === 0 && !this.#max.isExcluded);
  }
}

/** Compares the packed member at a place with a limit. */
function orderAt(buffer: Buffer, at: number, limit: MemberLimit): number {
  if (limit.side !== 0) return -limit.side;
  return compareAt(buffer, at, limit.bytes, limit.offset, limit.length);
}

/** Compares the member of a cursor, which is in a tree, with a limit. */
function orderOf({ buffer, offset, length }: MemberCursor, limit: MemberLimit): number {
  if (limit.side !== 0) return -limit.side;
  return compareBytes(buffer, offset, length, limit.bytes, limit.offset, limit.length);
}

function rankOfLimit(
  entries: Entries,
  ref: number,
  { side, bytes, offset, length }: MemberLimit,
  inclusive: boolean,
): number {
  if (side !== 0) return side < 0 ? 0 : memberCount(entries, ref);
  const sets = sortedSetsOf(entries);
  const tree = sets.tree(entries.root(ref));
  return sets.trees.rankOfMember(tree, bytes, offset, length, inclusive);
}

/** Sets the ranks between two indexes, of which negative ones count from the end. */
export function findIndexes(count: number, first: number, last: number, ranks: RankRange): void {
  ranks.from = Math.max(0, first < 0 ? first + count : first);
  ranks.to = Math.min(count, (last < 0 ? last + count : last) + 1);
}
