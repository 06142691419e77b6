// Large arguments: filled in pieces, counted as they arrive, taken or given back once.
import { describe, expect, test } from 'vitest';
import { LARGE_BYTES } from '../../src/memory/large-memory.ts';
import { OverflowBlocks } from '../../src/memory/overflow-blocks.ts';
import { NoMemoryError, ReceivedBytes } from '../../src/memory/received-bytes.ts';
import { Random } from '../support/random.ts';

/** Fills an argument in pieces of any size, by either way; returns what it should be. */
function fillAtRandom(argument: ReceivedBytes, random: Random): Buffer {
  const line = Buffer.alloc(argument.length + 2, '\r\n');
  for (let at = 0; at < argument.length; at += 1 + (at & 255)) line[at] = random.integer(0, 255);
  const source = Buffer.concat([line, Buffer.from('*1\r\n')]);
  let at = 0;
  while (!argument.isComplete) {
    if (random.chance(0.5)) {
      const window = argument.window(random.integer(1, 400_000));
      line.copy(window, 0, at);
      const filled = random.integer(1, window.length);
      argument.advance(filled);
      at += filled;
    } else {
      at = argument.fill(source, at, Math.min(source.length, at + random.integer(1, 400_000)));
    }
  }
  expect(at).toBe(line.length);
  return line.subarray(0, -2);
}

describe.each([70_000, LARGE_BYTES - 1, LARGE_BYTES, 3 * LARGE_BYTES + 7])('%i bytes', (length) => {
  test('arrive in pieces, are taken once, and belong to who has taken them', () => {
    const random = new Random(length);
    const blocks = new OverflowBlocks();
    const argument = new ReceivedBytes(blocks, length);
    const expected = fillAtRandom(argument, random);
    expect(argument.bytes.equals(expected)).toBe(true);
    expect(argument.sizeBytes).toBe(blocks.usedBytes);
    const id = argument.take();
    if (id === undefined) throw new Error('it was not taken before');
    expect([argument.take(), argument.sizeBytes]).toEqual([undefined, 0]);
    expect(blocks.get(id).equals(expected)).toBe(true);
    // As long as somebody keeps it, it can be read, whatever its owner does.
    blocks.changing(blocks.get(id), 0, length);
    blocks.free(id);
    argument.retain();
    argument.release();
    expect(argument.bytes.equals(expected)).toBe(true);
    argument.release();
    expect(blocks.usedBytes).toBe(0);
  });

  test('are given back with the last who keeps them', () => {
    const blocks = new OverflowBlocks();
    const argument = new ReceivedBytes(blocks, length);
    fillAtRandom(argument, new Random(1));
    const pin = argument.pin();
    argument.retain();
    argument.release();
    expect(blocks.usedBytes).toBeGreaterThan(0);
    argument.release();
    pin.release();
    expect([blocks.usedBytes, argument.sizeBytes]).toEqual([0, 0]);
  });
});

test('what is only announced takes no memory, and what arrives as much as it is', () => {
  const blocks = new OverflowBlocks();
  const arguments_ = Array.from({ length: 20 }, () => new ReceivedBytes(blocks, 2 ** 29));
  for (const argument of arguments_) argument.window(65_536);
  expect(blocks.usedBytes).toBe(0);
  arguments_[0].fill(Buffer.alloc(5000), 0, 5000);
  expect(blocks.usedBytes).toBeLessThan(5100);
  const { arrayBuffers } = process.memoryUsage();
  for (let at = 0; at < 100; at++) arguments_[0].fill(Buffer.alloc(65_536), 0, 65_536);
  expect(blocks.usedBytes).toBeLessThan(101 * 65_536);
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(5 * 101 * 65_536);
  for (const argument of arguments_) argument.release();
  expect(blocks.usedBytes).toBe(0);
});

test('what cannot be had is said so', () => {
  expect(() => new ReceivedBytes(new OverflowBlocks(), 2 ** 53)).toThrow(NoMemoryError);
});
