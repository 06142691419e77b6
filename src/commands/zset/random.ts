// ZRANDMEMBER: random members of a sorted set, one, several different ones, or several that may repeat. Each rank is as
// likely as any other.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, OUT_OF_RANGE, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import type { Reply } from '../../protocol/reply.ts';
import { randomBelow } from '../../structures/random-source.ts';
import { TYPE_ZSET } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { replyListed, replyMember, replyMembersHeader } from './replies.ts';

const COUNT_OUT_OF_RANGE =
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807';
const MAX_INT64 = 2n ** 63n - 1n;
/** With scores, twice as many elements are answered. */
const MAX_PAIRS = 2n ** 62n - 1n;

export const sortedSetRandomCommands: readonly CommandRow[] = [
  {
    name: 'zrandmember',
    arity: -2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '6.2.0',
    summary: 'Returns random members of a sorted set.',
    complexity: 'O(N) where N is the number of elements returned',
    tips: ['nondeterministic_output'],
    syntax: 'key [options={ count:integer [WITHSCORES] }]',
    handler: zrandmember,
  },
];

const cursor = new MemberCursor();

function zrandmember(call: Call): void {
  const { request, reply, db } = call;
  const hasCount = request.count > 2;
  const problem = hasCount ? countProblem(call) : undefined;
  if (problem !== undefined) {
    reply.error(problem);
    return;
  }
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    if (hasCount) reply.array(0);
    else reply.null();
    return;
  }
  cursor.open(db.entries, ref);
  if (!hasCount) {
    cursor.seek(randomRank());
    replyMember(reply, cursor);
    return;
  }
  const count = request.integer(2);
  const hasScores = request.count > 3;
  if (count < 0) replyDraws(reply, -count, hasScores);
  else replySample(reply, Math.min(count, cursor.count), hasScores);
}

/** What is wrong with the count and what follows it. */
function countProblem({ request }: Call): string | undefined {
  const count = request.bigint(2);
  if (count === undefined) return NOT_AN_INTEGER;
  if (count < -MAX_INT64) return COUNT_OUT_OF_RANGE;
  if (request.count > 4 || (request.count === 4 && !request.is(3, 'withscores'))) return SYNTAX;
  if (request.count === 4 && (count > MAX_PAIRS || count < -MAX_PAIRS)) return OUT_OF_RANGE;
  return undefined;
}

function randomRank(): number {
  return randomBelow(cursor.count);
}

/** Answers so many members, which may be the same. */
function replyDraws(reply: Reply, count: number, hasScores: boolean): void {
  replyMembersHeader(reply, count, hasScores);
  for (let left = count; left > 0 && !reply.isOverflowing; left--) {
    cursor.seek(randomRank());
    replyListed(reply, cursor, hasScores);
  }
}

/**
 * Answers so many different members: all of them from the highest down, as Redis does, or a sample in the order of
 * their ranks.
 */
function replySample(reply: Reply, size: number, hasScores: boolean): void {
  replyMembersHeader(reply, size, hasScores);
  if (size === cursor.count) {
    for (let more = cursor.seek(size - 1); more; more = cursor.previous()) {
      replyListed(reply, cursor, hasScores);
    }
    return;
  }
  if (size * 2 < cursor.count) {
    replyDrawn(reply, size, hasScores);
    return;
  }
  // Each member is taken with the probability that leaves as many as needed (Knuth, algorithm S).
  let needed = size;
  let left = cursor.count;
  for (let more = size > 0 && cursor.seek(0); more && needed > 0; more = cursor.next()) {
    if (randomBelow(left) < needed) {
      replyListed(reply, cursor, hasScores);
      needed--;
    }
    left--;
  }
}

/** The same for a small part of many. */
function replyDrawn(reply: Reply, size: number, hasScores: boolean): void {
  const drawn = new Set<number>();
  while (drawn.size < size) drawn.add(randomRank());
  for (const rank of drawn) {
    cursor.seek(rank);
    replyListed(reply, cursor, hasScores);
  }
}
