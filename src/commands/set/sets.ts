// Sets: adding, removing, moving and reading members. Random ones are in random.ts, several sets in algebra.ts.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { WRONG_TYPE } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import {
  ABSENT,
  changed,
  changedHalfway,
  lookupRead,
  lookupWrite,
  notifyChange,
  REFUSED,
} from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import { EVENT_SET } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { ENCODING_TABLE, TYPE_SET } from '../../types/set/encodings.ts';
import { Member } from '../../types/set/member.ts';
import { SetView } from '../../types/set/set-view.ts';
import {
  addMember,
  addToTable,
  buildSet,
  hasArgument,
  isMember,
  removeMember,
  setLength,
} from '../../types/set/values.ts';
import { SCAN_RULES, ScanStep } from '../scan-step.ts';
import { replyMembers, replyPlace } from './replies.ts';

/** Arguments up to which a command is quick. */
const FEW_ARGUMENTS = 10;

const SSCAN_OPTIONS = new OptionTable(SCAN_RULES);
const step = new ScanStep(SSCAN_OPTIONS);

export const setCommands: readonly CommandRow[] = [
  {
    name: 'sadd',
    arity: -3,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'set',
    since: '1.0.0',
    summary: 'Adds members to a set.',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    quickUpTo: FEW_ARGUMENTS,
    history: [['2.4.0', 'Several members can be given.']],
    syntax: 'key member:string...',
    handler: sadd,
  },
  {
    name: 'srem',
    arity: -3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'set',
    since: '1.0.0',
    summary: 'Removes members from a set.',
    complexity: 'O(N) where N is the number of members to be removed.',
    quickUpTo: FEW_ARGUMENTS,
    history: [['2.4.0', 'Several members can be given.']],
    syntax: 'key member:string...',
    handler: srem,
  },
  {
    name: 'smove',
    arity: 4,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
    group: 'set',
    since: '1.0.0',
    summary: 'Moves a member from one set to another.',
    complexity: 'O(1)',
    syntax: 'source:key destination:key member:string',
    handler: smove,
  },
  {
    name: 'sismember',
    arity: 3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'set',
    since: '1.0.0',
    summary: 'Returns whether a set has a member.',
    complexity: 'O(1)',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key member:string',
    handler: sismember,
  },
  {
    name: 'smismember',
    arity: -3,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'set',
    since: '6.2.0',
    summary: 'Returns for each of several members whether a set has it.',
    complexity: 'O(N) where N is the number of elements being checked for membership',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key member:string...',
    handler: smismember,
  },
  {
    name: 'scard',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'set',
    since: '1.0.0',
    summary: 'Returns the number of members of a set.',
    complexity: 'O(1)',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key',
    handler: scard,
  },
  {
    name: 'smembers',
    arity: 2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'set',
    since: '1.0.0',
    summary: 'Returns all members of a set.',
    complexity: 'O(N) where N is the set cardinality.',
    tips: ['nondeterministic_output_order'],
    syntax: 'key',
    handler: smembers,
  },
  {
    name: 'sscan',
    arity: -3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'set',
    since: '2.8.0',
    summary: 'Iterates over the members of a set, a few at a time.',
    complexity:
      'O(1) for each call, and O(N) for all of an iteration where N is the number of members.',
    tips: ['nondeterministic_output'],
    options: SSCAN_OPTIONS,
    syntax: 'key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]',
    handler: sscan,
  },
];

const member = new Member();
const view = new SetView();

function sadd(call: Call): void {
  const { request, reply, db } = call;
  let ref = lookupWrite(call, 1, TYPE_SET);
  if (ref === REFUSED) return;
  const before = ref === ABSENT ? 0 : setLength(db.entries, ref);
  try {
    if (ref !== ABSENT && db.encodingOf(ref) === ENCODING_TABLE) {
      addToTable(db.entries, ref, request, 2);
    } else {
      const { buffer, offsets, lengths, count } = request;
      for (let i = 2; i < count; i++) {
        member.setBytes(buffer, offsets[i], lengths[i]);
        ref = addMember(db, ref, request, 1, member);
      }
    }
  } catch (error) {
    const added = ref === ABSENT ? 0 : setLength(db.entries, ref) - before;
    changedHalfway(db, request, 1, EVENT_SET, 'sadd', added);
    throw error;
  }
  const added = setLength(db.entries, ref) - before;
  if (added > 0) changed(db, request, 1, ref, EVENT_SET, 'sadd', added);
  reply.integer(added);
}

