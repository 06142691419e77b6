// MONITOR: a line for every command that the server runs, to the clients that asked for it.
import { quote } from '../protocol/quote.ts';
import type { Request } from '../protocol/request.ts';
import { unixTimeUs } from '../telemetry/wall-clock.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { CommandRow } from './command.ts';
import { ADMIN, LOADING, NOSCRIPT, STALE } from './flags.ts';
import type { Services } from './services.ts';

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

/** Bytes of an argument that are shown; behind them stands how many are left out. */
const MAX_SHOWN_BYTES = 64 * 1024;
const REDACTED = '"(redacted)"';

/**
 * Sends the monitors the line of a command that has run. The caller leaves out commands with the
 * flag ADMIN or SKIP_MONITOR.
 */
export function feedMonitors(server: Services, client: Client, request: Request): void {
  const line = Buffer.from(`+${formatMonitorLine(unixTimeUs(), client, request)}\r\n`);
  for (const monitor of server.clients.monitors) monitor.send(line);
}

/**
 * `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`: time, database, client, arguments. A client
 * on a unix socket is told by the socket's path.
 * @param timeUs Unix time in µs
 */
export function formatMonitorLine(timeUs: number, client: Client, request: Request): string {
  const seconds = Math.floor(timeUs / 1e6);
  const micros = String(timeUs % 1e6).padStart(6, '0');
  const { remote, unixSocket } = client.address;
  const from = unixSocket ? `unix:${remote.slice(0, remote.lastIndexOf(':'))}` : remote;
  let line = `${seconds}.${micros} [${client.db.index} ${from}]`;
  for (let i = 0; i < request.count; i++) {
    line += ` ${request.isSecret(i) ? REDACTED : shown(request.bytes(i))}`;
  }
  return line;
}

/** An argument in quotes. As a whole, a large one could be longer than a string can be. */
function shown(bytes: Buffer): string {
  if (bytes.length <= MAX_SHOWN_BYTES) return quote(bytes);
  const beginning = quote(bytes.subarray(0, MAX_SHOWN_BYTES)).slice(0, -1);
  return `${beginning}... (${bytes.length - MAX_SHOWN_BYTES} more bytes)"`;
}

/** Ends MONITOR for a client, if it is one. */
export function stopMonitoring(server: Services, client: Client): void {
  client.monitor = false;
  server.clients.monitors.delete(client);
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
  server.clients.monitors.add(client);
  reply.ok();
}
