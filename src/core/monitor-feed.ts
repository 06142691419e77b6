// What clients with MONITOR get: a line for every command that the server runs.
import type { MessageArea } from '../protocol/message-area.ts';
import { quotedLength, writeQuoted } from '../protocol/quote.ts';
import type { Request } from '../protocol/request.ts';
import { unixTimeUs } from '../telemetry/wall-clock.ts';
import type { Client } from './client.ts';
import { isSilent } from './client-modes.ts';
import type { Services } from './services.ts';

/** Bytes of an argument that are shown; behind them stands how many are left out. */
const MAX_SHOWN_BYTES = 64 * 1024;
const SPACE = 0x20;
const REDACTED = '"(redacted)"';

/**
 * Sends the monitors the line of a command that has run: encoded once for all of them. The caller leaves
 * out commands with the flag ADMIN or SKIP_MONITOR. Lines count as replies: CLIENT REPLY keeps them back, unlike
 * messages.
 */
export function feedMonitors(
  { pubsub, clients }: Services,
  client: Client,
  request: Request,
): void {
  const [area] = pubsub.areas;
  const { start, end } = encodeMonitorLine(area, unixTimeUs(), client, request);
  for (const monitor of clients.monitors) {
    if (!isSilent(monitor)) monitor.deliver(area.buffer, start, end);
  }
}

/**
 * `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`: time, database, client, arguments. A client on a
 * unix socket is shown by the socket's path.
 * @param timeUs Unix time in µs
 * @returns where it lies in the area's buffer
 */
export function encodeMonitorLine(
  area: MessageArea,
  timeUs: number,
  client: Client,
  request: Request,
): { readonly start: number; readonly end: number } {
  const head = headOf(timeUs, client);
  let length = Buffer.byteLength(head) + 2;
  for (let i = 0; i < request.count; i++) length += 1 + shownLength(request, i);
  const start = area.allocate(length);
  const { buffer } = area;
  let at = start + buffer.write(head, start);
  for (let i = 0; i < request.count; i++) {
    buffer[at++] = SPACE;
    at = writeShown(buffer, at, request, i);
  }
  buffer.write('\r\n', at);
  return { start, end: at + 2 };
}

function headOf(timeUs: number, { address, db }: Client): string {
  const seconds = Math.floor(timeUs / 1e6);
  const micros = String(timeUs % 1e6).padStart(6, '0');
  const { remote, unixSocket } = address;
  const from = unixSocket ? `unix:${remote.slice(0, remote.lastIndexOf(':'))}` : remote;
  return `+${seconds}.${micros} [${db.index} ${from}]`;
}

function shownLength(request: Request, i: number): number {
  if (request.isSecret(i)) return REDACTED.length;
  const bytes = request.bytes(i);
  if (bytes.length <= MAX_SHOWN_BYTES) return quotedLength(bytes);
  return quotedLength(bytes.subarray(0, MAX_SHOWN_BYTES)) + restOf(bytes).length;
}

/** Writes an argument in quotes, or its beginning; returns the position behind it. */
function writeShown(buffer: Buffer, at: number, request: Request, i: number): number {
  if (request.isSecret(i)) return at + buffer.write(REDACTED, at);
  const bytes = request.bytes(i);
  if (bytes.length <= MAX_SHOWN_BYTES) return writeQuoted(buffer, at, bytes);
  const end = writeQuoted(buffer, at, bytes.subarray(0, MAX_SHOWN_BYTES));
  // Before the quote.
  return end - 1 + buffer.write(`${restOf(bytes)}"`, end - 1);
}

/** What stands for the rest of a large argument: whole, it could be more than fits into memory. */
function restOf(bytes: Buffer): string {
  return `... (${bytes.length - MAX_SHOWN_BYTES} more bytes)`;
}