function srem(call: Call): void {
  const { request, reply, db } = call;
  let ref = lookupWrite(call, 1, TYPE_SET);
  if (ref === REFUSED) return;
  const before = ref === ABSENT ? 0 : setLength(db.entries, ref);
  const { buffer, offsets, lengths, count } = request;
  for (let i = 2; i < count && ref !== ABSENT; i++) {
    member.setBytes(buffer, offsets[i], lengths[i]);
    ref = removeMember(db, ref, member);
  }
  const removed = ref === ABSENT ? before : before - setLength(db.entries, ref);
  if (removed > 0) changed(db, request, 1, ref, EVENT_SET, 'srem', removed);
  reply.integer(removed);
}

function smove(call: Call): void {
  const { request, reply, db } = call;
  const source = db.lookupWrite(request, 1);
  const target = db.lookupWrite(request, 2);
  if (source === ABSENT) {
    reply.integer(0);
    return;
  }
  if (db.typeOf(source) !== TYPE_SET || (target !== ABSENT && db.typeOf(target) !== TYPE_SET)) {
    reply.error(WRONG_TYPE);
    return;
  }
  member.setBytes(request.buffer, request.offsets[3], request.lengths[3]);
  const isThere = isMember(db.entries, source, member);
  if (isThere && source !== target) {
    if (target === ABSENT) moveToNew(call, source);
    else moveToOther(call, source, target);
  }
  reply.integer(isThere ? 1 : 0);
}

/** Moves the member, which is in the source, to a set that is there. What needs memory comes first. */
function moveToOther({ request, db }: Call, source: number, target: number): void {
  const before = setLength(db.entries, target);
  const fresh = addMember(db, target, request, 2, member);
  const isAdded = setLength(db.entries, fresh) > before;
  const left = removeMember(db, source, member);
  notifyChange(db, request, 1, left, EVENT_SET, 'srem');
  db.modified(request, 1, 1);
  if (isAdded) changed(db, request, 2, fresh, EVENT_SET, 'sadd', 1);
}

/** Moves it to a new set, which is built before anything changes, and is stored when the source has lost the member. */
function moveToNew({ request, db }: Call, source: number): void {
  const fresh = buildSet(db, request, 2, member);
  const left = removeMember(db, source, member);
  notifyChange(db, request, 1, left, EVENT_SET, 'srem');
  // Removing has looked up other keys, and leaves the room that was reserved.
  db.lookupForChange(request, 2);
  db.put(0, fresh);
  db.modified(request, 1, 1);
  changed(db, request, 2, fresh, EVENT_SET, 'sadd', 1);
}

function sismember(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_SET);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  reply.integer(hasArgument(db.entries, ref, request, 2) ? 1 : 0);
}

function smismember(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_SET);
  if (ref === REFUSED) return;
  const { count } = request;
  reply.array(count - 2);
  for (let i = 2; i < count; i++) {
    reply.integer(ref !== ABSENT && hasArgument(db.entries, ref, request, i) ? 1 : 0);
  }
}

function scard(call: Call): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_SET);
  if (ref === ABSENT) reply.integer(0);
  else if (ref !== REFUSED) reply.integer(setLength(db.entries, ref));
}

function smembers(call: Call): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_SET);
  if (ref === ABSENT) {
    reply.set(0);
  } else if (ref !== REFUSED) {
    view.open(db.entries, ref);
    reply.set(view.count);
    replyMembers(reply, view);
  }
}

function sscan(call: Call): void {
  const ref = step.lookup(call, TYPE_SET);
  if (ref === REFUSED) return;
  const { request, reply, db } = call;
  view.open(db.entries, ref);
  const next = view.scan(step.cursor, step.count, places);
  const found = places.filter((place) => matches(request, place));
  reply.array(2);
  reply.bulkInteger(next);
  reply.array(found.length);
  for (const place of found) replyPlace(reply, view, place);
  places.length = 0;
}

/** What a step of SSCAN has met. */
const places: number[] = [];

/** Whether the member of a place matches the pattern of the request. */
function matches(request: Request, place: number): boolean {
  view.read(place, member);
  member.asBytes();
  return step.matches(request, member.buffer, member.offset, member.length);
}
