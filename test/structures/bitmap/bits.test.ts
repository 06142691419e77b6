// Counting, searching and combining bits, held to going through them one by one.
import { expect, test } from 'vitest';
import { LargeMemory } from '../../../src/memory/large-memory.ts';
import { findBit } from '../../../src/structures/bitmap/bit-search.ts';
import {
  AND,
  ANDOR,
  andLongs,
  clearWords,
  combineWithFirst,
  DIFF,
  DIFF1,
  notWords,
  oneOfLongs,
  orLongs,
  xorLongs,
} from '../../../src/structures/bitmap/bitwise.ts';
import { countBits } from '../../../src/structures/bitmap/population-count.ts';
import { CHUNK_BYTES, WordChunk } from '../../../src/structures/bitmap/word-chunks.ts';
import { Random } from '../../support/random.ts';

const LENGTHS = [0, 1, 2, 3, 8, 15, 16, 17, 18, 63, 64, 65, 66, 130, 1000, CHUNK_BYTES - 1];
LENGTHS.push(CHUNK_BYTES, CHUNK_BYTES + 1, CHUNK_BYTES + 65, 2 * CHUNK_BYTES + 100);

/** Bytes of which one in so many is random, the others `fill`. */
function sparseBytes(random: Random, length: number, fill: number, every: number): Buffer {
  const bytes = Buffer.alloc(length, fill);
  for (let i = 0; i < length; i++) {
    if (random.chance(1 / every)) bytes[i] = random.integer(0, 255);
  }
  return bytes;
}

/** The same bytes elsewhere: behind others, and in memory that can grow. */
function placements(bytes: Buffer): readonly (readonly [buffer: Buffer, start: number])[] {
  const shifted = Buffer.concat([Buffer.from([0xff, 0, 0xff]), bytes, Buffer.from([0, 0xff])]);
  const memory = new LargeMemory(bytes.length + 1);
  memory.commit(bytes.length);
  const large = Buffer.from(memory.area, 0, bytes.length);
  bytes.copy(large);
  return [
    [bytes, 0],
    [shifted, 3],
    [large, 0],
  ];
}

function bitOf(bytes: Buffer, bit: number): number {
  return (bytes[bit >> 3] >> (7 - (bit & 7))) & 1;
}

function naiveCount(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let bit = from; bit < to; bit++) count += bitOf(bytes, bit);
  return count;
}

function naiveFind(bytes: Buffer, from: number, to: number, value: number): number {
  for (let bit = from; bit < to; bit++) if (bitOf(bytes, bit) === value) return bit;
  return -1;
}

/** Ranges of bits, whole bytes and others. */
function rangesOf(random: Random, bits: number): [number, number][] {
  const ranges: [number, number][] = [[0, bits]];
  for (let i = 0; i < 6; i++) {
    const [from, to] = [random.integer(0, bits), random.integer(0, bits)];
    ranges.push([Math.min(from, to), Math.max(from, to)], [from & ~7, to & ~7]);
    ranges.push([from, Math.min(bits, from + random.integer(0, 20))]);
  }
  return ranges;
}

test('countBits', () => {
  const random = new Random(1);
  for (const length of LENGTHS) {
    for (const every of [1, 50]) {
      const bytes = sparseBytes(random, length, random.pick([0, 0xff]), every);
      for (const [from, to] of rangesOf(random, length * 8)) {
        const expected = naiveCount(bytes, from, to);
        for (const [buffer, start] of placements(bytes)) {
          expect(countBits(buffer, start, from, to), `${length}: ${from} to ${to}`).toBe(expected);
        }
      }
    }
  }
});

test('findBit', () => {
  const random = new Random(2);
  for (const length of LENGTHS) {
    for (const every of [1, 50, 5_000, 1e9]) {
      const fill = random.pick([0, 0xff]);
      const bytes = sparseBytes(random, length, fill, every);
      for (const [from, to] of rangesOf(random, length * 8)) {
        for (const bit of [0, 1] as const) {
          const expected = naiveFind(bytes, from, to, bit);
          for (const [buffer, start] of placements(bytes)) {
            const label = `${bit} in ${length} of ${fill}, ${from} to ${to}`;
            expect(findBit(buffer, start, from, to, bit), label).toBe(expected);
          }
        }
      }
    }
  }
});

test('WordChunk.load: NUL bytes to the end of a step, and as far as asked', () => {
  const chunk = new WordChunk();
  chunk.bytes.fill(0xaa);
  const source = Buffer.from('abcdefgh');
  expect(chunk.load(source, 2, 5)).toBe(16);
  expect(chunk.bytes.toString('latin1', 0, 65)).toBe(`cde${'\0'.repeat(61)}\xaa`);
  chunk.bytes.fill(0xaa);
  expect(chunk.load(source, 0, 8, 100)).toBe(32);
  expect(chunk.bytes.subarray(8, 128).every((byte) => byte === 0)).toBe(true);
  expect(chunk.bytes[128]).toBe(0xaa);
  expect(chunk.load(source, 0, 0, 64)).toBe(16);
  expect(chunk.words.subarray(0, 16).every((word) => word === 0)).toBe(true);
});

/** The same memory, 64 bits at a time. */
function longs(words: Int32Array): BigInt64Array {
  return new BigInt64Array(words.buffer);
}

test('operations on words', () => {
  const random = new Random(3);
  const words = () =>
    Int32Array.from({ length: 16 }, () => random.integer(-(2 ** 31), 2 ** 31 - 1));
  const check = (change: (a: Int32Array) => void, of: (x: number, i: number) => number) => {
    const a = words();
    const expected = a.map(of);
    change(a);
    expect([...a]).toEqual([...expected]);
  };
  const b = words();
  check(
    (a) => andLongs(longs(a), longs(b), 8),
    (x, i) => x & b[i],
  );
  check(
    (a) => orLongs(longs(a), longs(b), 8),
    (x, i) => x | b[i],
  );
  check(
    (a) => xorLongs(longs(a), longs(b), 8),
    (x, i) => x ^ b[i],
  );
  check(
    (a) => notWords(a, 16),
    (x) => ~x,
  );
  check(
    (a) => clearWords(a, b, 16),
    (x, i) => x & ~b[i],
  );
  check(
    (a) => combineWithFirst(DIFF, a, b, 16),
    (x, i) => b[i] & ~x,
  );
  check(
    (a) => combineWithFirst(DIFF1, a, b, 16),
    (x, i) => ~b[i] & x,
  );
  check(
    (a) => combineWithFirst(ANDOR, a, b, 16),
    (x, i) => b[i] & x,
  );
  // Only the words that are asked for.
  check(
    (a) => andLongs(longs(a), longs(b), 4),
    (x, i) => (i < 8 ? x & b[i] : x),
  );
  const [first, second, third] = [words(), words(), words()];
  const several = new Int32Array(16);
  const one = first.slice();
  oneOfLongs(longs(one), longs(several), longs(second), 8);
  oneOfLongs(longs(one), longs(several), longs(third), 8);
  clearWords(one, several, 16);
  for (let bit = 0; bit < 512; bit++) {
    const at = bit >> 5;
    const set = [first, second, third].filter((each) => ((each[at] >>> (bit & 31)) & 1) === 1);
    expect((one[at] >>> (bit & 31)) & 1).toBe(set.length === 1 ? 1 : 0);
  }
  expect(AND).toBe(0);
});
