// CLIENT LIST and CLIENT INFO: a line for each client, made of `field=value` pairs in the order of
// Redis 7.2. Source: https://redis.io/docs/latest/commands/client-list/

import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { Client } from '../../core/client.ts';
import { type ClientType, clientTypeAt, typeOf } from '../../core/client-type.ts';
import { SYNTAX } from '../../core/errors.ts';
import type { Services } from '../../core/services.ts';
import { argumentBytesOf } from '../../core/waiting.ts';
import type { Request } from '../../protocol/request.ts';
import { BROADCAST, BROKEN_REDIRECTION, TRACKING_ON } from '../../tracking/tracker.ts';
import { redirectionOf } from './client-tracking.ts';

const INVALID_ID = 'ERR Invalid client ID';

/** CLIENT INFO */
export function clientInfo(call: Call): void {
  call.reply.verbatimParts([lineOf(call.client, call)], 'txt');
}

/** CLIENT LIST [TYPE type | ID id …] */
export function clientList(call: Call): void {
  const { request, reply } = call;
  const { count } = request;
  if (count === 2) {
    reply.verbatimParts(linesOfType(call, undefined), 'txt');
  } else if (count === 4 && request.is(2, 'type')) {
    const type = clientTypeAt(request, 3);
    if (type === undefined) reply.error(unknownType(request, 3));
    else reply.verbatimParts(linesOfType(call, type), 'txt');
  } else if (count > 3 && request.is(2, 'id')) {
    replyLinesById(call);
  } else {
    reply.error(SYNTAX);
  }
}

/** The error for an argument that names no type of clients. */
export function unknownType(request: Request, i: number): string {
  return `ERR Unknown client type '${cString(request, i)}'`;
}

function linesOfType(call: Call, type: ClientType | undefined): Buffer[] {
  const lines: Buffer[] = [];
  for (const client of call.server.clients.all()) {
    if (type === undefined || typeOf(client) === type) lines.push(lineOf(client, call));
  }
  return lines;
}

function replyLinesById(call: Call): void {
  const { request, reply, server } = call;
  const lines: Buffer[] = [];
  for (let i = 3; i < request.count; i++) {
    const id = request.integer(i);
    if (Number.isNaN(id)) {
      reply.error(INVALID_ID);
      return;
    }
    const client = server.clients.get(id);
    if (client !== undefined) lines.push(lineOf(client, call));
  }
  reply.verbatimParts(lines, 'txt');
}

/**
 * The line of a client. What its buffers take is shown as Redis does: rbs, rbp and obl are its share of
 * the buffers for replies (reply-buffer.ts), oll and omem what does not fit into it. tot-mem is what it
 * counts for `maxmemory-clients`. In bytes, as all lines together may be more than a string holds.
 */
function lineOf(client: Client, call: Call): Buffer {
  const { nowMs } = call.server.keyspace;
  const { address, subscriptions, transaction, replyBuffer } = client;
  const buffers = client.buffers();
  // Only the client that asks runs a command; it is not charged for what it reads and runs at once.
  const runningBytes = client === call.client ? argumentBytesOf(call.request) : 0;
  const argumentBytes = runningBytes + buffers.arguments + client.waitingBytes;
  return Buffer.from(
    `id=${client.id} addr=${address.remote} laddr=${address.local} fd=${client.descriptor()}` +
      ` name=${client.name} age=${secondsSince(client.createdMs, nowMs)}` +
      ` idle=${secondsSince(client.lastActiveMs, nowMs)} flags=${flagsOf(client, call.server)}` +
      ` db=${client.db.index} sub=${subscriptions?.channels.size ?? 0} psub=${subscriptions?.patterns.size ?? 0}` +
      ` ssub=${subscriptions?.shards.size ?? 0} multi=${transaction?.queue.length ?? -1}` +
      ` qbuf=${buffers.query} qbuf-free=${buffers.queryFree}` +
      ` argv-mem=${argumentBytes} multi-mem=${transaction?.queue.sizeBytes ?? 0}` +
      ` rbs=${replyBuffer.sizeBytes} rbp=${replyBuffer.peakBytes}` +
      ` obl=${replyBuffer.bufferedBytes(buffers.output)} oll=${replyBuffer.blocksOf(buffers.output)}` +
      ` omem=${replyBuffer.listBytes(buffers.output)} tot-mem=${client.memoryBytes + runningBytes}` +
      ` events=${buffers.output > 0 ? 'rw' : 'r'} cmd=${client.lastCommand?.fullName ?? 'NULL'}` +
      ` user=${client.user} redir=${redirectionOf(client)} resp=${client.protocol}` +
      ` lib-name=${client.libraryName} lib-ver=${client.libraryVersion}\n`,
  );
}

function flagsOf(client: Client, { pause }: Services): string {
  let flags = '';
  if (client.monitor) flags += 'O';
  if (client.subscriptions !== undefined) flags += 'P';
  if (client.transaction !== undefined) flags += 'x';
  if (client.blocked || pause.suspended.has(client)) flags += 'b';
  const { tracker } = client;
  if (tracker?.has(TRACKING_ON)) flags += 't';
  if (tracker?.has(BROKEN_REDIRECTION)) flags += 'R';
  if (tracker?.has(BROADCAST)) flags += 'B';
  if (client.dirty) flags += 'd';
  if (client.closing) flags += 'c';
  if (client.address.unixSocket) flags += 'U';
  if (client.noEvict) flags += 'e';
  if (client.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}

function secondsSince(pastMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - pastMs) / 1000));
}
