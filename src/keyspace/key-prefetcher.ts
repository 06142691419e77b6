// Has the memory read that looking up keys will touch, before they are looked up. A lookup waits
// for memory two or three times, each wait depending on the one before; those of several keys can
// be waited for together. Worth about a third of the CPU per command once the data outgrows the
// processor's caches.
import type { Request } from '../protocol/request.ts';
import type { Database } from './database.ts';

/** Keys at a time: enough to hide memory's latency, few enough to stay cached. */
const MAX_KEYS = 16;
/** Longer arguments are hardly keys, and expensive to hash for nothing. */
const MAX_KEY_BYTES = 128;

/** Collects keys that will soon be looked up; see the head of this file. */
export class KeyPrefetcher {
  readonly #hashes = new Int32Array(MAX_KEYS);
  readonly #refs = new Int32Array(MAX_KEYS);
  #count = 0;
  /** Depends on every word that was read, so that the reads are not optimised away. */
  sink = 0;

  /**
   * Adds argument i of a request; false if there is no room, or it is hardly a key. The keys of a request are
   * added in their order, and none after one that was not: `Request.hashedTo` stands for all before it.
   */
  add(database: Database, request: Request, i: number): boolean {
    if (this.#count === MAX_KEYS || request.lengths[i] > MAX_KEY_BYTES) return false;
    this.#hashes[this.#count++] = database.hashKey(request, i);
    return true;
  }

  /** Reads what looking up the keys added will touch, and forgets them. Changes nothing. */
  prefetch(database: Database): void {
    // A single one is as fast by itself.
    if (this.#count > 1) this.sink = database.prefetch(this.#hashes, this.#refs, this.#count);
    this.#count = 0;
  }
}
