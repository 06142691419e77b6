// Looking the hash of a command up. Fields whose time has come are mostly gone then: each lookup removes some. What is
// left of them, where very many expire at once, no reader sees; and a command that changes fields has those that it
// names removed first, so that it, and whoever repeats it from the log, finds them gone.
import type { Call } from '../../core/call.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { ENCODING_EXPIRING, TYPE_HASH } from '../../types/hash/encodings.ts';
import { expireField } from '../../types/hash/field-expiry.ts';
import { findFieldArgument, hashesOf } from '../../types/hash/values.ts';

/**
 * The hash of argument 1, for a command that changes the fields in every `step`-th argument from `first` on, up to
 * `last`.
 * @returns ABSENT when there is none; REFUSED after answering an error
 */
export function lookupHashWrite(call: Call, first: number, step: number, last: number): number {
  const ref = lookupWrite(call, 1, TYPE_HASH);
  if (ref === ABSENT || ref === REFUSED) return ref;
  return call.db.encodingOf(ref) === ENCODING_EXPIRING
    ? withoutDue(call, ref, first, step, last)
    : ref;
}

/** Removes those of the fields that are due. */
export function withoutDue(
  { request, db }: Call,
  ref: number,
  first: number,
  step: number,
  last: number,
): number {
  const hashes = hashesOf(db.entries);
  const { dueMs } = hashes.clock;
  if (db.encodingOf(ref) !== ENCODING_EXPIRING) return ref;
  if (hashes.soonestOf(db.entries.root(ref)) > dueMs) return ref;
  const { buffer, offsets, lengths } = request;
  let target = ref;
  for (let i = first; i <= last && target !== ABSENT; i += step) {
    if (db.encodingOf(target) !== ENCODING_EXPIRING) break;
    target = expireField(db, target, buffer, offsets[i], lengths[i]);
  }
  // The place where the key can be made anew.
  if (target === ABSENT) db.lookupForChange(request, 1);
  return target;
}

/** Looks for the field of argument i in a hash. */
export function findArgument({ request, db }: Call, ref: number, i: number): boolean {
  return findFieldArgument(db.entries, ref, request, i);
}
