// Small hashes: fields and values in turn, as a packed value (keyspace/packed-value.ts), in the order in which the
// fields were added. Functions that change one return its entry's reference, which may be another.
//
// A field is looked for first, and then stored or removed: where it was found is remembered in between.
import type { Database } from '../../keyspace/database.ts';
import { type Entries, NO_EXPIRY } from '../../keyspace/entries.ts';
import {
  buildPacked,
  changingPacked,
  openPacked,
  PACKED_COUNT_BYTES,
  PackedView,
  packedCount,
  splicePacked,
} from '../../keyspace/packed-value.ts';
import type { Request } from '../../protocol/request.ts';
import { elementAfter, PackedEncoder } from '../../structures/packed-list.ts';
import { PackedNeedle } from '../../structures/packed-search.ts';
import { ENCODING_PACKED, TYPE_HASH } from './encodings.ts';
import type { FieldView } from './field-view.ts';

/** A field and its value. */
const PAIR = 2;
/** Larger hashes are tables, whatever their limits say: as large as a listpack may become in Redis. */
const MAX_BYTES = 1 << 30;
/** Room in which the elements of a new hash are put together. */
const SCRATCH_BYTES = 16 * 1024;

/** The field that was looked for last. */
const needle = new PackedNeedle();
/** The value that is stored next. */
const encoder = new PackedEncoder();
const packed = new PackedView();
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
/** Bytes from the first element to the field that was looked for last; -1: it is not there. */
let foundAt = -1;

/** Number of fields. */
export function packedLength(entries: Entries, ref: number): number {
  return packedCount(entries, ref) >>> 1;
}

/** Whether a hash may have so many more bytes of fields and values. */
export function hasRoomPacked(entries: Entries, ref: number, addedBytes: number): boolean {
  return entries.value(ref).length + addedBytes <= MAX_BYTES;
}

/** Looks for a field; returns whether it is there. */
export function findPacked(
  entries: Entries,
  ref: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  openPacked(entries, ref, packed);
  needle.set(bytes, offset, length);
  const at = needle.findIn(packed.buffer, packed.start, packed.end, PAIR);
  foundAt = at < 0 ? -1 : at - packed.start;
  return at >= 0;
}

/** Points a view at the value of the field that was just found. */
export function viewFoundPacked(value: FieldView): void {
  value.readPacked(packed.buffer, packed.start + foundAt + needle.size);
}

/**
 * Stores a value under the field that was just looked for.
 * @param maxFields more fields than that are not packed
 * @returns 0 when the field would be one too many: nothing has changed then
 */
export function storePacked(
  db: Database,
  ref: number,
  maxFields: number,
  value: Uint8Array,
  offset: number,
  length: number,
): number {
  encoder.set(value, offset, length);
  return storeEncoded(db, ref, maxFields);
}

/** As `storePacked`, for an integer of magnitude < 2^53. */
export function storePackedInteger(
  db: Database,
  ref: number,
  maxFields: number,
  value: number,
): number {
  encoder.setInteger(value);
  return storeEncoded(db, ref, maxFields);
}

function storeEncoded(db: Database, ref: number, maxFields: number): number {
  if (foundAt < 0) return appendEncoded(db, ref, maxFields);
  openPacked(db.entries, ref, packed);
  const { buffer } = packed;
  const distance = foundAt + needle.size;
  const place = packed.start + distance;
  const size = elementAfter(buffer, place) - place;
  if (size === encoder.size) {
    changingPacked(db.entries, ref);
    encoder.write(buffer, place);
    return ref;
  }
  const target = splicePacked(db, ref, distance, size, encoder.size, 0);
  openPacked(db.entries, target, packed);
  encoder.write(packed.buffer, packed.start + distance);
  return target;
}

function appendEncoded(db: Database, ref: number, maxFields: number): number {
  if (packed.count >= PAIR * maxFields) return 0;
  const distance = packed.used;
  const target = splicePacked(db, ref, distance, 0, needle.size + encoder.size, PAIR);
  openPacked(db.entries, target, packed);
  const at = packed.start + distance;
  needle.write(packed.buffer, at);
  encoder.write(packed.buffer, at + needle.size);
  return target;
}

/** Removes the field that was just found. */
export function removeFoundPacked(db: Database, ref: number): number {
  const at = packed.start + foundAt;
  const size = elementAfter(packed.buffer, at + needle.size) - at;
  return splicePacked(db, ref, foundAt, size, 0, -PAIR);
}

/**
 * Makes a hash of the arguments from `first` on, fields and values in turn, under argument 1, which `lookupWrite`
 * just found missing. They are few and short enough to be packed.
 * @returns its entry; 0 when a field is given twice, or they do not fit into the room for new ones: then nothing was
 *   made
 */
export function createPacked(db: Database, request: Request, first: number): number {
  const { buffer, offsets, lengths, count } = request;
  let used = 0;
  for (let i = first; i < count; i += PAIR) {
    needle.set(buffer, offsets[i], lengths[i]);
    encoder.set(buffer, offsets[i + 1], lengths[i + 1]);
    if (used + needle.size + encoder.size > SCRATCH_BYTES) return 0;
    if (used > 0 && needle.findIn(scratch, 0, used, PAIR) >= 0) return 0;
    needle.write(scratch, used);
    used += needle.size;
    encoder.write(scratch, used);
    used += encoder.size;
  }
  const elements = count - first;
  const ref = buildPacked(db, 0, request, 1, TYPE_HASH, ENCODING_PACKED, elements, used, NO_EXPIRY);
  const value = db.value(ref);
  scratch.copy(value.buffer, value.offset + PACKED_COUNT_BYTES, 0, used);
  db.put(0, ref);
  return ref;
}

/** Makes a hash of one field under argument 1, which `lookupWrite` just found missing. */
export function createPackedField(
  db: Database,
  request: Request,
  field: Uint8Array,
  fieldAt: number,
  fieldLength: number,
  value: Uint8Array,
  valueAt: number,
  valueLength: number,
): number {
  needle.set(field, fieldAt, fieldLength);
  encoder.set(value, valueAt, valueLength);
  const size = needle.size + encoder.size;
  const ref = buildPacked(db, 0, request, 1, TYPE_HASH, ENCODING_PACKED, PAIR, size, NO_EXPIRY);
  const { buffer, offset } = db.value(ref);
  needle.write(buffer, offset + PACKED_COUNT_BYTES);
  encoder.write(buffer, offset + PACKED_COUNT_BYTES + needle.size);
  db.put(0, ref);
  return ref;
}

/** Points the views at each field and its value in turn, and calls `visit`. */
export function visitPacked(
  entries: Entries,
  ref: number,
  field: FieldView,
  value: FieldView,
  visit: () => void,
): void {
  const view = new PackedView();
  openPacked(entries, ref, view);
  for (let at = view.start; at < view.end; ) {
    at = field.readPacked(view.buffer, at);
    at = value.readPacked(view.buffer, at);
    visit();
  }
}
