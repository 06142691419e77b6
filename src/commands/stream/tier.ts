// XTIER: how much of a stream stays in memory. What is older lies in files (types/stream/spilling.ts), and is read from
// there when it is asked for.
import { parseMemory } from '../../config/kinds/numbers.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NO_SUCH_KEY, SYNTAX, wrongArity } from '../../core/errors.ts';
import { DENYOOM, FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import { coldBytes, coldLive, hotLimit } from '../../types/stream/cold-root.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { rootBytes } from '../../types/stream/stream-root.ts';
import { streamsOf } from '../../types/stream/values.ts';

const INVALID_LIMIT =
  'ERR HOT must be a number of entries, or of bytes with a unit such as 64mb, above 0';

export const streamTierCommands: readonly CommandRow[] = [
  {
    name: 'xtier',
    arity: -3,
    flags: WRITE | DENYOOM | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'stream',
    since: '0.1.0',
    summary:
      'Sets, returns or removes how much of a stream stays in memory; the rest lies in files.',
    complexity: 'O(1)',
    syntax: 'key action=( HOT limit:string | get=GET | none=NONE )',
    handler: xtier,
  },
];

/** XTIER key HOT n | HOT bytes-with-unit | GET | NONE */
function xtier(call: Call): void {
  const { request, reply, db } = call;
  const isSet = request.is(2, 'hot');
  if (!isSet && !request.is(2, 'get') && !request.is(2, 'none')) {
    reply.error(SYNTAX);
    return;
  }
  if (request.count !== (isSet ? 4 : 3)) {
    reply.error(wrongArity('xtier'));
    return;
  }
  const limit = isSet ? limitAt(call, 3) : 0;
  if (limit === undefined) {
    reply.error(INVALID_LIMIT);
    return;
  }
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const root = db.entries.root(ref);
  if (request.is(2, 'get')) {
    replyTier(call, root);
    return;
  }
  streamsOf(db.entries).setHotLimit(root, limit);
  reply.ok();
  db.modified(request, 1, 1);
  db.notify(EVENT_STREAM, 'xtier', request, 1);
}

/** Argument i as a limit: entries, or bytes as a negative number; undefined if it is none. */
function limitAt({ request }: Call, i: number): number | undefined {
  const entries = request.integer(i);
  if (Number.isSafeInteger(entries)) return entries > 0 ? entries : undefined;
  const word = request.word(i);
  const bytes = word === '' || /^\d+$/.test(word) ? undefined : parseMemory(word);
  return bytes === undefined || bytes < 1n || bytes > BigInt(Number.MAX_SAFE_INTEGER)
    ? undefined
    : -Number(bytes);
}

function replyTier({ reply, db }: Call, root: number): void {
  const { arena } = db.entries;
  const streams = streamsOf(db.entries);
  const limit = hotLimit(arena, root);
  const cold = coldLive(arena, root);
  const facts: readonly (readonly [string, number])[] = [
    ['hot-entries', streams.length(root) - cold],
    ['hot-bytes', rootBytes(arena, root)],
    ['cold-entries', cold],
    ['cold-bytes', coldBytes(arena, root)],
  ];
  reply.map(facts.length + 1);
  reply.bulkText('limit');
  if (limit === 0) reply.null();
  else reply.bulkText(limit > 0 ? String(limit) : `${-limit}b`);
  for (const [name, value] of facts) {
    reply.bulkText(name);
    reply.integer(value);
  }
}
