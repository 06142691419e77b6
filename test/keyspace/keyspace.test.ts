// What the databases share: expiry, emptying, exchanging, and the accounting of it all.

import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { valueTypes } from '../../src/types/index.ts';
import { patchString, setInteger } from '../../src/types/string/values.ts';
import { Random } from '../support/random.ts';
import {
  find,
  keysOf,
  NEVER,
  newKeyspace,
  PAST,
  present,
  read,
  remove,
  requestOf,
  START_MS,
  store,
  storeMany,
} from './support.ts';

/** Most keys that `expireDue` deletes before it looks at the clock again. */
const MAX_BATCH = 16;

describe('a key whose time has come', () => {
  test('is not there any more, from the very millisecond on', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    store(db, 'k', 'v', START_MS + 100);
    keyspace.tick(START_MS + 99);
    const ref = find(db, 'k');
    expect(ref).not.toBe(0);
    expect([db.isDue(ref), db.isLive(ref)]).toEqual([false, true]);
    keyspace.tick(START_MS + 100);
    expect(db.isDue(ref)).toBe(true);
    expect(db.size).toBe(1);
    expect(find(db, 'k')).toBe(0);
    expect([db.size, db.expiring, keyspace.stats.expired]).toEqual([0, 0, 1]);
  });

  test('is deleted by whoever meets it', () => {
    const meet: ((db: Database, ref: number) => unknown)[] = [
      (db) => read(db, 'k'),
      (db) => db.lookupNoTouch(requestOf('k'), 1),
      (db) => db.lookupWrite(requestOf('k'), 1),
      (db) => db.find(Buffer.from('k'), 0, 1),
      (db) => remove(db, 'k'),
      (db, ref) => db.isLive(ref),
    ];
    for (const way of meet) {
      const keyspace = newKeyspace();
      const [db] = keyspace.databases;
      store(db, 'k', 'v', START_MS + 1);
      const ref = find(db, 'k');
      keyspace.tick(START_MS + 1);
      expect([0, false]).toContain(way(db, ref));
      expect([db.size, keyspace.stats.expired]).toEqual([0, 1]);
    }
  });

  test('makes room for a new value, that does not inherit its expiry', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    store(db, 'k', 'v', START_MS + 1);
    keyspace.tick(START_MS + 5);
    setInteger(db, requestOf('k'), 1, 0, 7);
    expect(db.expiryOf(find(db, 'k'))).toBe(-1);
    expect([db.size, db.expiring]).toEqual([1, 0]);
  });

  test('stays, unseen, while writes are paused', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    store(db, 'k', 'v', START_MS + 1);
    keyspace.tick(START_MS + 1);
    keyspace.expiryPaused = true;
    expect([find(db, 'k'), read(db, 'k'), db.size, keyspace.stats.expired]).toEqual([0, 0, 1, 0]);
    keyspace.expiryPaused = false;
    expect([find(db, 'k'), db.size, keyspace.stats.expired]).toEqual([0, 0, 1]);
  });
});

