// One of the numbered databases: keys to values, with expiry and access clock. Every change of a
// key goes through the methods here, which is what keeps WATCH, the counters and the expiry heap
// right without the commands doing anything for it.
//
// An entry (structures/entry.ts) has these extra words before its key:
//
//   without expiry:  [ access clock ]
//   with expiry:     [ access clock ][ expiry in ms since the epoch, a double ][ heap position ]
//
// A reference to an entry is valid until the next change of that key; methods that may move an
// entry return its new reference. A key whose expiry has passed is never returned.
import type { Arena } from '../memory/arena.ts';
import { classOf, MAX_BLOCK_BYTES } from '../memory/size-classes.ts';
import { writeInteger } from '../protocol/integer.ts';
import type { Request } from '../protocol/request.ts';
import { BytesTable } from '../structures/bytes-table.ts';
import {
  ByteView,
  EXTERNAL_ID_BYTES,
  FLAG_EXTERNAL_KEY,
  FLAG_EXTERNAL_VALUE,
  HEADER_BYTES,
  keyOffset,
  MAX_INLINE_KEY_BYTES,
  metaClass,
  metaEncoding,
  metaOf,
  metaType,
  packMeta,
  viewKey,
  viewValue,
  withEncoding,
} from '../structures/entry.ts';
import { hashBytes } from '../structures/hash.ts';
import { ExpiryHeap, HEAP_POSITION_WORD } from './expiry-heap.ts';
import type { Keyspace } from './keyspace.ts';
import { ENCODING_INT, ENCODING_RAW, stringEncoding, TYPE_STRING } from './types.ts';

const SEGMENT_SHIFT = 23;
const SEGMENT_MASK = (1 << SEGMENT_SHIFT) - 1;
const CLOCK_WORD = 3;
/** Position of the expiry in doubles from the block's start. */
const EXPIRY_DOUBLE = 2;
const WORDS_PLAIN = 1;
const WORDS_EXPIRING = 4;
/** Bit of the extra-words field of a meta word that only WORDS_EXPIRING has. */
const META_EXPIRES = WORDS_EXPIRING << 8;
const LOOP_COPY_BYTES = 64;
/** An external value that grows gets as much again, up to this many bytes, as spare capacity. */
const MAX_SPARE_BYTES = 1024 * 1024;
/** Instead of an external block's number: the entry gets a new one if it needs one. */
const NEW_BLOCK = -1;
/** A sign and the digits of a 64-bit integer. */
const MAX_INTEGER_BYTES = 20;

/** No expiry, as `expiryOf` tells it. */
export const NO_EXPIRY = -1;
/** For `setString`: the expiry stays as it is. */
export const KEEP_EXPIRY = -2;

/** A numbered database; see the head of this file. */
export class Database {
  /** Number as SELECT takes it. SWAPDB exchanges contents, so it is not the identity of the data. */
  readonly index: number;
  /** The view that `value` returns: its content changes with the next call. */
  readonly #value = new ByteView();
  readonly #key = new ByteView();
  readonly #digits = new Uint8Array(MAX_INTEGER_BYTES);
  readonly #keyspace: Keyspace;
  readonly #arena: Arena;
  #table: BytesTable;
  #expiries: ExpiryHeap;

