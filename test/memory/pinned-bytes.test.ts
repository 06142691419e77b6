// Pinned bytes stay what they were, whatever their owner does: changes them anywhere, gives them back.
import { expect, test } from 'vitest';
import { LARGE_BYTES } from '../../src/memory/large-memory.ts';
import { OverflowBlocks } from '../../src/memory/overflow-blocks.ts';
import { PINNED_PAGE_BYTES, PinnedBytes } from '../../src/memory/pinned-bytes.ts';
import { Random } from '../support/random.ts';

interface Reader {
  readonly pin: PinnedBytes;
  readonly expected: Buffer;
  readonly read: Buffer[];
  isPinned: boolean;
}

/** Begins to read a part of a buffer, drawn at random. */
function readerOf(buffer: Buffer, random: Random): Reader {
  const start = random.integer(0, buffer.length - 1);
  const end = random.integer(start + 1, buffer.length);
  const pin = new PinnedBytes(buffer.subarray(start, end));
  return { pin, expected: Buffer.from(buffer.subarray(start, end)), read: [], isPinned: false };
}

/** Reads a little more; whether that was all. */
function readOn({ pin, read }: Reader, random: Random): boolean {
  const at = pin.neededFrom;
  if (random.chance(0.5)) {
    const page = pin.pageFrom(at);
    expect(page.length).toBeLessThanOrEqual(PINNED_PAGE_BYTES);
    // Sometimes only a part of a page.
    read.push(Buffer.from(page.subarray(0, random.integer(1, page.length))));
  } else {
    const length = random.integer(1, Math.min(pin.length - at, 3 * PINNED_PAGE_BYTES));
    const part = Buffer.alloc(length + 2);
    pin.copyTo(part, 1, at, at + length);
    expect([part[0], part[length + 1]]).toEqual([0, 0]);
    read.push(part.subarray(1, -1));
  }
  pin.neededFrom = at + (read.at(-1)?.length ?? 0);
  return pin.neededFrom === pin.length;
}

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'what several have pinned does not change: seed %i',
  (seed) => {
    const random = new Random(seed);
    const blocks = new OverflowBlocks();
    const isLarge = seed % 2 === 0;
    const length = random.integer(1, 6 * PINNED_PAGE_BYTES) + (isLarge ? LARGE_BYTES : 0);
    const id = blocks.allocate(length);
    const buffer = blocks.get(id);
    for (let at = 0; at < buffer.length; at += 1 + (at & 15)) buffer[at] = random.integer(0, 255);
    const readers = Array.from({ length: 3 }, () => readerOf(buffer, random));
    const others: Reader[] = [];
    const all = [...readers];
    for (const reader of readers) {
      blocks.pin(reader.pin);
      reader.isPinned = true;
    }
    while (readers.length > 0) {
      if (random.chance(0.3)) {
        const start = random.integer(0, buffer.length - 1);
        const end = random.integer(start, buffer.length);
        blocks.changing(buffer, start, end);
        buffer.fill(random.integer(0, 255), start, end);
      }
      if (others.length < 3 && random.chance(0.1)) {
        const other = readerOf(buffer, random);
        blocks.pin(other.pin);
        others.push(other);
        readers.push(other);
        all.push(other);
      }
      const reader = random.pick(readers);
      if (!readOn(reader, random)) continue;
      blocks.unpin(reader.pin);
      readers.splice(readers.indexOf(reader), 1);
    }
    for (const { read, expected } of all) expect(Buffer.concat(read).equals(expected)).toBe(true);
    expect(blocks.usedBytes).toBe(length);
  },
);

test('only what is still needed is copied, and nothing any more once it is unpinned', () => {
  const blocks = new OverflowBlocks();
  const buffer = blocks.get(blocks.allocate(3 * PINNED_PAGE_BYTES));
  const pin = new PinnedBytes(buffer.fill(1));
  blocks.pin(pin);
  pin.neededFrom = PINNED_PAGE_BYTES;
  blocks.changing(buffer, 0, 2 * PINNED_PAGE_BYTES);
  const isCopy = (page: number) => pin.pageFrom(page * PINNED_PAGE_BYTES).buffer !== buffer.buffer;
  expect([0, 1, 2].map(isCopy)).toEqual([false, true, false]);
  expect(blocks.usedBytes).toBe(4 * PINNED_PAGE_BYTES);
  blocks.unpin(pin);
  blocks.changing(buffer, 0, buffer.length);
  expect([0, 1, 2].map(isCopy)).toEqual([false, true, false]);
  expect(blocks.usedBytes).toBe(3 * PINNED_PAGE_BYTES);
});

test('two that need the same page as it was share its copy', () => {
  const blocks = new OverflowBlocks();
  const buffer = blocks.get(blocks.allocate(PINNED_PAGE_BYTES)).fill(1);
  const pins = [new PinnedBytes(buffer), new PinnedBytes(buffer.subarray(10))];
  for (const pin of pins) blocks.pin(pin);
  blocks.changing(buffer, 100, 101);
  const [whole, part] = pins.map((pin) => pin.pageFrom(0));
  expect(part.buffer).toBe(whole.buffer);
  expect(part.equals(whole.subarray(10))).toBe(true);
});

test('a small block that is given back stays what it is for as long as it is pinned', () => {
  const blocks = new OverflowBlocks();
  const id = blocks.allocate(100);
  const pin = new PinnedBytes(blocks.get(id).fill(1));
  blocks.pin(pin);
  blocks.free(id);
  expect(blocks.usedBytes).toBe(0);
  blocks.get(blocks.allocate(100)).fill(2);
  expect(pin.pageFrom(0).equals(Buffer.alloc(100, 1))).toBe(true);
});

test('large memory is counted, and kept, until it is pinned no more', () => {
  const blocks = new OverflowBlocks();
  let steps = 0;
  blocks.onRelease = (step) => {
    while (!step()) steps++;
  };
  const id = blocks.allocate(3 * LARGE_BYTES);
  const buffer = blocks.get(id).fill(1);
  const pins = [new PinnedBytes(buffer), new PinnedBytes(buffer.subarray(5, 9))];
  for (const pin of pins) blocks.pin(pin);
  blocks.free(id);
  blocks.unpin(pins[0]);
  expect([blocks.usedBytes, steps]).toEqual([3 * LARGE_BYTES, 0]);
  expect(pins[1].pageFrom(0)).toEqual(Buffer.alloc(4, 1));
  blocks.unpin(pins[1]);
  expect(blocks.usedBytes).toBe(0);
  expect(steps).toBeGreaterThan(0);
  // Once more changes nothing.
  blocks.unpin(pins[1]);
  expect(blocks.usedBytes).toBe(0);
});
