// WATCH: which changes mark which watchers.

import { describe, expect, test } from 'vitest';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { type Watcher, type Watches, WatchList, watchBytes } from '../../src/keyspace/watch.ts';
import { patchString, setInteger, setString } from '../../src/types/string/values.ts';
import { Random } from '../support/random.ts';
import { find, NEVER, newKeyspace, read, remove, requestOf, START_MS, store } from './support.ts';

/** One who watches, and what is kept for it. */
class TestWatcher implements Watcher {
  dirty = false;
  watches: Watches | undefined = undefined;
  heapBytes = 0;

  charge(heapBytes: number): void {
    this.heapBytes += heapBytes;
  }

  get count(): number {
    return this.watches?.count ?? 0;
  }
}

function watch(keyspace: Keyspace, key: string, index = 0): TestWatcher {
  const watcher = new TestWatcher();
  keyspace.watch(watcher, keyspace.databases[index], Buffer.from(key));
  return watcher;
}

describe('the list', () => {
  test('knows who watches what, and forgets it', () => {
    const list = new WatchList();
    const [first, second] = [new TestWatcher(), new TestWatcher()];
    list.add(first, 0, 'a', false);
    list.add(first, 0, 'a', false);
    list.add(first, 1, 'a', false);
    list.add(second, 0, 'a', false);
    list.add(second, 0, 'b', false);
    expect([list.size, first.count, second.count]).toEqual([3, 2, 2]);
    expect([first.heapBytes, second.heapBytes]).toEqual([2 * watchBytes(1), 2 * watchBytes(1)]);
    expect([...list.keysIn(0)].sort()).toEqual(['a', 'b']);
    expect([...list.keysIn(1)]).toEqual(['a']);
    expect([...list.keysIn(7)]).toEqual([]);
    list.touch(1, 'a', true);
    expect([first.dirty, second.dirty]).toEqual([true, false]);
    list.removeAll(first);
    expect([list.size, first.count, [...list.keysIn(1)]]).toEqual([2, 0, []]);
    list.touch(0, 'a', true);
    expect(second.dirty).toBe(true);
    list.removeAll(second);
    list.removeAll(second);
    expect(list.size).toBe(0);
    list.touch(0, 'a', true);
    list.touch(9, 'a', true);
    expect([first.heapBytes, second.heapBytes]).toEqual([0, 0]);
  });

  test('marks whom a plain list of pairs would mark', () => {
    let marked = 0;
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const list = new WatchList();
      const watchers = Array.from({ length: 5 }, () => new TestWatcher());
      let pairs: [TestWatcher, number, string][] = [];
      for (let step = 0; step < 200; step++) {
        const watcher = random.pick(watchers);
        const database = random.integer(0, 1);
        const key = random.pick(['a', 'b', 'c', 'd']);
        const isOfKey = ([, db, name]: [TestWatcher, number, string]) =>
          db === database && name === key;
        if (random.chance(0.6)) {
          list.add(watcher, database, key, false);
          const isNew = !pairs.some((pair) => pair[0] === watcher && isOfKey(pair));
          if (isNew) pairs.push([watcher, database, key]);
        } else if (random.chance(0.3)) {
          list.removeAll(watcher);
          pairs = pairs.filter(([who]) => who !== watcher);
        } else {
          list.touch(database, key, true);
          const expected = new Set(pairs.filter(isOfKey).map(([who]) => who));
          for (const who of watchers) expect(who.dirty).toBe(expected.has(who));
          for (const who of watchers) who.dirty = false;
          marked += expected.size;
        }
        expect(list.size).toBe(new Set(pairs.map(([, db, name]) => `${db} ${name}`)).size);
        for (const who of watchers) {
          expect(who.count).toBe(pairs.filter(([other]) => other === who).length);
        }
      }
    }
    expect(marked).toBeGreaterThan(1000);
  });

  test('beginning and ending takes no longer for many keys, or for many watchers', () => {
    const list = new WatchList();
    const one = new TestWatcher();
    // A look at all keys of the watcher for each would take minutes.
    for (let i = 0; i < 200_000; i++) list.add(one, 0, `key:${i}`, false);
    const many = Array.from({ length: 50_000 }, () => new TestWatcher());
    for (const watcher of many) list.add(watcher, 0, 'key:7', false);
    for (const watcher of many) list.removeAll(watcher);
    list.removeAll(one);
    expect(list.size).toBe(0);
  });
});

