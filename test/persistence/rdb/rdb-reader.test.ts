// Lengths, strings and numbers, written and read back, whole and in pieces; and what ends too early.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RdbError } from '../../../src/persistence/rdb/format/rdb-format.ts';
import { NEED_BYTES, RdbReader } from '../../../src/persistence/rdb/format/rdb-reader.ts';
import { RdbWriter } from '../../../src/persistence/rdb/format/rdb-writer.ts';
import type { ByteView } from '../../../src/structures/entry.ts';

function written(write: (writer: RdbWriter) => void, compresses = true, pieceBytes = 64): Buffer {
  const pieces: Buffer[] = [];
  const writer = new RdbWriter((piece) => pieces.push(piece), { compresses, pieceBytes });
  write(writer);
  writer.flush();
  return Buffer.concat(pieces);
}

function textOf({ buffer, offset, length }: ByteView): string {
  return buffer.toString('latin1', offset, offset + length);
}

test('pieces that come back are filled again', () => {
  const write = (writer: RdbWriter) => {
    for (let i = 0; i < 1000; i++) writer.text(`string ${i}`);
  };
  const copies: Buffer[] = [];
  const memory = new Set<unknown>();
  const writer = new RdbWriter(
    (piece) => {
      copies.push(Buffer.from(piece));
      memory.add(piece.buffer);
      writer.recycle(piece);
    },
    { compresses: true, pieceBytes: 64 },
  );
  write(writer);
  writer.flush();
  expect(Buffer.concat(copies)).toEqual(written(write));
  expect(memory.size).toBe(1);
});

describe('strings above 1 MiB', () => {
  const length = 3 * 1024 * 1024;
  const noise = () => randomBytes(length);
  const sizeOf = (bytes: Buffer) =>
    written((writer) => writer.string(bytes, 0, length), true, 4096).length;

  test('are compressed when their beginning or middle gets shorter by that', () => {
    expect(sizeOf(noise().fill('again ', 0, length / 2))).toBeLessThan(0.6 * length);
    expect(sizeOf(noise().fill('again ', length / 2))).toBeLessThan(0.6 * length);
  });

  test('and else are not tried', () => {
    // Almost all would get shorter, but not what is looked at.
    const bytes = noise();
    bytes.fill(' ', 100 * 1024, length / 2).fill(' ', length / 2 + 100 * 1024);
    expect(sizeOf(bytes)).toBe(length + 5);
    expect(
      textOf(RdbReader.of(written((writer) => writer.string(bytes, 0, length))).string()),
    ).toBe(bytes.toString('latin1'));
  });
});

/** Reads something of bytes that come one by one, as often as it takes. */
function drip<T>(bytes: Buffer, read: (input: RdbReader) => T): T {
  const input = new RdbReader();
  for (let i = 0; i <= bytes.length; i++) {
    const mark = input.at;
    try {
      const result = read(input);
      expect(input.offset).toBe(bytes.length);
      return result;
    } catch (error) {
      if (error !== NEED_BYTES) throw error;
      input.at = mark;
    }
    input.push(bytes.subarray(i, i + 1));
  }
  throw new Error('there was nothing to read');
}

describe('there and back', () => {
  test('lengths', () => {
    const edges = [0, 63, 64, 16383, 16384, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
    const sizes = edges.map((value) => written((writer) => writer.length(value)).length);
    expect(sizes).toEqual([1, 1, 2, 2, 5, 5, 9, 9]);
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...edges), fc.maxSafeNat()), (value) => {
        const bytes = written((writer) => writer.length(value));
        expect(RdbReader.of(bytes).length()).toBe(value);
        expect(drip(bytes, (input) => input.length())).toBe(value);
      }),
    );
  });

  test('strings', () => {
    const text = fc.oneof(
      fc.integer().map(String),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }).map(String),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc
        .tuple(fc.string({ minLength: 1 }), fc.nat(200))
        .map(([one, times]) => Buffer.from(one.repeat(times)).toString('latin1')),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (value, compresses) => {
        const bytes = written((writer) => writer.text(value), compresses);
        expect(textOf(RdbReader.of(bytes).string())).toBe(value);
        expect(drip(bytes, (input) => textOf(input.string()))).toBe(value);
        drip(bytes, (input) => input.skipString());
        expect(bytes.length).toBeLessThanOrEqual(value.length + 5);
      }),
    );
  });

  test('times', () => {
    for (const value of [0, -1, 1, 4_102_444_800_123, -(2 ** 40), 2 ** 52 + 1]) {
      const bytes = written((writer) => writer.int64(value));
      expect(drip(bytes, (input) => input.int64())).toBe(value);
    }
  });
});

