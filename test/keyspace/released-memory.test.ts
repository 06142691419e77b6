// What a keyspace holds goes back to nothing when its data does, whatever the data was and however it goes.
import { describe, expect, test } from 'vitest';
import { EVICTED_ENOUGH, Eviction } from '../../src/keyspace/eviction.ts';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { pushElement } from '../../src/types/list/values.ts';
import { keysOf, NEVER, newKeyspace, remove, requestOf, START_MS, store } from './support.ts';

const KEYS = 5000;
/** A table that was never replaced keeps a segment, and an expiry heap its first places. */
const KEPT_BYTES = 10_000;

type Fill = (keyspace: Keyspace, i: number) => void;

function pushMany(keyspace: Keyspace, key: string, elements: number, sizeBytes: number): void {
  const [db] = keyspace.databases;
  const request = requestOf(key, 'x'.repeat(sizeBytes));
  const { buffer, offsets, lengths } = request;
  for (let i = 0; i < elements; i++) {
    pushElement(
      db,
      db.lookupForChange(request, 1),
      request,
      1,
      buffer,
      offsets[2],
      lengths[2],
      i % 3 === 0,
    );
  }
}

const shapes: readonly (readonly [name: string, fill: Fill])[] = [
  ['strings of 16 bytes', ({ databases: [db] }, i) => store(db, `key:${i}`, 'v'.repeat(16))],
  ['strings of 100 bytes', ({ databases: [db] }, i) => store(db, `key:${i}`, 'v'.repeat(100))],
  ['strings of all sizes', ({ databases: [db] }, i) => store(db, `key:${i}`, 'v'.repeat(i))],
  ['long keys', ({ databases: [db] }, i) => i % 50 === 0 && store(db, 'k'.repeat(17_000 + i))],
  [
    'large strings',
    ({ databases: [db] }, i) => i % 100 === 0 && store(db, `key:${i}`, 'v'.repeat(70_000 + i)),
  ],
  ['short lists', (keyspace, i) => pushMany(keyspace, `key:${i}`, 5, 16)],
  ['long lists', (keyspace, i) => i % 50 === 0 && pushMany(keyspace, `key:${i}`, 300, 50)],
  [
    'lists of large elements',
    (keyspace, i) => i % 500 === 0 && pushMany(keyspace, `key:${i}`, 3, 70_000),
  ],
  [
    'strings that expire',
    ({ databases: [db] }, i) => store(db, `key:${i}`, 'v', START_MS + 1000 + i),
  ],
];

/** Bytes that are in use now and were not in a new keyspace. */
function usedBytes(keyspace: Keyspace): number {
  return keyspace.usedBytes - keyspace.initialBytes;
}

/** Has the arena give back what it can, and says how much it holds then. */
function reservedBytes({ arena }: Keyspace): number {
  arena.ageAllFreePages();
  while (arena.releaseStep(undefined));
  return arena.reservedBytes;
}

describe.each(shapes)('%s', (_, fill) => {
  function filled(): Keyspace {
    const keyspace = newKeyspace(1);
    for (let i = 0; i < KEYS; i++) fill(keyspace, i);
    expect(usedBytes(keyspace)).toBeGreaterThan(20 * KEPT_BYTES);
    return keyspace;
  }

  test('are nothing after a flush', () => {
    const keyspace = filled();
    keyspace.flush();
    keyspace.reclaim(NEVER);
    expect(usedBytes(keyspace)).toBe(0);
    expect(reservedBytes(keyspace)).toBe(0);
  });

  test('are nothing after a flush in the other of two that were exchanged', () => {
    const keyspace = newKeyspace(2);
    for (let i = 0; i < KEYS; i++) fill(keyspace, i);
    keyspace.swap(keyspace.databases[0], keyspace.databases[1]);
    keyspace.flush(1);
    keyspace.reclaim(NEVER);
    expect(usedBytes(keyspace)).toBe(0);
    expect(reservedBytes(keyspace)).toBe(0);
  });

  test('are next to nothing when they are deleted one by one', () => {
    const keyspace = filled();
    const [db] = keyspace.databases;
    for (const key of keysOf(db)) remove(db, key);
    keyspace.reclaim(NEVER);
    expect(usedBytes(keyspace)).toBeLessThan(KEPT_BYTES);
    keyspace.flush();
    keyspace.reclaim(NEVER);
    expect(reservedBytes(keyspace)).toBe(0);
  });

  test('are next to nothing when they have expired', () => {
    const keyspace = filled();
    const [db] = keyspace.databases;
    for (const key of keysOf(db)) db.setExpiry(db.lookupForChange(requestOf(key), 1), START_MS + 5);
    keyspace.tick(START_MS + 6);
    while (keyspace.expireDue(NEVER));
    keyspace.reclaim(NEVER);
    expect(db.size).toBe(0);
    expect(usedBytes(keyspace)).toBeLessThan(KEPT_BYTES);
  });

  test('are next to nothing when they are evicted', () => {
    const keyspace = filled();
    const eviction = new Eviction(keyspace);
    eviction.setPolicy('allkeys-random');
    const isOver = (): boolean => usedBytes(keyspace) > KEPT_BYTES;
    expect(eviction.run(isOver, NEVER)).toBe(EVICTED_ENOUGH);
    expect(usedBytes(keyspace)).toBeLessThanOrEqual(KEPT_BYTES);
  });
});
