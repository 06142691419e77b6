// Sorting indexes, in both ways, and the byte strings that they stand for, held to Array.sort.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteRuns } from '../../src/structures/byte-runs.ts';
import { mergeSort } from '../../src/structures/merge-sort.ts';
import { partialQuicksort } from '../../src/structures/partial-quicksort.ts';
import { sortedIndexes } from '../../src/structures/radix-sort.ts';

/** Arrays of numbers, many of them equal, of every length up to some hundred. */
const key = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.double({ noNaN: true }).map((number) => (number === 0 ? 0 : number)),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const numbers = fc.array(key, { maxLength: 300, size: 'max' });

function indexesOf(values: readonly unknown[]): number[] {
  return values.map((_, i) => i);
}

function compareNumbers(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function merged(keys: Float64Array, tie?: (a: number, b: number) => number): Int32Array {
  const order = Int32Array.from(keys.keys());
  mergeSort(keys, order, tie);
  return order;
}

describe.each([
  ['the merge sort', merged, 300],
  ['the radix sort', sortedIndexes, 3000],
])('%s', (_, sort, maxLength) => {
  const many = fc.array(fc.oneof(key, fc.constantFrom(0, -0, 1, -1, 5e-324)), {
    maxLength,
    size: 'max',
  });

  test('keeps the order of equal keys', () => {
    fc.assert(
      fc.property(many, (keys) => {
        const expected = indexesOf(keys).sort((a, b) => compareNumbers(keys[a], keys[b]));
        expect([...sort(Float64Array.from(keys), undefined)]).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('asks for the order of equal keys, and keeps it where there is none', () => {
    fc.assert(
      fc.property(many, (keys) => {
        const tie = (a: number, b: number) => (b % 3) - (a % 3);
        const expected = indexesOf(keys).sort(
          (a, b) => compareNumbers(keys[a], keys[b]) || tie(a, b),
        );
        expect([...sort(Float64Array.from(keys), tie)]).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('sorts integers, all equal numbers, and those that are in order', () => {
    for (const make of [
      (i: number) => (i * 7919) % 10007,
      () => 7,
      (i: number) => i,
      (i: number) => -i,
      (i: number) => ((i * 7919) % 10007) * 2 ** 40 - 2 ** 52,
    ]) {
      const keys = Float64Array.from({ length: 10_000 }, (_unused, i) => make(i));
      const expected = indexesOf([...keys]).sort((a, b) => compareNumbers(keys[a], keys[b]));
      expect([...sort(keys.slice(), undefined)]).toEqual(expected);
    }
  });
});

describe('the partial quicksort', () => {
  test('puts those that are asked for into their places', () => {
    fc.assert(
      fc.property(numbers, fc.nat(300), fc.nat(300), (keys, a, b) => {
        const first = Math.min(a, b);
        const last = Math.min(Math.max(a, b), keys.length - 1);
        const order = Int32Array.from(indexesOf(keys));
        partialQuicksort(order, (x, y) => compareNumbers(keys[x], keys[y]), first, last);
        expect([...order].sort((x, y) => x - y)).toEqual(indexesOf(keys));
        const sorted = [...keys].sort(compareNumbers);
        const found = [...order].map((i) => keys[i]);
        expect(found.slice(first, last + 1)).toEqual(sorted.slice(first, last + 1));
      }),
    );
  });

  test('compares no more than it must for a few of many', () => {
    const count = 100_000;
    const keys = Float64Array.from({ length: count }, (_, i) => (i * 7919) % 100_003);
    let compared = 0;
    const order = Int32Array.from(keys.keys());
    const compare = (a: number, b: number) => {
      compared++;
      return keys[a] - keys[b];
    };
    partialQuicksort(order, compare, 0, 9);
    expect(compared).toBeLessThan(5 * count);
  });
});

describe('byte runs', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.array(fc.constantFrom(0, 97, 255), { maxLength: 5 }).map((list) => Uint8Array.from(list)),
    fc.string({ maxLength: 3 }).map((text) => Buffer.from(`a common beginning of ${text}`)),
  );

  function runsOf(texts: readonly (Uint8Array | number | undefined)[]): ByteRuns {
    const runs = new ByteRuns();
    for (const text of texts) {
      if (text === undefined) runs.addNothing();
      else if (typeof text === 'number') runs.addInteger(text);
      else runs.add(Buffer.from([1, 2, ...text, 3]), 2, text.length);
    }
    return runs;
  }

  const untilNul = (text: Uint8Array) => {
    const end = text.indexOf(0);
    return end < 0 ? text : text.subarray(0, end);
  };

  test('are compared byte by byte, or up to a NUL', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const runs = runsOf([a, b, undefined]);
        expect(Math.sign(runs.compare(0, 1))).toBe(Buffer.compare(a, b));
        expect(Math.sign(runs.compareText(0, 1))).toBe(Buffer.compare(untilNul(a), untilNul(b)));
        expect([runs.compare(2, 0) < 0, runs.compareText(2, 0) < 0]).toEqual([true, true]);
        expect([runs.compareText(0, 2) > 0, runs.compareText(2, 2)]).toEqual([true, 0]);
      }),
    );
  });

  test('are in the order of their prefixes, as far as these differ', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(bytes, fc.constant(undefined), fc.maxSafeInteger()), { maxLength: 8 }),
        (texts) => {
          const runs = runsOf(texts);
          const keys = runs.prefixes();
          for (const a of keys.keys()) {
            for (const b of keys.keys()) {
              if (keys[a] >= keys[b]) continue;
              expect(runs.compare(a, b)).toBeLessThan(0);
              expect(runs.compareText(a, b)).toBeLessThan(0);
            }
          }
        },
      ),
    );
  });

  test('hold the digits of integers themselves', () => {
    const runs = new ByteRuns();
    const given = Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? i * 1e9 : -i));
    for (const integer of given) runs.addInteger(integer);
    const text = (i: number) =>
      runs.buffer(i).toString('latin1', runs.offset(i), runs.offset(i) + runs.length(i));
    expect(given.map((_, i) => text(i))).toEqual(given.map(String));
    runs.reverse();
    expect(given.map((_, i) => text(i))).toEqual(given.map(String).reverse());
    runs.clear();
    runs.addDigits(Buffer.from('x123'), 1, 3);
    expect([runs.count, text(0)]).toEqual([1, '123']);
  });
});
