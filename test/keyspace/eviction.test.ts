// Eviction: all eight policies keep the data below the limit, and choose what they promise.

import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  EVICTED_ENOUGH,
  EVICTION_IMPOSSIBLE,
  EVICTION_UNFINISHED,
  Eviction,
  type EvictionPolicy,
} from '../../src/keyspace/eviction.ts';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { Random } from '../support/random.ts';
import {
  find,
  keysOf,
  NEVER,
  newKeyspace,
  PAST,
  present,
  read,
  START_MS,
  store,
  storeMany,
} from './support.ts';

const POLICIES: readonly EvictionPolicy[] = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
]; // prettier-ignore
const HOUR_MS = 3_600_000;
/** Keys evicted at most before the clock is looked at. */
const MAX_BATCH = 16;

function newEviction(keyspace: Keyspace, policy: EvictionPolicy): Eviction {
  const eviction = new Eviction(keyspace);
  eviction.setPolicy(policy);
  return eviction;
}

/** Evicts until so many keys have gone. */
function evict(keyspace: Keyspace, eviction: Eviction, count: number): number {
  const target = keyspace.stats.evicted + count;
  return eviction.run(() => keyspace.stats.evicted < target, NEVER);
}

function isOver(keyspace: Keyspace, limitBytes: number): () => boolean {
  return () => keyspace.usedBytes > limitBytes;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the limit', () => {
  test.each(POLICIES)('is kept by %s while keys are written', (policy) => {
    const random = new Random(81);
    const keyspace = newKeyspace();
    const eviction = newEviction(keyspace, policy);
    const limitBytes = keyspace.usedBytes + 1_500_000;
    let evicted = 0;
    for (let i = 0; i < 6_000; i++) {
      keyspace.tick(START_MS + i * 10);
      const db = random.pick(keyspace.databases);
      const value = 'v'.repeat(random.integer(0, random.chance(0.01) ? 90_000 : 600));
      store(
        db,
        `k${random.integer(0, 9_000)}`,
        value,
        START_MS + HOUR_MS + random.integer(0, HOUR_MS),
      );
      if (eviction.run(isOver(keyspace, limitBytes), NEVER) !== EVICTED_ENOUGH) {
        expect.fail(`no room after ${i} keys`);
      }
      if (keyspace.usedBytes > limitBytes) expect.fail('the limit is exceeded');
      evicted = keyspace.stats.evicted;
    }
    expect(evicted).toBeGreaterThan(500);
    // It takes no more than it must: what is left nearly fills the limit.
    expect(keyspace.usedBytes).toBeGreaterThan(limitBytes - 200_000);
  });

  test('is not kept by noeviction, which deletes nothing', () => {
    const keyspace = newKeyspace();
    const eviction = new Eviction(keyspace);
    expect(eviction.policy).toBe('noeviction');
    storeMany(keyspace.databases[0], 'k', 100, 'v', () => START_MS + HOUR_MS);
    expect(eviction.run(() => true, NEVER)).toBe(EVICTION_IMPOSSIBLE);
    expect(eviction.run(() => false, NEVER)).toBe(EVICTED_ENOUGH);
    expect([keyspace.databases[0].size, keyspace.stats.evicted]).toEqual([100, 0]);
  });

  test.each(POLICIES)('cannot be kept by %s once nothing is left that may go', (policy) => {
    const keyspace = newKeyspace();
    const [db, other] = keyspace.databases;
    const eviction = newEviction(keyspace, policy);
    storeMany(db, 'lasting', 60);
    storeMany(other, 'passing', 60, 'v', (index) => START_MS + HOUR_MS + index);
    expect(eviction.run(() => true, NEVER)).toBe(EVICTION_IMPOSSIBLE);
    const volatile = policy.startsWith('volatile');
    expect([db.size, other.size]).toEqual(volatile ? [60, 0] : [0, 0]);
    expect(keyspace.stats.evicted).toBe(volatile ? 60 : 120);
    expect(eviction.run(() => true, NEVER)).toBe(EVICTION_IMPOSSIBLE);
  });
});

describe('the time', () => {
  test('ends a run that is not done, after a bounded number of keys', () => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    const eviction = newEviction(keyspace, 'allkeys-random');
    storeMany(db, 'k', 200);
    let runs = 0;
    while (db.size > 0) {
      const before = db.size;
      const result = eviction.run(() => db.size > 0, PAST);
      expect(result).toBe(db.size > 0 ? EVICTION_UNFINISHED : EVICTED_ENOUGH);
      expect(before - db.size).toBeGreaterThan(0);
      expect(before - db.size).toBeLessThanOrEqual(MAX_BATCH);
      runs++;
    }
    expect(runs).toBeGreaterThanOrEqual(200 / MAX_BATCH);
  });

  test('goes first to giving back what was flushed', () => {
    const keyspace = newKeyspace();
    const [db, other] = keyspace.databases;
    const eviction = newEviction(keyspace, 'allkeys-random');
    storeMany(db, 'k', 100);
    const limitBytes = keyspace.usedBytes + 10_000;
    storeMany(other, 'k', 3_000);
    keyspace.flush(1);
    const over = isOver(keyspace, limitBytes);
    expect(over()).toBe(true);
    let result = EVICTION_UNFINISHED;
    while (result === EVICTION_UNFINISHED) result = eviction.run(over, PAST);
    expect(result).toBe(EVICTED_ENOUGH);
    expect([db.size, keyspace.stats.evicted]).toEqual([100, 0]);
  });
});

