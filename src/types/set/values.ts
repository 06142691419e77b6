// Values of type set. A set of integers lies within its entry as a sorted array (intset.ts), and a set of a few members
// of any kind may as packed elements (keyspace/packed-value.ts); a larger one is a hash table (set-tables.ts):
//
//   ENCODING_INTSET    [ width, count: 4 bytes ][ integer ] …
//   ENCODING_PACKED    [ count: 4 bytes ][ element ][ element ] …
//   ENCODING_TABLE     [ root: 4 bytes ]
//
// Sets grow from one encoding into another as in Redis, and never go back: only a set that is made anew begins as an
// array again. Functions that change a set return its entry's reference, which may be another, or 0 when the set has
// become empty and was removed. Modifications and events are reported by the commands. Without memory they throw before
// anything has changed.

import type { Database } from '../../keyspace/database.ts';
import { type Entries, NO_EXPIRY } from '../../keyspace/entries.ts';
import {
  buildPacked,
  openPacked,
  PACKED_COUNT_BYTES,
  PackedView,
  packedCount,
  splicePacked,
} from '../../keyspace/packed-value.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import type { Request } from '../../protocol/request.ts';
import { elementAfter } from '../../structures/packed-list.ts';
import { PackedNeedle } from '../../structures/packed-search.ts';
import { ENCODING_INTSET, ENCODING_PACKED, ENCODING_TABLE, TYPE_SET } from './encodings.ts';
import {
  initIntset,
  insertIntoIntset,
  intsetBytes,
  intsetCount,
  intsetWidth,
  removeFromIntset,
  searchIntset,
  widthOf,
} from './intset.ts';
import { digitsOfWidest, mayBeIntset, mayBePacked } from './limits.ts';
import { Member } from './member.ts';
import { setsOf } from './set-tables.ts';
import { SetView } from './set-view.ts';

/** Bytes of the value of a set that is a table. */
export const ROOT_BYTES = 4;

/** A growing array gets an eighth as spare room: there are many small ones, and they do not grow for long. */
const SPARE_SHIFT = 3;
/** A shrinking array moves to a smaller block only if that saves this many bytes. */
const MIN_SPARE_BYTES = 64;

const needle = new PackedNeedle();
const packed = new PackedView();
const source = new SetView();
const moved = new Member();

/** Number of members. */
export function setLength(entries: Entries, ref: number): number {
  const encoding = entries.encodingOf(ref);
  if (encoding === ENCODING_TABLE) return setsOf(entries).length(entries.root(ref));
  if (encoding === ENCODING_PACKED) return packedCount(entries, ref);
  const { buffer, offset } = entries.value(ref);
  return intsetCount(buffer, offset);
}

/** Whether a member is in a set. */
export function isMember(entries: Entries, ref: number, member: Member): boolean {
  if (entries.encodingOf(ref) === ENCODING_TABLE) {
    return setsOf(entries).findMember(entries.root(ref), member) !== 0;
  }
  source.open(entries, ref);
  return source.has(member);
}

const asked = new Member();

/** As `isMember`, of argument i of a request. */
export function hasArgument(entries: Entries, ref: number, request: Request, i: number): boolean {
  const { buffer, offsets, lengths } = request;
  if (entries.encodingOf(ref) === ENCODING_TABLE) {
    return setsOf(entries).findArgument(entries.root(ref), request, i) !== 0;
  }
  asked.setBytes(buffer, offsets[i], lengths[i]);
  return isMember(entries, ref, asked);
}

/**
 * Adds a member, unless it is there.
 * @param ref the set under argument `keyAt`, or 0: `lookupForChange` just found nothing there, and one is made
 */
export function addMember(
  db: Database,
  ref: number,
  request: Request,
  keyAt: number,
  member: Member,
): number {
  if (ref === 0) return createSet(db, request, keyAt, member);
  const encoding = db.encodingOf(ref);
  if (encoding === ENCODING_TABLE) {
    const { entries } = db;
    setsOf(entries).addMember(entries.root(ref), member);
    return ref;
  }
  return encoding === ENCODING_INTSET ? addToIntset(db, ref, member) : addToPacked(db, ref, member);
}

/** Adds members to a table, unless they are there: the arguments of a request from `first` on. */
export function addToTable(entries: Entries, ref: number, request: Request, first: number): void {
  const sets = setsOf(entries);
  const root = entries.root(ref);
  for (let i = first; i < request.count; i++) sets.addArgument(root, request, i);
}

