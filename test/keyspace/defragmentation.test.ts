// Blocks are moved while commands run, keys expire and a snapshot is taken: no step changes anything that can be
// seen, and afterwards the same data takes fewer pages.
import { describe, expect, test } from 'vitest';
import { Defragmentation } from '../../src/keyspace/defragmentation.ts';
import { Snapshot } from '../../src/keyspace/snapshot.ts';
import { listsOf } from '../../src/types/list/values.ts';
import { litter } from '../memory/litter.ts';
import { load } from '../persistence/rdb/loading.ts';
import { CommandBench } from '../persistence/snapshots/command-bench.ts';
import { collector, digests, laterKeyspace } from '../persistence/snapshots/snapshot-files.ts';
import { Random } from '../support/random.ts';
import { byTier } from '../support/tier.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** A slice as small as can be. */
const AT_ONCE = -1;
/** Words of the sizes that values have: pages of some size classes, table segments, chunks. */
const SIZES = [8, 8, 8, 200];
const STRINGS = 30_000;
const LISTS = 20;
const ELEMENTS = 2500;

/** A bench on which three of four keys were deleted, at random. */
function fragmented(random: Random): CommandBench {
  const bench = new CommandBench(random, { isLarge: true });
  listsOf(bench.keyspace.entries).limits = { directive: -2, maxBytes: 8192, maxCount: 0xffff };
  for (let i = 0; i < STRINGS; i++) {
    const expiry = i % 3 === 0 ? ['PXAT', String(1_700_000_900_000 + i)] : [];
    bench.run('SET', `string:${i}`, 'v'.repeat(random.pick(SIZES)), ...expiry);
  }
  for (let i = 0; i < LISTS; i++) {
    const elements = Array.from({ length: ELEMENTS }, (_, k) => `${k}:${'-'.repeat(k % 50)}`);
    bench.run('RPUSH', `long:${i}`, 'a', ...elements, 'a');
    bench.run('RPUSH', `short:${i}`, ...elements.slice(0, 100));
  }
  for (let i = 0; i < STRINGS; i++) if (random.chance(0.75)) bench.run('DEL', `string:${i}`);
  for (let i = 0; i < LISTS; i++) if (random.chance(0.75)) bench.run('DEL', `long:${i}`);
  while (bench.keyspace.reclaim(NEVER));
  return bench;
}

/** Does something to a long list. */
function changeList(bench: CommandBench, random: Random): void {
  const key = `long:${random.integer(0, LISTS - 1)}`;
  const at = String(random.integer(-200, 200));
  const changes = [
    ['LPOP', key, '150'],
    ['RPOP', key, '150'],
    ['LREM', key, at, 'a'],
    ['LINSERT', key, 'BEFORE', 'a', 'x'.repeat(random.integer(1, 5000))],
    ['LTRIM', key, '3', '-3'],
    ['LSET', key, at, 'y'.repeat(random.integer(1, 9000))],
    ['RENAME', key, `long:${random.integer(0, LISTS - 1)}`],
    ['COPY', key, `long:${random.integer(0, LISTS - 1)}`],
    ['DEL', key],
  ];
  bench.run(...random.pick(changes));
}

