// XREAD: the entries behind those that a reader knows, of one stream or several; it may wait for some.
import type { Call, Wait } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { BLOCKING, MOVABLE_KEYS, READONLY } from '../../core/flags.ts';
import { type KeySpec, keysAfter } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../keyspace/key-signals.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { isSign, readId } from './arguments.ts';
import { needRange, waitsForCold } from './cold-reads.ts';
import { ReadArguments } from './read-arguments.ts';
import { replyEntries } from './replies.ts';

/** The streams of a request: keys behind STREAMS, then as many ids. */
export function streamKeys(startFrom: number): KeySpec {
  const keys = keysAfter('STREAMS', startFrom, 'RO', 'access');
  return { ...keys, extent: { kind: 'range', lastKey: -1, step: 1, limit: 2 } };
}

export const streamReadCommands: readonly CommandRow[] = [
  {
    name: 'xread',
    arity: -4,
    flags: READONLY | BLOCKING | MOVABLE_KEYS,
    keys: [streamKeys(1)],
    group: 'stream',
    since: '5.0.0',
    summary:
      'Returns the entries of streams behind the ids that are given for them; waits if there are none.',
    complexity:
      'For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.',
    syntax:
      '[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS streams={ key... id:string... }',
    handler: xread,
  },
];

/** Entries a stream that a client is given which had to wait, where COUNT says nothing. */
export const COUNT_AFTER_WAIT = 1000;
const NEW_IN_XREAD =
  'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.';

const DOLLAR = 36;
const PLUS = 43;
const GREATER = 62;

const args = new ReadArguments();
const WORDS_OF_ID = 4;

const known = new StreamId();
const start = new StreamId();
const newest = new StreamId();
const largest = new StreamId();
largest.setMax();

/** The ids behind which streams are read, four words each, by stream: those of the request that runs. */
let behind = new Int32Array(0);

/** XREAD [COUNT count] [BLOCK milliseconds] STREAMS key … id … */
function xread(call: Call): void {
  const { db, reply, request } = call;
  if (!args.read(call, false)) return;
  if (!readIds(call)) return;
  const { firstKey, keys } = args;
  let served = 0;
  // Each key has been looked up for its id, and is for its entries: it counts as two uses, hits or misses.
  for (let i = 0; i < keys; i++) {
    const ref = db.lookupRead(request, firstKey + i);
    if (!hasNews(call, i, ref)) continue;
    served++;
    needBehind(call, db.entries.root(ref), idBehind(behind, i), args.count);
  }
  if (served > 0) {
    if (waitsForCold(call, xread)) return;
    replyStreams(call, served);
    for (let i = 0; i < keys; i++) {
      if (!hasNews(call, i, db.lookupStored(request, firstKey + i))) continue;
      replyBehind(call, firstKey + i, idBehind(behind, i), args.count);
    }
    return;
  }
  // One that has waited for cold entries, which are gone, does not wait again.
  if (args.timeoutMs < 0 || call.client.blocked) {
    reply.nullArray();
    return;
  }
  const ids = behind;
  const count = args.count || COUNT_AFTER_WAIT;
  const wait: Wait = {
    type: TYPE_STREAM,
    // The end of a stream is none of its wait, but makes the key the first one to be looked at, as in Redis.
    events: KEY_CREATED | KEY_GROWN | KEY_GONE,
    firstKey,
    lastKey: firstKey + keys - 1,
    timeoutMs: args.timeoutMs,
    serve: (served, i) => serveWaiting(served, i, idBehind(ids, i - firstKey), count),
  };
  if (!call.block(wait)) reply.nullArray();
}

/** Sets `behind`; false after answering an error. */
function readIds(call: Call): boolean {
  const { request, reply, db } = call;
  const { firstKey, keys } = args;
  behind = new Int32Array(WORDS_OF_ID * keys);
  for (let i = 0; i < keys; i++) {
    const id = known;
    const idAt = firstKey + keys + i;
    const ref = lookupRead(call, firstKey + i, TYPE_STREAM);
    if (ref === REFUSED) return false;
    if (isSign(request, idAt, DOLLAR)) {
      if (ref === ABSENT) id.setZero();
      else streamsOf(db.entries).lastId(db.entries.root(ref), id);
    } else if (isSign(request, idAt, PLUS)) {
      if (ref === ABSENT) id.setZero();
      else setBeforeNewest(call, ref, id);
    } else if (isSign(request, idAt, GREATER)) {
      reply.error(NEW_IN_XREAD);
      return false;
    } else if (!readId(call, idAt, id)) {
      return false;
    }
    id.store(behind, WORDS_OF_ID * i);
  }
  return true;
}

/** The i-th of such ids, until the next one is asked for. */
function idBehind(ids: Int32Array, i: number): StreamId {
  known.load(ids, WORDS_OF_ID * i);
  return known;
}

/** `+`: the newest entry is the one behind the id; if there is none, those that come. */
function setBeforeNewest({ db }: Call, ref: number, id: StreamId): void {
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  if (streams.length(root) === 0) {
    streams.lastId(root, id);
    return;
  }
  streams.edgeId(root, false, id);
  id.decrement();
}

/** Whether the i-th stream, an entry of the keyspace or ABSENT, has an entry behind its id. */
function hasNews({ db }: Call, i: number, ref: number): boolean {
  if (ref === ABSENT) return false;
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  if (streams.length(root) === 0) return false;
  streams.edgeId(root, false, newest);
  return newest.compare(idBehind(behind, i)) > 0;
}

/** Notes what is to be read behind an id (cold-reads.ts). @param count as in the request: 0 is any number */
export function needBehind(call: Call, root: number, id: StreamId, count: number): void {
  start.set(id);
  start.increment();
  needRange(call, root, start, largest, count === 0 ? Number.POSITIVE_INFINITY : count);
}

/** The head of a reply of so many streams. */
export function replyStreams({ reply }: Call, streams: number): void {
  if (reply.resp3) reply.map(streams);
  else reply.array(streams);
}

/** The key of a stream, argument i, in such a reply; its entries follow. */
export function replyStreamKey({ reply, request }: Call, i: number): void {
  if (!reply.resp3) reply.array(2);
  reply.bulk(request.buffer, request.offsets[i], request.lengths[i]);
}

/** The stream of argument i, with its entries behind an id. */
function replyBehind(call: Call, i: number, id: StreamId, count: number): void {
  const { db, reply, request } = call;
  const streams = streamsOf(db.entries);
  const root = db.entries.root(db.lookupStored(request, i));
  replyStreamKey(call, i);
  start.set(id);
  start.increment();
  const limit = count === 0 ? Number.POSITIVE_INFINITY : count;
  const available = streams.countRange(root, start, largest, limit);
  streams.walk.open(root, start, largest);
  replyEntries(reply, streams.walk, available);
}

function serveWaiting(call: Call, i: number, id: StreamId, count: number): boolean {
  const { db, request } = call;
  // No hit or miss.
  const ref = db.lookupWrite(request, i);
  if (ref === ABSENT || db.typeOf(ref) !== TYPE_STREAM) return false;
  const streams = streamsOf(db.entries);
  streams.lastId(db.entries.root(ref), newest);
  if (newest.compare(id) <= 0) return false;
  replyStreams(call, 1);
  replyBehind(call, i, id, count);
  return true;
}
