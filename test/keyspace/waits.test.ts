// Who waits for which keys, and which keys become ready in which order.

import { describe, expect, test } from 'vitest';
import { KEY_CREATED } from '../../src/keyspace/key-signals.ts';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { TYPE_STRING } from '../../src/keyspace/plain-strings.ts';
import type { Waiter, WaitPlace } from '../../src/keyspace/waits.ts';
import { TYPE_LIST } from '../../src/types/list/encodings.ts';
import { newKeyspace, remove, requestOf, store, typesWithWaiters } from './support.ts';

class TestWaiter implements Waiter {
  readonly name: string;
  readonly type: number;
  readonly events: number;
  readonly places: WaitPlace[] = [];

  constructor(name: string, type = TYPE_STRING, events = KEY_CREATED) {
    this.name = name;
    this.type = type;
    this.events = events;
  }

  serve(): void {}
}

function wait(keyspace: Keyspace, waiter: TestWaiter, keys: readonly string[], index = 0): void {
  keyspace.wait(waiter, keyspace.databases[index], requestOf(...keys), 1, keys.length);
}

/** Takes the ready keys: database, key, and who waits for it with which argument. */
function ready(keyspace: Keyspace): string[] {
  const found: string[] = [];
  for (let queue = keyspace.waits.takeReady(); queue; queue = keyspace.waits.takeReady()) {
    const waiters: string[] = [];
    for (let place = queue.first; place !== undefined; place = place.next) {
      waiters.push(`${(place.waiter as TestWaiter).name}${place.argument}`);
    }
    found.push(`${queue.database} ${queue.key}: ${waiters.join(' ')}`);
  }
  expect(keyspace.waits.ready).toBe(0);
  return found;
}

describe('keys become ready', () => {
  test('in the order in which they were created, once', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const [db] = keyspace.databases;
    wait(keyspace, new TestWaiter('a'), ['x', 'y']);
    wait(keyspace, new TestWaiter('b'), ['y', 'x', 'y', 'x']);
    wait(keyspace, new TestWaiter('c'), ['y', 'y']);
    for (const key of ['z', 'y', 'x']) store(db, key);
    remove(db, 'y');
    store(db, 'y');
    expect(keyspace.waits.ready).toBe(2);
    expect(ready(keyspace)).toEqual(['0 y: a2 b1 c1', '0 x: a1 b2']);
    // What is there already does not become ready again.
    store(db, 'x', 'other value');
    expect(ready(keyspace)).toEqual([]);
  });

  test('again while they are taken, at the end', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const [db] = keyspace.databases;
    wait(keyspace, new TestWaiter('a'), ['x', 'y', 'z']);
    for (const key of ['x', 'y']) store(db, key);
    expect(keyspace.waits.takeReady()?.key).toBe('x');
    remove(db, 'x');
    for (const key of ['x', 'z']) store(db, key);
    remove(db, 'y');
    store(db, 'y');
    expect(ready(keyspace)).toEqual(['0 y: a2', '0 x: a1', '0 z: a3']);
  });

  test('in the database where somebody waits, with a type that somebody waits for', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const [db, other] = keyspace.databases;
    const list = new TestWaiter('l', TYPE_LIST);
    wait(keyspace, list, ['k']);
    store(db, 'k');
    expect(ready(keyspace)).toEqual([]);
    wait(keyspace, new TestWaiter('s'), ['k'], 1);
    store(other, 'x');
    store(other, 'k');
    expect(ready(keyspace)).toEqual(['1 k: s1']);
  });

  test('when databases are swapped', () => {
    const keyspace = newKeyspace(3, typesWithWaiters);
    const [db, other, third] = keyspace.databases;
    wait(keyspace, new TestWaiter('a'), ['x', 'gone']);
    wait(keyspace, new TestWaiter('b'), ['x', 'y'], 1);
    for (const key of ['x', 'y']) store(third, key);
    keyspace.swap(db, third);
    expect(ready(keyspace)).toEqual(['0 x: a1']);
    keyspace.swap(other, db);
    expect(ready(keyspace)).toEqual(['1 x: b1', '1 y: b2']);
    keyspace.swap(other, other);
    expect(ready(keyspace)).toEqual([]);
  });
});

test('who ends waiting is in no queue any more', () => {
  const keyspace = newKeyspace(2, typesWithWaiters);
  const [db] = keyspace.databases;
  const [a, b, c] = ['a', 'b', 'c'].map((name) => new TestWaiter(name));
  for (const waiter of [a, b, c]) wait(keyspace, waiter, ['x', 'y']);
  expect(keyspace.waits.size).toBe(3);
  keyspace.endWait(b);
  for (const key of ['x', 'y']) store(db, key);
  expect(ready(keyspace)).toEqual(['0 x: a1 c1', '0 y: a2 c2']);
  keyspace.endWait(a);
  remove(db, 'x');
  store(db, 'x');
  // The one who leaves while its key is ready is not served either.
  keyspace.endWait(c);
  expect(ready(keyspace)).toEqual(['0 x: ']);
  expect(keyspace.waits.size).toBe(0);
  wait(keyspace, a, ['x']);
  remove(db, 'x');
  store(db, 'x');
  expect(ready(keyspace)).toEqual(['0 x: a1']);
});

test('new keys are noticed only while somebody waits', () => {
  const keyspace = newKeyspace(2, typesWithWaiters);
  expect(keyspace.noticed).toBe(0);
  const waiter = new TestWaiter('a');
  wait(keyspace, waiter, ['x']);
  expect(keyspace.noticed).toBe(KEY_CREATED);
  keyspace.endWait(waiter);
  expect(keyspace.noticed).toBe(0);
});
