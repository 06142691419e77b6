// Ranges of sorted sets by rank, score or member: counting, reading, removing, storing. All of them are found as ranks
// (types/zset/ranges.ts).
import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { IndexRange } from '../../core/index-range.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, changed, lookupRead, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { type OptionRule, OptionTable } from '../../core/options.ts';
import type { Database } from '../../keyspace/database.ts';
import { EVENT_SORTED_SET } from '../../keyspace/key-events.ts';
import type { SortedSetBuilder } from '../../types/zset/builder.ts';
import { TYPE_ZSET } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { findIndexes, MemberLimits, RankRange, ScoreLimits } from '../../types/zset/ranges.ts';
import { mayBePacked, memberCount, removeRanks, sortedSetsOf } from '../../types/zset/values.ts';
import { replyRanks } from './replies.ts';
import { storeOrDelete, temporarySet } from './stored.ts';

const NO_FLOAT = 'ERR min or max is not a float';
const NO_LEX = 'ERR min or max not valid string range item';
const NO_LIMIT =
  'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX';
const NO_SCORES = 'ERR syntax error, WITHSCORES not supported in combination with BYLEX';

const LIMIT_RULE: OptionRule = {
  word: 'limit',
  values: 2,
  problem: ({ request }, i) =>
    Number.isNaN(request.integer(i)) || Number.isNaN(request.integer(i + 1))
      ? NOT_AN_INTEGER
      : undefined,
};
const BY_RULES: readonly OptionRule[] = [
  { word: 'byscore', excludes: ['byscore', 'bylex'] },
  { word: 'bylex', excludes: ['byscore', 'bylex'] },
  { word: 'rev', excludes: ['rev'] },
];
/** The words of each table have the same bits: those that a table does not have come last. */
const STORE_OPTIONS = new OptionTable([LIMIT_RULE, ...BY_RULES]);
const RANGE_OPTIONS = new OptionTable([LIMIT_RULE, ...BY_RULES, { word: 'withscores' }]);
const OLD_OPTIONS = new OptionTable([LIMIT_RULE, { word: 'withscores' }]);

/** How a range is given. */
type Kind = 'rank' | 'score' | 'lex';

/** What a command reads a range by. */
interface Form {
  readonly options: OptionTable;
  /** Undefined: as the options have it. */
  readonly kind?: Kind;
  readonly isReverse?: boolean;
}

const LIMIT_SYNTAX = '[LIMIT offset_count={ offset:integer count:integer }]';
const COUNTED =
  'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).';

function countRow(name: string, since: string, what: string, type: string, kind: Kind): CommandRow {
  return {
    name,
    arity: 4,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since,
    summary: `Returns the number of members of a sorted set within a range of ${what}.`,
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    syntax: `key min:${type} max:${type}`,
    handler: (call) => count(call, kind),
  };
}

function removeRow(
  name: string,
  since: string,
  what: string,
  syntax: string,
  kind: Kind,
): CommandRow {
  return {
    name,
    arity: 4,
    flags: WRITE,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'sorted-set',
    since,
    summary: `Removes the members of a sorted set within a range of ${what}.`,
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.',
    syntax: `key ${syntax}`,
    handler: (call) => remove(call, kind, name),
  };
}

/** A command that ZRANGE has replaced. */
function oldRow(
  row: Pick<
    CommandRow,
    'name' | 'since' | 'summary' | 'complexity' | 'history' | 'syntax' | 'options'
  >,
  replacedBy: string,
  handler: Handler,
): CommandRow {
  return {
    ...row,
    arity: -4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    deprecated: { since: '6.2.0', replacedBy },
    handler,
  };
}