describe('a cycle', () => {
  test('leaves the data as it is, in fewer pages', () => {
    const bench = fragmented(new Random(1));
    const { keyspace } = bench;
    const { arena, stats } = keyspace;
    const [before, usedBefore, activeBefore] = [
      digests(keyspace),
      keyspace.usedBytes,
      arena.activeBytes,
    ];
    expect(activeBefore).toBeGreaterThan(2 * arena.usedBytes);
    const defragmentation = new Defragmentation(keyspace);
    expect(defragmentation.begin()).toBe(true);
    while (defragmentation.step());
    expect(digests(keyspace)).toEqual(before);
    expect(keyspace.usedBytes).toBe(usedBefore);
    // Each size class still has a page that is not full.
    expect(arena.activeBytes).toBeLessThan(0.65 * activeBefore);
    expect(stats.defragHits).toBeGreaterThan(1000);
    expect(stats.defragMisses).toBeGreaterThan(1000);
    expect(stats.defragKeyHits + stats.defragKeyMisses).toBe(keyspace.databases[0].size);
    expect(stats.defragKeyHits).toBeGreaterThan(500);
    // There is nothing left to move.
    expect(defragmentation.begin()).toBe(false);
    expect(defragmentation.step()).toBe(false);
  });

  test('has keys expire when and in the order that they would', () => {
    const { keyspace } = fragmented(new Random(2));
    const [db] = keyspace.databases;
    const defragmentation = new Defragmentation(keyspace);
    defragmentation.begin();
    while (defragmentation.step());
    let last = 0;
    let expired = 0;
    expect(db.expiring).toBeGreaterThan(1000);
    while (db.expiring > 0) {
      const ref = db.soonestToExpire();
      expect(db.expiryOf(ref)).toBe(db.soonestExpiryMs);
      expect(db.soonestExpiryMs).toBeGreaterThanOrEqual(last);
      last = db.soonestExpiryMs;
      db.expireEntry(ref);
      expired++;
    }
    expect(expired).toBeGreaterThan(1000);
  });

  test('that ends early leaves the pages to be used again', () => {
    const bench = fragmented(new Random(3));
    const { keyspace } = bench;
    const { arena } = keyspace;
    const before = digests(keyspace);
    const defragmentation = new Defragmentation(keyspace);
    defragmentation.begin();
    for (let i = 0; i < 5; i++) defragmentation.step();
    defragmentation.end();
    expect(digests(keyspace)).toEqual(before);
    const { activeBytes } = arena;
    for (let i = 0; i < STRINGS / 2; i++) bench.run('SET', `more:${i}`, 'v'.repeat(8));
    // The gaps take them.
    expect(arena.activeBytes - activeBytes).toBeLessThan(512 * 1024);
    bench.expectNothingKept();
  });

  test('leaves alone what a snapshot is saving', () => {
    const bench = fragmented(new Random(6));
    const { keyspace } = bench;
    const atStart = digests(keyspace);
    const { sink, end } = collector(keyspace);
    const snapshot = new Snapshot(keyspace, sink);
    const defragmentation = new Defragmentation(keyspace);
    let busySteps = 0;
    while (snapshot.work(AT_ONCE)) {
      if (!sink.isBusy || busySteps++ !== 2) continue;
      // It is in the middle of a list: that is all that is not moved, and what was free is written over.
      defragmentation.begin();
      while (defragmentation.step());
      litter(keyspace.arena);
    }
    expect(busySteps).toBeGreaterThan(3);
    expect(keyspace.stats.defragHits).toBeGreaterThan(1000);
    expect(digests(load(end(), { keyspace: laterKeyspace(keyspace) }).keyspace)).toEqual(atStart);
  });

  test('of a keyspace with next to nothing in it does nothing', () => {
    const bench = new CommandBench(new Random(4));
    bench.fill(100);
    const defragmentation = new Defragmentation(bench.keyspace);
    expect(defragmentation.begin()).toBe(false);
    expect(defragmentation.isRunning).toBe(false);
  });

  test('gives pages up where otherwise more memory would be taken', () => {
    const bench = fragmented(new Random(5));
    const { keyspace } = bench;
    const { arena } = keyspace;
    const defragmentation = new Defragmentation(keyspace);
    defragmentation.begin();
    const { reservedBytes } = arena;
    // More than the pages hold that are not being emptied, less than all of them.
    for (let i = 0; arena.usedBytes < 0.85 * reservedBytes; i++) {
      const size = i % 40 === 0 ? SIZES[i % SIZES.length] : 4000;
      bench.run('SET', `more:${i}`, 'v'.repeat(size));
    }
    expect(arena.reservedBytes).toBe(reservedBytes);
    while (defragmentation.step());
    bench.expectNothingKept();
  });
});

test.each(Array.from({ length: byTier(2, 10) }, (_, seed) => seed))(
  'no step changes anything, whatever runs between two of them (seed %i)',
  { timeout: 120_000 },
  (seed) => {
    const random = new Random(100 + seed);
    const bench = fragmented(random);
    const { keyspace } = bench;
    const defragmentation = new Defragmentation(keyspace);
    defragmentation.maxElements = random.pick([10, 1000]);
    expect(defragmentation.begin()).toBe(true);
    const isSaving = seed % 2 === 0;
    keyspace.expireDue(NEVER);
    const atStart = digests(keyspace);
    const { sink, end } = collector(keyspace);
    const snapshot = isSaving ? new Snapshot(keyspace, sink) : undefined;
    let steps = 0;
    for (let isMore = true; isMore; steps++) {
      for (let i = random.integer(0, 3); i > 0; i--) bench.step();
      for (let i = random.integer(0, 2); i > 0; i--) changeList(bench, random);
      if (keyspace.snapshot !== undefined) snapshot?.work(AT_ONCE);
      // A digest takes as long as a hundred steps.
      const isCompared = random.chance(0.06);
      const before = isCompared ? digests(keyspace) : [];
      isMore = defragmentation.step();
      if (isCompared) expect(digests(keyspace)).toEqual(before);
    }
    expect(steps).toBeGreaterThan(5);
    // How many, depends on what has expired meanwhile.
    expect(keyspace.stats.defragHits).toBeGreaterThan(20);
    if (snapshot !== undefined) {
      while (keyspace.snapshot !== undefined) snapshot.work(AT_ONCE);
      expect(digests(load(end(), { keyspace: laterKeyspace(keyspace) }).keyspace)).toEqual(atStart);
    }
    bench.expectNothingKept();
  },
);
