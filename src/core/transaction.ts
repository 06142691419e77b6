// How a client's transaction ends that is not run.
import type { Client } from './client.ts';
import type { Services } from './services.ts';

/** Ends the client's transaction, if it has one, and all its watches. */
export function discardTransaction(server: Services, client: Client): void {
  client.endTransaction();
  endWatches(server, client);
}

/**
 * What EXEC answers when it is refused with an error itself: the transaction is gone then, unlike
 * after a refused command of another kind.
 */
export function execRefusal(error: string): string {
  return `EXECABORT Transaction discarded because of: ${error.replace(/^ERR /, '')}`;
}

/** Ends all watches of a client, as EXEC does. */
export function endWatches(server: Services, client: Client): void {
  server.keyspace.unwatch(client);
  client.dirty = false;
}
