// Prefetches the memory that looking up keys will read. A lookup waits for memory two or three times, one after
// another; the waits for several keys can overlap. Saves about a third of the CPU per command once the data is
// larger than the processor's caches.
import type { Request } from '../protocol/request.ts';
import type { Database } from './database.ts';

/** Keys per batch: enough to hide the memory's latency, few enough to stay cached. */
const MAX_KEYS = 16;
/** Longer arguments are seldom keys, and hashing them is expensive. */
const MAX_KEY_BYTES = 128;

/** Collects keys that will soon be looked up; see the head of this file. */
export class KeyPrefetcher {
  readonly #hashes = new Int32Array(MAX_KEYS);
  readonly #refs = new Int32Array(MAX_KEYS);
  #count = 0;
  /** Combines every word that was read, so that the reads are not optimised away. */
  sink = 0;

  /**
   * Adds argument i of a request; false if the batch is full or the argument is too long. The keys of a request are
   * added in order, and none after a refused one, because `Request.hashedTo` covers all keys before it.
   */
  add(database: Database, request: Request, i: number): boolean {
    if (this.#count === MAX_KEYS || request.lengths[i] > MAX_KEY_BYTES) return false;
    this.#hashes[this.#count++] = database.hashKey(request, i);
    return true;
  }

  /** Prefetches the memory of the added keys, and clears the batch. Changes no data. */
  prefetch(database: Database): void {
    // For a single key prefetching gains nothing.
    if (this.#count > 1) this.sink = database.prefetch(this.#hashes, this.#refs, this.#count);
    this.#count = 0;
  }
}
