// The table of tracked keys, held to a plain map of sets.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Request } from '../../src/protocol/request.ts';
import { eachNumber, TrackingTable } from '../../src/tracking/tracking-table.ts';
import { byTier } from '../support/tier.ts';

const SEED = { k0: 1, k1: 2 };

function add(table: TrackingTable, key: string | Buffer, number: number): void {
  table.add(Request.of(['get', key]), 1, number);
}

function take(table: TrackingTable, key: string): number[] {
  const numbers: number[] = [];
  // Somewhere inside a longer buffer, as keys are that databases tell of.
  const bytes = Buffer.from(`<${key}>`);
  eachNumber(table.take(bytes, 1, bytes.length - 2), (number) => numbers.push(number));
  return numbers;
}

test('equals a map of sets', () => {
  const key = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 30 }).map((i) => `key:${i}`) },
    { weight: 1, arbitrary: fc.constantFrom('', 'x'.repeat(20_000)) },
  );
  const number = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1));
  const step = fc.oneof(
    { weight: 30, arbitrary: fc.record({ kind: fc.constant('add' as const), key, number }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  );
  let largest = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 300, size: 'max' }), (steps) => {
      const table = new TrackingTable(SEED);
      const model = new Map<string, Set<number>>();
      for (const one of steps) {
        if (one.kind === 'add') {
          add(table, one.key, one.number);
          model.set(one.key, (model.get(one.key) ?? new Set()).add(one.number));
        } else if (one.kind === 'take') {
          const expected = [...(model.get(one.key) ?? [])].sort((a, b) => a - b);
          expect(take(table, one.key)).toEqual(expected);
          model.delete(one.key);
        } else {
          table.clear();
          model.clear();
        }
        const items = [...model.values()].reduce((sum, { size }) => sum + size, 0);
        expect([table.keys, table.items]).toEqual([model.size, items]);
        const drawn = table.randomKey()?.toString();
        expect(drawn === undefined ? model.size === 0 : model.has(drawn)).toBe(true);
        largest = Math.max(largest, items);
      }
    }),
    { numRuns: byTier(12, 30) },
  );
  expect(largest).toBeGreaterThan(40);
});

test('a key may be read by more clients than fit into a block', () => {
  const table = new TrackingTable(SEED);
  const count = 40_000;
  // From both ends, so that numbers go to every place of the set.
  for (let i = 0; i < count; i++) add(table, 'hot', i % 2 === 0 ? i : count * 2 - i);
  add(table, 'hot', 0);
  expect(table.items).toBe(count);
  const numbers = take(table, 'hot');
  expect(numbers.length).toBe(count);
  expect(numbers.every((number, i) => i === 0 || number > numbers[i - 1])).toBe(true);
  expect(table.usedBytes).toBeLessThan(1000);
});

test('takes little memory for a key, and gives it back', () => {
  const table = new TrackingTable(SEED);
  expect(table.usedBytes).toBe(0);
  const count = 50_000;
  for (let i = 0; i < count; i++) add(table, `key:${String(i).padStart(12, '0')}`, 7);
  // 16 bytes of key, 4 of the client, 16 of the entry's head, and its share of the table.
  expect(table.usedBytes / count).toBeLessThan(60);
  for (let i = 0; i < count; i++) take(table, `key:${String(i).padStart(12, '0')}`);
  expect([table.keys, table.items]).toEqual([0, 0]);
  expect(table.usedBytes).toBeLessThan(100_000);
});

test.each([100, 20_000])('%i keys are forgotten together, with their memory', (count) => {
  const table = new TrackingTable(SEED);
  for (let i = 0; i < count; i++) add(table, `key:${i}`, i);
  expect(table.usedBytes / count).toBeGreaterThan(30);
  table.clear();
  expect([table.keys, table.items, table.randomKey()]).toEqual([0, 0, undefined]);
  expect(table.usedBytes).toBeLessThan(100);
  add(table, 'key:1', 1);
  expect(take(table, 'key:1')).toEqual([1]);
});

test('uses the hash that a request brings along', () => {
  const table = new TrackingTable(SEED);
  add(table, 'k', 1);
  const hashed = Request.of(['get', 'k']);
  // Another key's hash: the table believes it.
  hashed.hashes[1] = 12345;
  hashed.hashedTo = 1;
  table.add(hashed, 1, 1);
  expect(table.keys).toBe(2);
});
