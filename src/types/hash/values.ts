// Values of type hash. A small one lies within its entry, packed (packed-fields.ts); a larger one is a table of which
// the entry has the root (field-tables.ts):
//
//   ENCODING_PACKED    [ count: 4 bytes ][ field ][ value ][ field ][ value ] …
//   ENCODING_TABLE     [ root: 4 bytes ]
//   ENCODING_EXPIRING  the same, while there are fields that expire
//
// As in Redis a packed hash becomes a table, and a table never becomes packed again. A hash whose fields expire is
// always a table. Functions that change a hash
// return its entry's reference, which may be another, or 0 when the hash has become empty and was removed.
// Modifications and events are reported by the commands. A view is valid until the next change of any data.
import type { Database } from '../../keyspace/database.ts';
import { type Entries, NO_EXPIRY } from '../../keyspace/entries.ts';
import { writeInteger } from '../../protocol/integer.ts';
import type { Request } from '../../protocol/request.ts';
import { ENCODING_EXPIRING, ENCODING_PACKED, ENCODING_TABLE, TYPE_HASH } from './encodings.ts';
import { FieldTables, NO_FIELD_EXPIRY } from './field-tables.ts';
import { FieldView } from './field-view.ts';
import {
  createPacked,
  createPackedField,
  findPacked,
  hasRoomPacked,
  packedLength,
  removeFoundPacked,
  storePacked,
  storePackedInteger,
  viewFoundPacked,
  visitPacked,
} from './packed-fields.ts';

/** Bytes of the value of a hash that is a table. */
export const ROOT_BYTES = 4;

/** Room for the digits of an integer of magnitude < 2^53. */
const digits = Buffer.allocUnsafeSlow(20);
const movedField = new FieldView();
const movedValue = new FieldView();

/** The operations on the tables of a keyspace's hashes. */
export function hashesOf({ collections }: Entries): FieldTables {
  const hashes = collections[TYPE_HASH];
  if (!(hashes instanceof FieldTables)) throw new Error('this keyspace has no hashes');
  return hashes;
}

/** Number of fields, without those whose time has come. */
export function hashLength(entries: Entries, ref: number): number {
  if (entries.encodingOf(ref) === ENCODING_PACKED) return packedLength(entries, ref);
  return hashesOf(entries).liveLength(entries.root(ref));
}

/**
 * Looks for a field, and remembers where it is for the functions below.
 * @returns whether it is there
 */
export function findField(
  entries: Entries,
  ref: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  if (entries.encodingOf(ref) === ENCODING_PACKED) {
    return findPacked(entries, ref, bytes, offset, length);
  }
  return hashesOf(entries).findField(entries.root(ref), bytes, offset, length);
}

/** As `findField`, of argument i of a request. */
export function findFieldArgument(
  entries: Entries,
  ref: number,
  request: Request,
  i: number,
): boolean {
  if (entries.encodingOf(ref) === ENCODING_PACKED) {
    return findPacked(entries, ref, request.buffer, request.offsets[i], request.lengths[i]);
  }
  return hashesOf(entries).findFieldArgument(entries.root(ref), request, i);
}

/** Points a view at the value of the field that `findField` just found. */
export function viewFound(entries: Entries, ref: number, value: FieldView): void {
  if (entries.encodingOf(ref) === ENCODING_PACKED) viewFoundPacked(value);
  else hashesOf(entries).viewFound(value);
}

/**
 * Sets the field that `findField` just looked for to a value.
 * @param keepsExpiry whether a field that expires still does afterwards
 */
