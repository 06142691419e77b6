// The types by which CLIENT LIST and CLIENT KILL choose clients, and by which output buffers are
// limited.
import type { Request } from '../protocol/request.ts';
import type { Client } from './client.ts';

export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub';

/** The type that argument i names, in any case; undefined when it names none. */
export function clientTypeAt(request: Request, i: number): ClientType | undefined {
  if (request.is(i, 'normal')) return 'normal';
  if (request.is(i, 'slave') || request.is(i, 'replica')) return 'replica';
  if (request.is(i, 'pubsub')) return 'pubsub';
  return request.is(i, 'master') ? 'master' : undefined;
}

/**
 * The type of a client. Monitors count as normal ones, as in Redis; a client that takes part in
 * replication cannot connect to this server yet.
 */
export function typeOf(client: Client): ClientType {
  return client.subscriptions === undefined ? 'normal' : 'pubsub';
}
