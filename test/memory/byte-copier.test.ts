// Copying into the arena: every length around the bounds, from buffers that a view is kept of and not.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { ByteCopier } from '../../src/memory/byte-copier.ts';
import { classOf } from '../../src/memory/size-classes.ts';

const BLOCK_BYTES = 1024;

test('copies exactly the bytes, from wherever they lie', () => {
  const arena = new Arena();
  const copier = new ByteCopier(arena);
  const blockAt = (arena.allocate(classOf(BLOCK_BYTES)) & 0x7fffff) * 8;
  const block = arena.u8[0].subarray(blockAt, blockAt + BLOCK_BYTES);
  const sources = [600, 2048, 5000, 600_000].map((size) => {
    const bytes = Buffer.alloc(size + 3).subarray(3);
    for (let i = 0; i < size; i++) bytes[i] = (i * 7 + size) & 0xff;
    return bytes;
  });
  const length = fc.oneof(fc.nat({ max: 70 }), fc.integer({ min: 500, max: 530 }));
  fc.assert(
    fc.property(
      fc.constantFrom(...sources),
      fc.nat({ max: 50 }),
      fc.nat({ max: 50 }),
      length,
      (source, offset, at, size) => {
        block.fill(0xee);
        const expected = Buffer.from(block);
        source.copy(expected, at, offset, offset + size);
        copier.copy(source, offset, size, 0, blockAt + at);
        expect(block.equals(expected)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
