// Single members of sorted sets: adding, incrementing, removing, asking for scores and ranks.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_A_FLOAT, SYNTAX, wrongArity } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import {
  ABSENT,
  changed,
  changedHalfway,
  lookupRead,
  lookupWrite,
  REFUSED,
} from '../../core/lookup.ts';
import { EVENT_SORTED_SET } from '../../keyspace/key-events.ts';
import { parseDouble } from '../../protocol/double-parse.ts';
import type { Request } from '../../protocol/request.ts';
import { TYPE_ZSET } from '../../types/zset/encodings.ts';
import {
  addMember,
  findMemberArgument,
  memberCount,
  rankOfFound,
  removeFound,
  setFoundScore,
} from '../../types/zset/values.ts';

/** Arguments up to which a command of many members is quick. */
const FEW_ARGUMENTS = 10;

const NX_AND_XX = 'ERR XX and NX options at the same time are not compatible';
const GT_LT_NX = 'ERR GT, LT, and/or NX options at the same time are not compatible';
const SINGLE_INCR = 'ERR INCR option supports a single increment-element pair';
const NOT_A_NUMBER = 'ERR resulting score is not a number (NaN)';

/** Options of ZADD, as bits. */
const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;
const CH = 16;
const INCR = 32;

export const sortedSetCommands: readonly CommandRow[] = [
  {
    name: 'zadd',
    arity: -4,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'sorted-set',
    since: '1.2.0',
    summary:
      'Adds members with their scores to a sorted set, or gives those that are there others.',
    complexity:
      'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
    quickUpTo: FEW_ARGUMENTS,
    history: [
      ['2.4.0', 'Several members can be given.'],
      ['3.0.2', 'The options `XX`, `NX`, `CH` and `INCR`.'],
      ['6.2.0', 'The options `GT` and `LT`.'],
    ],
    syntax:
      'key [condition=( NX | XX )^3.0.2] [comparison=( GT | LT )^6.2.0] [change=CH^3.0.2] [increment=INCR^3.0.2] score_member={ score:double member:string }...',
    handler: (call) => add(call, 0),
  },
  {
    name: 'zincrby',
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'sorted-set',
    since: '1.2.0',
    summary: 'Adds a number to the score of a member.',
    complexity: 'O(log(N)) where N is the number of elements in the sorted set.',
    quickUpTo: 4,
    syntax: 'key increment:integer member:string',
    handler: (call) => add(call, INCR),
  },
  {
    name: 'zrem',
    arity: -3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'sorted-set',
    since: '1.2.0',
    summary: 'Removes members from a sorted set.',
    complexity:
      'O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.',
    quickUpTo: FEW_ARGUMENTS,
    history: [['2.4.0', 'Several members can be given.']],
    syntax: 'key member:string...',
    handler: zrem,
  },
  {
    name: 'zcard',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'sorted-set',
    since: '1.2.0',
    summary: 'Returns the number of members of a sorted set.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: zcard,
  },
  {
    name: 'zscore',
    arity: 3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '1.2.0',
    summary: 'Returns the score of a member.',
    complexity: 'O(1)',
    syntax: 'key member:string',
    handler: zscore,
  },
  {
    name: 'zmscore',
    arity: -3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '6.2.0',
    summary: 'Returns the scores of members.',
    complexity: 'O(N) where N is the number of members being requested.',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key member:string...',
    handler: zmscore,
  },
  {
    name: 'zrank',
    arity: -3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '2.0.0',
    summary: 'Returns the rank of a member, from the lowest score on.',
    complexity: 'O(log(N))',
    quickUpTo: 4,
    history: [['7.2.0', 'The option `WITHSCORE`.']],
    syntax: 'key member:string [WITHSCORE^7.2.0]',
    handler: (call) => rank(call, false),
  },
  {
    name: 'zrevrank',
    arity: -3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '2.0.0',
    summary: 'Returns the rank of a member, from the highest score on.',
    complexity: 'O(log(N))',
    quickUpTo: 4,
    history: [['7.2.0', 'The option `WITHSCORE`.']],
    syntax: 'key member:string [WITHSCORE^7.2.0]',
    handler: (call) => rank(call, true),
  },
];

/** The scores of a request; there is room for few of them at first. */
let scores = new Float64Array(64);
/** More are not kept for the next request. */
const KEPT_SCORES = 4096;

/** ZADD, and ZINCRBY as ZADD INCR. */
function add(call: Call, options: number): void {
  const { request, reply } = call;
  let flags = options;
  let first = 2;
  for (; first < request.count; first++) {
    const option = optionAt(request, first);
    if (option === 0) break;
    flags |= option;
  }
  const pairs = (request.count - first) / 2;
  const problem = problemOf(flags, pairs) ?? readScores(request, first, pairs);
  if (problem !== undefined) {
    reply.error(problem);
    return;
  }
  const ref = lookupWrite(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref !== ABSENT || (flags & XX) === 0) addPairs(call, ref, first, pairs, flags);
  else if ((flags & INCR) !== 0) reply.null();
  else reply.integer(0);
}

function optionAt(request: Request, i: number): number {
  if (request.buffer[request.offsets[i]] <= 57) return 0;
  if (request.is(i, 'nx')) return NX;
  if (request.is(i, 'xx')) return XX;
  if (request.is(i, 'ch')) return CH;
  if (request.is(i, 'incr')) return INCR;
  if (request.is(i, 'gt')) return GT;
  return request.is(i, 'lt') ? LT : 0;
}