export function storeField(
  db: Database,
  ref: number,
  field: Uint8Array,
  fieldAt: number,
  fieldLength: number,
  value: Uint8Array,
  valueAt: number,
  valueLength: number,
  keepsExpiry = false,
): number {
  const hashes = hashesOf(db.entries);
  let target = ref;
  if (db.encodingOf(ref) === ENCODING_PACKED) {
    const { maxFields, maxBytes } = hashes.limits;
    if (
      fieldLength <= maxBytes &&
      valueLength <= maxBytes &&
      hasRoomPacked(db.entries, ref, fieldLength + valueLength)
    ) {
      target = storePacked(db, ref, maxFields, value, valueAt, valueLength);
      if (target !== 0) return target;
    }
    target = toTable(db, ref);
    hashes.findField(db.entries.root(target), field, fieldAt, fieldLength);
  }
  const root = db.entries.root(target);
  hashes.storeField(root, field, fieldAt, fieldLength, value, valueAt, valueLength, keepsExpiry);
  if (!keepsExpiry) settleEncoding(db.entries, target);
  return target;
}

/** As `storeField`, for an integer of magnitude < 2^53; a field that expires still does. */
export function storeInteger(
  db: Database,
  ref: number,
  field: Uint8Array,
  fieldAt: number,
  fieldLength: number,
  value: number,
): number {
  const length = writeInteger(digits, 0, value);
  if (db.encodingOf(ref) === ENCODING_PACKED) {
    const { maxFields, maxBytes } = hashesOf(db.entries).limits;
    if (fieldLength <= maxBytes && length <= maxBytes) {
      const target = storePackedInteger(db, ref, maxFields, value);
      if (target !== 0) return target;
    }
  }
  return storeField(db, ref, field, fieldAt, fieldLength, digits, 0, length, true);
}

/** How many fields the last `setFields` has set, and how many of them are new: even if it ran out of memory then. */
let settledFields = 0;
let addedFields = 0;

/** See `settledFields`. */
export function fieldsSet(): number {
  return settledFields;
}

/** See `addedFields`. */
export function fieldsAdded(): number {
  return addedFields;
}

/**
 * Sets fields to values: the arguments from `first` on, in turn. None of the fields is there with its time over.
 * @param ref the hash under argument 1, or 0: `lookupWrite` just found nothing there, and one is made
 */
export function setFields(db: Database, ref: number, request: Request, first: number): number {
  const { entries } = db;
  const { buffer, offsets, lengths, count } = request;
  let target = ref;
  let i = first;
  settledFields = 0;
  addedFields = 0;
  if (target === 0) {
    target = makeOf(db, request, first);
    i += 2 * settledFields;
  }
  while (i < count && entries.encodingOf(target) === ENCODING_PACKED) {
    const isNew = !findPacked(entries, target, buffer, offsets[i], lengths[i]);
    const valueAt = offsets[i + 1];
    const valueLength = lengths[i + 1];
    target = storeField(db, target, buffer, offsets[i], lengths[i], buffer, valueAt, valueLength);
    countSet(isNew);
    i += 2;
  }
  if (i < count) setInTable(entries, target, request, i);
  return target;
}

function countSet(isNew: boolean): void {
  settledFields++;
  if (isNew) addedFields++;
}

/** Makes a hash of the first fields of a request, of all if they can be packed. */
function makeOf(db: Database, request: Request, first: number): number {
  const { buffer, offsets, lengths, count } = request;
  const { maxFields, maxBytes } = hashesOf(db.entries).limits;
  const fields = (count - first) >>> 1;
  if (fields <= maxFields && areShort(request, first, maxBytes)) {
    const packed = createPacked(db, request, first);
    if (packed !== 0) {
      settledFields = fields;
      addedFields = fields;
      return packed;
    }
  }
  const valueAt = offsets[first + 1];
  const valueLength = lengths[first + 1];
  const at = offsets[first];
  const made = createHash(db, request, buffer, at, lengths[first], buffer, valueAt, valueLength);
  countSet(true);
  return made;
}

/** Sets the arguments from `first` on in a hash that is a table. */
function setInTable(entries: Entries, ref: number, request: Request, first: number): void {
  const { buffer, offsets, lengths, count } = request;
  const hashes = hashesOf(entries);
  const root = entries.root(ref);
  for (let i = first; i < count; i += 2) {
    const isNew = !hashes.findFieldArgument(root, request, i);
    const valueAt = offsets[i + 1];
    const valueLength = lengths[i + 1];
    const at = offsets[i];
    hashes.storeField(root, buffer, at, lengths[i], buffer, valueAt, valueLength, false);
    settleEncoding(entries, ref);
    countSet(isNew);
  }
}

