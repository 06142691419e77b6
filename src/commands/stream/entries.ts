// The entries of a stream: adding and removing them, trimming, the last id.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NO_SUCH_KEY, SYNTAX, wrongArity } from '../../core/errors.ts';
import { DENYOOM, FAST, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import { KEY_GROWN } from '../../keyspace/key-signals.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { MAX_LISTPACK_BYTES } from '../../types/stream/entry-blocks.ts';
import { ID_TEXT_BYTES, StreamId } from '../../types/stream/stream-id.ts';
import { createStream, streamsOf } from '../../types/stream/values.ts';
import { INVALID_STREAM_ID, isId, readId, readInteger, TrimArguments } from './arguments.ts';
import { replyId } from './replies.ts';

/** Arguments up to which a command of many ids is quick. */
const FEW_ARGUMENTS = 10;
const TRIM_SYNTAX =
  'trim={ strategy=( MAXLEN | MINID^6.2.0 ) [operator=( equal="=" | approximately="~" )] threshold:string [LIMIT count:integer^6.2.0] }';

const NOT_ABOVE_ZERO = 'ERR The ID specified in XADD must be greater than 0-0';
const NO_ID_LEFT = 'ERR The stream has exhausted the last possible ID, unable to add more items';
const NOT_ABOVE_LAST =
  'ERR The ID specified in XADD is equal or smaller than the target stream top item';
const TOO_LARGE = 'ERR Elements are too large to be stored';
const NEGATIVE_ADDED = 'ERR entries_added must be positive';
const BELOW_GIVEN_DELETED =
  'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id';
const BELOW_LAST = 'ERR The ID specified in XSETID is smaller than the target stream top item';
const BELOW_LENGTH =
  'ERR The entries_added specified in XSETID is smaller than the target stream length';

export const streamCommands: readonly CommandRow[] = [
  {
    name: 'xadd',
    arity: -5,
    flags: WRITE | DENYOOM | FAST,
    keys: [
      {
        ...keyAt(1, 'RW', 'update'),
        notes: 'UPDATE instead of INSERT because of the optional trimming feature',
      },
    ],
    group: 'stream',
    since: '5.0.0',
    summary: 'Adds an entry to a stream, which is created if there is none.',
    complexity:
      'O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.',
    history: [
      ['6.2.0', 'The options `NOMKSTREAM`, `MINID` and `LIMIT`.'],
      ['7.0.0', 'Ids of the form `<ms>-*`.'],
    ],
    tips: ['nondeterministic_output'],
    syntax: `key [nomkstream=NOMKSTREAM^6.2.0] [${TRIM_SYNTAX}] id_or_auto=( auto_id="*" | id:string ) field_value={ field:string value:string }...`,
    handler: xadd,
  },
  {
    name: 'xlen',
    arity: 2,
    flags: READONLY | FAST,
    keys: [keyAt(1, 'RO')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Returns the number of entries of a stream.',
    complexity: 'O(1)',
    syntax: 'key',
    handler: xlen,
  },
  {
    name: 'xdel',
    arity: -3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Removes entries from a stream, and returns how many of them were there.',
    complexity: 'O(1) for each single item to delete in the stream, regardless of the stream size.',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key id:string...',
    handler: xdel,
  },
  {
    name: 'xtrim',
    arity: -4,
    flags: WRITE,
    keys: [keyAt(1, 'RW', 'delete')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Removes the oldest entries of a stream, down to a number or up to an id.',
    complexity:
      'O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.',
    history: [['6.2.0', 'The options `MINID` and `LIMIT`.']],
    tips: ['nondeterministic_output'],
    syntax: `key ${TRIM_SYNTAX}`,
    handler: xtrim,
  },
  {
    name: 'xsetid',
    arity: -3,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Sets the last id of a stream, and what is counted of it: for logs and replicas.',
    complexity: 'O(1)',
    history: [['7.0.0', 'The arguments `entries_added` and `max_deleted_entry_id`.']],
    syntax:
      'key last-id:string [ENTRIESADDED entries_added:integer^7.0.0] [MAXDELETEDID max_deleted_entry_id:string^7.0.0]',
    handler: xsetid,
  },
];

const trim = new TrimArguments();
const id = new StreamId();
const other = new StreamId();
const largestDeleted = new StreamId();
const idText = Buffer.allocUnsafeSlow(ID_TEXT_BYTES);

/** XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] * | id field value … */
function xadd(call: Call): void {
  const { request, reply, db } = call;
  const idAt = trim.read(call, true);
  if (idAt < 0) return;
  const first = idAt + 1;
  const count = request.count - first;
  if (count < 2 || count % 2 === 1) {
    reply.error(wrongArity('xadd'));
    return;
  }
  if (trim.isIdGiven && trim.isSeqGiven && trim.id.isZero) {
    reply.error(NOT_ABOVE_ZERO);
    return;
  }
  let ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT && trim.noMkStream) {
    reply.null();
    return;
  }
  const streams = streamsOf(db.entries);
  if (ref === ABSENT) id.setZero();
  else streams.lastId(db.entries.root(ref), id);
  const problem = chooseId(call.server.keyspace.nowMs) ?? sizeProblem(call, first);
  if (problem !== undefined) {
    reply.error(problem);
    return;
  }
  if (ref === ABSENT) {
    ref = createStream(db, request, 1, (root) =>
      streams.append(root, id, request, first, count / 2),
    );
  } else {
    streams.append(db.entries.root(ref), id, request, first, count / 2);
  }
  replyId(reply, id);
  db.modified(request, 1, 1);
  db.notify(EVENT_STREAM, 'xadd', request, 1);
  db.signal(ref, KEY_GROWN);
  if (trim.valueAt > 0) trimAfterAdd(call, ref);
  if (call.server.effects.active) recordAdd(call, ref, idAt);
}

/** Sets `id`, which is the last one, to the next one; returns the text of an error if there is none. */
function chooseId(nowMs: number): string | undefined {
  if (id.isMax) return NO_ID_LEFT;
  if (!trim.isIdGiven) {
    if (nowMs > id.ms) {
      id.setMs(nowMs);
      id.seqHigh = 0;
      id.seqLow = 0;
    } else {
      id.increment();
    }
    return undefined;
  }
  const given = trim.id;
  if (!trim.isSeqGiven && given.msHigh === id.msHigh && given.msLow === id.msLow) {
    return id.incrementSeq() ? undefined : NOT_ABOVE_LAST;
  }
  if (given.compare(id) <= 0) return NOT_ABOVE_LAST;
  id.set(given);
  return undefined;
}

function sizeProblem({ request }: Call, first: number): string | undefined {
  const { lengths, count } = request;
  let bytes = 0;
  for (let i = first; i < count; i++) bytes += lengths[i];
  return bytes > MAX_LISTPACK_BYTES ? TOO_LARGE : undefined;
}

function trimAfterAdd({ db, request }: Call, ref: number): void {
  const trimmed = streamsOf(db.entries).trim(db.entries.root(ref), trim);
  if (trimmed > 0) db.notify(EVENT_STREAM, 'xtrim', request, 1);
}

/** The effect of XADD: with the id that was chosen, and with what trimming has left. */
function recordAdd({ db, request, server }: Call, ref: number, idAt: number): void {
  const isChosen = !trim.isIdGiven || !trim.isSeqGiven;
  const isTrimmed = trim.valueAt > 0 && trim.isApproximate;
  if (!isChosen && !isTrimmed) return;
  const length = id.write(idText, 0);
  if (!isTrimmed) {
    server.effects.propagateWith(db, request, idAt, idText, 0, length);
    return;
  }
  const args = effectArguments(db.entries.root(ref), { db, request });
  args[idAt] = Buffer.from(idText.subarray(0, length));
  server.effects.propagateAs(db, ...args);
}

/** The request with an exact trim in the place of an approximate one. */
function effectArguments(
  root: number,
  { db, request }: Pick<Call, 'db' | 'request'>,
): Uint8Array[] {
  const args = Array.from({ length: request.count }, (_, i): Uint8Array => request.bytes(i));
  const streams = streamsOf(db.entries);
  args[trim.valueAt - 1] = Buffer.from('=');
  if (trim.keep === undefined) streams.physicalFirstId(root, other);
  const left = trim.keep === undefined ? other.toString() : String(streams.length(root));
  args[trim.valueAt] = Buffer.from(left, 'latin1');
  return args;
}

/** XLEN key */
function xlen(call: Call): void {
  const { db, reply } = call;
  const ref = lookupRead(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  reply.integer(ref === ABSENT ? 0 : streamsOf(db.entries).length(db.entries.root(ref)));
}

/** XDEL key id … */
function xdel(call: Call): void {
  const { request, reply, db } = call;
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  for (let i = 2; i < request.count; i++) if (!readId(call, i, id)) return;
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  let deleted = 0;
  try {
    for (let i = 2; i < request.count; i++) {
      if (!isId(request, i, id)) throw new Error(INVALID_STREAM_ID);
      if (streams.delete(root, id)) deleted++;
    }
  } finally {
    if (deleted > 0) {
      db.modified(request, 1, deleted);
      db.notify(EVENT_STREAM, 'xdel', request, 1);
    }
  }
  reply.integer(deleted);
}

/** XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count] */
function xtrim(call: Call): void {
  const { request, reply, db, server } = call;
  if (trim.read(call, false) < 0) return;
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.integer(0);
    return;
  }
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  const before = streams.length(root);
  let deleted = 0;
  try {
    streams.trim(root, trim);
  } finally {
    // Blocks that were taken before something failed are gone, too.
    deleted = before - streams.length(root);
    if (deleted > 0) {
      db.notify(EVENT_STREAM, 'xtrim', request, 1);
      if (trim.isApproximate && server.effects.active) {
        server.effects.propagateAs(db, ...effectArguments(root, call));
      }
      db.modified(request, 1, deleted);
    }
  }
  reply.integer(deleted);
}

/** XSETID key last-id [ENTRIESADDED n] [MAXDELETEDID id] */
function xsetid(call: Call): void {
  const { request, reply, db, server } = call;
  if (!readId(call, 2, id)) return;
  let added: bigint | undefined;
  largestDeleted.setZero();
  for (let i = 3; i < request.count; i += 2) {
    const isLast = i === request.count - 1;
    if (!isLast && request.is(i, 'entriesadded')) {
      if (Number.isNaN(readInteger(call, i + 1))) return;
      added = request.bigint(i + 1);
      if (added !== undefined && added < 0n) {
        reply.error(NEGATIVE_ADDED);
        return;
      }
    } else if (!isLast && request.is(i, 'maxdeletedid')) {
      if (!readId(call, i + 1, largestDeleted)) return;
      if (id.compare(largestDeleted) < 0) {
        reply.error(BELOW_GIVEN_DELETED);
        return;
      }
    } else {
      reply.error(SYNTAX);
      return;
    }
  }
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  const problem = setIdProblem(call, root, added);
  if (problem !== undefined) {
    reply.error(problem);
    return;
  }
  streams.setLastId(root, id);
  if (added !== undefined) streams.setEntriesAdded(root, added);
  if (!largestDeleted.isZero) streams.setMaxDeletedId(root, largestDeleted);
  reply.ok();
  // Nobody who watches the key is told.
  server.keyspace.dirty++;
  db.notify(EVENT_STREAM, 'xsetid', request, 1);
}

/** Why `id` cannot be the last one. */
function setIdProblem({ db }: Call, root: number, added: bigint | undefined): string | undefined {
  const streams = streamsOf(db.entries);
  const length = streams.length(root);
  if (length === 0) return undefined;
  streams.edgeId(root, false, other);
  if (id.compare(other) < 0) return BELOW_LAST;
  return added !== undefined && added < BigInt(length) ? BELOW_LENGTH : undefined;
}
