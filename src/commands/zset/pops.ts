// Taking the members with the lowest or highest scores: at once, or as soon as there are any. What a client that
// waited takes counts as a change, unlike elements of lists, and as the effect of ZPOPMIN or ZPOPMAX.
import type { Call, Handler, Wait } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import {
  COUNT_NOT_POSITIVE,
  NOT_POSITIVE,
  NUMKEYS_NOT_POSITIVE,
  SYNTAX,
} from '../../core/errors.ts';
import { BLOCKING, FAST, MOVABLE_KEYS, NOSCRIPT, WRITE } from '../../core/flags.ts';
import { keyAt, keyRange, keysCounted } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import { timeoutAt } from '../../core/wait-time.ts';
import { EVENT_GENERIC, EVENT_SORTED_SET } from '../../keyspace/key-events.ts';
import { KEY_CREATED } from '../../keyspace/key-signals.ts';
import { ByteView } from '../../structures/entry.ts';
import { ENCODING_TREE, TYPE_ZSET } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { memberCount, removeRanks, sortedSetsOf } from '../../types/zset/values.ts';
import { replyMember } from './replies.ts';

/** In the notation of syntax.ts. */
const WHERE = '( MIN | MAX )';

const MULTIPLE_OPTIONS = new OptionTable([
  {
    word: 'count',
    values: 1,
    excludes: ['count'],
    problem: ({ request }, i) => (request.integer(i) >= 1 ? undefined : COUNT_NOT_POSITIVE),
  },
]);
const COUNT = MULTIPLE_OPTIONS.bits('count');
const MULTIPLE_COMPLEXITY =
  'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.';

function popRow(name: string, what: string, handler: Handler): CommandRow {
  return {
    name,
    arity: -2,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    group: 'sorted-set',
    since: '5.0.0',
    summary: `Removes the members with the ${what} scores from a sorted set and returns them.`,
    complexity:
      'O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.',
    quickUpTo: 2,
    syntax: 'key [count:integer]',
    handler,
  };
}

function blockingRow(name: string, what: string, handler: Handler): CommandRow {
  return {
    name,
    arity: -3,
    flags: WRITE | NOSCRIPT | BLOCKING | FAST,
    keys: [keyRange(1, -2, 1, 'RW', 'access', 'delete')],
    group: 'sorted-set',
    since: '5.0.0',
    summary: `Removes the member with the ${what} score from the first of several sorted sets that has any, and returns it; waits if none has.`,
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    history: [['6.0.0', '`timeout` is a double, no longer an integer.']],
    syntax: 'key... timeout:double',
    handler,
  };
}

export const sortedSetPopCommands: readonly CommandRow[] = [
  popRow('zpopmin', 'lowest', (call) => pop(call, false)),
  popRow('zpopmax', 'highest', (call) => pop(call, true)),
  {
    name: 'zmpop',
    arity: -4,
    flags: WRITE | MOVABLE_KEYS,
    keys: [keysCounted(1, 'RW', 'access', 'delete')],
    group: 'sorted-set',
    since: '7.0.0',
    summary:
      'Removes members from the first of several sorted sets that is not empty, and returns them.',
    complexity: MULTIPLE_COMPLEXITY,
    options: MULTIPLE_OPTIONS,
    syntax: `numkeys:integer key... where=${WHERE} [COUNT count:integer]`,
    handler: zmpop,
  },
  blockingRow('bzpopmin', 'lowest', (call) => blockingPop(call, false)),
  blockingRow('bzpopmax', 'highest', (call) => blockingPop(call, true)),
  {
    name: 'bzmpop',
    arity: -5,
    flags: WRITE | BLOCKING | MOVABLE_KEYS,
    keys: [keysCounted(2, 'RW', 'access', 'delete')],
    group: 'sorted-set',
    since: '7.0.0',
    summary:
      'Removes members from the first of several sorted sets that has any, and returns them; waits if none has.',
    complexity: MULTIPLE_COMPLEXITY,
    options: MULTIPLE_OPTIONS,
    syntax: `timeout:double numkeys:integer key... where=${WHERE} [COUNT count:integer]`,
    handler: bzmpop,
  },
];

