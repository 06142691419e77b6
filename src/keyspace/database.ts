// One of the numbered databases: keys as commands see them, with the side effects of reading and changing a key:
// WATCH, statistics, key events, access clock, snapshots. A key whose expiry has passed is never returned.
// key-store.ts stores the keys; types/string/values.ts, types/list/values.ts … implement the values of each type on
// top of both.
//
// A reference to an entry is valid until the next change of that key; methods that may move an
// entry return its new reference.
import type { Request } from '../protocol/request.ts';
import { prefetchEntries } from '../structures/entry.ts';
import type { Collections } from './collections.ts';
import type { EntryRemoval } from './database-host.ts';
import { NO_EXPIRY } from './entries.ts';
import { EVENT_KEY_MISS } from './key-events.ts';
import { KeyStore } from './key-store.ts';

export { NO_EXPIRY } from './entries.ts';

/** A numbered database; see the head of this file. */
export class Database extends KeyStore {
  /** The root that `collectionsAt` found. */
  foundRoot = 0;

  /** The entry of a key, or 0. Leaves statistics and access clock alone. */
  find(bytes: Uint8Array, offset: number, length: number): number {
    const ref = this.table.find(bytes, offset, length);
    if (ref !== 0 && this.entries.isTimed(ref)) return this.#unlessDue(ref);
    return ref;
  }

  /** As `find`, for an argument of the request; also used before a change. */
  lookupForChange(request: Request, i: number): number {
    const ref = this.#look(request, i);
    if (ref !== 0) this.host.snapshot?.preserve(this.table, ref);
    return ref;
  }