export const sortedSetRangeCommands: readonly CommandRow[] = [
  countRow('zcount', '2.0.0', 'scores', 'double', 'score'),
  countRow('zlexcount', '2.8.9', 'members', 'string', 'lex'),
  {
    name: 'zrange',
    arity: -4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '1.2.0',
    summary: 'Returns the members of a sorted set within a range of ranks, scores or members.',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.',
    history: [['6.2.0', 'The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.']],
    options: RANGE_OPTIONS,
    syntax:
      'key start:string stop:string [sortby=( BYSCORE | BYLEX )^6.2.0] [rev=REV^6.2.0] [LIMIT offset_count={ offset:integer count:integer }^6.2.0] [WITHSCORES]',
    handler: (call) => range(call, { options: RANGE_OPTIONS }),
  },
  {
    name: 'zrangestore',
    arity: -5,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'OW', 'update'), keyAt(2, 'RO', 'access')],
    group: 'sorted-set',
    since: '6.2.0',
    summary: 'Stores the members of a sorted set within a range as another sorted set.',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.',
    options: STORE_OPTIONS,
    syntax: `dst:key src:key min:string max:string [sortby=( BYSCORE | BYLEX )] [REV] ${LIMIT_SYNTAX}`,
    handler: zrangestore,
  },
  oldRow(
    {
      name: 'zrangebyscore',
      since: '1.0.5',
      summary: 'Returns the members of a sorted set within a range of scores.',
      complexity: COUNTED,
      history: [['2.0.0', 'The option `WITHSCORES`.']],
      options: OLD_OPTIONS,
      syntax: `key min:double max:double [WITHSCORES^2.0.0] ${LIMIT_SYNTAX}`,
    },
    '`ZRANGE` with the `BYSCORE` argument',
    (call) => range(call, { options: OLD_OPTIONS, kind: 'score', isReverse: false }),
  ),
  oldRow(
    {
      name: 'zrevrangebyscore',
      since: '2.2.0',
      summary: 'Returns the members of a sorted set within a range of scores, from the highest on.',
      complexity: COUNTED,
      history: [['2.1.6', '`min` and `max` can be excluded.']],
      options: OLD_OPTIONS,
      syntax: `key max:double min:double [WITHSCORES] ${LIMIT_SYNTAX}`,
    },
    '`ZRANGE` with the `REV` and `BYSCORE` arguments',
    (call) => range(call, { options: OLD_OPTIONS, kind: 'score', isReverse: true }),
  ),
  oldRow(
    {
      name: 'zrangebylex',
      since: '2.8.9',
      summary: 'Returns the members of a sorted set of one score within a range of members.',
      complexity: COUNTED,
      syntax: `key min:string max:string ${LIMIT_SYNTAX}`,
    },
    '`ZRANGE` with the `BYLEX` argument',
    (call) => range(call, { options: OLD_OPTIONS, kind: 'lex', isReverse: false }),
  ),
  oldRow(
    {
      name: 'zrevrangebylex',
      since: '2.8.9',
      summary: 'Returns the members of a sorted set of one score within a range, backwards.',
      complexity: COUNTED,
      syntax: `key max:string min:string ${LIMIT_SYNTAX}`,
    },
    '`ZRANGE` with the `REV` and `BYLEX` arguments',
    (call) => range(call, { options: OLD_OPTIONS, kind: 'lex', isReverse: true }),
  ),
  oldRow(
    {
      name: 'zrevrange',
      since: '1.2.0',
      summary: 'Returns the members of a sorted set within a range of ranks, from the highest on.',
      complexity:
        'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.',
      syntax: 'key start:integer stop:integer [WITHSCORES]',
    },
    '`ZRANGE` with the `REV` argument',
    (call) => range(call, { options: OLD_OPTIONS, kind: 'rank', isReverse: true }),
  ),
  removeRow('zremrangebyrank', '2.0.0', 'ranks', 'start:integer stop:integer', 'rank'),
  removeRow('zremrangebyscore', '1.2.0', 'scores', 'min:double max:double', 'score'),
  removeRow('zremrangebylex', '2.8.9', 'members', 'min:string max:string', 'lex'),
];

const indexes = new IndexRange();
const scoreLimits = new ScoreLimits();
const memberLimits = new MemberLimits();
const ranks = new RankRange();
const cursor = new MemberCursor();

/** What the options said of the range that was read last. */
let kind: Kind = 'rank';
let isReverse = false;
let hasScores = false;
let limitAt = 0;

/** Reads the limits of a range of some kind from two arguments; false after answering an error. */
function readLimits(call: Call, of: Kind, minAt: number, maxAt: number): boolean {
  const { request, reply } = call;
  if (of === 'rank') return indexes.read(call, minAt);
  if (of === 'score') {
    if (scoreLimits.read(request, minAt, maxAt)) return true;
    reply.error(NO_FLOAT);
    return false;
  }
  if (memberLimits.read(request, minAt, maxAt)) return true;
  reply.error(NO_LEX);
  return false;
}

/**
 * Sets `ranks` to the range whose limits were read; those of indexes count from the end that one begins with.
 * @param needed how many members from that end on are wanted: the range may be cut there
 */
function findRanks(
  { db }: Call,
  ref: number,
  of: Kind,
  backwards: boolean,
  needed = Number.POSITIVE_INFINITY,
): void {
  const { entries } = db;
  ranks.placeRank = -1;
  if (of === 'score') scoreLimits.find(entries, ref, ranks);
  else if (of === 'lex') memberLimits.find(entries, ref, backwards, needed, ranks);
  else {
    const all = memberCount(entries, ref);
    findIndexes(all, indexes.from, indexes.to, ranks);
    if (backwards) mirror(all);
  }
  if (ranks.to < ranks.from) ranks.to = ranks.from;
}

/** The ranks counted from the other end. */
function mirror(all: number): void {
  const { from, to } = ranks;
  ranks.from = all - to;
  ranks.to = all - from;
}

