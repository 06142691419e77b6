// All connected clients, and those that get a line for every command (MONITOR).
import type { Client } from './client.ts';
import { MONITORED, Restrictions } from './restrictions.ts';

/** The connected clients; see the head of this file. */
export class ClientRegistry {
  readonly #byId = new Map<number, Client>();
  #lastId = 0;
  readonly #monitors = new Set<Client>();
  readonly #restrictions: Restrictions;

  /** @param restrictions where it says whether clients are monitored */
  constructor(restrictions = new Restrictions()) {
    this.#restrictions = restrictions;
  }

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
    this.removeMonitor(client);
  }

  /** Clients that get a line for every command. */
  get monitors(): ReadonlySet<Client> {
    return this.#monitors;
  }

  addMonitor(client: Client): void {
    this.#monitors.add(client);
    this.#restrictions.set(MONITORED, true);
  }

  removeMonitor(client: Client): void {
    this.#monitors.delete(client);
    this.#restrictions.set(MONITORED, this.#monitors.size > 0);
  }

  get(id: number): Client | undefined {
    return this.#byId.get(id);
  }

  /** In the order in which they connected. */
  all(): IterableIterator<Client> {
    return this.#byId.values();
  }
}
