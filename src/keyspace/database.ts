// One of the numbered databases: keys to values, with expiry and access clock. Every change of a
// key goes through the methods here, which is what keeps WATCH, the counters and the expiry heap
// right without the commands doing anything for it. What values of one type are like is known to
// types/string/values.ts, types/list/values.ts …, which build on these methods.
//
// A reference to an entry is valid until the next change of that key; methods that may move an
// entry return its new reference. A key whose expiry has passed is never returned.
import type { Request } from '../protocol/request.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import { type ByteView, prefetchEntries } from '../structures/entry.ts';
import { hashBytes } from '../structures/hash.ts';
import type { DatabaseHost } from './database-host.ts';
import type { DatabaseParts, DetachedKeys } from './database-parts.ts';
import { detachedKeys } from './detached-keys.ts';
import { type Entries, NEW_BLOCK, NO_EXPIRY } from './entries.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import { EVENT_KEY_MISS } from './key-events.ts';

export { NO_EXPIRY } from './entries.ts';

/** A numbered database; see the head of this file. */
export class Database {
  /** Number as SELECT takes it. SWAPDB exchanges contents, so it is not the identity of the data. */
  readonly index: number;
  /** The blocks of its entries: what functions that change values (types/string/values.ts …) work on. */
  readonly entries: Entries;
  readonly #keyspace: DatabaseHost;
  #table: BytesTable;
  #expiries: ExpiryHeap;

  constructor(keyspace: DatabaseHost, index: number) {
    this.index = index;
    this.#keyspace = keyspace;
    this.entries = keyspace.entries;
    this.#table = keyspace.tables.view();
    this.#expiries = new ExpiryHeap(keyspace.arena);
  }

  /** Number of keys, those included whose expiry has passed but that were not yet deleted. */
  get size(): number {
    return this.#table.size;
  }

  /** Number of keys that have an expiry. */
  get expiring(): number {
    return this.#expiries.size;
  }

  /** Bytes of the table and the expiry heap, without the entries. */
  get overheadBytes(): number {
    return this.#table.overheadBytes + this.#expiries.overheadBytes;
  }

  /** Of these, the bytes of the expiry heap. */
  get expiryBytes(): number {
    return this.#expiries.overheadBytes;
  }

  /** Slots that the table has now. */
  get capacity(): number {
    return this.#table.capacity;
  }

  /** The entry of a key, or 0. Leaves statistics and access clock alone. */
  find(bytes: Uint8Array, offset: number, length: number): number {
    const ref = this.#table.find(bytes, offset, length);
    if (ref !== 0 && this.entries.expires(ref)) return this.#unlessDue(ref);
    return ref;
  }

  /** As `find`, for an argument of the request: also the way to an entry that is to be changed. */
  lookupForChange(request: Request, i: number): number {
    const ref = this.#look(request, i);
    if (ref !== 0) this.#keyspace.snapshot?.preserve(this.#table, ref);
    return ref;
  }

