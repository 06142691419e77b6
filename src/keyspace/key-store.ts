// The keys of one database: their entries, the hash table, and the heap of keys with an expiry. Each method leaves
// the three consistent. Keys are created, removed and replaced here only, so this is also where clients that wait
// for keys are signalled (waits.ts). All other notifications are database.ts's.
import type { Request } from '../protocol/request.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import type { ByteView } from '../structures/entry.ts';
import { hashBytes } from '../structures/hash.ts';
import type { DatabaseHost } from './database-host.ts';
import type { DatabaseParts, DetachedKeys } from './database-parts.ts';
import { detachedKeys } from './detached-keys.ts';
import { type Entries, NEW_BLOCK, NO_EXPIRY } from './entries.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import { EVENT_NEW } from './key-events.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from './key-signals.ts';

/** The keys of a database; see the head of this file. */
export class KeyStore {
  /** The database's number, as for SELECT. It does not identify the data, as SWAPDB exchanges contents. */
  readonly index: number;
  /** The blocks of its entries, for functions that change values (types/string/values.ts …). */
  readonly entries: Entries;
  protected readonly host: DatabaseHost;
  protected table: BytesTable;
  protected expiries: ExpiryHeap;

  constructor(host: DatabaseHost, index: number) {
    this.index = index;
    this.host = host;
    this.entries = host.entries;
    this.table = host.tables.view();
    this.expiries = new ExpiryHeap(host.arena);
  }

  /** Number of keys, including those whose expiry has passed but that are not deleted yet. */
  get size(): number {
    return this.table.size;
  }

  /** Number of keys that have an expiry. */
  get expiring(): number {
    return this.expiries.size;
  }

  /** Bytes of the table and the expiry heap, without the entries. */
  get overheadBytes(): number {
    return this.table.overheadBytes + this.expiries.overheadBytes;
  }

  /** Bytes of the expiry heap; part of `overheadBytes`. */
  get expiryBytes(): number {
    return this.expiries.overheadBytes;
  }

