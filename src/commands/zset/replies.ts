// Members of sorted sets and their scores in replies.
import type { Database } from '../../keyspace/database.ts';
import type { Reply } from '../../protocol/reply.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';

const BULK = 36; // $
const ZERO = 48;
const CR = 13;
const LF = 10;
/** Members of fewer bytes are answered by a loop. */
const SHORT_BYTES = 64;
/** "$63", the content, and two line ends. */
const SHORT_BULK_BYTES = 3 + 2 + SHORT_BYTES + 2;

const cursor = new MemberCursor();

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

/** Answers the members of the ranks from … to - 1 as an array; backwards, if `isReverse`. */
export function replyRanks(
  reply: Reply,
  db: Database,
  ref: number,
  from: number,
  to: number,
  isReverse: boolean,
  hasScores: boolean,
): void {
  const count = to - from;
  replyMembersHeader(reply, count, hasScores);
  if (count === 0) return;
  cursor.open(db.entries, ref);
  cursor.seek(isReverse ? to - 1 : from);
  for (let left = count; ; ) {
    if (hasScores || cursor.isInteger || cursor.length >= SHORT_BYTES) {
      replyListed(reply, cursor, hasScores);
    } else {
      replyShort(reply, cursor.buffer, cursor.offset, cursor.length);
    }
    if (--left === 0) return;
    cursor.advance(isReverse);
  }
}

/** Answers a member of fewer than SHORT_BYTES bytes: most are, and long replies spend their time here. */
function replyShort(reply: Reply, buffer: Buffer, offset: number, length: number): void {
  let at = reply.reserve(SHORT_BULK_BYTES);
  const target = reply.buffer;
  target[at++] = BULK;
  if (length >= 10) {
    const tens = (length * 205) >>> 11;
    target[at++] = ZERO + tens;
    target[at++] = ZERO + length - tens * 10;
  } else {
    target[at++] = ZERO + length;
  }
  target[at++] = CR;
  target[at++] = LF;
  for (let i = 0; i < length; i++) target[at + i] = buffer[offset + i];
  at += length;
  target[at] = CR;
  target[at + 1] = LF;
  reply.position = at + 2;
}
