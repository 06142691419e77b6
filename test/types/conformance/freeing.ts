// A value goes: it is deleted, replaced, expires, is evicted, its database is emptied. All memory comes back, of a
// long one in slices.
import { describe, expect, test } from 'vitest';
import { FIRST_ROOT_ENCODING } from '../../../src/keyspace/collections.ts';
import { Eviction, type EvictionPolicy } from '../../../src/keyspace/eviction.ts';
import { NEVER, type Subject, type TypeBench, useBench } from './bench.ts';

/** Keys that go together. */
const KEYS = ['a', 'b', 'c', 'd', 'e'];
/** Most bytes of a value that a slice gives back. */
const MOST_BYTES = 640 * 1024;

type Way = readonly [name: string, free: (bench: TypeBench) => void];

const ONE_BY_ONE: readonly Way[] = [
  ['DEL', (bench) => bench.run('DEL', ...KEYS)],
  ['UNLINK', (bench) => bench.run('UNLINK', ...KEYS)],
  [
    'expiry, found by who looks',
    (bench) => {
      for (const key of KEYS) bench.run('PEXPIRE', key, '10');
      bench.pass(10);
      for (const key of KEYS) expect(bench.run('EXISTS', key)).toBe(':0\r\n');
    },
  ],
  [
    'expiry, found by nobody',
    (bench) => {
      for (const key of KEYS) bench.run('PEXPIRE', key, '10');
      bench.pass(10);
      bench.keyspace.expireDue(NEVER);
    },
  ],
  [
    'an expiry in the past',
    (bench) => {
      for (const key of KEYS) bench.run('PEXPIREAT', key, '1');
    },
  ],
  ...(['allkeys-random', 'allkeys-lru', 'volatile-ttl'] as const).map(
    (policy): Way => [`eviction by ${policy}`, (bench) => evict(bench, policy)],
  ),
  [
    'strings in their place',
    (bench) => {
      for (const key of KEYS) bench.run('SET', key, 'a string');
      bench.run('DEL', ...KEYS);
    },
  ],
];

const AT_ONCE: readonly Way[] = [
  ['FLUSHDB ASYNC', (bench) => bench.run('FLUSHDB', 'ASYNC')],
  ['FLUSHDB SYNC', (bench) => bench.run('FLUSHDB', 'SYNC')],
  ['FLUSHALL', (bench) => bench.run('FLUSHALL')],
];

/** Declares the tests; see the head of this file. */
export function conformToFreeing(subject: Subject): void {
  const { fixture } = subject;
  describe.each(fixture.samples)('$name', (sample) => {
    test.each(ONE_BY_ONE)('is nothing after %s', (_, free) => {
      const bench = useBench(subject);
      for (const key of KEYS) bench.make(sample, key);
      free(bench);
      bench.expectNoValues();
      bench.empty();
    });

    test.each(AT_ONCE)('is nothing after %s', (_, free) => {
      const bench = useBench(subject);
      for (const key of KEYS) bench.make(sample, key);
      free(bench);
      const { mostBytes } = bench.reclaim();
      // A table gives back a segment at a time, with the first slice of each value in it.
      if (sample.encoding >= FIRST_ROOT_ENCODING) {
        expect(mostBytes).toBeLessThan(KEYS.length * MOST_BYTES);
      }
      expect(bench.keyspace.usedBytes).toBe(bench.keyspace.initialBytes);
    });
  });

  const long = fixture.samples.filter(
    ({ encoding, isLong }) => isLong && encoding >= FIRST_ROOT_ENCODING,
  );
  test.each(long)('$name: it is given back in slices', (sample) => {
    const bench = useBench(subject);
    const { keyspace } = bench;
    for (const line of [
      ['DEL', 'k'],
      ['UNLINK', 'k'],
      ['SET', 'k', 'a string'],
    ]) {
      bench.make(sample, 'k');
      const before = bench.valueBytes;
      let woken = 0;
      keyspace.onReclaimable = () => woken++;
      bench.run(...line);
      expect(woken).toBe(1);
      expect(keyspace.reclaiming).toBe(true);
      expect(before - bench.valueBytes).toBeLessThan(MOST_BYTES);
      const { slices, mostBytes } = bench.reclaim();
      expect(slices).toBeGreaterThan(1);
      expect(mostBytes).toBeLessThan(MOST_BYTES);
      bench.run('DEL', 'k');
    }
    bench.expectNoValues();
  });
}

function evict(bench: TypeBench, policy: EvictionPolicy): void {
  const { keyspace } = bench;
  if (policy === 'volatile-ttl') for (const key of KEYS) bench.run('PEXPIRE', key, '5000');
  const { evicted } = keyspace.stats;
  const eviction = new Eviction(keyspace);
  eviction.setPolicy(policy);
  eviction.run(() => bench.db.size > 0, NEVER);
  expect(keyspace.stats.evicted - evicted).toBe(KEYS.length);
}
