// Lent bytes stay what they were, whatever their owner does: changes them anywhere, gives them back.
import { expect, test } from 'vitest';
import { ExternalBlocks } from '../../src/memory/external.ts';
import { LENT_PAGE_BYTES, LentBytes } from '../../src/memory/lent-bytes.ts';
import { Random } from '../support/random.ts';

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'lent bytes do not change: seed %i',
  (seed) => {
    const random = new Random(seed);
    const blocks = new ExternalBlocks();
    const length = random.integer(1, 6 * LENT_PAGE_BYTES);
    const id = blocks.allocate(length + random.integer(0, 100_000));
    const buffer = blocks.get(id);
    for (let at = 0; at < buffer.length; at++) buffer[at] = random.integer(0, 255);
    const before = Buffer.from(buffer.subarray(0, length));
    const lent = new LentBytes(buffer, length);
    const read: Buffer[] = [];
    let at = 0;
    let isLent = false;
    while (at < length) {
      if (random.chance(0.4)) {
        if (!isLent) blocks.lend(lent);
        isLent = true;
        const start = random.integer(0, buffer.length - 1);
        const end = random.integer(start, buffer.length);
        blocks.changing(buffer, start, end);
        buffer.fill(random.integer(0, 255), start, end);
      }
      const page = lent.pageFrom(at);
      expect(page.length).toBeLessThanOrEqual(LENT_PAGE_BYTES);
      // Sometimes only a part of a page.
      const count = random.integer(1, page.length);
      read.push(Buffer.from(page.subarray(0, count)));
      at += count;
      lent.neededFrom = at;
    }
    expect(Buffer.concat(read).equals(before)).toBe(true);
  },
);

test('only what is still needed is copied, and nothing any more once it is taken back', () => {
  const blocks = new ExternalBlocks();
  const buffer = blocks.get(blocks.allocate(3 * LENT_PAGE_BYTES));
  const lent = new LentBytes(buffer.fill(1), buffer.length);
  blocks.lend(lent);
  lent.neededFrom = LENT_PAGE_BYTES;
  blocks.changing(buffer, 0, 2 * LENT_PAGE_BYTES);
  const isCopy = (page: number) => lent.pageFrom(page * LENT_PAGE_BYTES).buffer !== buffer.buffer;
  expect([0, 1, 2].map(isCopy)).toEqual([false, true, false]);
  blocks.takeBack(lent);
  blocks.changing(buffer, 0, buffer.length);
  expect([0, 1, 2].map(isCopy)).toEqual([false, true, false]);
});

test('a block that is given back stays what it is for as long as it is lent', () => {
  const blocks = new ExternalBlocks();
  const id = blocks.allocate(100);
  const lent = new LentBytes(blocks.get(id).fill(1), 100);
  blocks.lend(lent);
  blocks.free(id);
  expect(blocks.usedBytes).toBe(0);
  blocks.get(blocks.allocate(100)).fill(2);
  expect(lent.pageFrom(0).equals(Buffer.alloc(100, 1))).toBe(true);
});
