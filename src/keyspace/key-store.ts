// Where the keys of one database are: their entries, the table that finds them, and the heap of those that expire,
// which are in step after each method here. It is the only place that makes, removes and replaces keys, whoever asks
// for it, and therefore also tells those who wait for keys (waits.ts): nobody above needs to. Everybody else is told
// by database.ts.
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
  /** Number as SELECT takes it. SWAPDB exchanges contents, so it is not the identity of the data. */
  readonly index: number;
  /** The blocks of its entries: what functions that change values (types/string/values.ts …) work on. */
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

  /** Number of keys, those included whose expiry has passed but that were not yet deleted. */
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

  /** Of these, the bytes of the expiry heap. */
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

  /** Notes a use of the key. */
  touch(ref: number): void {
    if (this.host.suspendTouch) return;
    this.setAccessWord(ref, this.host.touchedWord(this.accessWord(ref)));
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
   * Puts an entry that `build` made under its key, in the place of `ref` if that is not 0. To those who wait for the
   * key, a value of another type is the end of the old one and a new one.
   */
  put(ref: number, fresh: number): void {
    if (ref === 0) this.insert(fresh);
    else this.#succeed(ref, fresh);
  }

  /**
   * Gives a value another length; bytes that it gains are undefined.
   * @param capacity how long it may become in its new block, if it needs one
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
   * Wakes those who wait for something new in the value of an entry (KEY_GROWN), or at a part of it that is no more
   * (KEY_GONE); they are served when the command or transaction is over. What concerns the key is signalled here.
   */
  signal(ref: number, event: number): void {
    if ((this.host.noticed & event) === 0) return;
    const { buffer, offset, length } = this.key(ref);
    this.host.signal(this.index, event, this.typeOf(ref), buffer, offset, length);
  }

  /**
   * As `signal` of KEY_GROWN, but at a time: for values with something in them that counts from then on only. To be
   * called by whoever waits and found such a thing, and by whoever adds one. The soonest time counts; it is forgotten
   * when the key is gone, gets another name, or nobody waits for it any more.
   * @param timeMs in ms since the epoch
   */
  signalAt(ref: number, timeMs: number): void {
    if ((this.host.noticed & KEY_GROWN) === 0) return;
    const { buffer, offset, length } = this.key(ref);
    this.host.signalAt(this.index, buffer, offset, length, timeMs);
  }

  /** Takes an entry out, and tells nobody but those who wait for it: a value that has become empty. */
  discard(ref: number): void {
    if (!this.table.locate(ref)) throw new Error('the entry is not in its database');
    this.host.snapshot?.preserve(this.table, ref);
    this.removeFound(ref);
  }

  /** Sets the expiry of an entry that has one, and tells nobody. */
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
   * Empties the database at once, and returns what was in it: its memory is given back by calling
   * `free` until that returns false, each call taking well under a millisecond.
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

  /** What it consists of: for snapshots, and for who fills it. */
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

  /** As `#supplant`, by a new value: what is known of the key's uses stays, and this is one more. */
  #succeed(old: number, fresh: number): void {
    if (this.host.access.frequency) this.setAccessWord(fresh, this.accessWord(old));
    this.touch(fresh);
    if (this.host.noticed !== 0 && this.typeOf(old) !== this.typeOf(fresh)) {
      this.signal(old, KEY_GONE);
      this.signal(fresh, KEY_CREATED);
    }
    this.#supplant(old, fresh);
  }

  /** Puts a new block into the slot of the entry that the table found last, and frees the old. */
  #supplant(old: number, fresh: number): void {
    this.table.replace(fresh);
    this.#forgetExpiry(old);
    this.entries.free(old);
  }

  /** Takes the entry that the table found last out of everything. */
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
