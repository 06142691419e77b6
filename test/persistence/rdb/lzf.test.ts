// Compression: there and back, and what is damaged is refused without writing past the target.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compress, decompress, mayExpandTo } from '../../../src/persistence/rdb/format/lzf.ts';

/** Bytes with repetitions, near and far. */
const compressible = fc
  .array(
    fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 120 })),
    { maxLength: 30 },
  )
  .map((runs) =>
    Buffer.concat(runs.flatMap(([bytes, times]) => new Array<Uint8Array>(times).fill(bytes))),
  );

test('there and back', () => {
  let smaller = 0;
  fc.assert(
    fc.property(compressible, fc.nat(5), (bytes, before) => {
      const source = Buffer.concat([Buffer.alloc(before, 7), bytes]);
      const target = Buffer.alloc(bytes.length + 8, 0xee);
      const limit = Math.max(0, bytes.length - 4);
      const size = compress(source, before, bytes.length, target, limit);
      if (size === 0) return;
      smaller++;
      expect(size).toBeLessThanOrEqual(limit);
      expect(mayExpandTo(size, bytes.length)).toBe(true);
      const back = Buffer.alloc(bytes.length);
      expect(decompress(target, 0, size, back, back.length)).toBe(true);
      expect(back.equals(bytes)).toBe(true);
      // Another length than was told is damage.
      expect(decompress(target, 0, size, Buffer.alloc(back.length + 1), back.length + 1)).toBe(
        false,
      );
      expect(decompress(target, 0, size, Buffer.alloc(back.length), back.length - 1)).toBe(false);
    }),
  );
  expect(smaller).toBeGreaterThan(20);
});

test('what does not become shorter is refused', () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff));
  expect(compress(bytes, 0, bytes.length, Buffer.alloc(1000), 600)).toBe(0);
  expect(compress(bytes, 0, 0, Buffer.alloc(1), 1)).toBe(0);
});

test('random bytes are expanded or refused, and never written past the told length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(300), (source, length) => {
      const target = Buffer.alloc(length + 300, 0xaa);
      decompress(source, 0, source.length, target, length);
      expect(target.subarray(length).every((byte) => byte === 0xaa)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
