// The modes that a client switches for itself: CLIENT REPLY, NO-EVICT and NO-TOUCH.
import type { Request } from '../protocol/request.ts';
import type { Call } from './call.ts';
import { type Client, REPLY_OFF, REPLY_ON, REPLY_SKIP, REPLY_SKIP_NEXT } from './client.ts';
import { SYNTAX } from './errors.ts';
import type { Services } from './services.ts';

/** CLIENT REPLY ON | OFF | SKIP. Dispatch drops the replies that the mode forbids. */
export function replyMode({ request, reply, client }: Call): void {
  if (request.is(2, 'on')) {
    client.replyMode = REPLY_ON;
    reply.ok();
  } else if (request.is(2, 'off')) {
    client.replyMode = REPLY_OFF;
  } else if (request.is(2, 'skip')) {
    if (client.replyMode !== REPLY_OFF) client.replyMode = REPLY_SKIP_NEXT;
  } else {
    reply.error(SYNTAX);
  }
}

/** Whether a client's replies are dropped: under CLIENT REPLY OFF, and for the command after SKIP. */
export function isSilent({ replyMode }: Client): boolean {
  return replyMode === REPLY_OFF || replyMode === REPLY_SKIP;
}

/** CLIENT NO-EVICT ON | OFF */
export function noEvict({ request, reply, client }: Call): void {
  const isOn = switchAt(request, 2);
  if (isOn === undefined) {
    reply.error(SYNTAX);
    return;
  }
  client.noEvict = isOn;
  reply.ok();
}

/** After a command of the client was answered, or not: CLIENT REPLY SKIP holds for the one after it. */
export function advanceReplyMode(client: Client): void {
  if (client.replyMode === REPLY_SKIP_NEXT) client.replyMode = REPLY_SKIP;
  else if (client.replyMode === REPLY_SKIP) client.replyMode = REPLY_ON;
}

/** CLIENT NO-TOUCH ON | OFF */
export function noTouch({ request, reply, client, server }: Call): void {
  const isOn = switchAt(request, 2);
  if (isOn === undefined) {
    reply.error(SYNTAX);
    return;
  }
  setNoTouch(server, client, isOn);
  reply.ok();
}

/** Sets NO-TOUCH for the client that runs a command, beginning with its next one. */
export function setNoTouch({ keyspace }: Services, client: Client, isOn: boolean): void {
  client.noTouch = isOn;
  keyspace.suspendTouch = isOn;
}

/** Whether argument i says on or off; undefined when it says neither. */
function switchAt(request: Request, i: number): boolean | undefined {
  if (request.is(i, 'on')) return true;
  return request.is(i, 'off') ? false : undefined;
}