test('doubles in text', () => {
  const read = (...bytes: number[]) => RdbReader.of(Buffer.from(bytes)).textDouble();
  expect(read(253)).toBeNaN();
  expect(read(254)).toBe(Number.POSITIVE_INFINITY);
  expect(read(255)).toBe(Number.NEGATIVE_INFINITY);
  expect(read(4, ...Buffer.from('-1.5'))).toBe(-1.5);
  for (const text of ['abc', '1a', ' 1', '\xa01', '']) {
    const bytes = Buffer.from(text, 'latin1');
    expect(() => read(bytes.length, ...bytes), text).toThrow(RdbError);
  }
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(2.75);
  expect(RdbReader.of(eight).double()).toBe(2.75);
});

describe('damage', () => {
  const huge = Buffer.from([0x81, 0, 0, 0, 1, 0, 0, 0, 0]);
  const compressed = (size: number[], length: number[]) =>
    Buffer.from([0xc3, ...size, ...length, 0, 65, 0, 65]);

  test.each([
    ['nothing', Buffer.alloc(0), 'ends too early', 0],
    ['a length of no kind', Buffer.from([0x82]), 'no length', 0],
    ['an encoding of no kind', Buffer.from([0xc4]), 'no encoding', 0],
    ['a string that is not there', Buffer.from([5, 65]), 'ends too early', 1],
    ['a huge string that is not there', huge, 'ends too early', 9],
    ['an integer that is cut', Buffer.from([0xc1, 1]), 'ends too early', 1],
    ['a compressed string that is cut', compressed([9], [4]), 'ends too early', 3],
    [
      'too few compressed bytes',
      compressed([4], [0x81, 0, 0, 1, 0, 0, 0, 0, 0]),
      'cannot stand',
      11,
    ],
    ['compressed bytes of another length', compressed([4], [3]), 'damaged', 3],
  ])('%s', (_, bytes, problem, offset) => {
    for (const read of ['string', 'skipString'] as const) {
      // What is passed over is not expanded.
      if (read === 'skipString' && /cannot|damaged/.test(problem)) continue;
      try {
        RdbReader.of(bytes)[read]();
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(RdbError);
        expect(error).toMatchObject({ message: expect.stringContaining(problem), offset });
      }
    }
  });

  test('more than a buffer can hold is refused at once, though more bytes may come', () => {
    const input = new RdbReader();
    input.push(Buffer.from([0x81, 0, 0xff, 0, 0, 0, 0, 0, 0]));
    expect(() => input.string()).toThrow(/no room/);
  });
});

test('memory for a long string is given up after it, and pieces find room where others were read', () => {
  const input = new RdbReader();
  const short = written((writer) => writer.string(Buffer.alloc(50_000, 1), 0, 50_000), false);
  const long = written((writer) => writer.string(Buffer.alloc(9_000_000, 2), 0, 9_000_000), false);
  const file = Buffer.concat([...new Array(40).fill(short), long, ...new Array(40).fill(short)]);
  const lengths: number[] = [];
  const buffers = new Set<Buffer>();
  let largest = 0;
  for (let at = 0; at < file.length; at += 65_536) {
    input.push(file.subarray(at, at + 65_536));
    largest = Math.max(largest, input.buffer.length);
    buffers.add(input.buffer);
    for (;;) {
      const mark = input.at;
      try {
        const { buffer, offset, length } = input.string();
        lengths.push(length);
        expect(buffer[offset]).toBe(length === 9_000_000 ? 2 : 1);
        expect(buffer[offset + length - 1]).toBe(buffer[offset]);
      } catch (error) {
        if (error !== NEED_BYTES) throw error;
        input.at = mark;
        break;
      }
    }
  }
  expect(lengths).toEqual([
    ...new Array(40).fill(50_000),
    9_000_000,
    ...new Array(40).fill(50_000),
  ]);
  expect(input.offset).toBe(file.length);
  expect(largest).toBeLessThan(20_000_000);
  expect(input.buffer.length).toBeLessThan(1_000_000);
  expect(buffers.size).toBeLessThan(15);
});
