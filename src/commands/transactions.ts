// Transactions: MULTI begins to queue, EXEC runs the queue at once and DISCARD drops it; WATCH lets
// EXEC run nothing when a watched key was modified since. Dispatch queues the requests: it adds them
// to `client.transaction` and marks it as aborted when it refuses one.

import type { Call } from '../core/call.ts';
import type { Transaction } from '../core/client.ts';
import { NO_COMMAND } from '../core/command-queue.ts';
import type { CommandRow } from '../core/command-row.ts';
import { EXEC_ABORTED, TRANSACTION_TOO_LARGE } from '../core/errors.ts';
import { ALLOW_BUSY, FAST, LOADING, NOSCRIPT, SKIP_SLOWLOG, STALE, WRITE } from '../core/flags.ts';
import { keyRange } from '../core/key-specs.ts';
import type { Services } from '../core/services.ts';
import { discardTransaction, endWatches } from '../core/transaction.ts';
import { watchBytes } from '../keyspace/watch.ts';

export const transactionCommands: readonly CommandRow[] = [
  {
    name: 'multi',
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    group: 'transactions',
    since: '1.2.0',
    summary: 'Starts a transaction.',
    complexity: 'O(1)',
    handler: multi,
  },
  {
    name: 'exec',
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG,
    group: 'transactions',
    since: '1.2.0',
    summary: 'Runs the commands queued since MULTI.',
    complexity: 'Depends on commands in the transaction',
    handler: exec,
  },
  {
    name: 'discard',
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    group: 'transactions',
    since: '2.0.0',
    summary: 'Drops the commands queued since MULTI.',
    complexity: 'O(N), when N is the number of queued commands',
    handler: discard,
  },
  {
    name: 'watch',
    arity: -2,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    keys: [keyRange(1, -1, 1, 'RO')],
    group: 'transactions',
    since: '2.2.0',
    summary: 'Makes the next EXEC run nothing if one of the keys is modified before it.',
    complexity: 'O(1) for every key.',
    syntax: 'key...',
    handler: watch,
  },
  {
    name: 'unwatch',
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    group: 'transactions',
    since: '2.2.0',
    summary: 'Stops watching all keys.',
    complexity: 'O(1)',
    handler: unwatch,
  },
];

function multi({ reply, client }: Call): void {
  if (client.transaction !== undefined) {
    reply.error('ERR MULTI calls can not be nested');
    return;
  }
  client.beginTransaction();
  reply.ok();
}

function exec(call: Call): void {
  const { reply, client, server } = call;
  const { transaction } = client;
  if (transaction === undefined) {
    reply.error('ERR EXEC without MULTI');
    return;
  }
  server.keyspace.expireWatched(client);
  if (transaction.aborted) reply.error(EXEC_ABORTED);
  else if (client.dirty) reply.nullArray();
  else if (isTooLarge(transaction, server)) reply.error(TRANSACTION_TOO_LARGE);
  else runQueue(call, transaction);
  discardTransaction(server, client);
}

/** Whether the transaction is too large to be replayed as one from a log. */
function isTooLarge({ queue, flags }: Transaction, { effects }: Services): boolean {
  return (flags & WRITE) !== 0 && queue.sizeBytes > effects.maxTransactionBytes;
}

/** Runs the queue; `client.transaction` is kept until its end, so that handlers know of it. */
function runQueue(call: Call, { queue }: Transaction): void {
  const { request, reply, client, server } = call;
  // The transaction's own writes need not be compared with what it watched.
  endWatches(server, client);
  reply.array(queue.length);
  server.effects.beginTransaction();
  const reader = queue.reader();
  for (let id = reader.next(); id !== NO_COMMAND; id = reader.next()) {
    // A client that closes itself (CLIENT KILL) gets no further replies.
    const end = client.closing ? reply.mark() : undefined;
    call.request = reader.request;
    // SELECT may have changed the client's database.
    call.db = client.db;
    call.host.run(call, id);
    if (end !== undefined) reply.rewind(end);
  }
  call.request = request;
  server.effects.endTransaction();
}

function discard({ reply, client, server }: Call): void {
  if (client.transaction === undefined) {
    reply.error('ERR DISCARD without MULTI');
    return;
  }
  discardTransaction(server, client);
  reply.ok();
}

function watch(call: Call): void {
  const { request, reply, client, db, server } = call;
  if (client.transaction !== undefined) {
    reply.error('ERR WATCH inside MULTI is not allowed');
    return;
  }
  // Once a watched key was modified the next EXEC fails in any case.
  if (!client.dirty) {
    let bytes = 0;
    for (let i = 1; i < request.count; i++) bytes += watchBytes(request.lengths[i]);
    if (!call.mayKeep(bytes)) return;
    for (let i = 1; i < request.count; i++) server.keyspace.watch(client, db, request.bytes(i));
  }
  reply.ok();
}

function unwatch({ reply, client, server }: Call): void {
  endWatches(server, client);
  reply.ok();
}
