// Parts come out as they went in, few and in order, and what is pinned is released once.
import { expect, test } from 'vitest';
import type { PinnedPiece } from '../../src/protocol/large-argument.ts';
import { PartList } from '../../src/protocol/part-list.ts';
import { Random } from '../support/random.ts';

class Piece implements PinnedPiece {
  neededFrom = 0;
  released = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.length;
  }

  copyTo(target: Uint8Array, targetAt: number, from: number, to: number): void {
    this.bytes.copy(target, targetAt, from, to);
  }

  release(): void {
    this.released++;
  }
}

test.each(Array.from({ length: 20 }, (_, seed) => seed))('as they went in: seed %i', (seed) => {
  const random = new Random(seed);
  const list = new PartList();
  const expected: Buffer[] = [];
  for (let i = 0; i < 500; i++) {
    const isLarge = random.chance(0.02);
    const bytes = Buffer.alloc(
      isLarge ? random.integer(60_000, 200_000) : random.integer(0, 500),
      i,
    );
    if (random.chance(0.02)) {
      list.addPart(new Piece(bytes));
      expected.push(bytes);
    } else {
      list.add(bytes);
      expected.push(Buffer.from(bytes));
      // What is short is copied.
      if (bytes.length < 1000) bytes.fill(0xff);
    }
    expect(list.bytes).toBe(expected.reduce((sum, { length }) => sum + length, 0));
  }
  expect(list.isEmpty).toBe(false);
  const parts = list.take().map((part) => (Buffer.isBuffer(part) ? part : (part as Piece).bytes));
  expect(Buffer.concat(parts).equals(Buffer.concat(expected))).toBe(true);
  expect(parts.length).toBeLessThan(150);
  expect([list.bytes, list.isEmpty, list.take()]).toEqual([0, true, []]);
});

test('a million short messages are a few buffers, and little more than their bytes', () => {
  const list = new PartList();
  const message = Buffer.from('a message of 24 bytes ..');
  for (let i = 0; i < 1_000_000; i++) list.add(message);
  const parts = list.take();
  expect(parts.length).toBeLessThan(400);
  const taken = parts.reduce((sum, part) => sum + (part as Buffer).buffer.byteLength, 0);
  expect(taken).toBeLessThan(1.02 * 24_000_000);
});

test('what is dropped is released', () => {
  const list = new PartList();
  const pieces = [new Piece(Buffer.alloc(10)), new Piece(Buffer.alloc(0))];
  list.add(Buffer.from('x'));
  for (const piece of pieces) list.addPart(piece);
  expect(list.bytes).toBe(11);
  list.clear();
  expect(pieces.map(({ released }) => released)).toEqual([1, 1]);
  expect(list.isEmpty).toBe(true);
});
