// Buffers outside the arena: numbers, accounting, and that a freed number is really gone.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OverflowBlocks } from '../../src/memory/overflow-blocks.ts';

test('a block keeps its bytes, and its number is used again', () => {
  const blocks = new OverflowBlocks();
  const first = blocks.allocate(100);
  const second = blocks.allocate(200_000);
  expect([first, second]).toEqual([0, 1]);
  expect(blocks.usedBytes).toBe(200_100);
  blocks.get(first).fill(1);
  blocks.get(second).fill(2);
  expect(blocks.get(first).equals(Buffer.alloc(100, 1))).toBe(true);
  blocks.free(first);
  expect(blocks.usedBytes).toBe(200_000);
  expect(blocks.allocate(0)).toBe(first);
  expect(blocks.get(first).length).toBe(0);
  expect(blocks.get(second).equals(Buffer.alloc(200_000, 2))).toBe(true);
  expect(blocks.usedBytes).toBe(200_000);
});

test('a number that is not in use is refused', () => {
  const blocks = new OverflowBlocks();
  const id = blocks.allocate(10);
  blocks.free(id);
  expect(() => blocks.get(id)).toThrow(RangeError);
  expect(() => blocks.free(id)).toThrow('overflow block 0 is not in use');
  expect(() => blocks.get(7)).toThrow(RangeError);
  expect(blocks.usedBytes).toBe(0);
});

test('an allocation that fails changes nothing', () => {
  const blocks = new OverflowBlocks();
  blocks.free(blocks.allocate(8));
  expect(() => blocks.allocate(2 ** 53)).toThrow(RangeError);
  expect(blocks.usedBytes).toBe(0);
  expect(blocks.allocate(8)).toBe(0);
});

test('any sequence equals a plain map', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('allocate' as const), bytes: fc.nat({ max: 300 }) }),
    fc.record({ kind: fc.constant('free' as const), which: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const blocks = new OverflowBlocks();
      const model = new Map<number, Buffer>();
      for (const [step, op] of operations.entries()) {
        if (op.kind === 'allocate') {
          const id = blocks.allocate(op.bytes);
          expect(model.has(id)).toBe(false);
          expect(blocks.get(id).length).toBe(op.bytes);
          blocks.get(id).fill(step);
          model.set(id, Buffer.alloc(op.bytes, step));
        } else if (model.size > 0) {
          const id = [...model.keys()][op.which % model.size];
          blocks.free(id);
          model.delete(id);
        }
      }
      let used = 0;
      for (const [id, bytes] of model) {
        used += bytes.length;
        expect(blocks.get(id).equals(bytes)).toBe(true);
      }
      expect(blocks.usedBytes).toBe(used);
    }),
  );
});
