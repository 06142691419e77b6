// BGREWRITEAOF: has the write-ahead log begin anew with a snapshot.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { ADMIN, NO_ASYNC_LOADING, NOSCRIPT } from '../../core/flags.ts';

export const logRewritingCommands: readonly CommandRow[] = [
  {
    name: 'bgrewriteaof',
    arity: 1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    group: 'server',
    since: '1.0.0',
    summary: 'Begins to write a snapshot with which the log begins anew, between other commands.',
    complexity: 'O(1)',
    quickUpTo: 0,
    handler: bgrewriteaof,
  },
];

function bgrewriteaof({ reply, client, server }: Call): void {
  const { wal, snapshots } = server;
  if (wal.isRewriting) {
    reply.error('ERR Background append only file rewriting already in progress');
  } else if (snapshots.isSaving || client.transaction !== undefined) {
    wal.scheduleRewrite();
    reply.simple('Background append only file rewriting scheduled');
  } else if (wal.rewrite()) {
    reply.simple('Background append only file rewriting started');
  } else {
    reply.error(
      "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
    );
  }
}
