// Members of sorted sets and their scores in replies.
import type { Database } from '../../keyspace/database.ts';
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { ViewCache } from '../../protocol/copy-bytes.ts';
import type { Reply } from '../../protocol/reply.ts';
import { ByteView, keyOffset } from '../../structures/entry.ts';
import { RankedCursor } from '../../structures/ranked-tree.ts';
import { ENCODING_TREE } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import type { RankRange } from '../../types/zset/ranges.ts';
import type { SortedSets } from '../../types/zset/sorted-sets.ts';
import { sortedSetsOf } from '../../types/zset/values.ts';

const BULK = 36; // $
const ZERO = 48;
/** A line's end, as a number of two bytes. */
const LINE_END = 0x0a0d;
/** Members of fewer bytes are answered by a loop. */
const SHORT_BYTES = 64;
/** "$63", the content, and two line ends. */
const SHORT_BULK_BYTES = 3 + 2 + SHORT_BYTES + 2;

const cursor = new MemberCursor();
const ranked = new RankedCursor();
const view = new ByteView();
const targets = new ViewCache();

/** A member and its score, wherever they are. */
export interface ListedMember {
  readonly isInteger: boolean;
  readonly integer: number;
  readonly buffer: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly score: number;
}

/** Answers a member as a bulk string. */
export function replyMember(reply: Reply, member: ListedMember): void {
  if (member.isInteger) reply.bulkInteger(member.integer);
  else reply.bulk(member.buffer, member.offset, member.length);
}

/** The head of an array of members, with or without their scores: in RESP3 each is a pair then. */
export function replyMembersHeader(reply: Reply, count: number, hasScores: boolean): void {
  reply.array(hasScores && !reply.resp3 ? 2 * count : count);
}

/** A member of such an array. */
export function replyListed(reply: Reply, member: ListedMember, hasScores: boolean): void {
  if (hasScores && reply.resp3) reply.array(2);
  replyMember(reply, member);
  if (hasScores) reply.double(member.score);
}

/** Answers the members of a range as an array; backwards, if `isReverse`. */
export function replyRanks(
  reply: Reply,
  db: Database,
  ref: number,
  range: RankRange,
  isReverse: boolean,
  hasScores: boolean,
): void {
  const { from, to, place, placeRank } = range;
  const count = to - from;
  replyMembersHeader(reply, count, hasScores);
  if (count === 0) return;
  const first = isReverse ? to - 1 : from;
  if (!hasScores && db.encodingOf(ref) === ENCODING_TREE) {
    const sets = sortedSetsOf(db.entries);
    const isAtHand = placeRank === first;
    if (!isAtHand) sets.trees.seek(sets.tree(db.entries.root(ref)), first, ranked);
    replyRecords(reply, sets, db.entries.arena, isAtHand ? place : ranked, count, isReverse);
    return;
  }
  cursor.open(db.entries, ref);
  cursor.seek(first);
  for (let left = count; ; ) {
    replyListed(reply, cursor, hasScores);
    if (--left === 0) return;
    cursor.advance(isReverse);
  }
}

/** Answers `count` members of a tree from the entry of a cursor on, a leaf at a time. */
function replyRecords(
  reply: Reply,
  sets: SortedSets,
  arena: Arena,
  at: RankedCursor,
  count: number,
  isReverse: boolean,
): void {
  for (let left = count; ; ) {
    const here = isReverse ? at.slot + 1 : at.count - at.slot;
    const run = Math.min(left, here);
    replyRun(reply, sets, arena, at, run, isReverse ? -1 : 1);
    left -= run;
    if (left === 0) return;
    at.slot = isReverse ? 0 : at.count - 1;
    if (isReverse) sets.trees.previous(at);
    else sets.trees.next(at);
  }
}

/**
 * Answers members of one leaf. Most are short: these are encoded here, in one loop without calls, which is what long
 * replies spend their time on.
 */
function replyRun(
  reply: Reply,
  { records }: SortedSets,
  arena: Arena,
  from: RankedCursor,
  run: number,
  step: number,
): void {
  const refs = from.records;
  let index = from.recordsAt + from.slot;
  let at = reply.reserve(run * SHORT_BULK_BYTES);
  let target = targets.viewOf(reply.buffer);
  for (let left = run; left > 0; left--, index += step) {
    const ref = refs[index];
    const words = arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const length = words[base + 1];
    if (length >= SHORT_BYTES) {
      reply.position = at;
      records.key(ref, view);
      reply.bulk(view.buffer, view.offset, view.length);
      at = reply.reserve(left * SHORT_BULK_BYTES);
      target = targets.viewOf(reply.buffer);
      continue;
    }
    target.setInt8(at++, BULK);
    if (length >= 10) {
      const tens = (length * 205) >>> 11;
      target.setInt8(at++, ZERO + tens);
      target.setInt8(at++, ZERO + length - tens * 10);
    } else {
      target.setInt8(at++, ZERO + length);
    }
    target.setInt16(at, LINE_END, true);
    at += 2;
    const source = arena.views[ref >>> SEGMENT_SHIFT];
    const start = (base << 2) + keyOffset(words[base]);
    const wide = length - 3;
    let i = 0;
    for (; i < wide; i += 4) target.setInt32(at + i, source.getInt32(start + i, true), true);
    for (; i < length; i++) target.setInt8(at + i, source.getInt8(start + i));
    target.setInt16(at + length, LINE_END, true);
    at += length + 2;
  }
  reply.position = at;
}
