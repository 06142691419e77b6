// Geohashes held to a plain reading with BigInt, and to what is known of places.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cellOf,
  columnOf,
  GeoCell,
  GeoPlace,
  geohashText,
  interleave,
  MAX_LATITUDE,
  MAX_STEPS,
  middleOf,
  placeOf,
  rowOf,
  scoreOf,
  southOf,
  westOf,
} from '../../src/structures/geohash.ts';

const number = fc.integer({ min: 0, max: 2 ** 26 });
const longitude = fc.double({ min: -180, max: 180, noNaN: true });
const latitude = fc.double({ min: -MAX_LATITUDE, max: MAX_LATITUDE, noNaN: true });

/** Bit i of a row becomes bit 2 · i, bit i of a column bit 2 · i + 1. */
function plainly(column: number, row: number): bigint {
  let bits = 0n;
  for (let i = 0n; i < 32n; i++) {
    bits |= ((BigInt(row) >> i) & 1n) << (2n * i);
    bits |= ((BigInt(column) >> i) & 1n) << (2n * i + 1n);
  }
  return bits;
}

/** Column and row of 64 bits. */
function apart(bits: bigint): { column: number; row: number } {
  let [column, row] = [0n, 0n];
  for (let i = 0n; i < 32n; i++) {
    row |= ((bits >> (2n * i)) & 1n) << i;
    column |= ((bits >> (2n * i + 1n)) & 1n) << i;
  }
  return { column: Number(column), row: Number(row) };
}

describe('a geohash', () => {
  test('interleaves the bits of column and row', () => {
    fc.assert(
      fc.property(number, number, fc.integer({ min: 0, max: 1 }), (column, row, added) => {
        const bits = plainly(column, row) + BigInt(added);
        expect(interleave(column, row, added)).toBe(Number(bits));
      }),
    );
  });

  test('has the cell that it was made of', () => {
    const cell = new GeoCell();
    fc.assert(
      fc.property(number, number, (column, row) => {
        fc.pre(column < 2 ** 26 && row < 2 ** 26);
        cellOf(interleave(column, row), cell);
        expect({ ...cell }).toEqual({ column, row });
      }),
    );
  });

  test.each([
    [-1, 2n ** 64n - 1n],
    [-1.5, 2n ** 64n - 1n],
    [1.9, 1n],
    [2 ** 52 + 2 ** 53, 2n ** 52n + 2n ** 53n],
    [2 ** 54, 2n ** 54n],
    [2 ** 63 - 1024, 2n ** 63n - 1024n],
    [-(2 ** 63), 2n ** 63n],
    [2 ** 63, 2n ** 63n],
    [2 ** 63 + 2048, 2n ** 63n + 2048n],
    [2 ** 64, 0n],
    [1e300, 0n],
    [Number.POSITIVE_INFINITY, 0n],
    [-1e300, 2n ** 63n],
    [Number.NEGATIVE_INFINITY, 2n ** 63n],
  ])('may be any number: %d', (score, bits) => {
    const cell = new GeoCell();
    cellOf(score, cell);
    expect({ ...cell }).toEqual(apart(bits));
  });

  test('of a place is near it', () => {
    const place = new GeoPlace();
    fc.assert(
      fc.property(longitude, latitude, (x, y) => {
        // At 180°, and where adding 180 rounds up to that, a geohash has 54 bits, of which a double loses the last.
        fc.pre(columnOf(x, MAX_STEPS) < 2 ** MAX_STEPS);
        placeOf(scoreOf(x, y), place);
        expect(Math.abs(place.longitude - x)).toBeLessThanOrEqual(360 / 2 ** 26);
        expect(Math.abs(place.latitude - y)).toBeLessThanOrEqual(171 / 2 ** 26);
      }),
    );
  });

  test('of a cell in a coarser grid begins with the same bits', () => {
    const steps = fc.integer({ min: 1, max: MAX_STEPS });
    fc.assert(
      fc.property(longitude, latitude, steps, (x, y, coarse) => {
        fc.pre(columnOf(x, MAX_STEPS) < 2 ** MAX_STEPS && rowOf(y, MAX_STEPS) < 2 ** MAX_STEPS);
        const prefix = interleave(columnOf(x, coarse), rowOf(y, coarse));
        expect(Math.floor(scoreOf(x, y) / 2 ** (52 - 2 * coarse))).toBe(prefix);
      }),
    );
  });
});

test('a cell has the place between its edges', () => {
  const place = new GeoPlace();
  const cell = new GeoCell();
  fc.assert(
    fc.property(number, number, (column, row) => {
      fc.pre(column < 2 ** 26 && row < 2 ** 26);
      Object.assign(cell, { column, row });
      middleOf(cell, place);
      expect(place.longitude).toBe((westOf(column, MAX_STEPS) + westOf(column + 1, MAX_STEPS)) / 2);
      expect(place.latitude).toBe((southOf(row, MAX_STEPS) + southOf(row + 1, MAX_STEPS)) / 2);
    }),
  );
});

test.each([
  ['Palermo', 13.361389, 38.115556, 'sqc8b49rny0'],
  ['Catania', 15.087269, 37.502669, 'sqdtr74hyu0'],
  ['a place in Jutland', 10.40744, 57.64911, 'u4pruydqqv0'],
])('%s is written as everywhere', (_, x, y, text) => {
  const place = new GeoPlace();
  placeOf(scoreOf(x, y), place);
  expect(geohashText(place.longitude, place.latitude)).toBe(text);
});
