// Doubles with a fixed number of places, held to exact arithmetic.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fixedText, humanText } from '../../src/protocol/fixed-text.ts';

/** The exact value of a double in units of 10^-places, rounded half to even. */
function plainly(value: number, places: number): string {
  const magnitude = Math.abs(value);
  // Every finite double is a multiple of 2^-1074.
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, magnitude);
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const fraction = bits & (2n ** 52n - 1n);
  const units = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  const scaled = units * 10n ** BigInt(places);
  const one = 1n << 1074n;
  let rounded = scaled / one;
  const rest = scaled % one;
  if (rest * 2n > one || (rest * 2n === one && rounded % 2n === 1n)) rounded += 1n;
  const digits = rounded.toString().padStart(places + 1, '0');
  const point = digits.length - places;
  return `${value < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

test.each([4, 6, 17])('with %d places', (places) => {
  const halves = fc.integer({ min: 0, max: 2 ** 40 }).map((n) => (2 * n + 1) / 2 ** (places + 1));
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: -180, max: 180, noNaN: true }),
    halves,
    halves.map((half) => -half),
  );
  fc.assert(
    fc.property(value, (number) => {
      fc.pre(!Object.is(number, -0));
      expect(fixedText(number, places)).toBe(plainly(number, places));
    }),
  );
});

test.each([
  [0.5, '0.5'],
  [13.361389338970184, '13.36138933897018433'],
  [180, '180'],
  [85.05112878, '85.0511287799999991'],
  [-0, '0'],
  [-1e-30, '0'],
  [1e22, '10000000000000000000000'],
])('%d for people', (value, text) => {
  expect(humanText(value, 17)).toBe(text);
});

test('infinities and NaN', () => {
  expect([Infinity, -Infinity, Number.NaN].map((value) => fixedText(value, 4))).toEqual([
    'inf',
    '-inf',
    'nan',
  ]);
});
