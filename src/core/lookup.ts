// Looking a key up for a command that takes values of one type, and notifying of what it did with it: what nearly
// every handler does, in one call each.
import type { Database } from '../keyspace/database.ts';
import { EVENT_GENERIC } from '../keyspace/key-events.ts';
import type { Request } from '../protocol/request.ts';
import type { Call } from './call.ts';
import { WRONG_TYPE } from './errors.ts';

/** There is no such key. */
export const ABSENT = 0;
/** The key holds a value of another type, and the error has been answered. No entry has this reference. */
export const REFUSED = -1;

/**
 * The entry of argument i, for a command that only reads: it counts as a hit or miss, and as a use of the key.
 * @param type number of the type that its value must have (ValueType.id)
 * @returns ABSENT when there is none; REFUSED after answering an error
 */
export function lookupRead(call: Call, i: number, type: number): number {
  return ofType(call, call.db.lookupRead(call.request, i), type);
}

/** As `lookupRead`, for a command that changes the value: it counts as a use of the key. */
export function lookupWrite(call: Call, i: number, type: number): number {
  return ofType(call, call.db.lookupWrite(call.request, i), type);
}

/** As `lookupWrite`, without counting as a use: most such commands make a new entry, or touch it later. */
export function lookupForChange(call: Call, i: number, type: number): number {
  return ofType(call, call.db.lookupForChange(call.request, i), type);
}

function ofType({ db, reply }: Call, ref: number, type: number): number {
  if (ref === ABSENT || db.typeOf(ref) === type) return ref;
  reply.error(WRONG_TYPE);
  return REFUSED;
}

/**
 * Notifies of an event of the key of argument i, and of the key's end if it left the value without elements.
 * @param ref its entry now; ABSENT when it is gone
 */
export function notifyChange(
  db: Database,
  request: Request,
  i: number,
  ref: number,
  eventClass: number,
  event: string,
): void {
  db.notify(eventClass, event, request, i);
  if (ref === ABSENT) db.notify(EVENT_GENERIC, 'del', request, i);
}

/**
 * As `notifyChange`, and the key counts as modified.
 * @param changes how many modifications it counts as, for the next snapshot
 */
export function changed(
  db: Database,
  request: Request,
  i: number,
  ref: number,
  eventClass: number,
  event: string,
  changes: number,
): void {
  notifyChange(db, request, i, ref, eventClass, event);
  db.modified(request, i, changes);
}

/**
 * As `changed`, for a command that takes many elements and ran out of memory after some of them: what it did before
 * stays, so everybody learns of it as of any change. The handler throws its error on.
 * @param changes what it did; with 0 nothing happens
 */
export function changedHalfway(
  db: Database,
  request: Request,
  i: number,
  eventClass: number,
  event: string,
  changes: number,
): void {
  if (changes === 0) return;
  db.notify(eventClass, event, request, i);
  db.modified(request, i, changes);
}

/**
 * Deletes the key of argument i, as there is nothing to be stored under it; it need not be there. A key whose time is
 * over, and that nobody has deleted yet, is deleted like any other then, as in Redis.
 */
export function deleteTarget(db: Database, request: Request, i: number): void {
  const ref = db.lookupStored(request, i);
  if (ref === ABSENT) return;
  db.discard(ref);
  db.notify(EVENT_GENERIC, 'del', request, i);
  db.modified(request, i, 1);
}
