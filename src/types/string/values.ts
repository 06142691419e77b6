// Values of type string: storing, counting, changing bytes in place. Each function takes the database whose entry it
// changes, and reports the modification to it.

import type { Database } from '../../keyspace/database.ts';
import { NO_EXPIRY } from '../../keyspace/entries.ts';
import {
  ENCODING_INT,
  ENCODING_RAW,
  stringEncoding,
  TYPE_STRING,
} from '../../keyspace/plain-strings.ts';
import { digitsOf, writeInteger } from '../../protocol/integer.ts';
import type { Request } from '../../protocol/request.ts';

/** An entry has the length of its value in 31 bits. */
export const MAX_STRING_BYTES = 0x7fffffff;

/** Most characters of a 64-bit integer with its sign. */
const INTEGER_BYTES = 20;

/** For `setString`: the expiry stays as it is. */
export const KEEP_EXPIRY = -2;

const digits = new Uint8Array(INTEGER_BYTES);

/**
 * Stores a string under argument i of the request, whatever was there before.
 * @param expiry when it expires, in ms since the epoch; or NO_EXPIRY, or KEEP_EXPIRY
 * @param encoding the encoding that it reports, if not the one that its bytes imply
 */
export function setString(
  db: Database,
  request: Request,
  i: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  expiry: number,
  encoding = stringEncoding(bytes, offset, length),
): void {
  const ref = db.lookupForChange(request, i);
  if (ref === 0 || !overwrite(db, ref, encoding, bytes, offset, length, expiry)) {
    const kept = ref === 0 ? NO_EXPIRY : db.expiryOf(ref);
    const time = expiry === KEEP_EXPIRY ? kept : expiry;
    const fresh = db.build(ref, request, i, TYPE_STRING, encoding, length, time);
    db.entries.fillValue(fresh, bytes, offset, length);
    db.put(ref, fresh);
  }
  db.modified(request, i, 1);
}

/**
 * As `setString`, for a string that lies in an overflow block: this becomes the value.
 * @param block its number, which the caller has given up
 */
function adoptString(
  db: Database,
  request: Request,
  i: number,
  block: number,
  length: number,
  expiry: number,
): void {
  try {
    const ref = db.lookupForChange(request, i);
    const kept = ref === 0 ? NO_EXPIRY : db.expiryOf(ref);
    const time = expiry === KEEP_EXPIRY ? kept : expiry;
    const fresh = db.build(ref, request, i, TYPE_STRING, ENCODING_RAW, length, time, block);
    db.put(ref, fresh);
  } catch (error) {
    db.entries.arena.overflow.free(block);
    throw error;
  }
  db.modified(request, i, 1);
}

/** As `setString`, for argument `valueAt`: an argument that was received into an overflow block becomes the value. */
export function storeArgument(
  db: Database,
  request: Request,
  i: number,
  valueAt: number,
  expiry: number,
): void {
  const { buffer, offsets, lengths, large } = request;
  const taken = large === undefined ? undefined : large.at(valueAt)?.take();
  if (taken !== undefined) adoptString(db, request, i, taken, lengths[valueAt], expiry);
  else setString(db, request, i, buffer, offsets[valueAt], lengths[valueAt], expiry);
}

/**
 * Stores an integer of magnitude ≤ 2^53 as a string under argument i; an expiry stays.
 * @param ref what `lookupForChange` just found there: a string, or 0
 */
export function setInteger(
  db: Database,
  request: Request,
  i: number,
  ref: number,
  value: number,
): void {
  const size = digitsOf(Math.abs(value)) + (value < 0 ? 1 : 0);
  if (ref !== 0 && db.entries.overwriteInteger(ref, value, size)) {
    db.touch(ref);
    db.modified(request, i, 1);
    return;
  }
  const length = writeInteger(digits, 0, value);
  setString(db, request, i, digits, 0, length, KEEP_EXPIRY, ENCODING_INT);
}

/**
 * Makes a string of NUL bytes under argument i, which `lookupForChange` just found missing, to be filled by
 * `patchString`. Returns the entry's reference.
 */
export function createString(db: Database, request: Request, i: number, length: number): number {
  const ref = db.build(0, request, i, TYPE_STRING, ENCODING_RAW, length, NO_EXPIRY);
  const value = db.value(ref);
  db.entries.arena.overflow.clear(value.buffer, value.offset, value.offset + length);
  db.put(0, ref);
  return ref;
}

/**
 * Changes bytes of a string in place, growing it with NUL bytes as needed: what APPEND and
 * SETRANGE do. Its expiry stays.
 * @returns the entry's reference, which may be another
 */
export function patchString(
  db: Database,
  ref: number,
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  encoding: number,
): number {
  const before = db.value(ref).length;
  const target = at + length > before ? db.resize(ref, at + length) : ref;
  db.entries.patch(target, before, at, bytes, offset, length);
  db.entries.setEncoding(target, encoding);
  db.signalModified(target);
  return target;
}

/**
 * Replaces bytes of a string by others, of which there may be more or fewer; its expiry stays. Nobody is notified.
 * @param at where those begin that are replaced; there are `oldLength`
 * @param bytes the first `newLength` of it take their place
 * @param capacity length to which the string can grow if it needs a new block
 * @returns the entry's reference, which may be another
 */
export function spliceString(
  db: Database,
  ref: number,
  at: number,
  oldLength: number,
  bytes: Uint8Array,
  newLength: number,
  capacity: number,
): number {
  const { entries } = db;
  const { length } = db.value(ref);
  const growth = newLength - oldLength;
  let target = ref;
  if (growth > 0) target = db.resize(ref, length + growth, capacity);
  if (growth !== 0) entries.shift(target, at + oldLength, length, growth);
  entries.patch(target, length, at, bytes, 0, newLength);
  if (growth < 0) target = db.resize(target, length + growth);
  return target;
}

/** Has a string report the encoding "raw", as strings do that were changed in place. */
export function makeRaw(db: Database, ref: number): void {
  if (db.encodingOf(ref) !== ENCODING_RAW) db.entries.setEncoding(ref, ENCODING_RAW);
}

/** Overwrites a string's value in its block; false when it needs another block, or is no string. */
function overwrite(
  db: Database,
  ref: number,
  encoding: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  expiry: number,
): boolean {
  const { entries } = db;
  const expires = entries.expires(ref);
  if (expires ? expiry === NO_EXPIRY : expiry >= 0) return false;
  if (!entries.overwrite(ref, encoding, bytes, offset, length)) return false;
  if (expires && expiry >= 0) db.updateExpiry(ref, expiry);
  db.touch(ref);
  return true;
}
