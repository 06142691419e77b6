// Has the memory read together that a command with several keys will touch, before its handler looks up one
// after another (keyspace/key-prefetcher.ts). The first keys of a pipeline's requests were prefetched already, all
// together (net/request-batch.ts).
import { KeyCursor } from '../core/key-cursor.ts';
import type { KeyPlan } from '../core/key-plan.ts';
import type { Database } from '../keyspace/database.ts';
import { KeyPrefetcher } from '../keyspace/key-prefetcher.ts';
import type { Request } from '../protocol/request.ts';

/** Prefetches the keys of single requests; see the head of this file. */
export class RequestPrefetcher {
  readonly #keys = new KeyCursor();
  readonly #prefetcher = new KeyPrefetcher();

  /**
   * Prefetches the first keys of a request, up to one that is hardly a key. Changes nothing but hashes.
   * @param plan that of its command, whose keys stand in their order (`KeyPlan.severalAbove`)
   */
  keysOf(database: Database, request: Request, plan: KeyPlan): void {
    const keys = this.#keys;
    keys.begin(plan, request);
    let i = keys.next();
    // None may be left out before one that is hashed: `Request.hashedTo` stands for all before it.
    while (i !== 0 && this.#prefetcher.add(database, request, i)) i = keys.next();
    this.#prefetcher.prefetch(database);
  }
}
