// Who waits for which keys, and which keys become ready in which order.

import { describe, expect, test } from 'vitest';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../src/keyspace/key-signals.ts';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { TYPE_STRING } from '../../src/keyspace/plain-strings.ts';
import type { Waiter, WaitPlace } from '../../src/keyspace/waits.ts';
import { TYPE_LIST } from '../../src/types/list/encodings.ts';
import {
  find,
  NEVER,
  newKeyspace,
  remove,
  requestOf,
  START_MS,
  store,
  typesWithWaiters,
} from './support.ts';

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

describe('what has happened to a key', () => {
  /** As `ready`, what has happened instead of who waits. */
  function happened(keyspace: Keyspace): string[] {
    const found: string[] = [];
    for (let queue = keyspace.waits.takeReady(); queue; queue = keyspace.waits.takeReady()) {
      const names = Object.entries({ created: KEY_CREATED, grown: KEY_GROWN, gone: KEY_GONE })
        .filter(([, event]) => ((queue?.takenEvents ?? 0) & event) !== 0)
        .map(([name]) => name);
      found.push(`${queue.database} ${queue.key} ${names.join(' ')}`);
    }
    return found;
  }

  const ALL = KEY_CREATED | KEY_GROWN | KEY_GONE;

  test('counts for those only whom it wakes', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const [db] = keyspace.databases;
    const waiters = [KEY_CREATED, KEY_GROWN, KEY_GONE].map(
      (event) => new TestWaiter('a', TYPE_STRING, event),
    );
    const expected = [['0 k created'], ['0 k grown'], ['0 k gone']];
    for (const [i, waiter] of waiters.entries()) {
      wait(keyspace, waiter, ['k']);
      expect(keyspace.noticed).toBe(waiter.events);
      store(db, 'k');
      db.signal(find(db, 'k'), KEY_GROWN);
      remove(db, 'k');
      expect(happened(keyspace)).toEqual(expected[i]);
      keyspace.endWait(waiter);
      expect(keyspace.noticed).toBe(0);
    }
  });

  test('is kept together until the key is taken', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const [db, other] = keyspace.databases;
    wait(keyspace, new TestWaiter('a', TYPE_STRING, ALL), ['k', 'x']);
    store(db, 'x');
    store(db, 'k');
    db.signal(find(db, 'x'), KEY_GROWN);
    remove(db, 'k');
    expect(happened(keyspace)).toEqual(['0 x created grown', '0 k created gone']);
    store(db, 'k');
    db.moveTo(find(db, 'k'), db, requestOf('x'), 1);
    expect(happened(keyspace)).toEqual(['0 k created gone', '0 x created gone']);
    db.copyTo(find(db, 'x'), other, requestOf('x'), 1);
    db.moveTo(find(db, 'x'), other, requestOf('x'), 1);
    expect(happened(keyspace)).toEqual(['0 x gone']);
  });

  test('is nothing where a value is replaced by one of its type, or gets an expiry', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const [db] = keyspace.databases;
    store(db, 'k');
    wait(keyspace, new TestWaiter('a', TYPE_STRING, ALL), ['k']);
    store(db, 'k', 'a longer value than before, in another block');
    db.setExpiry(find(db, 'k'), START_MS + 10);
    db.setExpiry(find(db, 'k'), START_MS + 20);
    expect(happened(keyspace)).toEqual([]);
    keyspace.tick(START_MS + 20);
    expect(keyspace.expireDue(NEVER)).toBe(false);
    expect(happened(keyspace)).toEqual(['0 k gone']);
  });

  test('when databases are emptied or swapped concerns the keys that were there', () => {
    const keyspace = newKeyspace(3, typesWithWaiters);
    const [db, other] = keyspace.databases;
    wait(keyspace, new TestWaiter('a', TYPE_STRING, ALL), ['k', 'absent', 'both']);
    wait(keyspace, new TestWaiter('b', TYPE_STRING, KEY_CREATED), ['k', 'c'], 1);
    for (const key of ['k', 'both']) store(db, key);
    for (const key of ['c', 'both']) store(other, key);
    expect(happened(keyspace)).toEqual(['0 k created', '0 both created', '1 c created']);
    keyspace.swap(db, other);
    expect(happened(keyspace)).toEqual(['0 k gone', '0 both created gone', '1 k created']);
    keyspace.flush(0);
    expect(happened(keyspace)).toEqual(['0 both gone']);
    keyspace.flush();
    expect(happened(keyspace)).toEqual([]);
  });

  test('is counted by key where its end wakes: nobody else is looked through for it', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const waiters = [ALL, ALL, KEY_CREATED].map((events) => new TestWaiter('a', 0, events));
    for (const waiter of waiters) wait(keyspace, waiter, ['k']);
    const queue = waiters[2].places[0].queue;
    expect(queue.goneWaiters).toBe(2);
    for (const waiter of waiters.slice(0, 2)) keyspace.endWait(waiter);
    expect(queue.goneWaiters).toBe(0);
  });

  test('must be something that wakes for the type', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const waiter = new TestWaiter('a', TYPE_LIST, KEY_CREATED | KEY_GROWN);
    expect(() => wait(keyspace, waiter, ['k'])).toThrow(
      'values of type list do not send these signals',
    );
    expect(() => wait(newKeyspace(), new TestWaiter('a'), ['k'])).toThrow(
      'values of type string do not send these signals',
    );
    expect(keyspace.waits.size).toBe(0);
  });

  test('reports once that keys are ready, and what has become of the times', () => {
    const keyspace = newKeyspace(2, typesWithWaiters);
    const [db] = keyspace.databases;
    const reports: (string | number)[] = [];
    keyspace.waits.server = {
      onReady: () => reports.push('ready'),
      onTimers: () => reports.push(keyspace.waits.soonestMs - START_MS),
    };
    const waiter = new TestWaiter('a', TYPE_STRING, KEY_GROWN);
    wait(keyspace, waiter, ['x', 'y', 'z']);
    for (const key of ['x', 'y', 'z', 'other']) store(db, key);
    const at = (key: string, ms: number): void => db.signalAt(find(db, key), START_MS + ms);
    at('other', 1);
    at('x', 20);
    at('x', 30);
    at('y', 10);
    at('z', 20);
    expect(reports).toEqual([20, 10]);
    keyspace.tick(START_MS + 20);
    keyspace.signalDue();
    expect(reports).toEqual([20, 10, 'ready', NEVER]);
    expect(ready(keyspace)).toEqual(['0 y: a2', '0 x: a1', '0 z: a3']);
    at('x', 40);
    expect(keyspace.noticed).toBe(KEY_GROWN | KEY_GONE);
    remove(db, 'y');
    remove(db, 'x');
    expect(keyspace.noticed).toBe(KEY_GROWN);
    at('z', 50);
    keyspace.endWait(waiter);
    expect(reports.slice(4)).toEqual([40, NEVER, 50, NEVER]);
    expect([keyspace.noticed, keyspace.waits.ready]).toEqual([0, 0]);
  });
});
