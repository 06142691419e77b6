// Prefetches the memory that looking members or fields of one large collection up will read, as key-prefetcher.ts does
// for keys: a pipeline often stays at one key, and its members are scattered over memory.
import type { Request } from '../protocol/request.ts';
import type { Database } from './database.ts';

/** Longer arguments are seldom members, and hashing them is expensive. */
const MAX_MEMBER_BYTES = 128;
/** Requests at once. */
const MAX_REQUESTS = 16;

/** See the head of this file. */
export class MemberPrefetcher {
  readonly #hashes = new Int32Array(MAX_REQUESTS);
  readonly #refs = new Int32Array(MAX_REQUESTS);
  /** Combines every word that was read, so that the reads are not optimised away. */
  sink = 0;

  /**
   * Prefetches what requests of the same key will likely look up in its value, and has them keep the hashes of those
   * members (Request.memberHash). Changes no data.
   * @param keyed one of them that has the key: others may have none
   */
  prefetch(database: Database, keyed: Request, requests: readonly Request[], count: number): void {
    const collections = database.collectionsAt(keyed, 1);
    const members = collections?.members;
    if (members === undefined) return;
    const hashes = this.#hashes;
    let added = 0;
    for (let i = 0; i < count; i++) {
      const request = requests[i];
      const at = members.argumentOf(request.count);
      if (at < 2 || at >= request.count || request.large !== undefined) continue;
      if (request.lengths[at] > MAX_MEMBER_BYTES) continue;
      const hash = database.hash(request.buffer, request.offsets[at], request.lengths[at]);
      request.keepMemberHash(at, hash);
      hashes[added++] = hash;
    }
    if (added > 1) this.sink = members.prefetch(database.foundRoot, hashes, this.#refs, added);
  }
}
