// Copying four bytes at a time: every length and every alignment, on both sides of each bound.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyWide, ViewCache, viewOf } from '../../src/protocol/copy-bytes.ts';

describe('copyWide', () => {
  test('copies exactly the bytes, wherever they lie', () => {
    const length = fc.oneof(fc.nat({ max: 20 }), fc.integer({ min: 500, max: 530 }));
    const property = fc.property(
      fc.uint8Array({ minLength: 600, maxLength: 600 }),
      fc.nat({ max: 50 }),
      fc.nat({ max: 50 }),
      length,
      (source, from, at, size) => {
        // Views that begin in the middle of their memory, as pieces of a pool do.
        const target = Buffer.alloc(700, 0xee).subarray(13);
        const expected = Buffer.from(target);
        Buffer.from(source).copy(expected, at, from, from + size);
        expect(copyWide(viewOf(target), at, viewOf(source), from, size)).toBe(at + size);
        expect(target.equals(expected)).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});

test('a view shows the buffer that was asked for, kept or not', () => {
  const views = new ViewCache();
  const small = Buffer.from('small');
  const large = Buffer.alloc(600_000, 'l');
  for (const buffer of [small, large, small, Buffer.from('other'), large]) {
    const view = views.viewOf(buffer);
    expect(view.byteLength).toBe(buffer.length);
    expect(view.getUint8(0)).toBe(buffer[0]);
  }
  expect(views.viewOf(small)).toBe(views.viewOf(small));
});