const cursor = new MemberCursor();
const view = new ByteView();

/**
 * Removes up to `count` members from the sorted set of argument i, and answers them without a header.
 * @param arePairs whether each is an array of two
 */
function take(
  call: Call,
  i: number,
  ref: number,
  isMax: boolean,
  count: number,
  arePairs: boolean,
): void {
  const { request, reply, db } = call;
  // A client that follows its own events gets this one in the middle of the reply, as from Redis 7.0.
  db.notify(EVENT_SORTED_SET, isMax ? 'zpopmax' : 'zpopmin', request, i);
  if (count === 1 && db.encodingOf(ref) === ENCODING_TREE) {
    if (takeEnd(call, ref, isMax, arePairs)) return;
  }
  cursor.open(db.entries, ref);
  const all = cursor.count;
  cursor.seek(isMax ? all - 1 : 0);
  for (let left = count; ; ) {
    if (arePairs) reply.array(2);
    replyMember(reply, cursor);
    reply.double(cursor.score);
    if (--left === 0) break;
    cursor.advance(isMax);
  }
  const rest = removeRanks(db, ref, isMax ? all - count : 0, count);
  if (rest === ABSENT) db.notify(EVENT_GENERIC, 'del', request, i);
}

/** The same for one member of a large sorted set; false if it is the only one, and nothing was done. */
function takeEnd({ reply, db }: Call, ref: number, isMax: boolean, isPair: boolean): boolean {
  const sets = sortedSetsOf(db.entries);
  const root = db.entries.root(ref);
  if (sets.length(root) === 1) return false;
  const record = sets.endRecord(root, isMax);
  sets.records.key(record, view);
  if (isPair) reply.array(2);
  const { buffer, offset, length } = view;
  reply.bulk(buffer, offset, length, db.entries.arena.viewBehind(record, buffer));
  reply.double(sets.records.score(record));
  sets.removeEnd(root, record);
  return true;
}

/** ZPOPMIN and ZPOPMAX key [count] */
function pop(call: Call, isMax: boolean): void {
  const { request, reply, db } = call;
  if (request.count > 3) {
    reply.error(SYNTAX);
    return;
  }
  const hasCount = request.count === 3;
  const wanted = hasCount ? request.integer(2) : 1;
  if (!(wanted >= 0)) {
    reply.error(NOT_POSITIVE);
    return;
  }
  const ref = lookupWrite(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref === ABSENT || wanted === 0) {
    reply.array(0);
    return;
  }
  const count = Math.min(wanted, memberCount(db.entries, ref));
  const arePairs = reply.resp3 && hasCount;
  reply.array(arePairs ? count : 2 * count);
  take(call, 1, ref, isMax, count, arePairs);
  db.modified(request, 1, count);
}

/** BZPOPMIN and BZPOPMAX key … timeout */
function blockingPop(call: Call, isMax: boolean): void {
  const { request } = call;
  const lastKey = request.count - 2;
  const timeoutMs = timeoutAt(call, lastKey + 1);
  if (timeoutMs === undefined) return;
  for (let i = 1; i <= lastKey; i++) {
    const ref = lookupWrite(call, i, TYPE_ZSET);
    if (ref === REFUSED) return;
    if (ref === ABSENT) continue;
    takeOne(call, i, ref, isMax);
    call.db.modified(request, i, 1);
    return;
  }
  blockOrDeny(call, {
    type: TYPE_ZSET,
    events: KEY_CREATED,
    firstKey: 1,
    lastKey,
    timeoutMs,
    serve: (served, i) => {
      takeOne(served, i, served.db.lookupWrite(served.request, i), isMax);
      served.server.keyspace.dirty += 1;
      return true;
    },
  });
}

