// What the parts of a server keep for a client, and dropping it when the client is gone.
import type { Client } from './client.ts';
import type { Services } from './services.ts';

/** The parts that keep something for clients. */
export type ClientStateHolders = Pick<
  Services,
  'keyspace' | 'blocking' | 'pause' | 'pubsub' | 'tracking'
>;

/**
 * Ends all that a client has begun: transaction, watches, waits, subscriptions, tracking. What there is much of
 * counts for nothing from now on, and is dropped in steps.
 */
export function releaseState(holders: ClientStateHolders, client: Client): void {
  const { keyspace, blocking, pause, pubsub, tracking } = holders;
  client.endTransaction();
  keyspace.forgetWatches(client);
  blocking.forget(client);
  pause.suspended.delete(client);
  keyspace.finishInSteps(pubsub.forget(client));
  keyspace.finishInSteps(tracking.forget(client));
}
