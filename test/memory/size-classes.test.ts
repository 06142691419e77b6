// The rounding of block sizes: everything fits into its class, and little is wasted.

import { expect, test } from 'vitest';
import {
  CLASS_OF_UNITS,
  CLASS_UNITS,
  classOf,
  MAX_BLOCK_BYTES,
  UNIT_BYTES,
} from '../../src/memory/size-classes.ts';

test('the classes ascend from 16 bytes to the largest block', () => {
  const sizes = [...CLASS_UNITS];
  expect(sizes[0] * UNIT_BYTES).toBe(16);
  expect(sizes.at(-1)).toBe(MAX_BLOCK_BYTES / UNIT_BYTES);
  expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  expect(sizes.length).toBeLessThanOrEqual(256);
  expect(CLASS_OF_UNITS.length).toBe(MAX_BLOCK_BYTES / UNIT_BYTES + 1);
});

test('each size gets the smallest class that holds it', () => {
  for (let sizeBytes = 1; sizeBytes <= MAX_BLOCK_BYTES; sizeBytes++) {
    const sizeClass = classOf(sizeBytes);
    if (CLASS_UNITS[sizeClass] * UNIT_BYTES < sizeBytes) expect.fail(`${sizeBytes} does not fit`);
    if (sizeClass > 0 && CLASS_UNITS[sizeClass - 1] * UNIT_BYTES >= sizeBytes) {
      expect.fail(`${sizeBytes} fits into a smaller class`);
    }
  }
});

test('rounding up wastes less than 8 bytes up to 128, and less than an eighth above', () => {
  for (let sizeBytes = 9; sizeBytes <= MAX_BLOCK_BYTES; sizeBytes++) {
    const wasted = CLASS_UNITS[classOf(sizeBytes)] * UNIT_BYTES - sizeBytes;
    if (wasted >= Math.max(UNIT_BYTES, sizeBytes / 8)) expect.fail(`${sizeBytes}: ${wasted}`);
  }
});