/** Answers key, member and score, as BZPOPMIN does. */
function takeOne(call: Call, i: number, ref: number, isMax: boolean): void {
  const { request, reply } = call;
  reply.array(3);
  reply.bulk(request.buffer, request.offsets[i], request.lengths[i]);
  take(call, i, ref, isMax, 1, false);
  recordPop(call, i, isMax);
}

function blockOrDeny(call: Call, wait: Wait): void {
  if (!call.block(wait)) call.reply.nullArray();
}

/** The arguments of ZMPOP and BZMPOP from the number of keys on. */
interface MultiplePop {
  readonly firstKey: number;
  readonly lastKey: number;
  readonly isMax: boolean;
  readonly count: number;
}

/** Reads these, of which the first is argument `numberAt`; undefined after answering an error. */
function readMultiple(call: Call, numberAt: number): MultiplePop | undefined {
  const { request, reply } = call;
  const keys = request.integer(numberAt);
  const whereAt = numberAt + keys + 1;
  if (!(keys >= 1)) {
    reply.error(NUMKEYS_NOT_POSITIVE);
    return undefined;
  }
  const isMax = whereAt < request.count && request.is(whereAt, 'max');
  if (!isMax && !(whereAt < request.count && request.is(whereAt, 'min'))) {
    reply.error(SYNTAX);
    return undefined;
  }
  if (!MULTIPLE_OPTIONS.read(call, whereAt + 1)) return undefined;
  const countAt = MULTIPLE_OPTIONS.valueAt(COUNT);
  const count = countAt === 0 ? 1 : request.integer(countAt);
  return { firstKey: numberAt + 1, lastKey: numberAt + keys, isMax, count };
}

/** Answers key and members of the first sorted set that there is; false when there is none. */
function popFromFirst(call: Call, popped: MultiplePop): boolean {
  const { firstKey, lastKey } = popped;
  for (let i = firstKey; i <= lastKey; i++) {
    const ref = lookupWrite(call, i, TYPE_ZSET);
    if (ref === ABSENT) continue;
    if (ref !== REFUSED) {
      const taken = takeSome(call, i, ref, popped);
      call.db.modified(call.request, i, taken);
    }
    return true;
  }
  return false;
}

/** Answers key and members of the sorted set of argument i; returns how many there were. */
function takeSome(call: Call, i: number, ref: number, popped: MultiplePop): number {
  const { request, reply, db } = call;
  const count = Math.min(popped.count, memberCount(db.entries, ref));
  reply.array(2);
  reply.bulk(request.buffer, request.offsets[i], request.lengths[i]);
  reply.array(count);
  take(call, i, ref, popped.isMax, count, true);
  recordPop(call, i, popped.isMax, count);
  return count;
}

function zmpop(call: Call): void {
  const popped = readMultiple(call, 1);
  if (popped !== undefined && !popFromFirst(call, popped)) call.reply.nullArray();
}

/** BZMPOP timeout numkeys key … MIN | MAX [COUNT count] */
function bzmpop(call: Call): void {
  const popped = readMultiple(call, 2);
  if (popped === undefined) return;
  const timeoutMs = timeoutAt(call, 1);
  if (timeoutMs === undefined || popFromFirst(call, popped)) return;
  const { firstKey, lastKey } = popped;
  blockOrDeny(call, {
    type: TYPE_ZSET,
    events: KEY_CREATED,
    firstKey,
    lastKey,
    timeoutMs,
    serve: (served, i) => {
      const ref = served.db.lookupWrite(served.request, i);
      served.server.keyspace.dirty += takeSome(served, i, ref, popped);
      return true;
    },
  });
}

/** The effect of having taken members, `count` if several were asked for. */
function recordPop({ request, db, server }: Call, i: number, isMax: boolean, count?: number): void {
  const { effects } = server;
  if (!effects.active) return;
  const name = isMax ? 'ZPOPMAX' : 'ZPOPMIN';
  if (count === undefined) effects.propagateAs(db, name, request.bytes(i));
  else effects.propagateAs(db, name, request.bytes(i), String(count));
}
