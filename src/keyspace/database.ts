// One of the numbered databases: keys to values, with expiry and access clock. Every change of a
// key goes through the methods here, which is what keeps WATCH, the counters and the expiry heap
// right without the commands doing anything for it.
//
// A reference to an entry is valid until the next change of that key; methods that may move an
// entry return its new reference. A key whose expiry has passed is never returned.
import { writeInteger } from '../protocol/integer.ts';
import type { Request } from '../protocol/request.ts';
import { BytesTable } from '../structures/bytes-table.ts';
import type { ByteView } from '../structures/entry.ts';
import { hashBytes } from '../structures/hash.ts';
import { type Entries, NEW_BLOCK, NO_EXPIRY } from './entries.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import type { Keyspace } from './keyspace.ts';
import { ENCODING_INT, ENCODING_RAW, stringEncoding, TYPE_STRING } from './types.ts';

export { NO_EXPIRY } from './entries.ts';

/** A sign and the digits of a 64-bit integer. */
const INTEGER_BYTES = 20;

/** For `setString`: the expiry stays as it is. */
export const KEEP_EXPIRY = -2;

/** A numbered database; see the head of this file. */
export class Database {
  /** Number as SELECT takes it. SWAPDB exchanges contents, so it is not the identity of the data. */
  readonly index: number;
  readonly #digits = new Uint8Array(INTEGER_BYTES);
  readonly #keyspace: Keyspace;
  readonly #entries: Entries;
  #table: BytesTable;
  #expiries: ExpiryHeap;