/** Reads options and limits of ZRANGE and its relatives; false after answering an error. */
function readRange(call: Call, form: Form, minAt: number): boolean {
  const { reply } = call;
  const { options } = form;
  if (!options.read(call, minAt + 2)) return false;
  const isNew = options !== OLD_OPTIONS;
  const bits = isNew ? NEW_BITS : OLD_BITS;
  limitAt = options.valueAt(bits.limit);
  hasScores = options.has(bits.withscores);
  isReverse = form.isReverse ?? options.has(NEW_BITS.rev);
  kind = form.kind ?? kindOf(options);
  if (kind === 'rank' && limitAt > 0 && call.request.integer(limitAt + 1) !== -1) {
    reply.error(NO_LIMIT);
    return false;
  }
  if (kind === 'lex' && hasScores) {
    reply.error(NO_SCORES);
    return false;
  }
  const isSwapped = isReverse && kind !== 'rank';
  return readLimits(call, kind, isSwapped ? minAt + 1 : minAt, isSwapped ? minAt : minAt + 1);
}

const NEW_BITS = {
  limit: RANGE_OPTIONS.bits('limit'),
  withscores: RANGE_OPTIONS.bits('withscores'),
  rev: RANGE_OPTIONS.bits('rev'),
  byscore: RANGE_OPTIONS.bits('byscore'),
  bylex: RANGE_OPTIONS.bits('bylex'),
};
const OLD_BITS = {
  limit: OLD_OPTIONS.bits('limit'),
  withscores: OLD_OPTIONS.bits('withscores'),
};

function kindOf(options: OptionTable): Kind {
  if (options.has(NEW_BITS.byscore)) return 'score';
  return options.has(NEW_BITS.bylex) ? 'lex' : 'rank';
}

/** How many members LIMIT lets be looked at. */
function neededMembers({ request }: Call): number {
  if (limitAt === 0 || kind === 'rank') return Number.POSITIVE_INFINITY;
  const offset = request.integer(limitAt);
  const most = request.integer(limitAt + 1);
  return most < 0 ? Number.POSITIVE_INFINITY : Math.max(0, offset) + most;
}

/** Cuts `ranks` down to what LIMIT says. */
function applyLimit({ request }: Call): void {
  if (limitAt === 0 || kind === 'rank') return;
  const offset = request.integer(limitAt);
  const most = request.integer(limitAt + 1);
  const all = ranks.to - ranks.from;
  const skipped = offset < 0 ? all : Math.min(offset, all);
  const taken = most < 0 ? all - skipped : Math.min(most, all - skipped);
  if (isReverse) {
    ranks.to -= skipped;
    ranks.from = ranks.to - taken;
  } else {
    ranks.from += skipped;
    ranks.to = ranks.from + taken;
  }
}

function range(call: Call, form: Form): void {
  const { reply, db } = call;
  if (!readRange(call, form, 2)) return;
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.array(0);
    return;
  }
  findRanks(call, ref, kind, isReverse, neededMembers(call));
  applyLimit(call);
  replyRanks(reply, db, ref, ranks, isReverse, hasScores);
}

/** ZRANGESTORE dst src min max … */
function zrangestore(call: Call): void {
  const { db } = call;
  if (!readRange(call, { options: STORE_OPTIONS }, 3)) return;
  const ref = lookupRead(call, 2, TYPE_ZSET);
  if (ref === REFUSED) return;
  const set = temporarySet(db.entries);
  try {
    if (ref !== ABSENT) {
      findRanks(call, ref, kind, isReverse, neededMembers(call));
      applyLimit(call);
      addRanks(db, ref, set);
    }
    storeOrDelete(call, set, 'zrangestore');
  } finally {
    set.discard();
  }
}

/**
 * Adds the members of the range to a result, in the order that Redis does: it packs them as long as it can, only a range
 * of indexes it knows the length of before; and a zero that was packed once has no sign.
 */
function addRanks({ entries }: Database, ref: number, set: SortedSetBuilder): void {
  const { limits } = sortedSetsOf(entries);
  const { from, to } = ranks;
  let keepsSign = kind === 'rank' && to - from > limits.maxEntries;
  cursor.open(entries, ref);
  let more = cursor.seek(isReverse ? to - 1 : from);
  for (let left = to - from; left > 0 && more; left--) {
    cursor.asBytes();
    const { buffer, offset, length, score } = cursor;
    keepsSign ||= !mayBePacked(limits, set.count + 1, length);
    set.add(buffer, offset, length, keepsSign ? score : score + 0);
    more = cursor.advance(isReverse);
  }
}

function count(call: Call, of: Kind): void {
  const { reply } = call;
  if (!readLimits(call, of, 2, 3)) return;
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  findRanks(call, ref, of, false);
  reply.integer(ranks.to - ranks.from);
}

function remove(call: Call, of: Kind, event: string): void {
  const { request, reply, db } = call;
  if (!readLimits(call, of, 2, 3)) return;
  const ref = lookupWrite(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  findRanks(call, ref, of, false);
  const removed = ranks.to - ranks.from;
  if (removed > 0) {
    const left = removeRanks(db, ref, ranks.from, removed);
    changed(db, request, 1, left, EVENT_SORTED_SET, event, removed);
  }
  reply.integer(removed);
}