describe('while writes are paused', () => {
  test.each(POLICIES)('%s evicts nothing, and does not look for it forever', (policy) => {
    const keyspace = newKeyspace();
    const [db] = keyspace.databases;
    const eviction = newEviction(keyspace, policy);
    storeMany(db, 'k', 50, 'v', () => START_MS + 1);
    keyspace.tick(START_MS + 1);
    keyspace.expiryPaused = true;
    expect(eviction.run(() => true, NEVER)).toBe(EVICTED_ENOUGH);
    expect(db.size).toBe(50);
    keyspace.expiryPaused = false;
    expect(eviction.run(() => true, NEVER)).toBe(EVICTION_IMPOSSIBLE);
    expect(db.size).toBe(0);
  });
});

describe.each<[EvictionPolicy, number]>([
  ['allkeys-lru', -1],
  ['volatile-lru', START_MS + 100 * HOUR_MS],
])('%s', (policy, expiry) => {
  test('evicts what was idle for long, not what was used', () => {
    const keyspace = newKeyspace();
    const [db, other] = keyspace.databases;
    const eviction = newEviction(keyspace, policy);
    const idle = storeMany(db, 'idle', 1_000, 'v', () => expiry);
    const used = storeMany(db, 'used', 1_000, 'v', () => expiry);
    const fresh = storeMany(other, 'fresh', 1_000, 'v', () => expiry);
    keyspace.tick(START_MS + HOUR_MS);
    for (const key of used) read(db, key);
    for (const key of fresh) read(other, key);
    expect(evict(keyspace, eviction, 700)).toBe(EVICTED_ENOUGH);
    expect(present(db, idle).length).toBeLessThan(310);
    expect(present(db, used).length + present(other, fresh).length).toBeGreaterThan(1_990);
  });

  test('approximates the order of idle times, the better the more samples', () => {
    // Of 2,000 keys, one used each second: how many of the later half go with the first 600?
    const misjudged = (samples: number) => {
      const keyspace = newKeyspace(1);
      const [db] = keyspace.databases;
      const eviction = newEviction(keyspace, policy);
      eviction.samples = samples;
      const keys: string[] = [];
      for (let i = 0; i < 2_000; i++) {
        keyspace.tick(START_MS + i * 1_000);
        keys.push(`k${i}`);
        store(db, `k${i}`, 'v', expiry);
      }
      evict(keyspace, eviction, 600);
      return 1_000 - present(db, keys.slice(1_000)).length;
    };
    expect(misjudged(1)).toBeGreaterThan(misjudged(10));
    expect(misjudged(5)).toBeLessThan(60);
    expect(misjudged(10)).toBeLessThan(20);
  });
});

describe.each<[EvictionPolicy, number]>([
  ['allkeys-lfu', -1],
  ['volatile-lfu', START_MS + 100 * HOUR_MS],
])('%s', (policy, expiry) => {
  test('evicts what was used rarely, though lately', () => {
    const random = new Random(82);
    const keyspace = newKeyspace();
    const [db, other] = keyspace.databases;
    const eviction = newEviction(keyspace, policy);
    expect(keyspace.access.frequency).toBe(true);
    const often = storeMany(db, 'often', 500, 'v', () => expiry);
    const drawn = vi.spyOn(Math, 'random').mockImplementation(() => random.next());
    for (let round = 0; round < 60; round++) for (const key of often) read(db, key);
    drawn.mockRestore();
    const rarely = storeMany(db, 'rarely', 500, 'v', () => expiry);
    const once = storeMany(other, 'once', 500, 'v', () => expiry);
    expect(evict(keyspace, eviction, 600)).toBe(EVICTED_ENOUGH);
    expect(present(db, often).length).toBeGreaterThan(490);
    expect(present(db, rarely).length + present(other, once).length).toBeLessThan(410);
  });

  test('forgets old fame: counters decay with the minutes', () => {
    const keyspace = newKeyspace(1);
    const [db] = keyspace.databases;
    const eviction = newEviction(keyspace, policy);
    const old = storeMany(db, 'old', 300, 'v', () => expiry);
    vi.spyOn(Math, 'random').mockReturnValue(0);
    for (let round = 0; round < 20; round++) for (const key of old) read(db, key);
    keyspace.tick(START_MS + 60 * 60_000);
    const recent = storeMany(db, 'recent', 300, 'v', () => expiry);
    for (const key of recent) read(db, key);
    vi.restoreAllMocks();
    evict(keyspace, eviction, 250);
    expect(present(db, recent).length).toBeGreaterThan(290);
  });
});