  constructor(keyspace: Keyspace, index: number) {
    this.index = index;
    this.#keyspace = keyspace;
    this.#entries = keyspace.entries;
    this.#table = new BytesTable(keyspace.arena, keyspace.seed);
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
    if (ref !== 0 && this.#entries.expires(ref)) return this.#unlessDue(ref);
    return ref;
  }

  /** As `find`, for an argument of the request. */
  peek(request: Request, i: number): number {
    const { buffer, offsets, lengths } = request;
    const at = offsets[i];
    const isHashed = i > 0 && i <= request.hashedTo;
    const hash = isHashed ? request.hashes[i] : this.#hash(buffer, at, lengths[i]);
    const ref = this.#table.findHashed(hash, buffer, at, lengths[i]);
    if (ref !== 0 && this.#entries.expires(ref)) return this.#unlessDue(ref);
    return ref;
  }

  /** Hashes argument i, as a key that will likely be looked up soon: the hash is at hand then. */
  hashKey(request: Request, i: number): number {
    const hash = this.#hash(request.buffer, request.offsets[i], request.lengths[i]);
    if (i < request.hashes.length) {
      request.hashes[i] = hash;
      request.hashedTo = i;
    }
    return hash;
  }

  /** Reads what looking up keys of these hashes will touch, as BytesTable.warmSlots, with `refs` as scratch. */
  warm(hashes: Int32Array, refs: Int32Array, count: number): number {
    return this.#table.warmSlots(hashes, refs, count) ^ this.#table.warmEntries(refs, count);
  }

  /** The entry of a key that a command reads, or 0: counts a hit or miss, sets the access clock. */
  read(request: Request, i: number): number {
    const ref = this.peek(request, i);
    if (ref === 0) {
      this.#keyspace.stats.misses++;
      return 0;
    }
    this.#keyspace.stats.hits++;
    this.touch(ref);
    return ref;
  }

  /** As `read`, without setting the access clock (TTL, TYPE, OBJECT …). */
  inspect(request: Request, i: number): number {
    const ref = this.peek(request, i);
    if (ref === 0) this.#keyspace.stats.misses++;
    else this.#keyspace.stats.hits++;
    return ref;
  }

  /** The entry of a key that a command is about to change, or 0: sets the access clock. */
  write(request: Request, i: number): number {
    const ref = this.peek(request, i);
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
    return this.#entries.accessWord(ref);
  }

  /** Sets the word of the access clock. */
  setAccessWord(ref: number, word: number): void {
    this.#entries.setAccessWord(ref, word);
  }

  /** Type of the value (types.ts). */
  typeOf(ref: number): number {
    return this.#entries.typeOf(ref);
  }

  /** Encoding of the value (types.ts). */
  encodingOf(ref: number): number {
    return this.#entries.encodingOf(ref);
  }

  /** The bytes of a value, in place. The view is shared: valid until the next call. */
  value(ref: number): ByteView {
    return this.#entries.value(ref);
  }

  /** The bytes of a key, in place. The view is shared: valid until the next call. */
  key(ref: number): ByteView {
    return this.#entries.key(ref);
  }

  /** Bytes that the entry takes: its block and what of it lies outside. */
  footprintBytes(ref: number): number {
    return this.#entries.footprintBytes(ref);
  }

  /**
   * Stores a string under argument i of the request, whatever was there before.
   * @param expiry when it expires, in ms since the epoch; or NO_EXPIRY, or KEEP_EXPIRY
   * @param encoding what it reports as its encoding, if not the one that its bytes suggest
   */
  setString(
    request: Request,
    i: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    expiry: number,
    encoding = stringEncoding(bytes, offset, length),
  ): void {
    const keyAt = request.offsets[i];
    const keyLength = request.lengths[i];
    const key = request.buffer;
    const ref = this.peek(request, i);
    if (ref === 0 || !this.#overwrite(ref, encoding, bytes, offset, length, expiry)) {
      const kept = ref === 0 ? NO_EXPIRY : this.expiryOf(ref);
      const time = expiry === KEEP_EXPIRY ? kept : expiry;
      if (ref === 0) this.#table.reserve();
      const fresh = this.#buildString(key, keyAt, keyLength, encoding, length, time);
      this.#entries.fillValue(fresh, bytes, offset, length);
      if (ref === 0) this.#table.insert(fresh);
      else this.#succeed(ref, fresh);
    }
    this.#keyspace.modified(this, key, keyAt, keyLength);
  }

  /**
   * Stores an integer of magnitude ≤ 2^53 as a string under argument i; an expiry stays.
   * @param ref what `peek` just found there: a string, or 0
   */
  setInteger(request: Request, i: number, ref: number, value: number): void {
    const digits = this.#digits;
    const length = writeInteger(digits, 0, value);
    if (ref === 0 || !this.#overwrite(ref, ENCODING_INT, digits, 0, length, KEEP_EXPIRY)) {
      this.setString(request, i, digits, 0, length, KEEP_EXPIRY, ENCODING_INT);
    } else {
      this.#keyspace.modified(this, request.buffer, request.offsets[i], request.lengths[i]);
    }
  }

  /**
   * Makes a string of NUL bytes under argument i, which `peek` just found missing, to be filled by
   * `patchString`. Returns the entry's reference.
   */
  createString(request: Request, i: number, length: number): number {
    const { buffer, offsets, lengths } = request;
    this.#table.reserve();
    const ref = this.#buildString(buffer, offsets[i], lengths[i], ENCODING_RAW, length, NO_EXPIRY);
    const value = this.value(ref);
    value.buffer.fill(0, value.offset, value.offset + length);
    this.#table.insert(ref);
    return ref;
  }

  /**
   * Changes bytes of a string in place, growing it with NUL bytes as needed: what APPEND and
   * SETRANGE do. Its expiry stays.
   * @returns the entry's reference, which may be another
   */
  patchString(
    ref: number,
    at: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    encoding: number,
  ): number {
    const before = this.value(ref).length;
    let target = ref;
    if (at + length > before && !this.#entries.resizeInPlace(ref, at + length)) {
      target = this.#rebuild(ref, at + length, this.expiryOf(ref));
    }
    this.#entries.patch(target, before, at, bytes, offset, length);
    this.#entries.setEncoding(target, encoding);
    this.signalModified(target);
    return target;
  }

  /** Deletes the key of argument i; returns whether it was there. */
  delete(request: Request, i: number): boolean {
    const ref = this.peek(request, i);
    if (ref === 0) return false;
    this.#discardFound(ref);
    this.#keyspace.modified(this, request.buffer, request.offsets[i], request.lengths[i]);
    return true;
  }

  /** Deletes an entry that no client deletes by its key (expiry, eviction, the source of a move). */
  deleteEntry(ref: number): void {
    const key = this.key(ref).copy();
    if (!this.#table.locate(ref)) throw new Error('the entry is not in its database');
    this.#discardFound(ref);
    this.#keyspace.affected(this, key, 0, key.length);
  }

  /**
   * Gives the value of an entry to another key, in this or another database, replacing what is
   * there; expiry and access clock go with it. The source is gone afterwards (RENAME, MOVE).
   */
  moveTo(ref: number, target: Database, request: Request, i: number): void {
    const word = this.accessWord(ref);
    const fresh = this.#transfer(ref, target, request, i, this.#entries.externalValue(ref));
    target.setAccessWord(fresh, word);
    this.deleteEntry(ref);
  }

  /** As `moveTo`, but the source stays, and the copy was never used before (COPY). */
  copyTo(ref: number, target: Database, request: Request, i: number): void {
    this.#transfer(ref, target, request, i, NEW_BLOCK);
  }

  /** Tells the keyspace that the entry's value was changed in place. */
  signalModified(ref: number): void {
    const key = this.key(ref);
    this.#keyspace.modified(this, key.buffer, key.offset, key.length);
  }

  /** When the key expires, in ms since the epoch, or NO_EXPIRY. */
  expiryOf(ref: number): number {
    return this.#entries.expiryOf(ref);
  }

  /**
   * Sets when the key expires (ms since the epoch), or with NO_EXPIRY that it does not.
   * @returns the entry's reference, which may be another
   */
  setExpiry(ref: number, timeMs: number): number {
    let target = ref;
    if (this.expiryOf(ref) !== NO_EXPIRY && timeMs !== NO_EXPIRY) {
      this.#updateExpiry(ref, timeMs);
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
    return expiry !== NO_EXPIRY && expiry <= this.#keyspace.nowMs;
  }

  /** Whether the key's expiry has not passed. If it has, the key is deleted if that is allowed now. */
  isLive(ref: number): boolean {
    return !this.isDue(ref) || this.#unlessDue(ref) !== 0;
  }

  /**
   * Empties the database at once; the memory of what was in it is given back by calling the
   * returned function until it returns false, each call taking well under a millisecond.
   */
  detach(): () => boolean {
    const table = this.#table;
    this.#expiries.discard();
    this.#table = new BytesTable(this.#keyspace.arena, this.#keyspace.seed);
    this.#expiries = new ExpiryHeap(this.#keyspace.arena);
    const free = (ref: number): void => this.#entries.free(ref);
    return () => table.dismantle(free);
  }

  /** Exchanges the contents of two databases. */
  swapWith(other: Database): void {
    [this.#table, other.#table] = [other.#table, this.#table];
    [this.#expiries, other.#expiries] = [other.#expiries, this.#expiries];
  }

  #hash(bytes: Uint8Array, offset: number, length: number): number {
    return hashBytes(this.#keyspace.seed, bytes, offset, length);
  }

  /** The entry, unless its expiry has passed: then it is deleted, if deleting is allowed now. */
  #unlessDue(ref: number): number {
    const keyspace = this.#keyspace;
    if (this.expiryOf(ref) > keyspace.nowMs) return ref;
    if (!keyspace.expiryPaused) {
      const hash = this.#table.hash;
      keyspace.stats.expired++;
      this.deleteEntry(ref);
      this.#table.hash = hash;
    }
    return 0;
  }

  /** Overwrites a string's value in its block; false when it needs another block. */
  #overwrite(
    ref: number,
    encoding: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    expiry: number,
  ): boolean {
    const entries = this.#entries;
    const expires = entries.expires(ref);
    if (expires ? expiry === NO_EXPIRY : expiry >= 0) return false;
    if (!entries.overwrite(ref, encoding, bytes, offset, length)) return false;
    if (expires && expiry >= 0) this.#updateExpiry(ref, expiry);
    this.touch(ref);
    return true;
  }

  /**
   * Puts a new entry under argument i in `target`, with type, encoding, value and expiry of `ref`.
   * @param valueId number of the external block to take over as its value, or NEW_BLOCK to copy
   */
  #transfer(ref: number, target: Database, request: Request, i: number, valueId: number): number {
    const old = target.peek(request, i);
    if (old === 0) target.#table.reserve();
    const key = request.buffer;
    const keyAt = request.offsets[i];
    const keyLength = request.lengths[i];
    const expiry = this.expiryOf(ref);
    const fresh = this.#entries.duplicate(
      ref,
      key,
      keyAt,
      keyLength,
      this.value(ref).length,
      expiry,
      this.#keyspace.freshWord,
      valueId,
    );
    // Only now that there is memory for the new entry does the old one go.
    if (old !== 0) {
      target.#discardFound(old);
      target.peek(request, i);
    }
    if (expiry !== NO_EXPIRY) target.#expiries.add(fresh, expiry);
    target.#table.insert(fresh);
    this.#keyspace.modified(target, key, keyAt, keyLength);
    return fresh;
  }

  /** Makes a string's entry (Entries.build) and enters its expiry into the heap; the table is the caller's. */
  #buildString(
    key: Uint8Array,
    keyAt: number,
    keyLength: number,
    encoding: number,
    valueLength: number,
    expiry: number,
  ): number {
    const ref = this.#entries.build(
      key,
      keyAt,
      keyLength,
      TYPE_STRING,
      encoding,
      valueLength,
      expiry,
      this.#keyspace.freshWord,
    );
    if (expiry !== NO_EXPIRY) this.#expiries.add(ref, expiry);
    return ref;
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
    this.#entries.free(old);
  }

  /** Takes the entry that the table found last out of everything. */
  #discardFound(ref: number): void {
    this.#table.remove();
    this.#forgetExpiry(ref);
    this.#entries.free(ref);
  }

  #updateExpiry(ref: number, timeMs: number): void {
    this.#entries.setExpiry(ref, timeMs);
    this.#expiries.update(this.#entries.heapPosition(ref), timeMs);
  }

  #forgetExpiry(ref: number): void {
    if (this.#entries.expires(ref)) this.#expiries.remove(this.#entries.heapPosition(ref));
  }

  /** Moves an entry to a new block with another value length (grown with spare) or expiry. */
  #rebuild(ref: number, length: number, expiry: number): number {
    if (!this.#table.locate(ref)) throw new Error('the entry is not in its database');
    const fresh = this.#entries.rebuild(ref, length, expiry);
    if (expiry !== NO_EXPIRY) this.#expiries.add(fresh, expiry);
    this.#supplant(ref, fresh);
    return fresh;
  }
}
