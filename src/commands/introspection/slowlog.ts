// SLOWLOG: reads and resets the log of slow requests (telemetry/slow-log.ts).

import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { ADMIN, LOADING, STALE } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { SlowLogEntry } from '../../telemetry/slow-log.ts';

const HELP = [
  'GET [<count>]',
  '    Return top <count> entries from the slowlog (default: 10, -1 mean all).',
  '    Entries are made of:',
  '    id, timestamp, time in microseconds, arguments array, client IP and port,',
  '    client name',
  'LEN',
  '    Return the length of the slowlog.',
  'RESET',
  '    Reset the slowlog.',
];

export const slowlogCommands: readonly CommandRow[] = [
  {
    name: 'slowlog',
    arity: -2,
    flags: 0,
    group: 'server',
    since: '2.2.12',
    summary: 'Container of the commands about slow requests.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'get',
        arity: -2,
        flags: ADMIN | LOADING | STALE,
        group: 'server',
        since: '2.2.12',
        summary: 'Returns the newest slow requests.',
        complexity: 'O(N) where N is the number of entries returned',
        history: [['4.0.0', 'Also returns the address and the name of the client.']],
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        syntax: '[count:integer]',
        handler: get,
      },
      {
        name: 'len',
        arity: 2,
        flags: ADMIN | LOADING | STALE,
        group: 'server',
        since: '2.2.12',
        summary: 'Returns how many slow requests are kept.',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        handler: ({ reply, server }) => reply.integer(server.slowLog.length),
      },
      {
        name: 'reset',
        arity: 2,
        flags: ADMIN | LOADING | STALE,
        group: 'server',
        since: '2.2.12',
        summary: 'Deletes all slow requests that are kept.',
        complexity: 'O(N) where N is the number of entries in the slowlog',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        handler: reset,
      },
      helpRow('server', '6.2.0', HELP),
    ],
  },
];

const DEFAULT_COUNT = 10;

function get({ request, reply, server }: Call): void {
  const count = request.count === 3 ? request.integer(2) : DEFAULT_COUNT;
  if (request.count > 3) {
    reply.error(wrongSubcommandUse(request));
  } else if (count >= -1) {
    const { slowLog } = server;
    const found = count === -1 ? slowLog.length : Math.min(count, slowLog.length);
    reply.array(found);
    for (const entry of slowLog.newest(found)) replyEntry(reply, entry);
  } else {
    reply.error('ERR count should be greater than or equal to -1');
  }
}

function replyEntry(reply: Reply, entry: SlowLogEntry): void {
  reply.array(6);
  reply.integer(entry.id);
  reply.integer(entry.timeSeconds);
  reply.integer(entry.durationUs);
  reply.array(entry.args.length);
  for (const arg of entry.args) reply.bulkBuffer(arg);
  reply.bulkText(entry.clientAddress);
  reply.bulkText(entry.clientName);
}

function reset({ reply, server }: Call): void {
  server.slowLog.reset();
  reply.ok();
}
