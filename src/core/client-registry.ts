// All connected clients, and those that get a line for every command (MONITOR).
import type { Client } from './client.ts';

/** The connected clients; see the head of this file. */
export class ClientRegistry {
  readonly #byId = new Map<number, Client>();
  /** Clients that get a line for every command. */
  readonly monitors = new Set<Client>();
  #lastId = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** A number that no client had before. */
  nextId(): number {
    return ++this.#lastId;
  }

  add(client: Client): void {
    this.#byId.set(client.id, client);
  }

  remove(client: Client): void {
    this.#byId.delete(client.id);
    this.monitors.delete(client);
  }

  get(id: number): Client | undefined {
    return this.#byId.get(id);
  }

  /** In the order in which they connected. */
  all(): IterableIterator<Client> {
    return this.#byId.values();
  }
}
