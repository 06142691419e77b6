// Random members of sets: SRANDMEMBER returns them, SPOP takes them out. Each choice of as many members is equally
// likely.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, NOT_POSITIVE, SYNTAX } from '../../core/errors.ts';
import { FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { EVENT_GENERIC, EVENT_SET } from '../../keyspace/key-events.ts';
import type { Reply } from '../../protocol/reply.ts';
import { randomBelow } from '../../structures/random-source.ts';
import { resultBuilder } from '../../types/set/builder.ts';
import { TYPE_SET } from '../../types/set/encodings.ts';
import { Member } from '../../types/set/member.ts';
import { SetView } from '../../types/set/set-view.ts';
import { removeDrawn, setLength } from '../../types/set/values.ts';
import { replyMember, replyMembers, replyPlace } from './replies.ts';

export const setRandomCommands: readonly CommandRow[] = [
  {
    name: 'spop',
    arity: -2,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    group: 'set',
    since: '1.0.0',
    summary: 'Removes random members from a set and returns them.',
    complexity:
      'Without the count argument O(1), otherwise O(N) where N is the value of the passed count.',
    quickUpTo: 2,
    history: [['3.2.0', 'The argument `count` was added.']],
    tips: ['nondeterministic_output'],
    syntax: 'key [count:integer^3.2.0]',
    handler: spop,
  },
  {
    name: 'srandmember',
    arity: -2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'set',
    since: '1.0.0',
    summary: 'Returns random members of a set.',
    complexity:
      'Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.',
    quickUpTo: 2,
    history: [['2.6.0', 'The argument `count` was added.']],
    tips: ['nondeterministic_output'],
    syntax: 'key [count:integer^2.6.0]',
    handler: srandmember,
  },
];

/** SPOP makes a new set of the members that stay where so many times as many go. */
const REBUILT_FACTOR = 5;
/** SRANDMEMBER draws, until they are different, where the set has at least so many times as many members as it wants. */
const DRAWN_FACTOR = 3;

const MIN_INT64 = '-9223372036854775808';
const COUNT_OUT_OF_RANGE =
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807';

const view = new SetView();
const member = new Member();

// ── SPOP ────────────────────────────────────────────────────────────────────────────────────

function spop(call: Call): void {
  const { request, reply } = call;
  if (request.count > 3) {
    reply.error(SYNTAX);
    return;
  }
  const hasCount = request.count === 3;
  const count = hasCount ? request.integer(2) : 1;
  if (!(count >= 0)) {
    reply.error(NOT_POSITIVE);
    return;
  }
  const ref = lookupWrite(call, 1, TYPE_SET);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    if (hasCount) reply.set(0);
    else reply.null();
  } else if (hasCount) {
    popSome(call, ref, count);
  } else {
    popOne(call, ref);
  }
}

function popOne(call: Call, ref: number): void {
  const { request, reply, db } = call;
  view.open(db.entries, ref);
  const place = view.random();
  view.read(place, member);
  db.notify(EVENT_SET, 'spop', request, 1);
  replyMember(reply, member);
  propagateRemoval(call);
  const left = removeDrawn(db, ref, view, place);
  if (left === ABSENT) db.notify(EVENT_GENERIC, 'del', request, 1);
  db.modified(request, 1, 1);
}

/** The log gets the removal of the member that was drawn: drawn again, it would be another one. */
function propagateRemoval({ request, db, server: { effects } }: Call): void {
  if (!effects.active) return;
  member.asBytes();
  const { buffer, offset, length } = member;
  effects.propagateAs(db, 'SREM', request.bytes(1), buffer.subarray(offset, offset + length));
}

function popSome(call: Call, ref: number, count: number): void {
  const { request, reply, db } = call;
  const length = setLength(db.entries, ref);
  if (count === 0) {
    reply.set(0);
    return;
  }
  if (count >= length) {
    popAll(call, ref);
    return;
  }
  const isRebuilt = (length - count) * REBUILT_FACTOR <= count;
  // Allocated first: without memory, nothing is told.
  const rest = isRebuilt ? chooseRest(call, ref, count) : undefined;
  db.notify(EVENT_SET, 'spop', request, 1);
  reply.set(count);
  asTransaction(call, count, () => {
    if (rest === undefined) popDrawn(call, ref, count);
    else popChosen(call, ref, rest);
  });
  db.modified(request, 1, count);
}

/** Runs what propagates several effects, which are repeated all or none. */
function asTransaction({ client, server: { effects } }: Call, count: number, run: () => void) {
  const isOwn = count > 1 && effects.active && client.transaction === undefined;
  if (isOwn) effects.beginTransaction();
  try {
    run();
  } finally {
    if (isOwn) effects.endTransaction();
  }
}

