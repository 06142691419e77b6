// HyperLogLogs: PFADD, PFCOUNT, PFMERGE. They are strings (structures/hyperloglog/). PFADD, and PFCOUNT of one key,
// allocate nothing.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { WRONG_TYPE } from '../../core/errors.ts';
import { DENYOOM, FAST, MAY_REPLICATE, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt, keyRange } from '../../core/key-specs.ts';
import { ABSENT } from '../../core/lookup.ts';
import { EVENT_STRING } from '../../keyspace/key-events.ts';
import { TYPE_STRING } from '../../keyspace/plain-strings.ts';
import { hashElement, indexOf, runOf } from '../../structures/hyperloglog/element-hash.ts';
import {
  countOf,
  hasCount,
  REGISTERS,
  readCount,
  readLargeCount,
} from '../../structures/hyperloglog/layout.ts';
import { RegisterSet } from '../../structures/hyperloglog/register-set.ts';
import { CORRUPT } from '../../structures/hyperloglog/sparse-registers.ts';
import {
  cardinalityOf,
  cardinalityOfRegisters,
  dropCount,
  holdsHyperLogLog,
  isSparse,
  keepCount,
  loadRegisters,
  mergeRegisters,
  RegisterWriter,
  storeRegisters,
} from '../../types/string/hyperloglog.ts';
import { makeRaw } from '../../types/string/values.ts';

/** Arguments up to which PFADD is quick. */
const FEW_ARGUMENTS = 20;

export const hyperLogLogCommands: readonly CommandRow[] = [
  {
    name: 'pfadd',
    arity: -2,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Adds elements to a HyperLogLog; creates the key if it does not exist.',
    complexity: 'O(1) to add every element.',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key [element:string...]',
    handler: pfadd,
  },
  {
    name: 'pfcount',
    arity: -2,
    flags: READONLY | MAY_REPLICATE,
    keys: [
      {
        ...keyRange(1, -1, 1, 'RW', 'access'),
        notes:
          'RW because it may change the internal representation of the key, and propagate to replicas',
      },
    ],
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Returns about how many elements were added to HyperLogLogs, taken together.',
    complexity:
      'O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.',
    quickUpTo: 2,
    syntax: 'key...',
    handler: pfcount,
  },
  {
    name: 'pfmerge',
    arity: -2,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'access', 'insert'), keyRange(2, -1, 1, 'RO', 'access')],
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Merges HyperLogLogs into one.',
    complexity: 'O(N) to merge N HyperLogLogs, but with high constant times.',
    syntax: 'destkey:key sourcekey:key...',
    handler: pfmerge,
  },
];

const NOT_ONE = 'WRONGTYPE Key is not a valid HyperLogLog string value.';
/** Its header is right, and the runs behind it are not. */
export const CORRUPT_OBJECT = 'INVALIDOBJ Corrupted HLL object detected';

const writer = new RegisterWriter();
const copy = new RegisterSet();
/** A register each, as if all keys were one. */
const merged = new Uint8Array(REGISTERS);

/** Whether an entry is a HyperLogLog, as far as its header tells; answers an error if not. */
export function isHyperLogLogOrReply({ db, reply }: Call, ref: number): boolean {
  if (db.typeOf(ref) !== TYPE_STRING) {
    reply.error(WRONG_TYPE);
    return false;
  }
  if (holdsHyperLogLog(db, ref)) return true;
  reply.error(NOT_ONE);
  return false;
}

function pfadd(call: Call): void {
  const { request, reply, db } = call;
  const ref = db.lookupWrite(request, 1);
  if (ref !== ABSENT) {
    if (!isHyperLogLogOrReply(call, ref)) return;
    makeRaw(db, ref);
  }
  // What only sets registers of one that is there needs no copy of it.
  const isInPlace = ref !== ABSENT && (request.count <= 3 || !isSparse(db, ref));
  const changes = isInPlace ? addInPlace(call, ref) : addToCopy(call, ref);
  if (changes === CORRUPT) {
    reply.error(CORRUPT_OBJECT);
    return;
  }
  if (changes > 0) {
    db.modified(request, 1, changes);
    db.notify(EVENT_STRING, 'pfadd', request, 1);
  }
  reply.integer(changes > 0 ? 1 : 0);
}

