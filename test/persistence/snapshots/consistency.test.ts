// A snapshot is the keyspace of the moment when it began, whatever commands do to it while it is taken:
// every command that writes runs between its slices, with random arguments, and what is loaded from the
// file must have the digest that there was at the beginning.
import { expect, test } from 'vitest';
import { BLOCKING, WRITE } from '../../../src/core/flags.ts';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { Snapshot } from '../../../src/keyspace/snapshot.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';
import { load } from '../rdb/loading.ts';
import { CommandBench } from './command-bench.ts';
import { collector, digests, IGNORING, laterKeyspace } from './snapshot-files.ts';

const FOREVER = Number.POSITIVE_INFINITY;
/** A slice as small as can be. */
const AT_ONCE = -1;

test.each(Array.from({ length: byTier(10, 30) }, (_, seed) => seed))(
  'commands between slices change nothing of it (seed %i)',
  (seed) => {
    const random = new Random(seed);
    const bench = new CommandBench(random);
    const { keyspace } = bench;
    for (let i = 0; i < 400; i++) bench.step();
    for (let round = 0; round < 3; round++) {
      bench.fill(random.pick([0, 3, 1500]));
      keyspace.expireDue(FOREVER);
      const before = digests(keyspace);
      const { sink, end } = collector(keyspace);
      const snapshot = new Snapshot(keyspace, sink);
      const aborts = random.chance(0.2);
      for (let left = random.integer(0, 60); snapshot.work(AT_ONCE); left--) {
        for (let i = random.integer(0, 30); i > 0; i--) bench.step();
        if (aborts && left <= 0) break;
      }
      if (keyspace.snapshot === undefined) {
        const file = end();
        expect(snapshot.saved).toBe(snapshot.keys);
        expect(digests(load(file, { keyspace: laterKeyspace(keyspace) }).keyspace)).toEqual(before);
      } else {
        snapshot.abort();
      }
      expect(keyspace.snapshot).toBeUndefined();
    }
    bench.expectNothingKept();
  },
);

test('every command that writes takes part', () => {
  const bench = new CommandBench(new Random(1));
  for (let i = 0; i < 20_000; i++) bench.step();
  const writing = [...bench.commands].filter(
    ({ flags }) => (flags & WRITE) !== 0 && (flags & BLOCKING) === 0,
  );
  const idle = writing.filter(({ name }) => !bench.changing.has(name)).map(({ name }) => name);
  // MIGRATE deletes what another server has taken, and there is none.
  expect(idle).toEqual(['migrate']);
});

test('many aborted snapshots do not use the epochs up', () => {
  const bench = new CommandBench(new Random(2));
  const { keyspace } = bench;
  bench.fill(2000);
  // The one after these would have the epoch that the keys have had from the beginning.
  for (let i = 0; i < 2 * 256 - 1; i++) {
    const snapshot = new Snapshot(keyspace, IGNORING);
    snapshot.work(AT_ONCE);
    bench.step();
    snapshot.abort();
  }
  keyspace.expireDue(FOREVER);
  const before = digests(keyspace);
  const { sink, end } = collector(keyspace);
  const snapshot = new Snapshot(keyspace, sink);
  expect(snapshot.work(FOREVER)).toBe(false);
  expect(digests(load(end(), { keyspace: laterKeyspace(keyspace) }).keyspace)).toEqual(before);
});

test('what the sink throws while a key changes comes out of the work, and the key changes', () => {
  const bench = new CommandBench(new Random(3));
  const { keyspace } = bench;
  bench.fill(10);
  const fail = (): never => {
    throw new Error('no more');
  };
  const snapshot = new Snapshot(keyspace, { ...IGNORING, entry: fail, entries: fail });
  expect(bench.run('SET', 'key:1', 'changed')).toBe('+OK\r\n');
  expect(() => snapshot.work(FOREVER)).toThrow('no more');
  snapshot.abort();
  expect(bench.run('GET', 'key:1')).toContain('changed');
});

test('there is one at a time', () => {
  const keyspace = new Keyspace(valueTypes, 1);
  const first = new Snapshot(keyspace, IGNORING);
  expect(() => new Snapshot(keyspace, IGNORING)).toThrow('already');
  first.abort();
  new Snapshot(keyspace, IGNORING).abort();
});
