// Decimal integers as bytes against BigInt: reading, writing, and the edges of 64 bits.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digitsOf, parseInteger, writeInteger } from '../../src/protocol/integer.ts';
import { Request } from '../../src/protocol/request.ts';

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Integers that are not spread over the range, but crowd where it is delicate. */
const delicate = fc
  .tuple(
    fc.constantFrom(
      0n,
      2n ** 31n,
      2n ** 32n,
      2n ** 53n,
      10n ** 15n,
      10n ** 18n,
      2n ** 63n,
      2n ** 64n,
    ),
    fc.bigInt({ min: -12n, max: 12n }),
    fc.boolean(),
  )
  .map(([base, distance, negative]) => (negative ? -(base + distance) : base + distance));
const anyInteger = fc.oneof(
  delicate,
  fc.bigInt({ min: MIN_INT64, max: MAX_INT64 }),
  fc.integer().map(BigInt),
);

function parse(text: string): number {
  // In the middle of other digits, which must not count.
  const bytes = Buffer.from(`9-${text}99`, 'latin1');
  return parseInteger(bytes, 2, bytes.length - 4);
}

describe('parseInteger', () => {
  test('reads every 64-bit integer, and nothing beyond', () => {
    fc.assert(
      fc.property(anyInteger, (value) => {
        const parsed = parse(value.toString());
        if (value > MAX_INT64 || value < MIN_INT64) {
          expect(parsed).toBeNaN();
        } else if (value <= MAX_SAFE && value >= -MAX_SAFE) {
          expect(parsed).toBe(Number(value));
        } else {
          expect(Math.abs(parsed / Number(value) - 1)).toBeLessThan(1e-15);
          expect(Number.isSafeInteger(parsed)).toBe(false);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('knows the edges to the unit', () => {
    expect(parse('9223372036854775807')).toBeGreaterThan(9.223372036854e18);
    expect(parse('-9223372036854775808')).toBeLessThan(-9.223372036854e18);
    for (const text of [
      '9223372036854775808',
      '-9223372036854775809',
      '9999999999999999999',
      '10000000000000000000',
      '-10000000000000000000',
      '99999999999999999999',
    ]) {
      expect(parse(text)).toBeNaN();
    }
    expect(parse('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(Number.isSafeInteger(parse('9007199254740992'))).toBe(false);
    expect(Number.isSafeInteger(parse('9007199254740993'))).toBe(false);
  });

  test('takes no form but the canonical one', () => {
    for (const text of [
      '',
      '-',
      '+1',
      '-0',
      '00',
      '01',
      '-01',
      ' 1',
      '1 ',
      '1.0',
      '1e3',
      '0x1',
      '--1',
      '1-',
      'a',
      '\0',
      '1\0',
      '٣',
    ]) {
      expect(parse(text)).toBeNaN();
    }
    expect(parse('0')).toBe(0);
    expect(parse('-1')).toBe(-1);
  });

  test('agrees with BigInt on which texts are canonical', () => {
    const text = fc.string({
      unit: fc.constantFrom('0', '1', '9', '-', '+', ' ', '.', 'e', '/', ':'),
      maxLength: 4,
    });
    fc.assert(
      fc.property(text, (candidate) => {
        const isCanonical = /^-?\d+$/.test(candidate) && BigInt(candidate).toString() === candidate;
        expect(Number.isNaN(parse(candidate))).toBe(!isCanonical);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('Request.bigint', () => {
  test('is exact where a double is not', () => {
    fc.assert(
      fc.property(anyInteger, (value) => {
        const isInt64 = value <= MAX_INT64 && value >= MIN_INT64;
        expect(Request.of(['x', value.toString()]).bigint(1)).toBe(isInt64 ? value : undefined);
      }),
      { numRuns: 500 },
    );
    expect(Request.of(['1.5']).bigint(0)).toBeUndefined();
  });
});

describe('writeInteger', () => {
  const writable = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer(),
    fc
      .tuple(fc.nat({ max: 15 }), fc.integer({ min: -2, max: 2 }))
      .map(([power, n]) => 10 ** power + n),
    fc.constantFrom(0, -0, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), 2 ** 32, 2 ** 53, -(2 ** 53)),
  );

  test('writes what BigInt writes, and nothing around it', () => {
    fc.assert(
      fc.property(writable, fc.nat({ max: 5 }), (value, position) => {
        const target = Buffer.alloc(30, 0xaa);
        const end = writeInteger(target, position, value);
        const text = BigInt(value).toString();
        expect(target.toString('latin1', position, end)).toBe(text);
        expect(end - position).toBe(text.length);
        expect(digitsOf(Math.abs(value))).toBe(text.replace('-', '').length);
        const around = Buffer.concat([target.subarray(0, position), target.subarray(end)]);
        expect(around.every((byte) => byte === 0xaa)).toBe(true);
        expect(parseInteger(target, position, text.length)).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 1_000 },
    );
  });
});