describe('expireDue', () => {
  test('deletes exactly the keys that are due, in all databases', () => {
    const random = new Random(71);
    const keyspace = newKeyspace(4);
    const expiries = new Map<string, number>();
    for (let i = 0; i < 3_000; i++) {
      const expiry = random.chance(0.3) ? -1 : START_MS + random.integer(1, 5_000);
      store(random.pick(keyspace.databases), `k${i}`, 'v', expiry);
      expiries.set(`k${i}`, expiry);
    }
    let expired = 0;
    for (const elapsed of [0, 1, 1_000, 2_500, 2_501, 4_999, 5_000]) {
      const nowMs = START_MS + elapsed;
      keyspace.tick(nowMs);
      expect(keyspace.expireDue(NEVER)).toBe(false);
      const left = keyspace.databases.flatMap((db) => [...keysOf(db)]);
      const expected = [...expiries].filter(([, expiry]) => expiry === -1 || expiry > nowMs);
      expect(left.sort()).toEqual(expected.map(([key]) => key).sort());
      expired = 3_000 - expected.length;
      expect(keyspace.stats.expired).toBe(expired);
    }
    expect(keyspace.databases.reduce((sum, db) => sum + db.expiring, 0)).toBe(0);
    expect(keyspace.stats.expiryCyclesCutShort).toBe(0);
  });

  test('deletes the soonest first, and a bounded number once its time is up', () => {
    const keyspace = newKeyspace(1);
    const [db] = keyspace.databases;
    storeMany(db, 'k', 1_000, 'v', (index) => START_MS + 1 + ((index * 7919) % 1_000));
    keyspace.tick(START_MS + 10_000);
    let calls = 0;
    while (db.size > 0) {
      const before = db.size;
      const soonest = db.soonestExpiryMs;
      expect(soonest).toBe(START_MS + 1 + (1_000 - before));
      const more = keyspace.expireDue(PAST);
      if (db.size > 0) expect(more).toBe(true);
      expect(before - db.size).toBeGreaterThan(0);
      expect(before - db.size).toBeLessThanOrEqual(MAX_BATCH);
      calls++;
    }
    expect(keyspace.expireDue(PAST)).toBe(false);
    expect(keyspace.stats.expired).toBe(1_000);
    expect(keyspace.stats.expiryCyclesCutShort).toBe(calls);
  });

  test('lets no database wait for another: each cycle begins with the next', () => {
    const keyspace = newKeyspace(3);
    for (const db of keyspace.databases) storeMany(db, 'k', 500, 'v', () => START_MS + 1);
    keyspace.tick(START_MS + 1);
    for (let i = 0; i < 9; i++) keyspace.expireDue(PAST);
    const deleted = keyspace.databases.map((db) => 500 - db.size);
    expect(Math.min(...deleted)).toBeGreaterThan(0);
    expect(Math.max(...deleted)).toBe(Math.min(...deleted));
  });
});

describe('flush', () => {
  test('empties one database or all at once, and gives the memory back piecemeal', () => {
    const keyspace = newKeyspace(3);
    const [first, second, third] = keyspace.databases;
    storeMany(first, 'a', 5_000, 'x'.repeat(50), (index) => (index % 2 === 0 ? START_MS + 9 : -1));
    storeMany(second, 'b', 10, 'x'.repeat(100_000));
    storeMany(third, 'c', 10);
    const { usedBytes } = keyspace;
    expect(keyspace.flush(0)).toBe(5_000);
    expect([first.size, first.expiring, find(first, 'a1')]).toEqual([0, 0, 0]);
    expect([second.size, third.size]).toEqual([10, 10]);
    // The heap is gone at once, the entries are not.
    expect(keyspace.usedBytes).toBeGreaterThan(usedBytes / 2);
    expect([keyspace.reclaiming, keyspace.pendingKeys]).toEqual([true, 5_000]);
    // The database is of use meanwhile.
    storeMany(first, 'new', 100);
    let calls = 0;
    let before = keyspace.usedBytes;
    while (keyspace.reclaim(PAST)) {
      calls++;
      expect(before - keyspace.usedBytes).toBeLessThan(300_000);
      before = keyspace.usedBytes;
    }
    expect(calls).toBeGreaterThan(4);
    expect(keyspace.stats.lazyFreed).toBe(5_000);
    expect(present(first, ['new0', 'new99', 'a1'])).toEqual(['new0', 'new99']);
    expect(keyspace.flush()).toBe(120);
    expect(keyspace.pendingKeys).toBe(120);
    expect(keyspace.reclaim(NEVER)).toBe(false);
    expect([keyspace.usedBytes, keyspace.pendingKeys]).toEqual([keyspace.initialBytes, 0]);
    // What is given back at once is no lazy freeing.
    expect(keyspace.stats.lazyFreed).toBe(5_000);
  });

  test('gives back what a database still holds from when it was not empty', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    const keys = storeMany(db, 'k', 2_000, 'v', () => START_MS + 9);
    for (const key of keys) remove(db, key);
    expect(keyspace.usedBytes).toBeGreaterThan(keyspace.initialBytes);
    expect(keyspace.flush(0)).toBe(0);
    keyspace.reclaim(NEVER);
    expect(keyspace.usedBytes).toBe(keyspace.initialBytes);
  });

  test('of what was always empty does nothing', () => {
    const keyspace = newKeyspace();
    const { dirty } = keyspace;
    expect([keyspace.flush(), keyspace.flush(1), keyspace.reclaiming]).toEqual([0, 0, false]);
    expect(keyspace.reclaim(PAST)).toBe(false);
    expect(keyspace.dirty).toBe(dirty);
  });
});