  constructor(keyspace: Keyspace, index: number) {
    this.index = index;
    this.#keyspace = keyspace;
    this.#arena = keyspace.arena;
    this.#table = new BytesTable(this.#arena, keyspace.seed);
    this.#expiries = new ExpiryHeap(this.#arena);
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

  // ── Looking up ──────────────────────────────────────────────────────────────────────────────

  /** The entry of a key, or 0. Leaves statistics and access clock alone. */
  find(bytes: Uint8Array, offset: number, length: number): number {
    const ref = this.#table.find(bytes, offset, length);
    if (ref !== 0 && (metaOf(this.#arena, ref) & META_EXPIRES) !== 0) return this.#unlessDue(ref);
    return ref;
  }

  /** As `find`, for an argument of the request. */
  peek(request: Request, i: number): number {
    const { buffer } = request;
    const offset = request.offsets[i];
    const length = request.lengths[i];
    const hash =
      i === 1 && request.hashed
        ? request.keyHash
        : hashBytes(this.#keyspace.seed, buffer, offset, length);
    const ref = this.#table.findHashed(hash, buffer, offset, length);
    if (ref !== 0 && (metaOf(this.#arena, ref) & META_EXPIRES) !== 0) return this.#unlessDue(ref);
    return ref;
  }

  /**
   * Hashes argument 1, as a key that will likely be looked up soon, and reads the slot where it
   * would be found, so that slot and hash are at hand then.
   * @returns a reference for `warmEntry`
   */
  warmSlot(request: Request): number {
    const hash = hashBytes(
      this.#keyspace.seed,
      request.buffer,
      request.offsets[1],
      request.lengths[1],
    );
    request.keyHash = hash;
    request.hashed = true;
    return this.#table.warmSlot(hash);
  }

  /** Reads the beginning of an entry that `warmSlot` named; what it returns means nothing. */
  warmEntry(ref: number): number {
    return this.#table.warmEntry(ref);
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
    const words = this.#arena.i32[ref >>> SEGMENT_SHIFT];
    const at = ((ref & SEGMENT_MASK) << 1) + CLOCK_WORD;
    words[at] = this.#keyspace.touchedWord(words[at]);
  }

  /** The word of the access clock (access-clock.ts). */
  accessWord(ref: number): number {
    return this.#arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + CLOCK_WORD];
  }

  /** Sets the word of the access clock. */
  setAccessWord(ref: number, word: number): void {
    this.#arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + CLOCK_WORD] = word;
  }

  /** Type of the value (types.ts). */
  typeOf(ref: number): number {
    return metaType(metaOf(this.#arena, ref));
  }

  /** Encoding of the value (types.ts). */
  encodingOf(ref: number): number {
    return metaEncoding(metaOf(this.#arena, ref));
  }

  /** The bytes of a value, in place. The view is shared: valid until the next call. */
  value(ref: number): ByteView {
    viewValue(this.#arena, ref, this.#value);
    return this.#value;
  }

  /** The bytes of a key, in place. The view is shared: valid until the next call. */
  key(ref: number): ByteView {
    viewKey(this.#arena, ref, this.#key);
    return this.#key;
  }

  /** Bytes that the entry takes: its block and what of it lies outside. */
  footprintBytes(ref: number): number {
    const meta = metaOf(this.#arena, ref);
    let total = this.#arena.blockBytes(metaClass(meta));
    if ((meta & FLAG_EXTERNAL_KEY) !== 0) total += this.key(ref).buffer.length;
    if ((meta & FLAG_EXTERNAL_VALUE) !== 0) total += this.value(ref).buffer.length;
    return total;
  }

  // ── Changing ────────────────────────────────────────────────────────────────────────────────

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
      let time = expiry;
      if (expiry === KEEP_EXPIRY) time = ref === 0 ? NO_EXPIRY : this.expiryOf(ref);
      const fresh = this.#build(key, keyAt, keyLength, TYPE_STRING, encoding, length, time);
      this.#fillValue(fresh, bytes, offset, length);
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
   * Makes a string of NUL bytes under argument i, which `peek` just found missing; `patchString`
   * gives it its content.
   * @returns the entry's reference
   */
  createString(request: Request, i: number, length: number): number {
    const keyAt = request.offsets[i];
    const keyLength = request.lengths[i];
    const key = request.buffer;
    const type = TYPE_STRING;
    const ref = this.#build(key, keyAt, keyLength, type, ENCODING_RAW, length, NO_EXPIRY);
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
    if (at + length > before) target = this.#resizeValue(ref, at + length);
    const value = this.value(target);
    if (at > before) value.buffer.fill(0, value.offset + before, value.offset + at);
    copyBytes(bytes, offset, length, value.buffer, value.offset + at);
    this.#setEncoding(target, encoding);
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

  /** Deletes an entry reached otherwise than by its key (expiry, eviction). */
  deleteEntry(ref: number): void {
    const key = this.key(ref).copy();
    if (!this.#table.locate(ref)) throw new Error('the entry is not in its database');
    this.#discardFound(ref);
    this.#keyspace.modified(this, key, 0, key.length);
  }

  /**
   * Gives the value of an entry to another key, in this or another database, replacing what is
   * there; expiry and access clock go with it. The source is gone afterwards (RENAME, MOVE).
   */
  moveTo(ref: number, target: Database, request: Request, i: number): void {
    const word = this.accessWord(ref);
    const fresh = this.#transfer(ref, target, request, i, this.#externalValue(ref));
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

  // ── Expiry ──────────────────────────────────────────────────────────────────────────────────

  /** When the key expires, in ms since the epoch, or NO_EXPIRY. */
  expiryOf(ref: number): number {
    const segment = ref >>> SEGMENT_SHIFT;
    const unit = ref & SEGMENT_MASK;
    if ((this.#arena.i32[segment][unit << 1] & META_EXPIRES) === 0) return NO_EXPIRY;
    return this.#arena.f64[segment][unit + EXPIRY_DOUBLE];
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
    return this.#expiries.size === 0
      ? 0
      : this.#expiries.at(Math.floor(Math.random() * this.#expiries.size));
  }

  /** Mean of the remaining times to live in ms, from a sample of at most 64 keys; 0 without any. */
  averageTtlMs(): number {
    const count = Math.min(this.#expiries.size, 64);
    let total = 0;
    for (let i = 0; i < count; i++) {
      const ref = this.randomExpiring();
      total += Math.max(0, this.expiryOf(ref) - this.#keyspace.nowMs);
    }
    return count === 0 ? 0 : Math.round(total / count);
  }

  // ── All keys ────────────────────────────────────────────────────────────────────────────────

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
    if (!this.isDue(ref)) return true;
    this.#unlessDue(ref);
    return false;
  }

  /**
   * Empties the database at once; the memory of what was in it is given back by calling the
   * returned function until it returns false, each call taking well under a millisecond.
   */
  detach(): () => boolean {
    const table = this.#table;
    this.#expiries.discard();
    this.#table = new BytesTable(this.#arena, this.#keyspace.seed);
    this.#expiries = new ExpiryHeap(this.#arena);
    const free = (ref: number): void => this.#freeBlock(ref);
    return () => table.dismantle(free);
  }

  /** Exchanges the contents of two databases. */
  swapWith(other: Database): void {
    [this.#table, other.#table] = [other.#table, this.#table];
    [this.#expiries, other.#expiries] = [other.#expiries, this.#expiries];
  }

  // ── Inside ──────────────────────────────────────────────────────────────────────────────────

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
    const words = this.#arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const meta = words[base];
    if ((meta & (FLAG_EXTERNAL_VALUE | FLAG_EXTERNAL_KEY)) !== 0) return false;
    const expires = (meta & META_EXPIRES) !== 0;
    if (expires ? expiry === NO_EXPIRY : expiry >= 0) return false;
    const valueAt = keyOffset(meta) + words[base + 1];
    if (valueAt + length > MAX_BLOCK_BYTES || classOf(valueAt + length) !== metaClass(meta)) {
      return false;
    }
    words[base] = withEncoding(meta, TYPE_STRING, encoding);
    words[base + 2] = length;
    copyBytes(bytes, offset, length, this.#arena.u8[ref >>> SEGMENT_SHIFT], (base << 2) + valueAt);
    if (expires && expiry >= 0) this.#updateExpiry(ref, expiry);
    this.touch(ref);
    return true;
  }

  /**
   * Puts a new entry under argument i in `target`, with type, encoding, value and expiry of `ref`.
   * @param valueId number of the external block to take over as its value, or NEW_BLOCK to copy
   */
  #transfer(ref: number, target: Database, request: Request, i: number, valueId: number): number {
    target.delete(request, i);
    target.peek(request, i);
    const meta = metaOf(this.#arena, ref);
    const key = request.buffer;
    const keyAt = request.offsets[i];
    const keyLength = request.lengths[i];
    const fresh = target.#build(
      key,
      keyAt,
      keyLength,
      metaType(meta),
      metaEncoding(meta),
      this.value(ref).length,
      this.expiryOf(ref),
      valueId,
    );
    target.#takeValue(fresh, ref, this.value(ref).length, valueId);
    target.#table.insert(fresh);
    this.#keyspace.modified(target, key, keyAt, keyLength);
    return fresh;
  }

  /**
   * Gives a built entry the value of another one: its bytes, unless `#build` made it take over the
   * external block `valueId`, which then no longer belongs to the other one.
   */
  #takeValue(fresh: number, ref: number, length: number, valueId: number): void {
    if (valueId !== NEW_BLOCK && this.#externalValue(fresh) === valueId) {
      this.#arena.i32[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) << 1] &= ~FLAG_EXTERNAL_VALUE;
    } else {
      const value = this.value(ref);
      this.#fillValue(fresh, value.buffer, value.offset, length);
    }
  }

  /**
   * Makes a block for a key and a value of `valueLength` bytes, which are left undefined. An
   * expiry is entered into the heap; the table is the caller's.
   * @param valueId number of an external block that becomes the value, if that does not fit inside
   */
  #build(
    key: Uint8Array,
    keyAt: number,
    keyLength: number,
    type: number,
    encoding: number,
    valueLength: number,
    expiry: number,
    valueId = NEW_BLOCK,
  ): number {
    const arena = this.#arena;
    const words = expiry === NO_EXPIRY ? WORDS_PLAIN : WORDS_EXPIRING;
    let flags = 0;
    let keyBytes = keyLength;
    if (keyLength > MAX_INLINE_KEY_BYTES) {
      flags |= FLAG_EXTERNAL_KEY;
      keyBytes = EXTERNAL_ID_BYTES;
    }
    let sizeBytes = HEADER_BYTES + words * 4 + keyBytes + valueLength;
    if (sizeBytes > MAX_BLOCK_BYTES) {
      flags |= FLAG_EXTERNAL_VALUE;
      sizeBytes += EXTERNAL_ID_BYTES - valueLength;
    }
    const sizeClass = classOf(sizeBytes);
    const ref = arena.allocate(sizeClass);
    const segment = ref >>> SEGMENT_SHIFT;
    const i32 = arena.i32[segment];
    const base = (ref & SEGMENT_MASK) << 1;
    const meta = packMeta(type, encoding, words, flags, sizeClass);
    i32[base] = meta;
    i32[base + 1] = keyLength;
    i32[base + 2] = valueLength;
    i32[base + CLOCK_WORD] = this.#keyspace.freshWord;
    const at = (base << 2) + HEADER_BYTES + words * 4;
    if (flags === 0) copyBytes(key, keyAt, keyLength, arena.u8[segment], at);
    else this.#buildExternal(segment, at, flags, key, keyAt, keyLength, valueLength, valueId);
    if (expiry !== NO_EXPIRY) {
      arena.f64[segment][(ref & SEGMENT_MASK) + EXPIRY_DOUBLE] = expiry;
      this.#expiries.add(ref, expiry);
    }
    return ref;
  }

  #buildExternal(
    segment: number,
    at: number,
    flags: number,
    key: Uint8Array,
    keyAt: number,
    keyLength: number,
    valueLength: number,
    valueId: number,
  ): void {
    const { external, u8 } = this.#arena;
    let valueIdAt = at + keyLength;
    if ((flags & FLAG_EXTERNAL_KEY) !== 0) {
      const id = external.allocate(keyLength);
      external.get(id).set(key.subarray(keyAt, keyAt + keyLength));
      u8[segment].writeUInt32LE(id, at);
      valueIdAt = at + EXTERNAL_ID_BYTES;
    } else {
      copyBytes(key, keyAt, keyLength, u8[segment], at);
    }
    if ((flags & FLAG_EXTERNAL_VALUE) !== 0) {
      const id = valueId === NEW_BLOCK ? external.allocate(valueLength) : valueId;
      u8[segment].writeUInt32LE(id, valueIdAt);
    }
  }

  #fillValue(ref: number, bytes: Uint8Array, offset: number, length: number): void {
    const value = this.#value;
    viewValue(this.#arena, ref, value);
    copyBytes(bytes, offset, length, value.buffer, value.offset);
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
    this.#freeBlock(old);
  }

  /** Takes the entry that the table found last out of everything. */
  #discardFound(ref: number): void {
    this.#table.remove();
    this.#forgetExpiry(ref);
    this.#freeBlock(ref);
  }

  #updateExpiry(ref: number, timeMs: number): void {
    this.#arena.f64[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) + EXPIRY_DOUBLE] = timeMs;
    this.#expiries.update(this.#heapPosition(ref), timeMs);
  }

  #forgetExpiry(ref: number): void {
    if (this.expiryOf(ref) !== NO_EXPIRY) this.#expiries.remove(this.#heapPosition(ref));
  }

  #freeBlock(ref: number): void {
    const arena = this.#arena;
    const meta = metaOf(arena, ref);
    if ((meta & FLAG_EXTERNAL_KEY) !== 0) arena.external.free(this.#externalId(ref, 0));
    if ((meta & FLAG_EXTERNAL_VALUE) !== 0) arena.external.free(this.#externalValue(ref));
    arena.free(ref, metaClass(meta));
  }

  /** Number of the external block that holds the entry's value; NEW_BLOCK when none does. */
  #externalValue(ref: number): number {
    const meta = metaOf(this.#arena, ref);
    if ((meta & FLAG_EXTERNAL_VALUE) === 0) return NEW_BLOCK;
    const keyLength = this.#arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + 1];
    return this.#externalId(ref, (meta & FLAG_EXTERNAL_KEY) !== 0 ? EXTERNAL_ID_BYTES : keyLength);
  }

  /** The external block's number that lies so many bytes after the start of the key's place. */
  #externalId(ref: number, afterKey: number): number {
    const at = ((ref & SEGMENT_MASK) << 3) + keyOffset(metaOf(this.#arena, ref)) + afterKey;
    return this.#arena.u8[ref >>> SEGMENT_SHIFT].readUInt32LE(at);
  }

  /** Gives the value another length, keeping the bytes that both have. */
  #resizeValue(ref: number, length: number): number {
    const meta = metaOf(this.#arena, ref);
    const words = this.#arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    if ((meta & FLAG_EXTERNAL_VALUE) !== 0) {
      const value = this.value(ref);
      if (length <= value.buffer.length) {
        words[base + 2] = length;
        return ref;
      }
    } else if ((meta & FLAG_EXTERNAL_KEY) === 0) {
      const sizeBytes = keyOffset(meta) + words[base + 1] + length;
      if (sizeBytes <= this.#arena.blockBytes(metaClass(meta))) {
        words[base + 2] = length;
        return ref;
      }
    }
    return this.#rebuild(ref, length, this.expiryOf(ref));
  }

  /** Moves an entry to a new block with another value length (grown with spare) or expiry. */
  #rebuild(ref: number, length: number, expiry: number): number {
    const arena = this.#arena;
    const meta = metaOf(arena, ref);
    const key = this.key(ref);
    const before = this.value(ref).length;
    const spare = length > before ? Math.min(length, MAX_SPARE_BYTES) : 0;
    const fits = HEADER_BYTES + WORDS_EXPIRING * 4 + key.length + length <= MAX_BLOCK_BYTES;
    const valueId = length === before ? this.#externalValue(ref) : NEW_BLOCK;
    if (!this.#table.locate(ref)) throw new Error('the entry is not in its database');
    const fresh = this.#build(
      key.buffer,
      key.offset,
      key.length,
      metaType(meta),
      metaEncoding(meta),
      fits ? length : length + spare,
      expiry,
      valueId,
    );
    this.#takeValue(fresh, ref, Math.min(before, length), valueId);
    arena.i32[fresh >>> SEGMENT_SHIFT][((fresh & SEGMENT_MASK) << 1) + 2] = length;
    this.setAccessWord(fresh, this.accessWord(ref));
    this.#supplant(ref, fresh);
    return fresh;
  }

  #setEncoding(ref: number, encoding: number): void {
    const words = this.#arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    words[base] = withEncoding(words[base], metaType(words[base]), encoding);
  }

  #heapPosition(ref: number): number {
    return this.#arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + HEAP_POSITION_WORD];
  }
}

/** Copies bytes between buffers; short runs in a loop, which is faster than a call. */
function copyBytes(
  from: Uint8Array,
  offset: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  if (length <= LOOP_COPY_BYTES) {
    for (let i = 0; i < length; i++) to[at + i] = from[offset + i];
  } else {
    to.set(from.subarray(offset, offset + length), at);
  }
}