  /** As `lookupForChange`, for those who only read. */
  #look(request: Request, i: number): number {
    const ref = this.lookupStored(request, i);
    if (ref !== 0 && this.entries.expires(ref)) return this.#unlessDue(ref);
    return ref;
  }

  /** The entry of argument i, whose expiry may have passed, or 0: for MEMORY USAGE and DEBUG. */
  lookupStored(request: Request, i: number): number {
    const { buffer, offsets, lengths } = request;
    return this.#table.findHashed(this.hashOf(request, i), buffer, offsets[i], lengths[i]);
  }

  /** The hash of argument i, which is a key: computed if it is not at hand (Request.hashes). */
  hashOf(request: Request, i: number): number {
    if (i > 0 && i <= request.hashedTo) return request.hashes[i];
    return this.hash(request.buffer, request.offsets[i], request.lengths[i]);
  }

  /** The same for a key that will likely be looked up soon: the hash is at hand then. Keys come in their order. */
  hashKey(request: Request, i: number): number {
    const hash = this.hashOf(request, i);
    request.keepHash(i, hash);
    return hash;
  }

  /** Reads what looking up keys of these hashes will touch, as BytesTable.prefetchSlots, with `refs` as scratch. */
  prefetch(hashes: Int32Array, refs: Int32Array, count: number): number {
    return (
      this.#table.prefetchSlots(hashes, refs, count) ^
      prefetchEntries(this.entries.arena, refs, count)
    );
  }

  /** The entry of a key that a command reads, or 0: counts a hit or miss, sets the access clock. */
  lookupRead(request: Request, i: number): number {
    const ref = this.#look(request, i);
    if (ref === 0) {
      this.#keyspace.stats.misses++;
      this.notify(EVENT_KEY_MISS, 'keymiss', request, i);
      return 0;
    }
    this.#keyspace.stats.hits++;
    this.touch(ref);
    return ref;
  }

  /** As `lookupRead`, without setting the access clock (TTL, TYPE …). */
  lookupNoTouch(request: Request, i: number): number {
    const ref = this.lookupQuietly(request, i);
    if (ref === 0) this.notify(EVENT_KEY_MISS, 'keymiss', request, i);
    return ref;
  }

  /** As `lookupNoTouch`, without telling of a miss as an event (OBJECT). */
  lookupQuietly(request: Request, i: number): number {
    const ref = this.#look(request, i);
    if (ref === 0) this.#keyspace.stats.misses++;
    else this.#keyspace.stats.hits++;
    return ref;
  }

  /** The entry of a key that a command is about to change, or 0: sets the access clock. */
  lookupWrite(request: Request, i: number): number {
    const ref = this.lookupForChange(request, i);
    if (ref !== 0) this.touch(ref);
    return ref;
  }

  /** Notes a use of the key. */
  touch(ref: number): void {
    if (this.#keyspace.suspendTouch) return;
    this.setAccessWord(ref, this.#keyspace.touchedWord(this.accessWord(ref)));
  }

  /** The word of the access clock (access-clock.ts). */
  accessWord(ref: number): number {
    return this.entries.accessWord(ref);
  }

  /** Sets the word of the access clock. */
  setAccessWord(ref: number, word: number): void {
    this.entries.setAccessWord(ref, word);
  }

  /** Type of the value (ValueType.id). */
  typeOf(ref: number): number {
    return this.entries.typeOf(ref);
  }

  /** Encoding of the value (ValueType.encodings). */
  encodingOf(ref: number): number {
    return this.entries.encodingOf(ref);
  }

  /** The bytes of a value, in place. The view is shared: valid until the next call. */
  value(ref: number): ByteView {
    return this.entries.value(ref);
  }

  /** The bytes of a key, in place. The view is shared: valid until the next call. */
  key(ref: number): ByteView {
    return this.entries.key(ref);
  }

  /**
   * Makes an entry for argument i, which `lookupForChange` just looked up, with a value of `length` bytes that
   * the caller fills before it calls `put`.
   * @param ref what `lookupForChange` found there; what `put` will replace, or 0
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @param block number of an overflow block that becomes the value, if that does not fit inside
   */
  build(
    ref: number,
    request: Request,
    i: number,
    type: number,
    encoding: number,
    length: number,
    expiry: number,
    block = NEW_BLOCK,
  ): number {
    if (ref === 0) this.#table.reserve();
    if (expiry !== NO_EXPIRY) this.#expiries.reserve();
    const { entries } = this;
    const { buffer, offsets, lengths } = request;
    const at = offsets[i];
    const size = lengths[i];
    const word = this.#keyspace.freshWord;
    const fresh = entries.build(buffer, at, size, type, encoding, length, expiry, word, block);
    if (expiry !== NO_EXPIRY) this.#expiries.add(fresh, expiry);
    return fresh;
  }

  /** Puts an entry that `build` made under its key, in the place of `ref` if that is not 0. */
  put(ref: number, fresh: number, request: Request, i: number): void {
    if (ref === 0) this.#insert(fresh, request, i);
    else this.#succeed(ref, fresh);
  }

  /**
   * Gives a value another length; bytes that it gains are undefined.
   * @param capacity how long it may become in its new block, if it needs one
   * @returns the entry's reference, which may be another
   */
  resize(ref: number, length: number, capacity = length): number {
    if (this.entries.resizeInPlace(ref, length)) return ref;
    return this.#rebuild(ref, length, this.expiryOf(ref), capacity);
  }

  /** As `resize`, in a new block of the size that the length needs. */
  refit(ref: number, length: number): number {
    return this.#rebuild(ref, length, this.expiryOf(ref));
  }

  /** Tells of `changes` modifications, by a client, of the key of argument i. */
  modified(request: Request, i: number, changes: number): void {
    this.#keyspace.dirty += changes - 1;
    this.#keyspace.modified(this, request.buffer, request.offsets[i], request.lengths[i]);
  }

  /** Tells of an event (key-events.ts) of the key of argument i. */
  notify(eventClass: number, event: string, request: Request, i: number): void {
    const { events } = this.#keyspace;
    if ((events.mask & eventClass) === 0) return;
    events.emit(event, this.index, request.buffer, request.offsets[i], request.lengths[i]);
  }

  /** Takes an entry out without telling anyone: a value that has become empty. */
  discard(ref: number): void {
    if (!this.#table.locate(ref)) throw new Error('the entry is not in its database');
    this.#keyspace.snapshot?.preserve(this.#table, ref);
    this.#discardFound(ref);
  }

  /** Deletes the key of argument i; returns whether it was there. */
  delete(request: Request, i: number): boolean {
    const ref = this.lookupForChange(request, i);
    if (ref === 0) return false;
    this.#discardFound(ref);
    this.#keyspace.modified(this, request.buffer, request.offsets[i], request.lengths[i]);
    return true;
  }

  /** Deletes an entry whose expiry has passed. */
  expireEntry(ref: number): void {
    this.#keyspace.expired(this, this.#takeOut(ref));
  }

  /** Deletes an entry to make room. */
  evictEntry(ref: number): void {
    this.#keyspace.evicted(this, this.#takeOut(ref));
  }

  /**
   * Gives the value of an entry to another key, in this or another database, replacing what is
   * there; expiry and access clock go with it. The source is gone afterwards (RENAME, MOVE).
   */
  moveTo(ref: number, target: Database, request: Request, i: number): void {
    this.#keyspace.snapshot?.preserve(this.#table, ref);
    const word = this.accessWord(ref);
    const fresh = this.#transfer(ref, target, request, i, true);
    target.setAccessWord(fresh, word);
    const source = this.#takeOut(ref);
    this.#keyspace.affected(this, source, 0, source.length, true);
    target.modified(request, i, 1);
  }

  /** As `moveTo`, but the source stays, and the copy was never used before (COPY). */
  copyTo(ref: number, target: Database, request: Request, i: number): void {
    this.#transfer(ref, target, request, i, false);
    target.modified(request, i, 1);
  }

  /** Tells the keyspace that the entry's value was changed in place. */
  signalModified(ref: number): void {
    const key = this.key(ref);
    this.#keyspace.modified(this, key.buffer, key.offset, key.length);
  }

  /** When the key expires, in ms since the epoch, or NO_EXPIRY. */
  expiryOf(ref: number): number {
    return this.entries.expiryOf(ref);
  }

  /**
   * Sets when the key expires (ms since the epoch), or with NO_EXPIRY that it does not.
   * @returns the entry's reference, which may be another
   */
  setExpiry(ref: number, timeMs: number): number {
    this.#keyspace.snapshot?.preserve(this.#table, ref);
    let target = ref;
    if (this.expiryOf(ref) !== NO_EXPIRY && timeMs !== NO_EXPIRY) {
      this.updateExpiry(ref, timeMs);
    } else if (this.expiryOf(ref) !== timeMs) {
      target = this.#rebuild(ref, this.value(ref).length, timeMs);
    }
    this.signalModified(target);
    return target;
  }

  /** The soonest expiry of all keys, in ms since the epoch; Infinity when none has one. */
  get soonestExpiryMs(): number {
    return this.#expiries.soonestMs;
  }

  /** The key that expires soonest; there is one. */
  soonestToExpire(): number {
    return this.#expiries.at(0);
  }

  /** A key that has an expiry, drawn at random; 0 when there is none. */
  randomExpiring(): number {
    return this.#expiries.random();
  }

  /** Mean of the remaining times to live in ms, from a sample of the keys; 0 without any. */
  averageTtlMs(): number {
    return this.#expiries.averageTtlMs(this.#keyspace.nowMs);
  }

  /** One step of an iteration over all keys, as BytesTable.scan; expired keys may be among them. */
  scan(cursor: number, count: number, visit: (ref: number) => void): number {
    return this.#table.scan(cursor, count, visit);
  }

  /** A key drawn at random, possibly an expired one; 0 when the database is empty. */
  random(): number {
    return this.#table.random();
  }

  /** Whether the key's expiry has passed. */
  isDue(ref: number): boolean {
    const expiry = this.expiryOf(ref);
    return expiry !== NO_EXPIRY && expiry <= this.#keyspace.dueMs;
  }

  /** Whether the key's expiry has not passed. If it has, the key is deleted if that is allowed now. */
  isLive(ref: number): boolean {
    return !this.isDue(ref) || this.#unlessDue(ref) !== 0;
  }

  /**
   * Empties the database at once, and returns what was in it: its memory is given back by calling
   * `free` until that returns false, each call taking well under a millisecond.
   */
  detach(): DetachedKeys {
    const table = this.#table;
    this.#expiries.discard();
    this.#table = this.#keyspace.tables.view();
    return detachedKeys(table, this.entries);
  }

  /** Exchanges the contents of two databases. */
  swapWith(other: Database): void {
    [this.#table, other.#table] = [other.#table, this.#table];
    [this.#expiries, other.#expiries] = [other.#expiries, this.#expiries];
  }

  /** What it consists of: for snapshots, and for who fills it. */
  get parts(): DatabaseParts {
    const { index, size, expiring } = this;
    return { index, size, expiring, table: this.#table, expiries: this.#expiries };
  }

  /** The hash of a key. */
  hash(bytes: Uint8Array, offset: number, length: number): number {
    return hashBytes(this.#keyspace.seed, bytes, offset, length);
  }

  /** The entry, unless its expiry has passed: then it is deleted, if deleting is allowed now. */
  #unlessDue(ref: number): number {
    const keyspace = this.#keyspace;
    if (this.expiryOf(ref) > keyspace.dueMs) return ref;
    if (!keyspace.expiryPaused) {
      const hash = this.#table.hash;
      this.expireEntry(ref);
      this.#table.hash = hash;
    }
    return 0;
  }

  /**
   * Puts a new entry under argument i in `target`, with type, encoding, value and expiry of `ref`.
   * @param takesOver whether parts of the value that lie outside change hands; else they are copied
   */
  #transfer(
    ref: number,
    target: Database,
    request: Request,
    i: number,
    takesOver: boolean,
  ): number {
    const old = target.lookupForChange(request, i);
    if (old === 0) target.#table.reserve();
    const key = request.buffer;
    const keyAt = request.offsets[i];
    const keyLength = request.lengths[i];
    const expiry = this.expiryOf(ref);
    if (expiry !== NO_EXPIRY) target.#expiries.reserve();
    const fresh = this.entries.duplicate(
      ref,
      key,
      keyAt,
      keyLength,
      this.value(ref).length,
      expiry,
      this.#keyspace.freshWord,
      takesOver,
    );
    // Only now that there is memory for the new entry does the old one go.
    if (expiry !== NO_EXPIRY) target.#expiries.add(fresh, expiry);
    if (old !== 0) {
      target.#discardFound(old);
      target.lookupForChange(request, i);
    }
    target.#insert(fresh, request, i);
    return fresh;
  }

  /** Takes an entry out without telling anyone; returns its key. */
  #takeOut(ref: number): Buffer {
    const key = this.key(ref).copy();
    this.discard(ref);
    return key;
  }

  /** Adds an entry whose key the table did not find. */
  #insert(fresh: number, request: Request, i: number): void {
    this.#table.insert(fresh);
    const keyspace = this.#keyspace;
    if (keyspace.noticesAdditions) {
      const { buffer, offsets, lengths } = request;
      keyspace.added(this, this.typeOf(fresh), buffer, offsets[i], lengths[i]);
    }
  }

  /** As `#supplant`, by a new value: what is known of the key's uses stays, and this is one more. */
  #succeed(old: number, fresh: number): void {
    if (this.#keyspace.access.frequency) this.setAccessWord(fresh, this.accessWord(old));
    this.touch(fresh);
    this.#supplant(old, fresh);
  }

  /** Puts a new block into the slot of the entry that the table found last, and frees the old. */
  #supplant(old: number, fresh: number): void {
    this.#table.replace(fresh);
    this.#forgetExpiry(old);
    this.entries.free(old);
  }

  /** Takes the entry that the table found last out of everything. */
  #discardFound(ref: number): void {
    this.#table.remove();
    this.#forgetExpiry(ref);
    this.entries.free(ref);
  }

  /** Sets the expiry of an entry that has one, and tells nobody. */
  updateExpiry(ref: number, timeMs: number): void {
    this.entries.setExpiry(ref, timeMs);
    this.#expiries.update(this.entries.heapPosition(ref), timeMs);
  }

  #forgetExpiry(ref: number): void {
    if (this.entries.expires(ref)) this.#expiries.remove(this.entries.heapPosition(ref));
  }

  /** Moves an entry to a new block with another value length (grown with spare) or expiry. */
  #rebuild(ref: number, length: number, expiry: number, capacity = length): number {
    if (!this.#table.locate(ref)) throw new Error('the entry is not in its database');
    if (expiry !== NO_EXPIRY) this.#expiries.reserve();
    const fresh = this.entries.rebuild(ref, length, expiry, capacity);
    if (expiry !== NO_EXPIRY) this.#expiries.add(fresh, expiry);
    this.#supplant(ref, fresh);
    return fresh;
  }
}