/** Makes a hash of one field under argument 1, which `lookupWrite` just found missing. */
export function createHash(
  db: Database,
  request: Request,
  field: Uint8Array,
  fieldAt: number,
  fieldLength: number,
  value: Uint8Array,
  valueAt: number,
  valueLength: number,
): number {
  const hashes = hashesOf(db.entries);
  const { maxFields, maxBytes } = hashes.limits;
  if (maxFields > 0 && fieldLength <= maxBytes && valueLength <= maxBytes) {
    return createPackedField(db, request, field, fieldAt, fieldLength, value, valueAt, valueLength);
  }
  return withNewTable(hashes, (root) => {
    hashes.findField(root, field, fieldAt, fieldLength);
    hashes.storeField(root, field, fieldAt, fieldLength, value, valueAt, valueLength, false);
    const ref = db.build(0, request, 1, TYPE_HASH, ENCODING_TABLE, ROOT_BYTES, NO_EXPIRY);
    db.entries.setRoot(ref, root);
    db.put(0, ref);
    return ref;
  });
}

/**
 * As `storeExpiring`, in a new hash under argument 1, which `lookupWrite` just found missing: it is made with the field
 * or, without memory, not at all.
 */
export function createExpiring(
  db: Database,
  request: Request,
  i: number,
  timeMs: number,
  keyHash: number,
): number {
  const { buffer, offsets, lengths } = request;
  const hashes = hashesOf(db.entries);
  return withNewTable(hashes, (root) => {
    hashes.findField(root, buffer, offsets[i], lengths[i]);
    hashes.addExpiring(
      root,
      buffer,
      offsets[i],
      lengths[i],
      buffer,
      offsets[i + 1],
      lengths[i + 1],
      timeMs,
    );
    const ref = db.build(0, request, 1, TYPE_HASH, ENCODING_EXPIRING, ROOT_BYTES, NO_EXPIRY);
    db.entries.setRoot(ref, root);
    db.put(0, ref);
    hashes.announce(root, keyHash);
    return ref;
  });
}

/** Removes the field that `findField` just found. */
export function removeFound(db: Database, ref: number): number {
  const { entries } = db;
  if (entries.encodingOf(ref) === ENCODING_PACKED) {
    if (packedLength(entries, ref) > 1) return removeFoundPacked(db, ref);
    db.discard(ref);
    return 0;
  }
  const hashes = hashesOf(entries);
  const root = entries.root(ref);
  if (hashes.length(root) === 1) {
    db.discard(ref);
    return 0;
  }
  hashes.removeFound(root);
  settleEncoding(entries, ref);
  return ref;
}

/**
 * Sets when the field that `findField` just found expires, in ms since the epoch. The hash becomes a table.
 * @param keyHash the hash of its key (`Database.hashOf`)
 */
export function setFieldExpiry(
  db: Database,
  ref: number,
  request: Request,
  i: number,
  timeMs: number,
  keyHash: number,
): number {
  const { entries } = db;
  const hashes = hashesOf(entries);
  let target = ref;
  if (entries.encodingOf(ref) === ENCODING_PACKED) {
    target = toTable(db, ref);
    const { buffer, offsets, lengths } = request;
    hashes.findField(entries.root(target), buffer, offsets[i], lengths[i]);
  }
  hashes.setExpiry(entries.root(target), timeMs, keyHash);
  entries.setEncoding(target, ENCODING_EXPIRING);
  return target;
}

/**
 * Sets the field of argument i to the value of the next one, and when it expires, in ms since the epoch. The hash
 * becomes a table.
 * @param keyHash the hash of its key
 */