  /** Slots that the table has now. */
  get capacity(): number {
    return this.table.capacity;
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

  /** When the key expires, in ms since the epoch, or NO_EXPIRY. */
  expiryOf(ref: number): number {
    return this.entries.expiryOf(ref);
  }

  /** The word of the access clock (access-clock.ts). */
  accessWord(ref: number): number {
    return this.entries.accessWord(ref);
  }

  /** Sets the word of the access clock. */
  setAccessWord(ref: number, word: number): void {
    this.entries.setAccessWord(ref, word);
  }

  /** Updates the access clock of the key. */
  touch(ref: number): void {
    if (this.host.suspendTouch) return;
    this.setAccessWord(ref, this.host.touchedWord(this.accessWord(ref)));
  }

  /**
   * Creates an entry for argument i, which `lookupForChange` just looked up, with a value of `length` bytes that the
   * caller fills before it calls `put`.
   * @param ref the entry that `lookupForChange` found and `put` will replace, or 0
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
    if (ref === 0) this.table.reserve();
    if (expiry !== NO_EXPIRY) this.expiries.reserve();
    const { entries } = this;
    const { buffer, offsets, lengths } = request;
    const at = offsets[i];
    const size = lengths[i];
    const word = this.host.freshWord;
    const fresh = entries.build(buffer, at, size, type, encoding, length, expiry, word, block);
    if (expiry !== NO_EXPIRY) this.expiries.add(fresh, expiry);
    return fresh;
  }

  /**
   * Stores an entry that `build` created under its key, replacing `ref` if that is not 0. For waiters, a value of
   * another type means that the old key is gone and a new one created.
   */
  put(ref: number, fresh: number): void {
    if (ref === 0) this.insert(fresh);
    else this.#succeed(ref, fresh);
  }

  /**
   * Changes the length of a value; added bytes are undefined.
   * @param capacity length to which it can grow in its new block, if it needs one
   * @returns the entry's reference, which may be another
   */
  resize(ref: number, length: number, capacity = length): number {
    if (this.entries.resizeInPlace(ref, length)) return ref;
    return this.rebuild(ref, length, this.expiryOf(ref), capacity);
  }

  /** As `resize`, in a new block of the size that the length needs. */
  refit(ref: number, length: number): number {
    return this.rebuild(ref, length, this.expiryOf(ref));
  }

  /**
   * Wakes clients that wait for new content of an entry's value (KEY_GROWN), or at a removed part of it (KEY_GONE);
   * they are served after the command or transaction. Creation and removal of keys is signalled by this class itself.
   */
  signal(ref: number, event: number): void {
    if ((this.host.noticed & event) === 0) return;
    this.host.signal(this.index, event, this.typeOf(ref), this.key(ref));
  }

  /**
   * As `signal` of KEY_GROWN, but at a later time: for values with content that becomes available only then. Called
   * by a client that waits and finds such content, and by a command that adds it. The soonest time counts; it is
   * dropped when the key is removed or renamed, or no client waits for it any more.
   * @param timeMs in ms since the epoch
   */
  signalAt(ref: number, timeMs: number): void {
    if ((this.host.noticed & KEY_GROWN) === 0) return;
    this.host.signalAt(this.index, this.key(ref), timeMs);
  }

  /** Removes an entry, for a value that has become empty; only clients that wait for the key are notified. */
  discard(ref: number): void {
    if (!this.table.locate(ref)) throw new Error('the entry is not in its database');
    this.host.snapshot?.preserve(this.table, ref);
    this.removeFound(ref);
  }

  /** Sets the expiry of an entry that has one, without notifications. */
  updateExpiry(ref: number, timeMs: number): void {
    this.entries.setExpiry(ref, timeMs);
    this.expiries.update(this.entries.heapPosition(ref), timeMs);
  }

  /** The soonest expiry of all keys, in ms since the epoch; Infinity when none has one. */
  get soonestExpiryMs(): number {
    return this.expiries.soonestMs;
  }

  /** The key that expires soonest; there is one. */
  soonestToExpire(): number {
    return this.expiries.at(0);
  }

  /** A key that has an expiry, drawn at random; 0 when there is none. */
  randomExpiring(): number {
    return this.expiries.random();
  }

  /** Mean of the remaining times to live in ms, from a sample of the keys; 0 without any. */
  averageTtlMs(): number {
    return this.expiries.averageTtlMs(this.host.nowMs);
  }

  /** One step of an iteration over all keys, as BytesTable.scan; expired keys may be among them. */
  scan(cursor: number, count: number, visit: (ref: number) => void): number {
    return this.table.scan(cursor, count, visit);
  }

  /** A key drawn at random, possibly an expired one; 0 when the database is empty. */
  random(): number {
    return this.table.random();
  }

  /**
   * Empties the database at once and returns its former contents. Their memory is freed by calling `free` until it
   * returns false; each call takes well under a millisecond.
   */
  detach(): DetachedKeys {
    const table = this.table;
    this.expiries.discard();
    this.table = this.host.tables.view();
    return detachedKeys(table, this.entries);
  }

  /** Exchanges the contents of two databases. */
  swapWith(other: KeyStore): void {
    [this.table, other.table] = [other.table, this.table];
    [this.expiries, other.expiries] = [other.expiries, this.expiries];
  }

  /** Its parts, for snapshots and for code that fills the database. */
  get parts(): DatabaseParts {
    const { index, size, expiring } = this;
    return { index, size, expiring, table: this.table, expiries: this.expiries };
  }

  /** The hash of a key. */
  hash(bytes: Uint8Array, offset: number, length: number): number {
    return hashBytes(this.host.seed, bytes, offset, length);
  }

  /** Adds an entry whose key the table did not find. */
  protected insert(fresh: number): void {
    this.table.insert(fresh);
    if ((this.host.noticed & KEY_CREATED) !== 0) this.#noteNew(fresh);
  }

  #noteNew(ref: number): void {
    this.signal(ref, KEY_CREATED);
    const { events } = this.host;
    if ((events.mask & EVENT_NEW) === 0) return;
    const { buffer, offset, length } = this.key(ref);
    events.emit('new', this.index, buffer, offset, length);
  }

  /** As `#supplant`, for a new value: the access clock is kept and counts one more use. */
  #succeed(old: number, fresh: number): void {
    if (this.host.access.frequency) this.setAccessWord(fresh, this.accessWord(old));
    this.touch(fresh);
    if (this.host.noticed !== 0 && this.typeOf(old) !== this.typeOf(fresh)) {
      this.signal(old, KEY_GONE);
      this.signal(fresh, KEY_CREATED);
    }
    this.#supplant(old, fresh);
  }

  /** Puts a new entry into the slot of the entry that the table found last, and frees the old one. */
  #supplant(old: number, fresh: number): void {
    this.table.replace(fresh);
    this.#forgetExpiry(old);
    this.entries.free(old);
  }

  /** Removes the entry that the table found last, from table and expiry heap, and frees it. */
  protected removeFound(ref: number): void {
    if ((this.host.noticed & KEY_GONE) !== 0) this.signal(ref, KEY_GONE);
    this.table.remove();
    this.#forgetExpiry(ref);
    this.entries.free(ref);
  }

  #forgetExpiry(ref: number): void {
    if (this.entries.expires(ref)) this.expiries.remove(this.entries.heapPosition(ref));
  }

  /** Moves an entry to a new block with another value length (grown with spare) or expiry. */
  protected rebuild(ref: number, length: number, expiry: number, capacity = length): number {
    if (!this.table.locate(ref)) throw new Error('the entry is not in its database');
    if (expiry !== NO_EXPIRY) this.expiries.reserve();
    const fresh = this.entries.rebuild(ref, length, expiry, capacity);
    if (expiry !== NO_EXPIRY) this.expiries.add(fresh, expiry);
    this.#supplant(ref, fresh);
    return fresh;
  }
}