describe('volatile policies', () => {
  test.each(POLICIES.filter((policy) => policy.startsWith('volatile')))(
    '%s never touches a key without expiry, even one that had one when it was drawn',
    (policy) => {
      const keyspace = newKeyspace();
      const [db, other] = keyspace.databases;
      const eviction = newEviction(keyspace, policy);
      const lasting = storeMany(db, 'lasting', 300);
      storeMany(db, 'passing', 200, 'v', (index) => START_MS + HOUR_MS + index);
      const persisted = storeMany(other, 'persisted', 100, 'v', () => START_MS + HOUR_MS + 500);
      evict(keyspace, eviction, 100);
      const kept = present(other, persisted);
      for (const key of kept) other.setExpiry(find(other, key), -1);
      expect(eviction.run(() => true, NEVER)).toBe(EVICTION_IMPOSSIBLE);
      expect(present(db, lasting).length).toBe(300);
      expect(present(other, kept)).toEqual(kept);
      expect(keysOf(db).size).toBe(300);
    },
  );

  test('volatile-ttl evicts exactly what expires soonest, over all databases', () => {
    const random = new Random(83);
    const keyspace = newKeyspace(4);
    const eviction = newEviction(keyspace, 'volatile-ttl');
    const expiries = random.shuffle(Array.from({ length: 1_000 }, (_, index) => index + 1));
    for (const after of expiries) {
      store(random.pick(keyspace.databases), `k${after}`, 'v', START_MS + HOUR_MS + after);
    }
    for (const count of [1, 99, 400]) {
      evict(keyspace, eviction, count);
      const { evicted } = keyspace.stats;
      const left = keyspace.databases.flatMap((db) => [...keysOf(db)]);
      expect(left.length).toBe(1_000 - evicted);
      expect(left.every((key) => Number(key.slice(1)) > evicted)).toBe(true);
    }
  });
});

describe('random policies', () => {
  test('take from everywhere alike, and from the databases in turn', () => {
    const keyspace = newKeyspace(2);
    const [db, other] = keyspace.databases;
    const eviction = newEviction(keyspace, 'allkeys-random');
    const early = storeMany(db, 'early', 500);
    keyspace.tick(START_MS + HOUR_MS);
    const late = storeMany(db, 'late', 500);
    storeMany(other, 'k', 1_000);
    evict(keyspace, eviction, 1_000);
    expect([db.size, other.size]).toEqual([500, 500]);
    // 250 of each expected, with a standard deviation of 11.
    expect(Math.abs(present(db, early).length - 250)).toBeLessThan(90);
    expect(present(db, early).length + present(db, late).length).toBe(500);
  });

  test('volatile-random takes from all that expire alike', () => {
    const keyspace = newKeyspace(1);
    const [db] = keyspace.databases;
    const eviction = newEviction(keyspace, 'volatile-random');
    const soon = storeMany(db, 'soon', 500, 'v', () => START_MS + HOUR_MS);
    storeMany(db, 'later', 500, 'v', () => START_MS + 2 * HOUR_MS);
    evict(keyspace, eviction, 500);
    expect(Math.abs(present(db, soon).length - 250)).toBeLessThan(90);
  });
});

describe('a change of policy', () => {
  test('changes what the access clock counts', () => {
    const keyspace = newKeyspace(1);
    const eviction = newEviction(keyspace, 'volatile-lfu');
    expect([keyspace.access.frequency, keyspace.freshWord & 0xff]).toEqual([true, 5]);
    eviction.setPolicy('volatile-lru');
    expect([keyspace.access.frequency, eviction.policy]).toEqual([false, 'volatile-lru']);
  });

  test('forgets what was drawn under the other one', () => {
    const keyspace = newKeyspace(1);
    const [db] = keyspace.databases;
    const eviction = newEviction(keyspace, 'allkeys-lru');
    storeMany(db, 'old', 60);
    keyspace.tick(START_MS + HOUR_MS);
    evict(keyspace, eviction, 1);
    // What waits for its eviction as idle becomes the most used.
    eviction.setPolicy('allkeys-lfu');
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const old = [...keysOf(db)];
    for (let round = 0; round < 255; round++) for (const key of old) read(db, key);
    vi.restoreAllMocks();
    storeMany(db, 'new', 1_000);
    evict(keyspace, eviction, 50);
    expect(present(db, old).length).toBeGreaterThan(55);
  });
});