export function storeExpiring(
  db: Database,
  ref: number,
  request: Request,
  i: number,
  timeMs: number,
  keyHash: number,
): number {
  const { entries } = db;
  const { buffer, offsets, lengths } = request;
  const hashes = hashesOf(entries);
  const target = entries.encodingOf(ref) === ENCODING_PACKED ? toTable(db, ref) : ref;
  const root = entries.root(target);
  const at = offsets[i];
  const length = lengths[i];
  const valueAt = offsets[i + 1];
  const valueLength = lengths[i + 1];
  if (hashes.findField(root, buffer, at, length)) {
    hashes.storeExpiring(root, buffer, at, length, buffer, valueAt, valueLength, timeMs, keyHash);
  } else {
    hashes.addExpiring(root, buffer, at, length, buffer, valueAt, valueLength, timeMs);
    hashes.announce(root, keyHash);
  }
  entries.setEncoding(target, ENCODING_EXPIRING);
  return target;
}

/** The field that `findField` just found, which expires, does so no more. */
export function persistFound(entries: Entries, ref: number): void {
  hashesOf(entries).persistFound(entries.root(ref));
  settleEncoding(entries, ref);
}

/** When the field that `findField` just found expires, in ms since the epoch, or NO_FIELD_EXPIRY. */
export function expiryOfFound(entries: Entries, ref: number): number {
  if (entries.encodingOf(ref) !== ENCODING_EXPIRING) return NO_FIELD_EXPIRY;
  return hashesOf(entries).foundExpiry();
}

/** To be called after a field has lost its expiry, or was removed. */
export function settleEncoding(entries: Entries, ref: number): void {
  if (entries.encodingOf(ref) !== ENCODING_EXPIRING) return;
  if (!hashesOf(entries).hasExpiries(entries.root(ref))) entries.setEncoding(ref, ENCODING_TABLE);
}

/**
 * Points the views at each field and its value in turn, without fields whose time has come, and calls `visit`, which
 * changes nothing, with whether the field expires.
 */
export function visitFields(
  entries: Entries,
  ref: number,
  field: FieldView,
  value: FieldView,
  visit: (expires: boolean) => void,
): void {
  if (entries.encodingOf(ref) === ENCODING_PACKED) {
    visitPacked(entries, ref, field, value, () => visit(false));
    return;
  }
  const hashes = hashesOf(entries);
  hashes.visitLive(entries.root(ref), (record) => {
    hashes.viewField(record, field);
    hashes.viewValue(record, value);
    visit(hashes.expiryOf(record) !== NO_FIELD_EXPIRY);
  });
}

/** Creates an empty table and calls `use` with it; frees it if that throws. */
export function withNewTable(hashes: FieldTables, use: (root: number) => number): number {
  const root = hashes.create();
  try {
    return use(root);
  } catch (error) {
    while (!hashes.freeStep(root));
    throw error;
  }
}

/** Moves the fields of a packed hash into a table. */
function toTable(db: Database, ref: number): number {
  const hashes = hashesOf(db.entries);
  return withNewTable(hashes, (root) => {
    visitPacked(db.entries, ref, movedField, movedValue, () => {
      movedField.asBytes();
      movedValue.asBytes();
      addField(hashes, root, movedField, movedValue);
    });
    const target = db.refit(ref, ROOT_BYTES);
    db.entries.setEncoding(target, ENCODING_TABLE);
    db.entries.setRoot(target, root);
    return target;
  });
}

/** Adds a field to a table; false if it is there already, even if its time has come. */
export function addField(
  hashes: FieldTables,
  root: number,
  field: FieldView,
  value: FieldView,
): boolean {
  if (hashes.findField(root, field.buffer, field.offset, field.length)) return false;
  if (hashes.isFoundDue) return false;
  hashes.storeField(
    root,
    field.buffer,
    field.offset,
    field.length,
    value.buffer,
    value.offset,
    value.length,
    false,
  );
  return true;
}

/** Whether no argument from `first` on is longer than that. */
function areShort({ lengths, count }: Request, first: number, maxBytes: number): boolean {
  for (let i = first; i < count; i++) if (lengths[i] > maxBytes) return false;
  return true;
}
