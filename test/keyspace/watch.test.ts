// WATCH: which changes mark which watchers.

import { describe, expect, test } from 'vitest';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { patchString, setInteger, setString } from '../../src/keyspace/string-values.ts';
import { WatchList } from '../../src/keyspace/watch.ts';
import { find, NEVER, newKeyspace, read, remove, requestOf, START_MS, store } from './support.ts';

function watch(keyspace: Keyspace, key: string, index = 0): { dirty: boolean } {
  const watcher = { dirty: false };
  keyspace.watch(watcher, keyspace.databases[index], Buffer.from(key));
  return watcher;
}

describe('the list', () => {
  test('knows who watches what, and forgets it', () => {
    const list = new WatchList();
    const [first, second] = [{ dirty: false }, { dirty: false }];
    list.add(first, 0, 'a', false);
    list.add(first, 0, 'a', false);
    list.add(first, 1, 'a', false);
    list.add(second, 0, 'a', false);
    list.add(second, 0, 'b', false);
    expect([list.size, list.countOf(first), list.countOf(second)]).toEqual([3, 2, 2]);
    expect([...list.keysIn(0)].sort()).toEqual(['a', 'b']);
    expect([...list.keysIn(1)]).toEqual(['a']);
    expect([...list.keysIn(7)]).toEqual([]);
    list.touch(1, 'a', true);
    expect([first.dirty, second.dirty]).toEqual([true, false]);
    list.removeAll(first);
    expect([list.size, list.countOf(first), [...list.keysIn(1)]]).toEqual([2, 0, []]);
    list.touch(0, 'a', true);
    expect(second.dirty).toBe(true);
    list.removeAll(second);
    list.removeAll(second);
    expect(list.size).toBe(0);
    list.touch(0, 'a', true);
    list.touch(9, 'a', true);
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
    const watcher = { dirty: false };
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