describe('a watched key', () => {
  test.each<[string, (keyspace: Keyspace) => unknown]>([
    ['is set', ({ databases: [db] }) => store(db, 'k', 'other')],
    ['is set to the same', ({ databases: [db] }) => store(db, 'k')],
    ['is counted', ({ databases: [db] }) => setInteger(db, requestOf('k'), 1, find(db, 'k'), 1)],
    [
      'is patched',
      ({ databases: [db] }) => patchString(db, find(db, 'k'), 0, Buffer.from('x'), 0, 1, 0),
    ],
    ['is deleted', ({ databases: [db] }) => remove(db, 'k')],
    ['gets an expiry', ({ databases: [db] }) => db.setExpiry(find(db, 'k'), START_MS + 99)],
    [
      'is moved',
      ({ databases: [db, other] }) => db.moveTo(find(db, 'k'), other, requestOf('k'), 1),
    ],
    [
      'is overwritten by a move',
      ({ databases: [db] }) => {
        store(db, 'source');
        db.moveTo(find(db, 'source'), db, requestOf('k'), 1);
      },
    ],
    [
      'is overwritten by a copy',
      ({ databases: [db] }) => {
        store(db, 'source');
        db.copyTo(find(db, 'source'), db, requestOf('k'), 1);
      },
    ],
    ['is flushed', (keyspace) => keyspace.flush(0)],
    ['is flushed with all', (keyspace) => keyspace.flush()],
    ['is swapped away', (keyspace) => keyspace.swap(keyspace.databases[0], keyspace.databases[1])],
    ['is evicted', ({ databases: [db] }) => db.evictEntry(find(db, 'k'))],
  ])('marks its watchers when it %s', (_, change) => {
    const keyspace = newKeyspace();
    store(keyspace.databases[0], 'k');
    const watcher = watch(keyspace, 'k');
    const others = [watch(keyspace, 'other'), watch(keyspace, 'k2', 1)];
    change(keyspace);
    expect(watcher.dirty).toBe(true);
    expect(others.map(({ dirty }) => dirty)).toEqual([false, false]);
  });

  test.each<[string, (keyspace: Keyspace) => unknown]>([
    ['is read', ({ databases: [db] }) => read(db, 'k')],
    [
      'is copied',
      ({ databases: [db, other] }) => db.copyTo(find(db, 'k'), other, requestOf('x'), 1),
    ],
    ['is changed in another database', ({ databases: [, other] }) => store(other, 'k')],
    ['stays where another is changed', ({ databases: [db] }) => store(db, 'k0')],
    ['stays where another database is flushed', (keyspace) => keyspace.flush(1)],
  ])('marks nobody when it %s', (_, change) => {
    const keyspace = newKeyspace();
    store(keyspace.databases[0], 'k');
    const watcher = watch(keyspace, 'k');
    change(keyspace);
    expect(watcher.dirty).toBe(false);
  });

  test('that is not there marks its watchers when it comes, by itself or by a swap', () => {
    const keyspace = newKeyspace();
    const [db, other] = keyspace.databases;
    const [stored, swapped, flushed] = [
      watch(keyspace, 'a'),
      watch(keyspace, 'b'),
      watch(keyspace, 'c'),
    ];
    store(db, 'a');
    expect([stored.dirty, swapped.dirty]).toEqual([true, false]);
    store(other, 'b');
    keyspace.swap(db, other);
    expect(swapped.dirty).toBe(true);
    keyspace.flush();
    expect(flushed.dirty).toBe(false);
  });

  test('that is not there while writes are paused marks its watchers when it comes', () => {
    const keyspace = newKeyspace();
    keyspace.expiryPaused = true;
    const watcher = watch(keyspace, 'k');
    keyspace.expiryPaused = false;
    store(keyspace.databases[0], 'k');
    expect(watcher.dirty).toBe(true);
  });

  test('of any bytes is found again', () => {
    const keyspace = newKeyspace();
    const bytes = Buffer.from([0, 255, 128, 13, 10]);
    const watcher = new TestWatcher();
    keyspace.watch(watcher, keyspace.databases[0], bytes);
    const request = requestOf(bytes, 'v');
    setString(keyspace.databases[0], request, 1, request.buffer, request.offsets[2], 1, -1);
    expect(watcher.dirty).toBe(true);
  });
});

describe('a watched key that expires', () => {
  test('marks its watchers, whoever deletes it', () => {
    for (const expire of [
      (keyspace: Keyspace) => read(keyspace.databases[0], 'k'),
      (keyspace: Keyspace) => keyspace.expireDue(NEVER),
    ]) {
      const keyspace = newKeyspace();
      store(keyspace.databases[0], 'k', 'v', START_MS + 5);
      const watcher = watch(keyspace, 'k');
      keyspace.tick(START_MS + 5);
      expire(keyspace);
      expect(watcher.dirty).toBe(true);
    }
  });

  test('marks its watchers at EXEC though nobody deleted it yet', () => {
    const keyspace = newKeyspace();
    store(keyspace.databases[0], 'k', 'v', START_MS + 5);
    const watcher = watch(keyspace, 'k');
    keyspace.tick(START_MS + 4);
    keyspace.expireWatched(watcher);
    expect(watcher.dirty).toBe(false);
    keyspace.tick(START_MS + 5);
    keyspace.expireWatched(watcher);
    expect(watcher.dirty).toBe(true);
  });

  test('had expired before: its deletion changes nothing for the watcher, what comes after does', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    store(db, 'k', 'v', START_MS + 5);
    keyspace.tick(START_MS + 6);
    // While writes are paused the key lingers, and is watched as what it is: not there.
    keyspace.expiryPaused = true;
    const watcher = watch(keyspace, 'k');
    expect(db.size).toBe(1);
    keyspace.expiryPaused = false;
    keyspace.expireWatched(watcher);
    keyspace.expireDue(NEVER);
    expect([db.size, watcher.dirty]).toEqual([0, false]);
    store(db, 'k');
    expect(watcher.dirty).toBe(true);
  });
});
