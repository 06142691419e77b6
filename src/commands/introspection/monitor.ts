// MONITOR: a line for every command that the server runs (core/monitor-feed.ts), to the clients that asked for it.

import type { Call } from '../../core/call.ts';
import type { Client } from '../../core/client.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { ADMIN, LOADING, NOSCRIPT, STALE } from '../../core/flags.ts';
import type { Services } from '../../core/services.ts';

export const monitorCommands: readonly CommandRow[] = [
  {
    name: 'monitor',
    arity: 1,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    group: 'server',
    since: '1.0.0',
    summary: 'Shows the commands of all clients as they run.',
    handler: monitor,
  },
];

/** Ends MONITOR for a client, if it is one. */
export function stopMonitoring(server: Services, client: Client): void {
  client.monitor = false;
  server.clients.removeMonitor(client);
}

function monitor(call: Call): void {
  const { reply, client, server } = call;
  if (!call.mayWait) {
    reply.error("ERR MONITOR isn't allowed for DENY BLOCKING client");
    return;
  }
  // Asked once more it answers nothing: so does Redis.
  if (client.monitor) return;
  client.monitor = true;
  server.clients.addMonitor(client);
  reply.ok();
}
