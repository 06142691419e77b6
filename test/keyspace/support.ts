// Short ways to store and look at keys in tests of the keyspace.

import { type Database, NO_EXPIRY } from '../../src/keyspace/database.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../src/keyspace/key-signals.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { ValueType } from '../../src/keyspace/value-type.ts';
import { Request } from '../../src/protocol/request.ts';
import { valueTypes } from '../../src/types/index.ts';
import { stringType } from '../../src/types/string/descriptor.ts';
import { setString } from '../../src/types/string/values.ts';

/** The time at which `newKeyspace` starts. */
export const START_MS = 1_700_000_000_000;

/** The types, but strings can be waited for in every way: what holds for all types is tested apart from any. */
export const typesWithWaiters: readonly ValueType[] = valueTypes.map((type) =>
  type === stringType ? { ...type, wakes: KEY_CREATED | KEY_GROWN | KEY_GONE } : type,
);

/** A keyspace whose clock stands at START_MS. */
export function newKeyspace(databases = 2, types = valueTypes): Keyspace {
  const keyspace = new Keyspace(types, databases);
  keyspace.tick(START_MS);
  return keyspace;
}

/** A request with these as its arguments 1, 2 … after a command's name. */
export function requestOf(...args: readonly (string | Uint8Array)[]): Request {
  return Request.of(['command', ...args]);
}

/** Stores a string. */
export function store(db: Database, key: string, value = 'value', expiry = NO_EXPIRY): void {
  const request = requestOf(key, value);
  setString(db, request, 1, request.buffer, request.offsets[2], request.lengths[2], expiry);
}

/** Stores `count` keys `<prefix><number>`; returns their names. */
export function storeMany(
  db: Database,
  prefix: string,
  count: number,
  value?: string,
  expiryOf: (index: number) => number = () => NO_EXPIRY,
): string[] {
  const keys = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  for (const [index, key] of keys.entries()) store(db, key, value, expiryOf(index));
  return keys;
}

/** The entry of a key, or 0, without using it. */
export function find(db: Database, key: string): number {
  return db.lookupForChange(requestOf(key), 1);
}

/** Reads a key as GET does: it counts as used. */
export function read(db: Database, key: string): number {
  return db.lookupRead(requestOf(key), 1);
}

/** Deletes a key; whether it was there. */
export function remove(db: Database, key: string): boolean {
  return db.delete(requestOf(key), 1);
}

/** The names of all keys that are stored, those included that are due. */
export function keysOf(db: Database): Set<string> {
  const keys = new Set<string>();
  db.scan(0, Number.POSITIVE_INFINITY, (ref) => keys.add(db.key(ref).copy().toString('latin1')));
  return keys;
}

/** Those of the keys that are stored. */
export function present(db: Database, keys: readonly string[]): string[] {
  const stored = keysOf(db);
  return keys.filter((key) => stored.has(key));
}

/** A deadline that has passed already: only the least possible work is done. */
export const PAST = -1;
/** A deadline that never comes. */
export const NEVER: number = Number.POSITIVE_INFINITY;
