// Small collections of any type: a packed list (structures/packed-list.ts) that is the value of its entry.
//
//   [ count: 4 bytes ][ element ][ element ] …
//
// A type says what the elements are (members; fields and values in turn …) and how many there may be. Functions that
// may move the entry return its reference. Without memory they throw before anything has changed.
import { ifThereIsMemory } from '../memory/out-of-memory.ts';
import type { Request } from '../protocol/request.ts';
import { PackedEncoder } from '../structures/packed-list.ts';
import type { Database } from './database.ts';
import { type Entries, NEW_BLOCK } from './entries.ts';
import type { EntryTarget } from './value-type.ts';

/** Bytes before the elements. */
export const PACKED_COUNT_BYTES = 4;

/** A growing value gets a fourth as spare room. */
const SPARE_SHIFT = 2;
/** A shrinking value moves to a smaller block only if that saves this many bytes. */
const MIN_SPARE_BYTES = 64;
/** A builder starts with room for so many bytes, and keeps at most so many for the next value. */
const BUILDER_BYTES = 1024;
const KEPT_BUILDER_BYTES = 64 * 1024;

/** Where the elements of a packed value are; valid until the next change of any data. */
export class PackedView {
  buffer: Buffer = Buffer.alloc(0);
  /** Place of the first element. */
  start = 0;
  /** Place after the last element. */
  end = 0;
  /** Number of elements. */
  count = 0;

  /** Bytes of the elements. */
  get used(): number {
    return this.end - this.start;
  }
}

/** Points a view at the elements of an entry's value. */
export function openPacked(entries: Entries, ref: number, view: PackedView): void {
  const { buffer, offset, length } = entries.value(ref);
  view.buffer = buffer;
  view.start = offset + PACKED_COUNT_BYTES;
  view.end = offset + length;
  view.count = readCount(buffer, offset);
}

/** Number of elements. */
export function packedCount(entries: Entries, ref: number): number {
  const { buffer, offset } = entries.value(ref);
  return readCount(buffer, offset);
}

/**
 * Makes an entry of a packed value, whose elements the caller writes before it calls `db.put`.
 * @param ref the entry that `lookupForChange` found under argument i and `put` will replace, or 0
 * @param count number of elements
 * @param sizeBytes bytes of all of them
 * @param expiry in ms since the epoch, or NO_EXPIRY
 */
export function buildPacked(
  db: EntryTarget,
  ref: number,
  request: Request,
  i: number,
  type: number,
  encoding: number,
  count: number,
  sizeBytes: number,
  expiry: number,
): number {
  const length = PACKED_COUNT_BYTES + sizeBytes;
  const fresh = db.build(ref, request, i, type, encoding, length, expiry);
  const { buffer, offset } = db.entries.value(fresh);
  writeCount(buffer, offset, count);
  return fresh;
}

/**
 * Takes bytes of elements out, and opens a gap in their place, into which the caller writes others.
 * @param distance bytes between the first element and the place
 * @param removed bytes taken out
 * @param inserted bytes of the gap
 * @param countChange by how much the number of elements changes
 * @returns the entry's reference, which may be another
 */
export function splicePacked(
  db: Database,
  ref: number,
  distance: number,
  removed: number,
  inserted: number,
  countChange: number,
): number {
  const before = db.value(ref).length;
  const after = before - removed + inserted;
  const target = after > before ? db.resize(ref, after, after + (after >>> SPARE_SHIFT)) : ref;
  changingPacked(db.entries, target);
  const { buffer, offset } = db.value(target);
  const at = offset + PACKED_COUNT_BYTES + distance;
  if (removed !== inserted) buffer.copyWithin(at + inserted, at + removed, offset + before);
  if (countChange !== 0) writeCount(buffer, offset, readCount(buffer, offset) + countChange);
  return after < before ? shrink(db, target, after) : target;
}

/** To be called before elements are overwritten where they are: a reply may refer to one of a very large value. */
export function changingPacked(entries: Entries, ref: number): void {
  if (entries.overflowValue(ref) === NEW_BLOCK) return;
  const { buffer } = entries.value(ref);
  entries.arena.overflow.changing(buffer, 0, buffer.length);
}

/** Gives an entry its new length, and a smaller block where most of it is free. */
function shrink(db: Database, ref: number, length: number): number {
  const target = db.resize(ref, length);
  const spare = db.entries.spareBytes(target);
  if (spare <= MIN_SPARE_BYTES || spare <= length) return target;
  return ifThereIsMemory(() => db.refit(target, length)) ?? target;
}

function readCount(buffer: Buffer, offset: number): number {
  return (
    buffer[offset] |
    (buffer[offset + 1] << 8) |
    (buffer[offset + 2] << 16) |
    (buffer[offset + 3] << 24)
  );
}

function writeCount(buffer: Buffer, offset: number, count: number): void {
  buffer[offset] = count;
  buffer[offset + 1] = count >> 8;
  buffer[offset + 2] = count >> 16;
  buffer[offset + 3] = count >>> 24;
}

/** Collects elements in a buffer of its own, to store them as a packed value; it can be used again and again. */
export class PackedBuilder {
  /** The elements: bytes 0 … `used`. */
  buffer: Buffer = Buffer.allocUnsafeSlow(BUILDER_BYTES);
  used = 0;
  /** Number of elements. */
  count = 0;
  readonly #encoder = new PackedEncoder();

  /** Adds an element at the end. */
  push(bytes: Uint8Array, offset: number, length: number): void {
    this.#encoder.set(bytes, offset, length);
    this.#add();
  }

  /** Adds an integer of magnitude < 2^53 at the end. */
  pushInteger(value: number): void {
    this.#encoder.setInteger(value);
    this.#add();
  }

  /** As `buildPacked`, and then `put`, of all elements. The builder is empty then. */
  store(
    db: EntryTarget,
    ref: number,
    request: Request,
    i: number,
    type: number,
    encoding: number,
    expiry: number,
  ): number {
    const { count, used } = this;
    const fresh = buildPacked(db, ref, request, i, type, encoding, count, used, expiry);
    const { buffer, offset } = db.entries.value(fresh);
    this.buffer.copy(buffer, offset + PACKED_COUNT_BYTES, 0, used);
    db.put(ref, fresh);
    this.clear();
    return fresh;
  }

  /** Forgets all elements. */
  clear(): void {
    this.used = 0;
    this.count = 0;
    if (this.buffer.length > KEPT_BUILDER_BYTES)
      this.buffer = Buffer.allocUnsafeSlow(BUILDER_BYTES);
  }

  #add(): void {
    const end = this.used + this.#encoder.size;
    if (end > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.buffer.length));
      this.buffer.copy(larger, 0, 0, this.used);
      this.buffer = larger;
    }
    this.#encoder.write(this.buffer, this.used);
    this.used = end;
    this.count++;
  }
}
