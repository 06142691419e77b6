// LZ4 frames: those that are written are what the format says and what others read; those that others
// write are read, with every option there is, wherever the chunks of a file end.
import fc from 'fast-check';
import { compressFrameSync, compressSync, decompressFrameSync } from 'lz4-napi';
import { describe, expect, test } from 'vitest';
import { loadXxh32 } from '../../../src/persistence/snapshots/lz4-checksum.ts';
import { compressFrame, compressFrameNow } from '../../../src/persistence/snapshots/lz4-codec.ts';
import { Lz4Input } from '../../../src/persistence/snapshots/lz4-input.ts';
import { framesContent } from '../../../src/persistence/snapshots/lz4-reader.ts';
import { Random } from '../../support/random.ts';
import { chunksOf, decompress, hasLz4, lz4 } from './lz4-program.ts';

const xxh32 = await loadXxh32();
const MIB = 1024 * 1024;

/** Bytes of which some can be compressed: with stretches of noise, of one byte, and of repetitions. */
function mixture(sizeBytes: number, seed = 1): Buffer {
  const random = new Random(seed);
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; ) {
    const end = Math.min(sizeBytes, at + random.integer(1, 40_000));
    const kind = random.integer(0, 2);
    if (kind === 0 || at < 100) {
      for (let i = at; i < end; i++) bytes[i] = random.integer(0, 255);
    } else if (kind === 1) {
      bytes.fill(random.integer(0, 255), at, end);
    } else {
      const distance = random.integer(1, Math.min(at, 65_535));
      for (let i = at; i < end; i++) bytes[i] = bytes[i - distance];
    }
    at = end;
  }
  return bytes;
}

