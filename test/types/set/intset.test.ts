// Arrays of integers and 64-bit integers, held to BigInt.
import { expect, test } from 'vitest';
import { Int64, isLess, writeInt64 } from '../../../src/types/set/int64.ts';
import {
  copyRdbIntset,
  initIntset,
  insertIntoIntset,
  intsetBytes,
  intsetCount,
  intsetWidth,
  isRdbIntset,
  readIntset,
  removeFromIntset,
  searchIntset,
  searchIntsetFrom,
  widthOf,
  writeRdbHeader,
} from '../../../src/types/set/intset.ts';
import { intsetOf } from '../../persistence/rdb/payloads.ts';
import { Random } from '../../support/random.ts';

const EDGES = [7n, 15n, 16n, 31n, 32n, 47n, 52n, 53n, 54n, 62n, 63n]
  .flatMap((bits) => [-2n, -1n, 0n, 1n, 2n].map((by) => 2n ** bits + by))
  .flatMap((value) => [value, -value])
  .filter((value) => BigInt.asIntN(64, value) === value);
const VALUES = [
  ...[0n, 1n, -1n, 9n, 10n, -10n, 999_999n, 1_000_000n, 10n ** 15n, -(10n ** 15n), 10n ** 16n],
  ...[10n ** 18n, -(10n ** 18n), 9_007_199_254_000_000n, 1_000_000_000_000_000_007n],
  ...EDGES,
];

const wordsOf = (value: bigint): [high: number, low: number] => [
  Number(BigInt.asIntN(32, value >> 32n)),
  Number(BigInt.asIntN(32, value)),
];
const bigOf = ({ high, low }: Int64): bigint =>
  (BigInt(high) << 32n) | BigInt.asUintN(32, BigInt(low));

test('integers are read and written exactly', () => {
  const integer = new Int64();
  const target = Buffer.alloc(24, 120);
  for (const value of VALUES) {
    const text = Buffer.from(`x${value}x`);
    expect(integer.parse(text, 1, text.length - 2)).toBe(true);
    expect([integer.high, integer.low]).toEqual(wordsOf(value));
    const end = writeInt64(target, 2, integer.high, integer.low);
    expect(target.toString('latin1', 2, end)).toBe(String(value));
    if (Number.isSafeInteger(Number(value))) {
      integer.setSafe(Number(value));
      expect(bigOf(integer)).toBe(value);
    }
  }
});

test('what is no canonical 64-bit integer is none', () => {
  const integer = new Int64();
  for (const text of ['', '-', '-0', '00', '01', '+1', ' 1', '1 ', '1.0', '9223372036854775808']) {
    expect(integer.parse(Buffer.from(text), 0, text.length), text).toBe(false);
  }
  expect(integer.parse(Buffer.from('-9223372036854775809'), 0, 20)).toBe(false);
  expect(integer.parse(Buffer.from('123456789012345678901'), 0, 21)).toBe(false);
});

test('integers are compared as such', () => {
  for (const a of VALUES) {
    for (const b of VALUES) expect(isLess(...wordsOf(a), ...wordsOf(b))).toBe(a < b);
  }
});

test.each([16, 32, 64])(
  'an array of integers of up to %i bits holds what was put into it',
  (bits) => {
    const random = new Random(bits);
    const values = VALUES.filter((value) => BigInt.asIntN(bits, value) === value);
    const model = new Set<bigint>();
    const start = 3;
    const copy = Buffer.alloc(intsetBytes(8, 200));
    const buffer = Buffer.alloc(start + intsetBytes(8, 200), 0xaa);
    const integer = new Int64();
    initIntset(buffer, start, 2);
    let width = 2;
    for (let round = 0; round < 4000; round++) {
      const value = random.chance(0.5) ? random.pick(values) : BigInt(random.integer(-100, 100));
      const [high, low] = wordsOf(value);
      const index = searchIntset(buffer, start, high, low);
      expect(index >= 0).toBe(model.has(value));
      if (index < 0 && random.chance(0.7) && model.size < 190) {
        width = Math.max(width, widthOf(high, low));
        insertIntoIntset(buffer, start, ~index, high, low);
        model.add(value);
      } else if (index >= 0 && random.chance(0.6)) {
        removeFromIntset(buffer, start, index);
        model.delete(value);
      }
      expect(intsetWidth(buffer, start)).toBe(width);
      expect(intsetCount(buffer, start)).toBe(model.size);
      if (round % 50 !== 0 || model.size === 0) continue;
      const sorted = [...model].sort((a, b) => (a < b ? -1 : 1));
      const bytes = intsetBytes(width, model.size);
      const rdb = intsetOf(width, sorted);
      expect(isRdbIntset(rdb, 0, rdb.length)).toBe(true);
      copyRdbIntset(rdb, 0, rdb.length, copy);
      expect(buffer.subarray(start, start + bytes)).toEqual(copy.subarray(0, bytes));
      writeRdbHeader(buffer, start, copy);
      expect(copy.subarray(0, 8)).toEqual(rdb.subarray(0, 8));
      for (const [i, expected] of sorted.entries()) {
        readIntset(buffer, start, i, integer);
        expect(bigOf(integer)).toBe(expected);
      }
      // Asked for in ascending order, from any index before.
      for (const wanted of [...values].sort((a, b) => (a < b ? -1 : 1))) {
        const found = searchIntset(buffer, start, ...wordsOf(wanted));
        const place = found < 0 ? ~found : found;
        const from = random.integer(0, place);
        expect(searchIntsetFrom(buffer, start, from, ...wordsOf(wanted))).toBe(found);
      }
    }
  },
);
