// BGREWRITEAOF: rewrites the write-ahead log, beginning with a snapshot.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { ADMIN, NO_ASYNC_LOADING, NOSCRIPT } from '../../core/flags.ts';
import type { SnapshotAnswer } from '../../core/snapshots.ts';
import type { Reply } from '../../protocol/reply.ts';

export const logRewritingCommands: readonly CommandRow[] = [
  {
    name: 'bgrewriteaof',
    arity: 1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    group: 'server',
    since: '1.0.0',
    summary:
      'Starts rewriting the log: writes a snapshot, between other commands, with which a new log begins.',
    complexity: 'O(1)',
    quickUpTo: 0,
    handler: bgrewriteaof,
  },
];

const FAILED =
  "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.";

/** What BGREWRITEAOF answers. */
const ANSWERS: Readonly<Record<SnapshotAnswer, (reply: Reply) => void>> = {
  started: (reply) => reply.simple('Background append only file rewriting started'),
  scheduled: (reply) => reply.simple('Background append only file rewriting scheduled'),
  'in progress': (reply) =>
    reply.error('ERR Background append only file rewriting already in progress'),
  blocked: (reply) => reply.error(FAILED),
  failed: (reply) => reply.error(FAILED),
};

function bgrewriteaof({ reply, client, server }: Call): void {
  const when = client.transaction === undefined ? 'now or later' : 'later';
  ANSWERS[server.wal.rewrite(when)](reply);
}
