// Distances, and functions rounded to the nearest double, held to arithmetic of 60 digits.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearestArcsine, nearestCosine, nearestSine } from '../../src/structures/double-double.ts';
import { distanceBetween, nearestDistance } from '../../src/structures/great-circle.ts';

const ONE = 2n ** 200n;

/** A double as a fraction of 2^200, which is exact where no bit is below that of 2^-100. */
function fraction(value: number): bigint {
  return BigInt(value * 2 ** 100) << 100n;
}

/** The double nearest to a fraction of 2^200. */
function nearest(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const cut = BigInt(Math.max(magnitude.toString(2).length - 60, 0));
  // Rounded to odd first, so that the conversion rounds right.
  const head = magnitude >> cut;
  const isExact = head << cut === magnitude;
  const odd = isExact ? head : head | 1n;
  return Number(odd) * 2 ** (Number(cut) - 200) * (value < 0n ? -1 : 1);
}

/** Σ ± x^n / n!, for n from `first` on in steps of 2. */
function series(x: bigint, first: 0 | 1): bigint {
  let term = first === 0 ? ONE : x;
  let total = 0n;
  for (let n = BigInt(first); term !== 0n; n += 2n) {
    total += term;
    term = (-term * x) / ONE;
    term = (term * x) / ONE / ((n + 1n) * (n + 2n));
  }
  return total;
}

const angle = fc.oneof(
  fc.double({ min: -3.2, max: 3.2, noNaN: true }).map((x) => (Math.abs(x) < 1e-12 ? 0 : x)),
  fc.double({ min: -6, max: 0, noNaN: true }).map((magnitude) => 10 ** magnitude),
);

describe('rounded to the nearest double', () => {
  test('sine and cosine', () => {
    fc.assert(
      fc.property(angle, (x) => {
        expect(nearestSine(x)).toBe(nearest(series(fraction(x), 1)));
        expect(nearestCosine(x)).toBe(nearest(series(fraction(x), 0)));
      }),
      { numRuns: 2000 },
    );
  });

  test('arcsine: its sine is below and above the argument half a unit away', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 0.9999, noNaN: true }), (sine) => {
        const found = nearestArcsine(sine);
        const unit = 2 ** (Math.floor(Math.log2(found)) - 52);
        const half = fraction(unit) / 2n;
        expect(series(fraction(found) - half, 1) <= fraction(sine)).toBe(true);
        expect(series(fraction(found) + half, 1) >= fraction(sine)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([0, 1, -1])('the sine of %d exactly', (x) => {
    expect(nearestArcsine(Math.sin(x))).toBeCloseTo(x, 15);
    expect(nearestSine(0)).toBe(0);
    expect(nearestCosine(0)).toBe(1);
  });
});

test('both distances are the same but for their last digits', () => {
  const longitude = fc.double({ min: -180, max: 180, noNaN: true });
  const latitude = fc.double({ min: -85, max: 85, noNaN: true });
  fc.assert(
    fc.property(longitude, latitude, longitude, latitude, (x, y, u, v) => {
      const quick = distanceBetween(x, y, u, v);
      const precise = nearestDistance(x, y, u, v);
      expect(Math.abs(quick - precise)).toBeLessThanOrEqual(1e-8 + quick * 1e-9);
      expect(nearestDistance(x, y, x, y)).toBe(0);
    }),
  );
});