function popAll(call: Call, ref: number): void {
  const { request, reply, db, server } = call;
  const { effects, keyspace } = server;
  db.notify(EVENT_SET, 'spop', request, 1);
  // Redis reads the set by its SUNION.
  keyspace.stats.hits++;
  view.open(db.entries, ref);
  const { count } = view;
  reply.set(count);
  replyMembers(reply, view);
  db.discard(ref);
  db.notify(EVENT_GENERIC, 'del', request, 1);
  if (effects.active) effects.propagateAs(db, 'DEL', request.bytes(1));
  db.modified(request, 1, count);
}

/** Draws and removes one member after the other; some are left. */
function popDrawn(call: Call, ref: number, count: number): void {
  const { reply, db } = call;
  let target = ref;
  for (let i = 0; i < count; i++) {
    view.open(db.entries, target);
    const place = view.random();
    view.read(place, member);
    replyMember(reply, member);
    propagateRemoval(call);
    target = removeDrawn(db, target, view, place);
  }
}

/** The members that stay, as an entry that is not stored yet, and the places of those that go. */
interface Rest {
  readonly fresh: number;
  readonly popped: readonly number[];
}

/** Chooses the members that stay; no member is removed yet. */
function chooseRest({ request, db }: Call, ref: number, count: number): Rest {
  const popped: number[] = [];
  const builder = resultBuilder(db.entries);
  view.open(db.entries, ref);
  let wanted = count;
  try {
    for (let left = view.count; view.next(); left--) {
      if (randomBelow(left) < wanted) {
        popped.push(view.place);
        wanted--;
      } else {
        view.read(view.place, member);
        builder.add(member);
      }
    }
    return { fresh: builder.build(db, ref, request, 1, db.expiryOf(ref)), popped };
  } finally {
    builder.discard();
  }
}

/** Answers the members that go, and stores the others in the place of the set. */
function popChosen(call: Call, ref: number, { fresh, popped }: Rest): void {
  const { reply, db } = call;
  for (const place of popped) {
    view.read(place, member);
    replyMember(reply, member);
    propagateRemoval(call);
  }
  db.put(ref, fresh);
}

// ── SRANDMEMBER ─────────────────────────────────────────────────────────────────────────────

function srandmember(call: Call): void {
  const { request, reply, db } = call;
  if (request.count > 3) {
    reply.error(SYNTAX);
    return;
  }
  if (request.count === 3) {
    srandmemberCount(call);
    return;
  }
  const ref = lookupRead(call, 1, TYPE_SET);
  if (ref === ABSENT) {
    reply.null();
  } else if (ref !== REFUSED) {
    view.open(db.entries, ref);
    replyPlace(reply, view, view.random());
  }
}

function srandmemberCount(call: Call): void {
  const { request, reply, db } = call;
  const count = request.integer(2);
  if (Number.isNaN(count)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  if (request.latin1(2) === MIN_INT64) {
    reply.error(COUNT_OUT_OF_RANGE);
    return;
  }
  const ref = lookupRead(call, 1, TYPE_SET);
  if (ref === REFUSED) return;
  if (ref === ABSENT || count === 0) {
    reply.array(0);
    return;
  }
  view.open(db.entries, ref);
  if (count < 0) replyRepeated(call, -count);
  else replyDifferent(call, Math.min(count, view.count));
}

/** Answers members that are drawn independently of each other. */
function replyRepeated({ reply, request }: Call, count: number): void {
  if (Number.isSafeInteger(count)) reply.array(count);
  else reply.raw(Buffer.from(`*${request.latin1(2).slice(1)}\r\n`, 'latin1'));
  // What exceeds the client's limit is of no use: it ends the client.
  for (let i = 0; i < count && !reply.isOverflowing; i++) replyPlace(reply, view, view.random());
}

/** Answers so many different members; there are as many. */
function replyDifferent({ reply }: Call, count: number): void {
  reply.array(count);
  if (count === view.count) {
    replyMembers(reply, view);
  } else if (count === 1) {
    replyPlace(reply, view, view.random());
  } else if (count * DRAWN_FACTOR > view.count) {
    replySelected(reply, count);
  } else {
    replyDrawn(reply, count);
  }
}

/** Goes through all members, and answers each with the probability that it is among those wanted. */
function replySelected(reply: Reply, count: number): void {
  let wanted = count;
  for (let left = view.count; wanted > 0 && view.next(); left--) {
    if (randomBelow(left) >= wanted) continue;
    replyPlace(reply, view, view.place);
    wanted--;
  }
}

/** Draws until there are as many different members. */
function replyDrawn(reply: Reply, count: number): void {
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const place = view.random();
    if (drawn.has(place)) continue;
    drawn.add(place);
    replyPlace(reply, view, place);
  }
}
