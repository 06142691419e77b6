// Clients that are closed for what they take, at once and without an answer, and what the log says of it.
import type { Client } from '../core/client.ts';
import type { Logger } from '../logging/logger.ts';
import { isOutOfMemory } from '../memory/out-of-memory.ts';

/** Closes a client for which there is no memory. @throws any other error than that */
export function killForMemory(client: Client, log: Logger, error: unknown): void {
  if (!isOutOfMemory(error)) throw error;
  log.warn(
    { client: client.id, address: client.address.remote, err: error },
    'Closing client for which there is no memory: id={client} addr={address}',
  );
  client.kill();
}

/** Closes a client that sends more than may be kept of it. */
export function killForInput(client: Client, log: Logger, bytes: number): void {
  log.warn(
    { client: client.id, address: client.address.remote, bytes },
    'Closing client that reached max query buffer length: id={client} addr={address} qbuf={bytes}',
  );
  client.kill();
}

/** Closes a client that would leave so many bytes unread. */
export function killForOutput(client: Client, log: Logger, unsentBytes: number): void {
  log.warn(
    { client: client.id, address: client.address.remote, details: { unsentBytes } },
    'Client id={client} addr={address} scheduled to be closed ASAP for overcoming of output buffer limits.',
  );
  client.kill();
}