function problemOf(flags: number, pairs: number): string | undefined {
  if (pairs === 0 || !Number.isInteger(pairs)) return SYNTAX;
  if ((flags & NX) !== 0 && (flags & XX) !== 0) return NX_AND_XX;
  const exclusive = flags & (NX | GT | LT);
  if ((exclusive & (exclusive - 1)) !== 0) return GT_LT_NX;
  return (flags & INCR) !== 0 && pairs > 1 ? SINGLE_INCR : undefined;
}

/** Reads the scores of pairs from argument `first` on; returns the text of an error if one is none. */
function readScores(request: Request, first: number, pairs: number): string | undefined {
  if (pairs > scores.length || scores.length > KEPT_SCORES) {
    scores = new Float64Array(Math.max(pairs, 64));
  }
  const { buffer, offsets, lengths } = request;
  for (let k = 0; k < pairs; k++) {
    const i = first + 2 * k;
    const score = parseDouble(buffer, offsets[i], lengths[i]);
    if (Number.isNaN(score)) return NOT_A_FLOAT;
    scores[k] = score;
  }
  return undefined;
}

/** Adds the pairs to the sorted set of argument 1, or makes it, and answers. */
function addPairs(call: Call, set: number, first: number, pairs: number, flags: number): void {
  const { request, reply, db } = call;
  const { buffer, offsets, lengths } = request;
  let ref = set;
  let added = 0;
  let updated = 0;
  let isDone = false;
  let score = 0;
  const isIncrement = (flags & INCR) !== 0;
  const event = isIncrement ? 'zincr' : 'zadd';
  try {
    for (let k = 0; k < pairs; k++) {
      const i = first + 2 * k + 1;
      const at = offsets[i];
      const length = lengths[i];
      const before = ref === ABSENT ? Number.NaN : findMemberArgument(db.entries, ref, request, i);
      score = scores[k];
      if (Number.isNaN(before)) {
        if ((flags & XX) !== 0) continue;
        ref = addMember(db, ref, request, 1, buffer, at, length, score);
        added++;
      } else {
        if ((flags & NX) !== 0) continue;
        if ((flags & INCR) !== 0) {
          score += before;
          if (Number.isNaN(score)) {
            reply.error(NOT_A_NUMBER);
            return;
          }
        }
        if ((flags & LT) !== 0 && score >= before) continue;
        if ((flags & GT) !== 0 && score <= before) continue;
        if (score !== before) {
          ref = setFoundScore(db, ref, buffer, at, length, score);
          updated++;
        }
      }
      isDone = true;
    }
  } catch (error) {
    changedHalfway(db, request, 1, EVENT_SORTED_SET, event, added + updated);
    throw error;
  }
  if (!isIncrement) reply.integer((flags & CH) !== 0 ? added + updated : added);
  else if (isDone) reply.double(score);
  else reply.null();
  const changes = added + updated;
  if (changes === 0) return;
  changed(db, request, 1, ref, EVENT_SORTED_SET, event, changes);
}

function zrem(call: Call): void {
  const { request, reply, db } = call;
  const set = lookupWrite(call, 1, TYPE_ZSET);
  if (set === REFUSED) return;
  let ref = set;
  let removed = 0;
  for (let i = 2; i < request.count && ref !== ABSENT; i++) {
    if (Number.isNaN(scoreOf(call, ref, i))) continue;
    ref = removeFound(db, ref);
    removed++;
  }
  if (removed > 0) changed(db, request, 1, ref, EVENT_SORTED_SET, 'zrem', removed);
  reply.integer(removed);
}

/** The score of the member in argument i; NaN if it is not there. */
function scoreOf({ request, db }: Call, ref: number, i: number): number {
  return findMemberArgument(db.entries, ref, request, i);
}

function zcard(call: Call): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === ABSENT) reply.integer(0);
  else if (ref !== REFUSED) reply.integer(memberCount(db.entries, ref));
}

function zscore(call: Call): void {
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref !== REFUSED) replyScore(call, ref, 2);
}

function zmscore(call: Call): void {
  const { request, reply } = call;
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  reply.array(request.count - 2);
  for (let i = 2; i < request.count; i++) replyScore(call, ref, i);
}

/** Answers the score of the member in argument i, or null. */
function replyScore(call: Call, ref: number, i: number): void {
  const score = ref === ABSENT ? Number.NaN : scoreOf(call, ref, i);
  if (Number.isNaN(score)) call.reply.null();
  else call.reply.double(score);
}

function rank(call: Call, isReverse: boolean): void {
  const { request, reply, db } = call;
  const hasScore = request.count > 3;
  // Redis 7.0 knows no option.
  if (request.count > 4 || (hasScore && !request.is(3, 'withscore'))) {
    reply.error(wrongArity(isReverse ? 'zrevrank' : 'zrank'));
    return;
  }
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  const score = ref === ABSENT ? Number.NaN : scoreOf(call, ref, 2);
  if (Number.isNaN(score)) {
    if (hasScore) reply.nullArray();
    else reply.null();
    return;
  }
  const before = rankOfFound(db.entries, ref);
  if (hasScore) reply.array(2);
  reply.integer(isReverse ? memberCount(db.entries, ref) - 1 - before : before);
  if (hasScore) reply.double(score);
}