/** Removes a member, if it is there. */
export function removeMember(db: Database, ref: number, member: Member): number {
  const encoding = db.encodingOf(ref);
  if (encoding === ENCODING_TABLE) return removeFromTable(db, ref, member);
  if (encoding === ENCODING_PACKED) return removeFromPacked(db, ref, member);
  if (!member.isInteger) return ref;
  const { buffer, offset } = db.value(ref);
  const { high, low } = member.integer;
  const index = searchIntset(buffer, offset, high, low);
  return index < 0 ? ref : removeIndex(db, ref, index);
}

/** Removes the member of a place that a view of the set has drawn last (`SetView.random`). */
export function removeDrawn(db: Database, ref: number, view: SetView, place: number): number {
  if (view.encoding === ENCODING_INTSET) return removeIndex(db, ref, place);
  if (view.count === 1) return discard(db, ref);
  if (view.encoding === ENCODING_TABLE) {
    setsOf(db.entries).remove(view.root, place);
    return ref;
  }
  const size = elementAfter(view.buffer, place) - place;
  return splicePacked(db, ref, place - view.start, size, 0, -1);
}

/** Makes a set of one member under argument i, which `lookupForChange` just found missing, for `put`. */
export function buildSet(db: Database, request: Request, i: number, member: Member): number {
  const { limits } = setsOf(db.entries);
  if (member.isInteger && mayBeIntset(limits, 1)) return buildIntset(db, request, i, member);
  member.asBytes();
  if (mayBePacked(limits, 1, member.length)) {
    needle.set(member.buffer, member.offset, member.length);
    const ref = buildPacked(
      db,
      0,
      request,
      i,
      TYPE_SET,
      ENCODING_PACKED,
      1,
      needle.size,
      NO_EXPIRY,
    );
    const { buffer, offset } = db.value(ref);
    needle.write(buffer, offset + PACKED_COUNT_BYTES);
    return ref;
  }
  return withNewTable(db.entries, (root) => {
    setsOf(db.entries).addMember(root, member);
    const ref = db.build(0, request, i, TYPE_SET, ENCODING_TABLE, ROOT_BYTES, NO_EXPIRY);
    db.entries.setRoot(ref, root);
    return ref;
  });
}

function createSet(db: Database, request: Request, i: number, member: Member): number {
  const ref = buildSet(db, request, i, member);
  db.put(0, ref);
  return ref;
}

function discard(db: Database, ref: number): number {
  db.discard(ref);
  return 0;
}

// ── Arrays of integers ──────────────────────────────────────────────────────────────────────

function buildIntset(db: Database, request: Request, i: number, { integer }: Member): number {
  const { high, low } = integer;
  const width = widthOf(high, low);
  const length = intsetBytes(width, 1);
  const ref = db.build(0, request, i, TYPE_SET, ENCODING_INTSET, length, NO_EXPIRY);
  const { buffer, offset } = db.value(ref);
  initIntset(buffer, offset, width);
  insertIntoIntset(buffer, offset, 0, high, low);
  return ref;
}

function addToIntset(db: Database, ref: number, member: Member): number {
  const { limits } = setsOf(db.entries);
  const { buffer, offset } = db.value(ref);
  const count = intsetCount(buffer, offset);
  if (!member.isInteger) {
    const longest = digitsOfWidest(buffer, offset);
    const longer = Math.max(longest, member.length);
    const isPacked = mayBePacked(limits, count + 1, longer);
    return isPacked ? toPacked(db, ref, member) : toTable(db, ref, member);
  }
  const { high, low } = member.integer;
  const index = searchIntset(buffer, offset, high, low);
  if (index >= 0) return ref;
  if (!mayBeIntset(limits, count + 1)) return toTable(db, ref, member);
  const width = Math.max(intsetWidth(buffer, offset), widthOf(high, low));
  const length = intsetBytes(width, count + 1);
  const target = db.resize(ref, length, length + (length >>> SPARE_SHIFT));
  const value = db.value(target);
  insertIntoIntset(value.buffer, value.offset, ~index, high, low);
  return target;
}

