// Reading the entries of a stream between two ids.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import { readInteger, readRangeEnd, readRangeStart } from './arguments.ts';
import { needRange, waitsForCold } from './cold-reads.ts';
import { replyEntries } from './replies.ts';

export const streamRangeCommands: readonly CommandRow[] = [
  {
    name: 'xrange',
    arity: -4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Returns the entries of a stream between two ids.',
    complexity:
      'O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).',
    history: [['6.2.0', 'Either end can be excluded.']],
    syntax: 'key start:string end:string [COUNT count:integer]',
    handler: xrange,
  },
  {
    name: 'xrevrange',
    arity: -4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'stream',
    since: '5.0.0',
    summary: 'Returns the entries of a stream between two ids, the last one first.',
    complexity:
      'O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).',
    history: [['6.2.0', 'Either end can be excluded.']],
    syntax: 'key end:string start:string [COUNT count:integer]',
    handler: xrevrange,
  },
];

const start = new StreamId();
const end = new StreamId();

/** XRANGE key start end [COUNT count] */
function xrange(call: Call): void {
  range(call, false);
}

/** XREVRANGE key end start [COUNT count] */
function xrevrange(call: Call): void {
  range(call, true);
}

function range(call: Call, isReverse: boolean): void {
  const { reply, db } = call;
  if (!readRangeStart(call, isReverse ? 3 : 2, start)) return;
  if (!readRangeEnd(call, isReverse ? 2 : 3, end)) return;
  const count = readCount(call, 4);
  if (count === undefined) return;
  const ref = lookupRead(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.array(0);
    return;
  }
  if (count === 0) {
    reply.nullArray();
    return;
  }
  const streams = streamsOf(db.entries);
  const root = db.entries.root(ref);
  needRange(call, root, start, end, count, isReverse);
  if (waitsForCold(call, isReverse ? xrevrange : xrange)) return;
  const available = streams.countRange(root, start, end, count);
  streams.walk.open(root, start, end, isReverse);
  replyEntries(reply, streams.walk, available);
}

/**
 * Reads COUNT, the only option, from argument i on; below 0 it counts as 0.
 * @returns Infinity where it is not given; undefined after answering an error
 */
function readCount(call: Call, i: number): number | undefined {
  const { request, reply } = call;
  let count = Number.POSITIVE_INFINITY;
  for (let k = i; k < request.count; k += 2) {
    if (!request.is(k, 'count') || k + 1 === request.count) {
      reply.error(SYNTAX);
      return undefined;
    }
    count = Math.max(0, readInteger(call, k + 1));
    if (Number.isNaN(count)) return undefined;
  }
  return count;
}