describe('swap', () => {
  test('exchanges all that the two hold, expiry included', () => {
    const keyspace = newKeyspace();
    const [first, second] = keyspace.databases;
    storeMany(first, 'a', 1_000, 'first', () => START_MS + 50);
    store(second, 'b', 'second');
    keyspace.swap(first, second);
    expect([first.size, second.size, first.expiring, second.expiring]).toEqual([
      1, 1_000, 0, 1_000,
    ]);
    expect([first.index, second.index]).toEqual([0, 1]);
    store(second, 'a1', 'changed', START_MS + 10);
    expect(second.soonestExpiryMs).toBe(START_MS + 10);
    keyspace.tick(START_MS + 50);
    keyspace.expireDue(NEVER);
    expect([first.size, second.size]).toEqual([1, 0]);
    keyspace.swap(first, first);
    expect([...keysOf(first)]).toEqual(['b']);
  });
});

describe('accounting', () => {
  test('hits and misses are counted by what reads, not by what looks', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    store(db, 'k');
    find(db, 'k');
    find(db, 'none');
    expect([keyspace.stats.hits, keyspace.stats.misses]).toEqual([0, 0]);
    read(db, 'k');
    db.lookupNoTouch(requestOf('k'), 1);
    read(db, 'none');
    db.lookupWrite(requestOf('none'), 1);
    expect([keyspace.stats.hits, keyspace.stats.misses]).toEqual([2, 1]);
    keyspace.resetStats();
    const stats = Object.entries(keyspace.stats);
    expect(stats.filter(([, count]) => count !== 0)).toEqual([]);
    expect(stats.map(([name]) => name)).toContain('hits');
  });

  test('every change counts as one modification', () => {
    const keyspace = newKeyspace();
    const [db, other] = keyspace.databases;
    const changes: (() => unknown)[] = [
      () => store(db, 'k', '1'),
      () => store(db, 'k', '2'),
      () => setInteger(db, requestOf('k'), 1, find(db, 'k'), 3),
      () => patchString(db, find(db, 'k'), 0, Buffer.from('9'), 0, 1, 0),
      () => db.setExpiry(find(db, 'k'), START_MS + 5),
      () => db.copyTo(find(db, 'k'), other, requestOf('c'), 1),
      () => remove(db, 'k'),
    ];
    for (const change of changes) {
      const before = keyspace.dirty;
      change();
      expect(keyspace.dirty).toBe(before + 1);
    }
    const before = keyspace.dirty;
    remove(db, 'k');
    read(other, 'c');
    expect(keyspace.dirty).toBe(before);
  });

  test('the access clock follows the tick, the policy and NO-TOUCH', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    store(db, 'k');
    const created = db.accessWord(find(db, 'k'));
    keyspace.tick(START_MS + 10_000);
    find(db, 'k');
    db.lookupNoTouch(requestOf('k'), 1);
    keyspace.suspendTouch = true;
    read(db, 'k');
    expect(db.accessWord(find(db, 'k'))).toBe(created);
    keyspace.suspendTouch = false;
    read(db, 'k');
    expect(db.accessWord(find(db, 'k'))).toBe(created + Math.floor(10_000 / 256));
    keyspace.access.frequency = true;
    keyspace.refreshAccessWord();
    store(db, 'new');
    expect(db.accessWord(find(db, 'new')) & 0xff).toBe(5);
  });

  test('a copy starts with a fresh clock, a moved key keeps its own', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    store(db, 'k');
    const word = db.accessWord(find(db, 'k'));
    keyspace.tick(START_MS + 5_000);
    db.copyTo(find(db, 'k'), db, requestOf('copy'), 1);
    db.moveTo(find(db, 'k'), db, requestOf('moved'), 1);
    expect(db.accessWord(find(db, 'copy'))).toBe(keyspace.freshWord);
    expect(db.accessWord(find(db, 'moved'))).toBe(word);
    const expiring = db.setExpiry(find(db, 'moved'), START_MS + 9_000);
    expect(db.accessWord(expiring)).toBe(word);
  });

  test('a new keyspace tells the time at once', () => {
    const before = Date.now();
    const { nowMs } = new Keyspace(valueTypes, 1);
    expect(nowMs).toBeGreaterThanOrEqual(before);
    expect(nowMs).toBeLessThanOrEqual(Date.now());
  });
});