describe('what is written', () => {
  test('has the header, the end and the checksums that the format asks for', () => {
    const bytes = mixture(200_000);
    const frame = compressFrameNow(bytes);
    expect(frame.subarray(0, 4)).toEqual(Buffer.from('04224d18', 'hex'));
    // Version 01, independent blocks, a checksum of the content; blocks up to 256 KiB.
    expect([frame[4], frame[5]]).toEqual([0b01100100, 0b01010000]);
    expect(frame[6]).toBe((xxh32.of(frame.subarray(4, 6)) >>> 8) & 0xff);
    const blockBytes = frame.readUInt32LE(7);
    expect(frame.length).toBe(7 + 4 + blockBytes + 4 + 4);
    expect(frame.readUInt32LE(frame.length - 8)).toBe(0);
    expect(frame.readUInt32LE(frame.length - 4)).toBe(xxh32.of(bytes));
  });

  test.each([0, 1, 12, 65_536, 65_537, 262_144, 262_145, 5 * MIB])('%i bytes', async (size) => {
    const bytes = mixture(size, size);
    const frame = await compressFrame(bytes);
    expect(frame.equals(compressFrameNow(bytes))).toBe(true);
    expect(decompressFrameSync(frame).equals(bytes)).toBe(true);
    expect((await decompress(frame)).equals(bytes)).toBe(true);
  });

  test('comes back, whatever it is and wherever chunks end', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, size]) => Buffer.alloc(size, byte)),
      fc.tuple(fc.nat(1000), fc.nat(300_000)).map(([seed, size]) => mixture(size, seed)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 8 }),
        fc.integer({ min: 1, max: 100_000 }),
        async (pieces, chunkBytes) => {
          const file = Buffer.concat(pieces.map((each) => compressFrameNow(Buffer.from(each))));
          const content = await decompress(file, Math.max(chunkBytes, file.length >> 8));
          expect(content.equals(Buffer.concat(pieces))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('what is read', () => {
  const PARTS = [mixture(70_000), Buffer.alloc(0), Buffer.from('short'), mixture(3000, 3)];
  const FRAMES = Buffer.concat(PARTS.map((part) => compressFrameNow(part)));

  test('may come byte by byte', async () => {
    expect((await decompress(FRAMES, 1)).equals(Buffer.concat(PARTS))).toBe(true);
  });

  test('may be divided anywhere', async () => {
    const texts = ['one', '', 'two'.repeat(50)];
    const file = Buffer.concat(texts.map((text) => compressFrameNow(Buffer.from(text))));
    for (let at = 1; at < file.length; at++) {
      const chunks = (async function* () {
        yield Buffer.from(file.subarray(0, at));
        yield Buffer.from(file.subarray(at));
      })();
      const pieces: Buffer[] = [];
      for await (const piece of framesContent(new Lz4Input(chunks))) pieces.push(piece);
      expect(Buffer.concat(pieces).toString()).toBe(texts.join(''));
    }
  });

  test('may have checksums of blocks, or none at all', async () => {
    const bytes = mixture(600_000);
    for (const blockChecksums of [true, false]) {
      for (const contentChecksum of [true, false]) {
        const frame = compressFrameSync(bytes, { blockChecksums, contentChecksum });
        expect((await decompress(frame)).equals(bytes)).toBe(true);
      }
    }
  });

  test('may have blocks that refer to several before them', async () => {
    const bytes = Buffer.concat([mixture(9000), mixture(9000), mixture(130_000)]);
    // Version 01, linked blocks up to 64 KiB, a checksum of the content.
    const descriptor = Buffer.from([0b01000100, 0b01000000]);
    const frame: Buffer[] = [Buffer.from('04224d18', 'hex'), descriptor];
    frame.push(Buffer.from([(xxh32.of(descriptor) >>> 8) & 0xff]));
    for (let at = 0; at < bytes.length; at += 4500) {
      const history = bytes.subarray(Math.max(0, at - 65_536), at);
      const part = bytes.subarray(at, at + 4500);
      const block = at === 0 ? compressSync(part) : compressSync(part, history);
      // What it becomes precedes the block: its own size takes the place of that.
      block.writeUInt32LE(block.length - 4);
      frame.push(block);
    }
    const ends = Buffer.alloc(8);
    ends.writeUInt32LE(xxh32.of(bytes), 4);
    const file = Buffer.concat([...frame, ends]);
    expect(file.length).toBeLessThan(bytes.length / 2);
    expect((await decompress(file, 1000)).equals(bytes)).toBe(true);
    if (hasLz4) expect(lz4(file, '-d').equals(bytes)).toBe(true);
  });

  test('comes in pieces of a block, of which one is decompressed ahead', async () => {
    const input = new Lz4Input(chunksOf(FRAMES));
    const sizes: number[] = [];
    for await (const piece of framesContent(input)) sizes.push(piece.length);
    expect(sizes).toEqual([70_000, 5, 3000]);

    const asked: number[] = [];
    const frames = (async function* () {
      for (let i = 0; i < 5; i++) {
        asked.push(i);
        yield compressFrameNow(Buffer.from(`piece ${i}`));
      }
    })();
    const pieces = framesContent(new Lz4Input(frames));
    expect((await pieces.next()).value?.toString()).toBe('piece 0');
    expect(asked).toEqual([0, 1]);
    expect((await pieces.next()).value?.toString()).toBe('piece 1');
    expect(asked).toEqual([0, 1, 2]);
    await pieces.return();
  });
});

test('of a frame with many blocks no more is read than what is decompressed ahead', async () => {
  const first = compressFrameNow(mixture(70_000));
  // A header, blocks, an end mark and a checksum.
  const header = first.subarray(0, 7);
  const block = first.subarray(7, -8);
  let asked = 0;
  const chunks = (async function* () {
    yield Buffer.from(header);
    for (; asked < 1000; asked++) yield Buffer.from(block);
  })();
  const pieces = framesContent(new Lz4Input(chunks));
  for (const most of [3, 4, 5]) {
    expect((await pieces.next()).value?.length).toBe(70_000);
    expect(asked).toBeLessThanOrEqual(most);
  }
  await pieces.return();
});

describe.skipIf(!hasLz4)('the program lz4', () => {
  test.each([0, 1, 300_000, 5 * MIB])('reads a file of frames (%i bytes)', (size) => {
    const bytes = mixture(size, size);
    const frames: Buffer[] = [];
    for (let at = 0; at < size; at += 256 * 1024) {
      frames.push(compressFrameNow(bytes.subarray(at, at + 256 * 1024)));
    }
    frames.push(compressFrameNow(Buffer.alloc(0)));
    expect(lz4(Buffer.concat(frames), '-d').equals(bytes)).toBe(true);
  });

  const big = mixture(9 * MIB + 12_345);
  test.each([
    '-1',
    '-9',
    '--fast=9',
    '-BD',
    '-BD -B4',
    '-BD -B5 -9',
    '-BI -B4',
    '-BI -B6',
    '-BX',
    '-BX -BD -B4',
    '--content-size',
    '--no-frame-crc',
    '--no-frame-crc -BD --content-size -B7',
  ])('writes what is read: %s', async (flags) => {
    const frame = lz4(big, ...flags.split(' '));
    const pieces: Buffer[] = [];
    for await (const piece of framesContent(new Lz4Input(chunksOf(frame, MIB)))) {
      expect(piece.length).toBeLessThanOrEqual(4 * MIB);
      pieces.push(piece);
    }
    expect(Buffer.concat(pieces).equals(big)).toBe(true);
  });
});
