// Fields of any width at any bit, and what they overflow to, held to arithmetic in BigInt.
import { expect, test } from 'vitest';
import {
  MAX_NUMBER_BITS,
  readUnsigned,
  readUnsignedWide,
  writeUnsigned,
  writeUnsignedWide,
} from '../../../src/structures/bitmap/bit-fields.ts';
import {
  FAIL,
  fitField,
  fitFieldWide,
  fromBits,
  fromBitsWide,
  numberToSet,
  SATURATE,
  toBits,
  toBitsWide,
  WRAP,
} from '../../../src/structures/bitmap/field-arithmetic.ts';
import { Random } from '../../support/random.ts';

const BYTES = 24;

/** All bytes as one number. */
function whole(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function naiveRead(bytes: Uint8Array, offset: number, bits: number): bigint {
  return BigInt.asUintN(bits, whole(bytes) >> BigInt(BYTES * 8 - offset - bits));
}

function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: BYTES }, () => random.integer(0, 255));
}

test('reading and writing at every bit, in every width', () => {
  const random = new Random(4);
  for (let bits = 1; bits <= 64; bits++) {
    for (let offset = 0; offset < 20; offset++) {
      const bytes = randomBytes(random);
      const old = naiveRead(bytes, offset, bits);
      expect(readUnsignedWide(bytes, offset, bits)).toBe(old);
      if (bits <= MAX_NUMBER_BITS) expect(readUnsigned(bytes, offset, bits)).toBe(Number(old));
      const value = naiveRead(randomBytes(random), 0, bits);
      const before = whole(bytes);
      writeUnsignedWide(bytes, offset, bits, value);
      const shift = BigInt(BYTES * 8 - offset - bits);
      expect(whole(bytes)).toBe(before + ((value - old) << shift));
      if (bits > MAX_NUMBER_BITS) continue;
      writeUnsigned(bytes, offset, bits, Number(old));
      expect(whole(bytes)).toBe(before);
    }
  }
});

/** As the limits say. */
function naiveFit(value: bigint, bits: number, isSigned: boolean, overflow: number) {
  const most = isSigned ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
  const least = isSigned ? -most - 1n : 0n;
  if (value >= least && value <= most) return value;
  if (overflow === FAIL) return undefined;
  if (overflow === SATURATE) return value > most ? most : least;
  const size = 2n ** BigInt(bits);
  const rest = ((value % size) + size) % size;
  return rest > most ? rest - size : rest;
}

test('fitting into a field', () => {
  const random = new Random(5);
  for (let bits = 1; bits <= 64; bits++) {
    for (const isSigned of [true, false]) {
      const edge = 2n ** BigInt(isSigned ? bits - 1 : bits);
      const near = [-edge - 1n, -edge, 1n - edge, -1n, 0n, 1n, edge - 1n, edge, edge + 1n];
      const far = Array.from({ length: 6 }, () => BigInt(random.integer(-(2 ** 53), 2 ** 53)));
      for (const value of [...near, ...far, ...far.map((each) => each << 11n)]) {
        for (const overflow of [WRAP, SATURATE, FAIL]) {
          const expected = naiveFit(value, bits, isSigned, overflow);
          expect(fitFieldWide(value, bits, isSigned, overflow)).toBe(expected);
          const isNumber = bits <= MAX_NUMBER_BITS && value < 2n ** 53n && value > -(2n ** 53n);
          if (!isNumber) continue;
          const number = fitField(Number(value), bits, isSigned, overflow);
          if (expected === undefined) expect(number).toBeNaN();
          else expect(BigInt(number)).toBe(expected);
        }
      }
    }
  }
});

test('the bits of a value, and back', () => {
  for (const bits of [1, 2, 8, 31, 32, 33, 52]) {
    for (const value of [-(2 ** (bits - 1)), -1, 0, 2 ** (bits - 1) - 1]) {
      const unsigned = toBits(value, bits);
      expect(BigInt(unsigned)).toBe(BigInt.asUintN(bits, BigInt(value)));
      expect(fromBits(unsigned, bits, true)).toBe(value);
      expect(fromBits(unsigned, bits, false)).toBe(unsigned);
      expect(toBitsWide(BigInt(value), bits)).toBe(BigInt(unsigned));
      expect(fromBitsWide(BigInt(unsigned), bits, true)).toBe(BigInt(value));
    }
  }
});

test('numbers that are set are compared in 64 bits', () => {
  expect(numberToSet(-1n, 8, false)).toBe(2n ** 64n - 1n);
  expect(numberToSet(-1n, 8, true)).toBe(-1n);
  expect(numberToSet(-(2n ** 63n), 8, true)).toBe(2n ** 63n);
  expect(numberToSet(-(2n ** 63n) + 127n, 8, true)).toBe(2n ** 63n + 127n);
  expect(numberToSet(-(2n ** 63n) + 128n, 8, true)).toBe(-(2n ** 63n) + 128n);
  expect(numberToSet(-(2n ** 63n), 64, true)).toBe(-(2n ** 63n));
});