/** Removes the integer of an index. */
function removeIndex(db: Database, ref: number, index: number): number {
  const { buffer, offset } = db.value(ref);
  const count = intsetCount(buffer, offset) - 1;
  if (count === 0) return discard(db, ref);
  removeFromIntset(buffer, offset, index);
  const length = intsetBytes(intsetWidth(buffer, offset), count);
  const target = db.resize(ref, length);
  const spare = db.entries.spareBytes(target);
  if (spare <= MIN_SPARE_BYTES || spare <= length) return target;
  return ifThereIsMemory(() => db.refit(target, length)) ?? target;
}

// ── Packed members ──────────────────────────────────────────────────────────────────────────

function addToPacked(db: Database, ref: number, member: Member): number {
  openPacked(db.entries, ref, packed);
  member.asBytes();
  needle.set(member.buffer, member.offset, member.length);
  if (needle.findIn(packed.buffer, packed.start, packed.end, 1) >= 0) return ref;
  if (!mayBePacked(setsOf(db.entries).limits, packed.count + 1, member.length)) {
    return toTable(db, ref, member);
  }
  const { used } = packed;
  const target = splicePacked(db, ref, used, 0, needle.size, 1);
  const { buffer, offset } = db.value(target);
  needle.write(buffer, offset + PACKED_COUNT_BYTES + used);
  return target;
}

function removeFromPacked(db: Database, ref: number, member: Member): number {
  openPacked(db.entries, ref, packed);
  member.asBytes();
  needle.set(member.buffer, member.offset, member.length);
  const { buffer, start, end, count } = packed;
  const at = needle.findIn(buffer, start, end, 1);
  if (at < 0) return ref;
  if (count === 1) return discard(db, ref);
  return splicePacked(db, ref, at - start, elementAfter(buffer, at) - at, 0, -1);
}

// ── Tables ──────────────────────────────────────────────────────────────────────────────────

function removeFromTable(db: Database, ref: number, member: Member): number {
  const { entries } = db;
  const sets = setsOf(entries);
  const root = entries.root(ref);
  const record = sets.findMember(root, member);
  if (record === 0) return ref;
  if (sets.length(root) === 1) return discard(db, ref);
  sets.remove(root, record);
  return ref;
}

/** Creates an empty table and calls `use` with it; frees it if that throws. */
export function withNewTable<T>(entries: Entries, use: (root: number) => T): T {
  const sets = setsOf(entries);
  const root = sets.create();
  try {
    return use(root);
  } catch (error) {
    while (!sets.freeStep(root));
    throw error;
  }
}

// ── From one encoding to another ────────────────────────────────────────────────────────────

/** Moves all members into a table, and adds one. */
function toTable(db: Database, ref: number, member: Member): number {
  const { entries } = db;
  return withNewTable(entries, (root) => {
    const sets = setsOf(entries);
    source.open(entries, ref);
    while (source.next()) {
      source.readNext(moved);
      sets.addMember(root, moved);
    }
    sets.addMember(root, member);
    const target = db.refit(ref, ROOT_BYTES);
    entries.setEncoding(target, ENCODING_TABLE);
    entries.setRoot(target, root);
    return target;
  });
}

/** Packs all integers of an array, in their order, and adds a member that is none. */
function toPacked(db: Database, ref: number, member: Member): number {
  const { entries } = db;
  source.open(entries, ref);
  const { count } = source;
  let sizeBytes = 0;
  const bytes = Buffer.allocUnsafe(MAX_PACKED_INTEGER_BYTES * count);
  while (source.next()) {
    source.readNext(moved);
    moved.asBytes();
    needle.set(moved.buffer, moved.offset, moved.length);
    needle.write(bytes, sizeBytes);
    sizeBytes += needle.size;
  }
  needle.set(member.buffer, member.offset, member.length);
  const target = db.refit(ref, PACKED_COUNT_BYTES + sizeBytes + needle.size);
  entries.setEncoding(target, ENCODING_PACKED);
  const { buffer, offset } = db.value(target);
  buffer.writeUInt32LE(count + 1, offset);
  bytes.copy(buffer, offset + PACKED_COUNT_BYTES, 0, sizeBytes);
  needle.write(buffer, offset + PACKED_COUNT_BYTES + sizeBytes);
  return target;
}

/** Bytes that a packed 64-bit integer takes at most: one beyond 2^53 is packed as its digits. */
const MAX_PACKED_INTEGER_BYTES = 22;
