// Commands on whole databases: their size, emptying them, exchanging two of them.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { DB_INDEX_OUT_OF_RANGE } from '../../core/errors.ts';
import { FAST, READONLY, WRITE } from '../../core/flags.ts';
import { OptionTable } from '../../core/options.ts';

const FLUSH_OPTIONS = new OptionTable([
  { word: 'async', excludes: ['async', 'sync'] },
  { word: 'sync', excludes: ['async', 'sync'] },
]);
const FLUSH_ASYNC = FLUSH_OPTIONS.bits('async');
const FLUSH_SYNTAX = '[async=( ASYNC^4.0.0 | SYNC^6.2.0 )]';
const FLUSH_HISTORY = [
  ['4.0.0', 'Can free the memory in the background (`ASYNC`).'],
  ['6.2.0', 'With `SYNC`, frees the memory before it replies.'],
] as const;
const FLUSH_TIPS = ['request_policy:all_shards', 'response_policy:all_succeeded'];

export const databaseCommands: readonly CommandRow[] = [
  {
    name: 'dbsize',
    arity: 1,
    flags: READONLY | FAST,
    group: 'server',
    categories: ['keyspace'],
    since: '1.0.0',
    summary: 'Returns how many keys the selected database holds.',
    complexity: 'O(1)',
    tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
    handler: dbsize,
  },
  {
    name: 'flushdb',
    arity: -1,
    flags: WRITE,
    group: 'server',
    categories: ['keyspace', 'dangerous'],
    since: '1.0.0',
    summary: 'Deletes all keys of the selected database.',
    complexity: 'O(N) where N is the number of keys in the selected database',
    history: FLUSH_HISTORY,
    tips: FLUSH_TIPS,
    options: FLUSH_OPTIONS,
    syntax: FLUSH_SYNTAX,
    handler: flushdb,
  },
  {
    name: 'flushall',
    arity: -1,
    flags: WRITE,
    group: 'server',
    categories: ['keyspace', 'dangerous'],
    since: '1.0.0',
    summary: 'Deletes all keys of all databases.',
    complexity: 'O(N) where N is the total number of keys in all databases',
    history: FLUSH_HISTORY,
    tips: FLUSH_TIPS,
    options: FLUSH_OPTIONS,
    syntax: FLUSH_SYNTAX,
    handler: flushall,
  },
  {
    name: 'swapdb',
    arity: 3,
    flags: WRITE | FAST,
    group: 'server',
    categories: ['keyspace', 'dangerous'],
    since: '4.0.0',
    summary: 'Exchanges the contents of two databases.',
    complexity: 'O(N) where N is the number of clients that watch keys of the two.',
    syntax: 'index1:integer index2:integer',
    handler: swapdb,
  },
];

const MAX_INT32 = 0x7fffffff;

function dbsize({ db, reply }: Call): void {
  reply.integer(db.size);
}

function flushdb(call: Call): void {
  flush(call, call.db.index);
}

function flushall(call: Call): void {
  if (flush(call, undefined)) call.server.snapshots.emptied();
}

/** Empties one database, or all when no index is given; returns whether it did. */
function flush(call: Call, index: number | undefined): boolean {
  const { reply, server } = call;
  if (!FLUSH_OPTIONS.read(call, 1)) return false;
  server.keyspace.flush(index);
  const isLazy =
    FLUSH_OPTIONS.given === 0
      ? server.config.values['lazyfree-lazy-user-flush']
      : FLUSH_OPTIONS.has(FLUSH_ASYNC);
  if (!isLazy) server.keyspace.reclaim(Number.POSITIVE_INFINITY);
  reply.ok();
  return true;
}

function swapdb({ request, reply, server }: Call): void {
  const first = request.integer(1);
  const second = request.integer(2);
  const { databases } = server.keyspace;
  const [a, b] = [databases[first], databases[second]];
  if (!isInt32(first)) reply.error('ERR invalid first DB index');
  else if (!isInt32(second)) reply.error('ERR invalid second DB index');
  else if (a === undefined || b === undefined) reply.error(DB_INDEX_OUT_OF_RANGE);
  else {
    server.keyspace.swap(a, b);
    reply.ok();
  }
}

function isInt32(value: number): boolean {
  return value >= -MAX_INT32 - 1 && value <= MAX_INT32;
}
