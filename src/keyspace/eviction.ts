// Eviction: deletes keys, chosen by the policy, when the data exceeds `maxmemory`.
//
// LRU and LFU are approximated as in Redis: a few keys are drawn at random, and the best candidates
// of all draws so far are kept in a small pool, sorted by score. `volatile-ttl` needs no
// sample here: the expiry heap knows the key that expires soonest.
// Source: https://redis.io/docs/reference/eviction/
import { idleMs, lfuCounter } from './access-clock.ts';
import { type Database, NO_EXPIRY } from './database.ts';
import type { Keyspace } from './keyspace.ts';

/** The values of `maxmemory-policy`. */
export type EvictionPolicy =
  | 'noeviction'
  | 'allkeys-lru'
  | 'allkeys-lfu'
  | 'allkeys-random'
  | 'volatile-lru'
  | 'volatile-lfu'
  | 'volatile-random'
  | 'volatile-ttl';

/** Results of `Eviction.run`. */
export const EVICTED_ENOUGH = 0;
/** The deadline passed; there is more to evict. */
export const EVICTION_UNFINISHED = 1;
/** No key is left that the policy allows to evict. */
export const EVICTION_IMPOSSIBLE = 2;

/** `maxmemory-eviction-tenacity` 0 … 9 allows 50 µs a step; beyond, 15 % more for each. */
const STEP_MS = 0.05;
const POOL_SIZE = 16;
/** Keys evicted between two looks at the clock. */
const BATCH = 16;

interface Candidate {
  readonly database: Database;
  readonly key: Buffer;
  /** The higher, the sooner it is evicted. */
  readonly score: number;
}

/** How long one step of eviction may block the event loop, in ms, with this `maxmemory-eviction-tenacity`. */
export function evictionLimitMs(tenacity: number): number {
  if (tenacity >= 100) return Number.POSITIVE_INFINITY;
  if (tenacity <= 10) return STEP_MS * tenacity;
  return STEP_MS * 10 * 1.15 ** (tenacity - 10);
}

/** Evicts keys from a keyspace; see the head of this file. */
export class Eviction {
  policy: EvictionPolicy = 'noeviction';
  /** `maxmemory-samples`: keys drawn from each database for one choice. */
  samples = 5;

  readonly #keyspace: Keyspace;
  /** Ascending by score: the last is the next to go. */
  #pool: Candidate[] = [];
  #nextDatabase = 0;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** Changes the policy and discards the samples taken for the former one. */
  setPolicy(policy: EvictionPolicy): void {
    this.policy = policy;
    this.#pool = [];
    const frequency = policy.endsWith('lfu');
    this.#keyspace.access.frequency = frequency;
    this.#keyspace.refreshAccessWord();
  }

  /**
   * Deletes keys until `isOver()` is false or the deadline (by performance.now()) has passed. While
   * writes are paused, or data is being loaded, the data must not change: nothing is deleted, and the limit may be
   * exceeded.
   * @returns EVICTED_ENOUGH, EVICTION_UNFINISHED or EVICTION_IMPOSSIBLE
   */
  run(isOver: () => boolean, deadline: number): number {
    if (this.#keyspace.expiryPaused || this.#keyspace.isLoading) return EVICTED_ENOUGH;
    while (isOver()) {
      if (this.#keyspace.reclaiming) {
        this.#keyspace.reclaim(deadline);
      } else {
        for (let i = 0; i < BATCH && isOver(); i++) {
          if (this.policy === 'noeviction' || !this.#evictOne()) return EVICTION_IMPOSSIBLE;
        }
      }
      if (performance.now() >= deadline) return isOver() ? EVICTION_UNFINISHED : EVICTED_ENOUGH;
    }
    return EVICTED_ENOUGH;
  }

  #evictOne(): boolean {
    switch (this.policy) {
      case 'allkeys-random':
      case 'volatile-random':
        return this.#evictRandom(this.policy === 'volatile-random');
      case 'volatile-ttl':
        return this.#evictSoonest();
      default:
        return this.#evictBest(this.policy.startsWith('volatile'));
    }
  }

  #evict(database: Database, ref: number): boolean {
    database.evictEntry(ref);
    return true;
  }

  /** A random key of the next database in turn that has any. */
  #evictRandom(volatile: boolean): boolean {
    const { databases } = this.#keyspace;
    for (let i = 0; i < databases.length; i++) {
      const database = databases[this.#nextDatabase++ % databases.length];
      const ref = volatile ? database.randomExpiring() : database.random();
      if (ref !== 0) return this.#evict(database, ref);
    }
    return false;
  }

  #evictSoonest(): boolean {
    let soonest: Database | undefined;
    for (const database of this.#keyspace.databases) {
      if (database.expiring === 0) continue;
      if (soonest === undefined || database.soonestExpiryMs < soonest.soonestExpiryMs) {
        soonest = database;
      }
    }
    return soonest !== undefined && this.#evict(soonest, soonest.soonestToExpire());
  }

  #evictBest(volatile: boolean): boolean {
    for (;;) {
      let drawn = 0;
      for (const database of this.#keyspace.databases) drawn += this.#sample(database, volatile);
      if (drawn === 0) return false;
      for (let best = this.#pool.pop(); best !== undefined; best = this.#pool.pop()) {
        const { database, key } = best;
        const ref = database.find(key, 0, key.length);
        // The key may have gone, or lost its expiry, since it was drawn.
        if (ref !== 0 && (!volatile || database.expiryOf(ref) !== NO_EXPIRY)) {
          return this.#evict(database, ref);
        }
      }
    }
  }

  /** Draws keys of a database into the pool; returns how many it drew. */
  #sample(database: Database, volatile: boolean): number {
    const available = volatile ? database.expiring : database.size;
    const count = Math.min(this.samples, available);
    for (let i = 0; i < count; i++) {
      const ref = volatile ? database.randomExpiring() : database.random();
      const score = this.#score(database, ref);
      if (this.#pool.length < POOL_SIZE || score > this.#pool[0].score) {
        this.#enter(database, ref, score);
      }
    }
    return count;
  }

  #score(database: Database, ref: number): number {
    const { access, nowMs } = this.#keyspace;
    const word = database.accessWord(ref);
    return access.frequency ? 255 - lfuCounter(word, nowMs, access) : idleMs(word, nowMs);
  }

  #enter(database: Database, ref: number, score: number): void {
    const pool = this.#pool;
    const key = database.key(ref).copy();
    if (pool.some((other) => other.database === database && other.key.equals(key))) return;
    let at = pool.length;
    while (at > 0 && pool[at - 1].score > score) at--;
    pool.splice(at, 0, { database, key, score });
    if (pool.length > POOL_SIZE) pool.shift();
  }
}
