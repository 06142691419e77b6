// The checksum, against a slow one of another make.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Crc64 } from '../../../src/persistence/rdb/format/crc64.ts';
import { slowCrc64 } from './payloads.ts';

function fast(bytes: Buffer): bigint {
  const sum = new Crc64();
  sum.update(bytes, 0, bytes.length);
  const target = Buffer.alloc(8);
  sum.write(target, 0);
  expect(sum.equals(target, 0)).toBe(true);
  return target.readBigUInt64LE();
}

test('the check value of the polynomial', () => {
  expect(fast(Buffer.from('123456789')).toString(16)).toBe('e9c6d914c4b8d9ca');
  expect(fast(Buffer.alloc(0))).toBe(0n);
});

test('any bytes, in one piece and in two', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (array, cut) => {
      const bytes = Buffer.from(array);
      const whole = fast(bytes);
      expect(whole).toBe(slowCrc64(bytes));
      const sum = new Crc64();
      const middle = Math.min(cut, bytes.length);
      sum.update(bytes, 0, middle);
      sum.update(bytes, middle, bytes.length);
      const target = Buffer.alloc(8);
      sum.write(target, 0);
      expect(target.readBigUInt64LE()).toBe(whole);
      sum.reset();
      expect(sum.equals(Buffer.alloc(8), 0)).toBe(true);
    }),
  );
});
