// Values too large for a block lie in buffers of their own, which RENAME, MOVE, EXPIRE and PERSIST
// hand on instead of copying, and which are given back exactly once.

import { describe, expect, test } from 'vitest';
import { type Database, NO_EXPIRY } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { MAX_BLOCK_BYTES } from '../../src/memory/size-classes.ts';
import { Request } from '../../src/protocol/request.ts';
import { MAX_INLINE_KEY_BYTES } from '../../src/structures/entry.ts';
import { valueTypes } from '../../src/types/index.ts';
import { setString } from '../../src/types/string/values.ts';

const LARGE = Buffer.alloc(3 * MAX_BLOCK_BYTES, 'large');
const FUTURE_MS = 4_102_444_800_000;
const LONG_KEY = 'k'.repeat(MAX_INLINE_KEY_BYTES + 1);

function store(db: Database, key: string, value: Uint8Array, expiry = NO_EXPIRY): number {
  const request = Request.of(['SET', key, value]);
  setString(db, request, 1, request.buffer, request.offsets[2], value.length, expiry);
  return find(db, key);
}

function find(db: Database, key: string): number {
  return db.lookupForChange(Request.of(['GET', key]), 1);
}

function bufferOf(db: Database, key: string): Buffer {
  return db.value(find(db, key)).buffer;
}

/** Deletes everything and expects that nothing remains in use. */
function expectNoLeak(keyspace: Keyspace): void {
  expect(keyspace.arena.overflow.usedBytes).toBeGreaterThan(0);
  keyspace.flush();
  while (keyspace.reclaim(performance.now() + 1_000));
  expect(keyspace.arena.overflow.usedBytes).toBe(0);
}

describe.each([
  ['short keys', 'a', 'b'],
  ['a long key that becomes short', LONG_KEY, 'b'],
  ['a short key that becomes long', 'a', LONG_KEY],
])('a large value: %s', (_, first, second) => {
  test('moves to another key without being copied', () => {
    const keyspace = new Keyspace(valueTypes, 2);
    const [db, other] = keyspace.databases;
    const ref = store(db, first, LARGE, FUTURE_MS);
    const buffer = bufferOf(db, first);
    db.setAccessWord(ref, 12_345);
    store(other, second, LARGE);
    db.moveTo(ref, other, Request.of(['RENAME', second]), 1);
    expect(find(db, first)).toBe(0);
    expect(bufferOf(other, second) === buffer).toBe(true);
    expect(other.value(find(other, second)).copy().equals(LARGE)).toBe(true);
    expect(other.expiryOf(find(other, second))).toBe(FUTURE_MS);
    expect(other.accessWord(find(other, second))).toBe(12_345);
    expect([db.size, other.size, db.expiring, other.expiring]).toEqual([0, 1, 0, 1]);
    expect(keyspace.arena.overflow.usedBytes).toBeLessThan(2 * LARGE.length);
    expectNoLeak(keyspace);
  });

  test('gets and loses an expiry without being copied', () => {
    const keyspace = new Keyspace(valueTypes, 1);
    const [db] = keyspace.databases;
    store(db, first, LARGE);
    const buffer = bufferOf(db, first);
    db.setExpiry(find(db, first), FUTURE_MS);
    expect(bufferOf(db, first) === buffer).toBe(true);
    expect(db.expiryOf(find(db, first))).toBe(FUTURE_MS);
    db.setExpiry(find(db, first), NO_EXPIRY);
    expect(bufferOf(db, first) === buffer).toBe(true);
    expect(db.value(find(db, first)).copy().equals(LARGE)).toBe(true);
    expect([db.size, db.expiring]).toEqual([1, 0]);
    expectNoLeak(keyspace);
  });

  test('is copied to another key, and both can change', () => {
    const keyspace = new Keyspace(valueTypes, 1);
    const [db] = keyspace.databases;
    db.copyTo(store(db, first, LARGE), db, Request.of(['COPY', second]), 1);
    expect(bufferOf(db, second) === bufferOf(db, first)).toBe(false);
    bufferOf(db, first).fill(0);
    expect(db.value(find(db, second)).copy().equals(LARGE)).toBe(true);
    expectNoLeak(keyspace);
  });
});

test('a value that fits into a block only without an expiry changes its place with it', () => {
  const keyspace = new Keyspace(valueTypes, 1);
  const [db] = keyspace.databases;
  const value = Buffer.alloc(MAX_BLOCK_BYTES - 20, 'v');
  store(db, 'k', value);
  expect(keyspace.arena.overflow.usedBytes).toBe(0);
  db.setExpiry(find(db, 'k'), FUTURE_MS);
  expect(keyspace.arena.overflow.usedBytes).toBe(value.length);
  expect(db.value(find(db, 'k')).copy().equals(value)).toBe(true);
  db.setExpiry(find(db, 'k'), NO_EXPIRY);
  expect(keyspace.arena.overflow.usedBytes).toBe(0);
  expect(db.value(find(db, 'k')).copy().equals(value)).toBe(true);
});

test('what is known of uses survives an overwriting: frequency is counted on', () => {
  const keyspace = new Keyspace(valueTypes, 1);
  const [db] = keyspace.databases;
  keyspace.access.frequency = true;
  keyspace.access.logFactor = 0;
  keyspace.refreshAccessWord();
  const before = db.accessWord(store(db, 'k', Buffer.from('short')));
  // Each in another size class, so in another block.
  expect(db.accessWord(store(db, 'k', Buffer.alloc(500)))).toBe(before + 1);
  expect(db.accessWord(store(db, 'k', Buffer.alloc(5_000)))).toBe(before + 2);
  expect(db.accessWord(store(db, 'k', Buffer.alloc(5_001)))).toBe(before + 3);
});
