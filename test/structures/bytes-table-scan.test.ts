// SCAN's guarantee: whatever happens to the table between two calls, an entry that is there during
// the whole iteration is visited, the iteration ends, and each call does a bounded amount of work.

import { describe, expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { variantsByTier } from '../support/tier.ts';
import { CheckedTable, keyOf, type TestHash } from './checked-table.ts';

const CURSOR_LIMIT = 2 ** 32;
/** Entries that a call may visit beyond what it was asked for, those of one home slot: a few. */
const FEW = 20;
/** Or a whole segment, where hashes are so alike that one slot is the home of all. */
const SEGMENT = 900;

/** Hashes whose first `bits` bits are those of `prefix`, the others random. */
function crowded(prefix: number, bits: number): TestHash {
  const hashes = new Map<string, number>();
  const random = new Random(bits);
  return (key) => {
    let hash = hashes.get(key);
    if (hash === undefined) {
      const drawn = random.integer(0, 2 ** 32 - 1);
      hash = bits === 0 ? drawn | 0 : (prefix & ~(-1 >>> bits)) | (drawn >>> bits);
      hashes.set(key, hash);
    }
    return hash;
  };
}

const HASHES: readonly (readonly [string, TestHash | undefined, number])[] = [
  ['the seeded hash', undefined, FEW],
  ['random hashes', crowded(0, 0), FEW],
  ['hashes in the lowest 256th', crowded(0, 8), SEGMENT],
  ['hashes in the highest 4096th', crowded(-1, 12), SEGMENT],
  ['hashes that share 18 bits', crowded(0x5ad2c3b4, 18), SEGMENT],
];

/** One iteration from beginning to end; `between` may change the table between two calls. */
function iterate(
  checked: CheckedTable,
  countOf: () => number,
  between: () => void,
  maxExcess: number,
): { readonly seen: Set<string>; readonly calls: number } {
  const seen = new Set<string>();
  let calls = 0;
  let cursor = 0;
  do {
    const count = countOf();
    let visits = 0;
    const next = checked.table.scan(cursor, count, (ref) => {
      visits++;
      seen.add(keyOf(checked.arena, ref));
    });
    if (!Number.isInteger(next) || next < 0 || next >= CURSOR_LIMIT) {
      throw new Error(`${next} is no cursor`);
    }
    if (next !== 0 && next <= cursor) throw new Error(`from ${cursor} back to ${next}`);
    if (next !== 0 && visits < count) throw new Error(`${visits} visits of ${count}, and no end`);
    if (visits > count + maxExcess) throw new Error(`${visits} visits instead of ${count}`);
    cursor = next;
    calls++;
    between();
  } while (cursor !== 0);
  return { seen, calls };
}

describe.each(HASHES)('with %s', (_, hash, maxExcess) => {
  test('an unchanging table is visited exactly once, in steps of any size', () => {
    const checked = new CheckedTable(hash);
    for (const size of [0, 1, 5, 6, 40, 600, 3_000]) {
      for (let i = checked.model.size; i < size; i++) checked.insert(`key:${i}`);
      for (const count of [1, 10, 1_000, Number.POSITIVE_INFINITY]) {
        const keys = checked.scanAll(count);
        expect(keys.length).toBe(size);
        expect(new Set(keys).size).toBe(size);
      }
    }
  });

  test.each(variantsByTier([31, 32]))('a changing table shows all that stays: seed %i', (seed) => {
    const random = new Random(seed);
    const checked = new CheckedTable(hash);
    const lasting = Array.from({ length: 300 }, (_, index) => `lasting:${index}`);
    for (const key of lasting) checked.insert(key);
    let serial = 0;
    let passing: string[] = [];
    const grow = (entries: number) => {
      for (let i = 0; i < entries; i++) {
        const key = `passing:${serial++}`;
        passing.push(key);
        checked.insert(key);
      }
    };
    const shrink = (entries: number) => {
      passing = random.shuffle(passing);
      for (const key of passing.splice(0, entries)) checked.remove(key);
    };
    const directions = { grown: 0, shrunk: 0 };
    for (let round = 0; round < 4; round++) {
      if (round % 2 === 0) shrink(passing.length);
      else grow(4_000);
      const sizes = [checked.model.size];
      const { seen, calls } = iterate(
        checked,
        () => random.pick([1, 10, 10, 30]),
        () => {
          if (random.chance(0.5)) {
            if (random.chance(round % 2 === 0 ? 0.9 : 0.1)) grow(random.integer(1, 400));
            else shrink(random.integer(1, 800));
          }
          if (random.chance(0.3)) checked.replace(random.pick(lasting));
          if (passing.length > 8_000) shrink(7_000);
          sizes.push(checked.model.size);
        },
        maxExcess,
      );
      expect(lasting.filter((key) => !seen.has(key))).toEqual([]);
      // A table that grew all the time would still end: the cursor only ever moves up.
      expect(calls).toBeLessThan(20_000);
      if (Math.max(...sizes) > 4 * sizes[0]) directions.grown++;
      if (Math.min(...sizes) < sizes[0] / 4) directions.shrunk++;
    }
    // What was to happen during the iterations did happen.
    expect(directions.grown).toBeGreaterThan(0);
    expect(directions.shrunk).toBeGreaterThan(0);
    checked.checkAll();
  });

  test('any number is a cursor from which an iteration goes on', () => {
    const random = new Random(5);
    const checked = new CheckedTable(hash);
    for (let i = 0; i < 2_000; i++) checked.insert(`key:${i}`);
    const cursors = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, CURSOR_LIMIT - 1];
    for (let i = 0; i < 500; i++) cursors.push(random.integer(0, CURSOR_LIMIT - 1));
    for (const cursor of cursors) {
      const next = checked.table.scan(cursor, 10, () => {});
      if (next !== 0 && (next <= cursor || next >= CURSOR_LIMIT)) expect.fail(`${cursor}: ${next}`);
    }
  });
});

test('a table that everything was deleted from is not walked through as if it were full', () => {
  const random = new Random(6);
  const checked = new CheckedTable();
  const keys = random.shuffle(Array.from({ length: 60_000 }, (_, index) => `key:${index}`));
  for (const key of keys) checked.insert(key);
  const calls = iterate(
    checked,
    () => 10,
    () => {},
    FEW,
  ).calls;
  expect(calls).toBeGreaterThan(4_000);
  for (const key of keys.slice(50)) checked.remove(key);
  expect(checked.table.capacity).toBeLessThan(2_000);
  const sparse = iterate(
    checked,
    () => 10,
    () => {},
    FEW,
  );
  expect(sparse.seen.size).toBe(50);
  expect(sparse.calls).toBeLessThanOrEqual(6);
});