  /** As `lookupForChange`, for commands that only read. */
  #look(request: Request, i: number): number {
    const ref = this.lookupStored(request, i);
    if (ref !== 0 && this.entries.isTimed(ref)) return this.#unlessDue(ref);
    return ref;
  }

  /** Requests begin whose keys were compared with each other: `Request.sameKeyAs`. */
  beginRequests(): void {
    this.host.repeated.forget();
  }

  /** The entry of argument i, or 0, even if its expiry has passed: for MEMORY USAGE and DEBUG. */
  lookupStored(request: Request, i: number): number {
    const { buffer, offsets, lengths } = request;
    const { table } = this;
    if (i !== 1) return table.findHashed(this.hashOf(request, i), buffer, offsets[i], lengths[i]);
    const { repeated } = this.host;
    const known = repeated.of(request, table);
    if (known !== 0) return known;
    const ref = table.findHashed(this.hashOf(request, 1), buffer, offsets[1], lengths[1]);
    repeated.note(request, table);
    return ref;
  }

  /** The hash of argument i, a key or a member: what the request keeps of it, else it is computed. */
  hashOf(request: Request, i: number): number {
    if (i > 0 && i <= request.hashedTo) return request.hashes[i];
    if (i === request.memberAt && i > 0) return request.memberHash;
    return this.hash(request.buffer, request.offsets[i], request.lengths[i]);
  }

  /** Computes the hash of a key that will probably be looked up soon, and keeps it. Called in the order of the keys. */
  hashKey(request: Request, i: number): number {
    const hash = this.hashOf(request, i);
    request.keepHash(i, hash);
    return hash;
  }

  /**
   * Prefetches the memory that looking up these hashes will read (BytesTable.prefetchSlots); `refs` is scratch space.
   */
  prefetch(hashes: Int32Array, refs: Int32Array, count: number): number {
    return (
      this.table.prefetchSlots(hashes, refs, count) ^
      prefetchEntries(this.entries.arena, refs, count)
    );
  }

  /**
   * What works on the value of the key of argument i, if it has a root, which is in `foundRoot` then. Changes nothing,
   * and tells of what is over, too.
   */
  collectionsAt(request: Request, i: number): Collections | undefined {
    const ref = this.lookupStored(request, i);
    if (ref === 0 || !this.entries.hasRoot(ref)) return undefined;
    this.foundRoot = this.entries.root(ref);
    return this.entries.collectionsOf(ref);
  }

  /** The entry of a key that a command reads, or 0: counts a hit or miss, sets the access clock. */
  lookupRead(request: Request, i: number): number {
    const ref = this.#look(request, i);
    if (ref === 0) {
      this.host.stats.misses++;
      this.notify(EVENT_KEY_MISS, 'keymiss', request, i);
      return 0;
    }
    this.host.stats.hits++;
    this.touch(ref);
    return ref;
  }

  /** As `lookupRead`, without setting the access clock (TTL, TYPE …). */
  lookupNoTouch(request: Request, i: number): number {
    const ref = this.lookupQuietly(request, i);
    if (ref === 0) this.notify(EVENT_KEY_MISS, 'keymiss', request, i);
    return ref;
  }

  /** As `lookupNoTouch`, without a key miss event (OBJECT). */
  lookupQuietly(request: Request, i: number): number {
    const ref = this.#look(request, i);
    if (ref === 0) this.host.stats.misses++;
    else this.host.stats.hits++;
    return ref;
  }

  /** The entry of a key that a command is about to change, or 0: sets the access clock. */
  lookupWrite(request: Request, i: number): number {
    const ref = this.lookupForChange(request, i);
    if (ref !== 0) this.touch(ref);
    return ref;
  }

  /** Reports `changes` modifications of the key of argument i by a client. */
  modified(request: Request, i: number, changes: number): void {
    this.host.dirty += changes - 1;
    this.host.modified(this, request.buffer, request.offsets[i], request.lengths[i]);
  }

  /** Publishes an event (key-events.ts) of the key of argument i. */
  notify(eventClass: number, event: string, request: Request, i: number): void {
    const { events } = this.host;
    if ((events.mask & eventClass) === 0) return;
    events.emit(event, this.index, request.buffer, request.offsets[i], request.lengths[i]);
  }

  /** Deletes the key of argument i; returns whether it was there. */
  delete(request: Request, i: number): boolean {
    const ref = this.lookupForChange(request, i);
    if (ref === 0) return false;
    this.removeFound(ref);
    this.host.modified(this, request.buffer, request.offsets[i], request.lengths[i]);
    return true;
  }

  /** Deletes an entry whose expiry has passed. */
  expireEntry(ref: number): void {
    this.host.expired(this, this.#takeOut(ref));
  }

  /** Deletes an entry to free memory (eviction). */
  evictEntry(ref: number): void {
    this.host.evicted(this, this.#takeOut(ref));
  }

  /**
   * Moves the value of an entry to another key, in this or another database, replacing an existing value; expiry and
   * access clock move with it. The source is deleted (RENAME, MOVE).
   */
  moveTo(ref: number, target: Database, request: Request, i: number): void {
    this.host.snapshot?.preserve(this.table, ref);
    const word = this.accessWord(ref);
    const fresh = this.#transfer(ref, target, request, i, true);
    target.setAccessWord(fresh, word);
    const source = this.#takeOut(ref);
    this.host.affected(this, source, 0, source.length, true);
    target.modified(request, i, 1);
  }

  /** As `moveTo`, but the source stays, and the access clock of the copy is that of a new key (COPY). */
  copyTo(ref: number, target: Database, request: Request, i: number): void {
    this.#transfer(ref, target, request, i, false);
    target.modified(request, i, 1);
  }

  /** Reports to the keyspace that the entry's value was changed in place. */
  signalModified(ref: number): void {
    const key = this.key(ref);
    this.host.modified(this, key.buffer, key.offset, key.length);
  }

  /**
   * Sets the expiry of a key (ms since the epoch), or removes it (NO_EXPIRY).
   * @returns the entry's reference, which may be another
   */
  setExpiry(ref: number, timeMs: number): number {
    this.host.snapshot?.preserve(this.table, ref);
    let target = ref;
    if (this.expiryOf(ref) !== NO_EXPIRY && timeMs !== NO_EXPIRY) {
      this.updateExpiry(ref, timeMs);
    } else if (this.expiryOf(ref) !== timeMs) {
      target = this.rebuild(ref, this.value(ref).length, timeMs);
    }
    this.signalModified(target);
    return target;
  }

  /** Whether the key's expiry has passed. */
  isDue(ref: number): boolean {
    const expiry = this.expiryOf(ref);
    return expiry !== NO_EXPIRY && expiry <= this.host.dueMs;
  }

  /** Whether the key's expiry has not passed. If it has, the key is deleted if that is allowed now. */
  isLive(ref: number): boolean {
    return !this.isDue(ref) || this.#unlessDue(ref) !== 0;
  }

  /**
   * The entry, unless its expiry has passed: then it is deleted, if deleting is allowed now. Parts of its value that
   * are due are removed, too.
   */
  #unlessDue(ref: number): number {
    const keyspace = this.host;
    const { hash } = this.table;
    let live = ref;
    if (this.isDue(ref)) {
      live = 0;
      if (!keyspace.expiryPaused) this.expireEntry(ref);
    } else if (this.entries.hasTimedParts(ref) && !keyspace.expiryPaused) {
      live = keyspace.expirePartsOf(this, ref);
    }
    this.table.hash = hash;
    return live;
  }

  /** To be called before an entry is changed that was not looked up for that: a snapshot gets it as it is. */
  changing(ref: number): void {
    this.host.snapshot?.preserve(this.table, ref);
  }

  /** An entry whose key has this hash and which `accepts` takes, whether its expiry has passed or not; or 0. */
  withHash(hash: number, accepts: (ref: number) => boolean): number {
    return this.table.withHash(hash, accepts);
  }

  /**
   * Reports that fields of a hash were removed, as their time has come.
   * @param isGone whether these were all, and the key was removed
   */
  fieldsExpired(key: Buffer, fields: readonly Buffer[], isGone: boolean): void {
    this.host.fieldsExpired(this, key, fields, isGone);
  }

  /** Reports that entries of a stream were removed, as a command with these arguments behind the key would have. */
  entriesRemoved(
    ref: number,
    command: EntryRemoval['command'],
    args: EntryRemoval['args'],
    count: number,
  ): void {
    this.host.entriesRemoved(this, { command, key: this.key(ref).copy(), args, count });
  }

  /**
   * Stores a new entry under argument i in `target`, with the type, encoding, value and expiry of `ref`.
   * @param takesOver whether overflow blocks and collections are taken from `ref`; otherwise they are copied
   */
  #transfer(
    ref: number,
    target: Database,
    request: Request,
    i: number,
    takesOver: boolean,
  ): number {
    const old = target.lookupForChange(request, i);
    if (old === 0) target.table.reserve();
    const key = request.buffer;
    const keyAt = request.offsets[i];
    const keyLength = request.lengths[i];
    const expiry = this.expiryOf(ref);
    if (expiry !== NO_EXPIRY) target.expiries.reserve();
    const fresh = this.entries.duplicate(
      ref,
      key,
      keyAt,
      keyLength,
      this.value(ref).length,
      expiry,
      this.host.freshWord,
      takesOver,
    );
    // The old entry is removed only now that there is memory for the new one.
    if (expiry !== NO_EXPIRY) target.expiries.add(fresh, expiry);
    if (old !== 0) {
      target.removeFound(old);
      target.lookupForChange(request, i);
    }
    target.insert(fresh);
    if (this.entries.hasRoot(fresh)) {
      const root = this.entries.root(fresh);
      this.entries.collectionsOf(fresh).renamed?.(root, target.hashOf(request, i));
    }
    return fresh;
  }

  /** Removes an entry without notifying anyone; returns its key. */
  #takeOut(ref: number): Buffer {
    const key = this.key(ref).copy();
    this.discard(ref);
    return key;
  }
}