/** Adds the elements of PFADD; returns how many registers changed, or CORRUPT. */
function addInPlace({ request, db, server }: Call, ref: number): number {
  const { buffer, offsets, lengths, count } = request;
  const maxSparseBytes = server.config.values['hll-sparse-max-bytes'];
  let changes = 0;
  writer.ref = ref;
  for (let i = 2; i < count; i++) {
    const hash = hashElement(buffer, offsets[i], lengths[i]);
    const outcome = writer.raise(db, indexOf(hash), runOf(hash), maxSparseBytes);
    if (outcome === CORRUPT) return CORRUPT;
    changes += outcome;
  }
  if (changes > 0) dropCount(db, writer.ref);
  return changes;
}

/** As `addInPlace`, in a copy that takes the value's place if all went well; a key that is made counts as a change. */
function addToCopy({ request, db, server }: Call, ref: number): number {
  const { buffer, offsets, lengths, count } = request;
  const maxSparseBytes = server.config.values['hll-sparse-max-bytes'];
  let changes = ref === ABSENT ? 1 : 0;
  loadRegisters(db, ref, copy);
  for (let i = 2; i < count; i++) {
    const hash = hashElement(buffer, offsets[i], lengths[i]);
    const outcome = copy.raise(indexOf(hash), runOf(hash), maxSparseBytes);
    if (outcome === CORRUPT) return CORRUPT;
    changes += outcome;
  }
  if (changes > 0) {
    copy.dropCount();
    storeRegisters(db, request, 1, ref, copy, maxSparseBytes);
  }
  return changes;
}

function pfcount(call: Call): void {
  const { request, reply, db } = call;
  if (request.count > 2) {
    if (mergeKeys(call) !== CORRUPT) replyCount(call, cardinalityOfRegisters(merged));
    return;
  }
  let ref = db.lookupRead(request, 1);
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  if (!isHyperLogLogOrReply(call, ref)) return;
  makeRaw(db, ref);
  const { buffer, offset } = db.value(ref);
  if (hasCount(buffer, offset)) {
    const count = readCount(buffer, offset);
    if (Number.isNaN(count)) reply.bigint(readLargeCount(buffer, offset));
    else reply.integer(count);
    return;
  }
  const count = cardinalityOf(db, ref);
  if (count === CORRUPT) {
    reply.error(CORRUPT_OBJECT);
    return;
  }
  // A snapshot that is being taken has it as it was.
  ref = db.lookupForChange(request, 1);
  keepCount(db, ref, count);
  db.modified(request, 1, 1);
  replyCount(call, count);
}

function replyCount({ reply }: Call, count: number): void {
  if (Number.isSafeInteger(count)) reply.integer(count);
  else reply.bigint(countOf(count));
}

/** None of the keys that were merged was dense. */
const ALL_SPARSE = 0;
const SOME_DENSE = 1;

/** Merges all keys into `merged`: ALL_SPARSE, SOME_DENSE, or CORRUPT after answering an error. */
function mergeKeys(call: Call): number {
  const { request, reply, db } = call;
  let encoding = ALL_SPARSE;
  merged.fill(0);
  for (let i = 1; i < request.count; i++) {
    const ref = db.lookupRead(request, i);
    if (ref === ABSENT) continue;
    if (!isHyperLogLogOrReply(call, ref)) return CORRUPT;
    if (!isSparse(db, ref)) encoding = SOME_DENSE;
    if (mergeRegisters(db, ref, merged)) continue;
    reply.error(CORRUPT_OBJECT);
    return CORRUPT;
  }
  return encoding;
}

function pfmerge(call: Call): void {
  const { request, reply, db, server } = call;
  const encoding = mergeKeys(call);
  if (encoding === CORRUPT) return;
  const ref = db.lookupWrite(request, 1);
  if (ref !== ABSENT) makeRaw(db, ref);
  const maxSparseBytes = server.config.values['hll-sparse-max-bytes'];
  loadRegisters(db, ref, copy);
  if (encoding === SOME_DENSE) {
    copy.replaceRegisters(merged);
  } else {
    for (let i = 0; i < REGISTERS; i++) {
      if (merged[i] > 0) copy.raise(i, merged[i], maxSparseBytes);
    }
  }
  copy.dropCount();
  storeRegisters(db, request, 1, ref, copy, maxSparseBytes);
  db.modified(request, 1, 1);
  // As if the elements had been added.
  db.notify(EVENT_STRING, 'pfadd', request, 1);
  reply.ok();
}
