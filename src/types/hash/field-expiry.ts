// Removes fields of hashes whose time has come: some of a hash whenever its key is looked up, and in the background
// those of all hashes, the soonest first. A hash that has no fields left is removed, too.
import type { Database } from '../../keyspace/database.ts';
import type { PartExpiry } from '../../keyspace/value-type.ts';
import { ENCODING_EXPIRING, TYPE_HASH } from './encodings.ts';
import { findField, hashesOf, settleEncoding } from './values.ts';

/** Fields removed at once: each takes a microsecond or two. */
const BATCH = 64;

/** Whether fields are being removed: those who are told of it may look the key up. */
let isRemoving = false;

/** See the head of this file. */
export const fieldExpiry: PartExpiry = {
  soonestMs: (entries) => hashesOf(entries).timers.soonestMs,
  overheadBytes: (entries) => hashesOf(entries).timers.overheadBytes,
  expireSome(entries, databases) {
    const { timers } = hashesOf(entries);
    const timer = timers.soonest;
    for (const db of databases) {
      const ref = ownerOf(db, timer);
      if (ref === 0) continue;
      expireFields(db, ref);
      return;
    }
    // Its database was emptied, and its memory is not given back yet.
    timers.withdraw(timer);
  },
  expirePartsOf: expireFields,
};

/** The entry of the hash with a timer, if it is in a database; else 0. */
function ownerOf(db: Database, timer: number): number {
  const { entries } = db;
  const hashes = hashesOf(entries);
  return db.withHash(
    hashes.timers.keyHash(timer),
    (ref) =>
      entries.typeOf(ref) === TYPE_HASH &&
      entries.encodingOf(ref) === ENCODING_EXPIRING &&
      hashes.isTimerOf(timer, entries.root(ref)),
  );
}

/** Removes fields of a hash that are due, up to a batch; returns its reference, or 0 when none is left. */
function expireFields(db: Database, ref: number): number {
  const { entries } = db;
  const hashes = hashesOf(entries);
  const root = entries.root(ref);
  if (isRemoving || hashes.soonestOf(root) > hashes.clock.dueMs) return ref;
  isRemoving = true;
  try {
    db.changing(ref);
    const fields: Buffer[] = [];
    while (fields.length < BATCH && hashes.soonestOf(root) <= hashes.clock.dueMs) {
      fields.push(hashes.removeSoonest(root));
    }
    return report(db, ref, fields);
  } finally {
    isRemoving = false;
  }
}

/**
 * Removes a field that is due, which a command is about to change.
 * @returns the entry's reference; 0 when no field is left
 */
export function expireField(
  db: Database,
  ref: number,
  bytes: Buffer,
  offset: number,
  length: number,
): number {
  const { entries } = db;
  const hashes = hashesOf(entries);
  if (findField(entries, ref, bytes, offset, length) || !hashes.isFoundDue) return ref;
  const field = Buffer.from(bytes.subarray(offset, offset + length));
  hashes.removeFound(entries.root(ref));
  return report(db, ref, [field]);
}

/** Reports that fields were removed, and removes the hash if these were all. */
function report(db: Database, ref: number, fields: readonly Buffer[]): number {
  const { entries } = db;
  const isGone = hashesOf(entries).length(entries.root(ref)) === 0;
  const key = db.key(ref).copy();
  if (isGone) db.discard(ref);
  else settleEncoding(entries, ref);
  db.fieldsExpired(key, fields, isGone);
  return isGone ? 0 : ref;
}
