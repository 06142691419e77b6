// Damaged LZ4 frames: wherever a file is cut and whichever bit is wrong, reading ends with a clear
// error, and no bytes come out that are not the right ones.
import { compressFrameSync } from 'lz4-napi';
import { describe, expect, test } from 'vitest';
import { loadXxh32 } from '../../../src/persistence/snapshots/lz4-checksum.ts';
import { compressFrameNow } from '../../../src/persistence/snapshots/lz4-codec.ts';
import { Lz4Error } from '../../../src/persistence/snapshots/lz4-frames.ts';
import { Lz4Input } from '../../../src/persistence/snapshots/lz4-input.ts';
import { framesContent } from '../../../src/persistence/snapshots/lz4-reader.ts';
import { chunksOf, decompress } from './lz4-program.ts';

const xxh32 = await loadXxh32();
const MAGIC = Buffer.from('04224d18', 'hex');
const END_MARK = Buffer.alloc(4);

const TEXTS = ['first '.repeat(20), 'the second, of which little can be saved', 'third'.repeat(9)];
const TEXT = TEXTS.join('');
const FILE = Buffer.concat(TEXTS.map((text) => compressFrameNow(Buffer.from(text))));

/** What comes out of a file before it ends or fails. */
async function readUntilDamage(
  file: Buffer,
  chunkBytes?: number,
): Promise<{ text: string; error: unknown }> {
  const input = new Lz4Input(chunksOf(file, chunkBytes));
  let text = '';
  try {
    for await (const piece of framesContent(input)) text += piece;
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}

/** A frame with these flags and sizes of blocks, whose header is sound. */
function frameOf(flags: number, sizes: number, fields: Buffer, ...rest: Buffer[]): Buffer {
  const descriptor = Buffer.concat([Buffer.from([flags, sizes]), fields]);
  const checksum = Buffer.from([(xxh32.of(descriptor) >>> 8) & 0xff]);
  return Buffer.concat([MAGIC, descriptor, checksum, ...rest]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A size of content. */
function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

const NONE = Buffer.alloc(0);
const STORED = Buffer.concat([uint32(0x80000003), Buffer.from('abc')]);
const STORED_CHECKSUM = uint32(xxh32.of(Buffer.from('abc')));
const SIMPLE = 0b01100000;
const WITH_CHECKSUM = 0b01100100;
const WITH_SIZE = 0b01101000;
const WITH_BLOCK_CHECKSUMS = 0b01110000;
const LINKED = 0b01000000;
/** A block that becomes nothing, compressed and stored. */
const EMPTY = Buffer.concat([uint32(1), Buffer.from([0])]);
const EMPTY_STORED = uint32(0x80000000);
/** A block that becomes seven bytes, the last ones literals: a match of four from three bytes before it. */
const REFERRING = Buffer.concat([uint32(7), Buffer.from([0x00, 3, 0, 0x30, 0x78, 0x79, 0x7a])]);
const SUM_OF_ALL = uint32(xxh32.of(Buffer.from('abcabcaxyz')));

/**
 * Reads a frame behind another one, and sees that it is refused with this message.
 * @returns what came out before
 */
async function readUntilRefused(frame: Buffer, message: string): Promise<string> {
  const before = frameOf(SIMPLE, 0x40, NONE, uint32(0x80000006), Buffer.from('before'), END_MARK);
  expect(before.length).toBe(21);
  const { text, error } = await readUntilDamage(Buffer.concat([before, frame]));
  expect(error).toBeInstanceOf(Lz4Error);
  expect((error as Lz4Error).message).toContain(message);
  expect((error as Lz4Error).message).toMatch(/ \(at byte \d+ of the file\)$/);
  const { position } = error as Lz4Error;
  expect(position).toBeGreaterThanOrEqual(21);
  expect(position).toBeLessThanOrEqual(21 + frame.length);
  // It is the same place wherever chunks end.
  const inBytes = await readUntilDamage(Buffer.concat([before, frame]), 1);
  expect(inBytes.error).toEqual(error);
  expect((inBytes.error as Lz4Error).position).toBe(position);
  return text;
}

describe('frames made by hand', () => {
  test.each([
    ['a stored block', frameOf(SIMPLE, 0x40, NONE, STORED, END_MARK)],
    ['its size', frameOf(WITH_SIZE, 0x40, uint64(3n), STORED, END_MARK)],
    ['its checksum', frameOf(WITH_CHECKSUM, 0x70, NONE, STORED, END_MARK, STORED_CHECKSUM)],
    [
      "its block's checksum",
      frameOf(WITH_BLOCK_CHECKSUMS, 0x40, NONE, STORED, STORED_CHECKSUM, END_MARK),
    ],
    [
      'an empty block before it',
      frameOf(WITH_CHECKSUM, 0x40, NONE, EMPTY, STORED, END_MARK, STORED_CHECKSUM),
    ],
    [
      'an empty block stored before it',
      frameOf(SIMPLE, 0x40, NONE, EMPTY_STORED, STORED, END_MARK),
    ],
    [
      'an empty block behind it',
      frameOf(WITH_CHECKSUM, 0x40, NONE, STORED, EMPTY, END_MARK, STORED_CHECKSUM),
    ],
  ])('are read: one with %s', async (_, frame) => {
    expect((await decompress(frame)).toString()).toBe('abc');
  });

  test.each([
    ['one', frameOf(SIMPLE, 0x40, NONE, EMPTY, END_MARK)],
    ['a stored one', frameOf(SIMPLE, 0x40, NONE, EMPTY_STORED, END_MARK)],
    [
      'one with the checksum',
      frameOf(WITH_CHECKSUM, 0x40, NONE, EMPTY, END_MARK, uint32(xxh32.of(NONE))),
    ],
  ])('are read: nothing but an empty block: %s', async (_, frame) => {
    expect((await decompress(frame)).length).toBe(0);
  });

  test.each([
    ['a stored one', frameOf(LINKED | 0b100, 0x40, NONE, STORED, REFERRING, END_MARK, SUM_OF_ALL)],
    [
      'one that is small',
      frameOf(LINKED | 0b100, 0x70, NONE, STORED, EMPTY, REFERRING, END_MARK, SUM_OF_ALL),
    ],
  ])('are read: a block that refers to %s before it', async (_, frame) => {
    expect((await decompress(frame)).toString()).toBe('abcabcaxyz');
  });

  /** A block that becomes 65,537 bytes: a literal, and a match of all the others. */
  const long = 65_536 - 4 - 15;
  const bomb = Buffer.concat([
    Buffer.from([0x1f, 0x61, 1, 0]),
    Buffer.alloc(Math.floor(long / 255), 255),
    Buffer.from([long % 255]),
  ]);

  test.each([
    ['something else', Buffer.from('REDIS0010'), 'there should be an LZ4 frame or the end of the'],
    ['a dictionary', frameOf(0b01100001, 0x40, uint32(1)), 'the LZ4 frame needs a dictionary'],
    ['version 2', frameOf(0b10100000, 0x40, NONE), 'the LZ4 frame is of an unknown version'],
    ['a reserved flag', frameOf(0b01100010, 0x40, NONE), 'the LZ4 frame is of an unknown version'],
    ['blocks too small', frameOf(SIMPLE, 0x30, NONE), 'the LZ4 frame is of an unknown version'],
    ['blocks too large', frameOf(SIMPLE, 0xc0, NONE), 'the LZ4 frame is of an unknown version'],
    ['reserved bits', frameOf(SIMPLE, 0x41, NONE), 'the LZ4 frame is of an unknown version'],
    [
      'a wrong header',
      Buffer.concat([MAGIC, Buffer.from([SIMPLE, 0x40, 0])]),
      "the checksum of the LZ4 frame's header is wrong",
    ],
    [
      'a large block',
      frameOf(SIMPLE, 0x40, NONE, uint32(65_537)),
      'a block of 65537 bytes is in an LZ4 frame of blocks up to 65536',
    ],
    [
      'an enormous stored block',
      frameOf(SIMPLE, 0x70, NONE, uint32(0xffffffff)),
      'a block of 2147483647 bytes is in an LZ4 frame of blocks up to 4194304',
    ],
    [
      'a block that becomes too long',
      frameOf(SIMPLE, 0x40, NONE, uint32(bomb.length), bomb, END_MARK),
      'a block cannot be decompressed: ',
    ],
    [
      'a block that refers to another frame',
      frameOf(LINKED, 0x40, NONE, REFERRING, END_MARK),
      'a block cannot be decompressed: ',
    ],
    [
      'more than its size',
      frameOf(WITH_SIZE, 0x40, uint64(2n), STORED, END_MARK),
      'the LZ4 frame has 3 bytes instead of 2',
    ],
    [
      'nothing of an absurd size',
      frameOf(WITH_SIZE, 0x40, uint64(2n ** 64n - 1n), END_MARK),
      'the LZ4 frame has 0 bytes instead of 18446744073709552000',
    ],
    [
      'a wrong checksum',
      frameOf(WITH_CHECKSUM, 0x40, NONE, STORED, END_MARK, uint32(1)),
      'the checksum of the LZ4 frame that begins at byte 21 is wrong',
    ],
    [
      'a wrong checksum of an empty block',
      frameOf(WITH_CHECKSUM, 0x40, NONE, EMPTY, END_MARK, uint32(1)),
      'the checksum of the LZ4 frame that begins at byte 21 is wrong',
    ],
    [
      'a wrong checksum of nothing',
      frameOf(WITH_CHECKSUM, 0x40, NONE, END_MARK, uint32(1)),
      'the checksum of the LZ4 frame that begins at byte 21 is wrong',
    ],
    [
      'a wrong checksum of a block',
      frameOf(WITH_BLOCK_CHECKSUMS, 0x40, NONE, STORED, uint32(1), END_MARK),
      'the checksum of a block of the LZ4 frame is wrong',
    ],
  ])('are refused: %s', async (_, frame, message) => {
    const text = await readUntilRefused(frame, message);
    expect(['', 'before']).toContain(text);
  });

  test.each([
    [
      'a block that refers to one which it must not',
      frameOf(SIMPLE, 0x40, NONE, STORED, REFERRING, END_MARK),
      'a block cannot be decompressed: ',
    ],
    [
      'a block that becomes too long, behind what it may refer to',
      frameOf(LINKED, 0x40, NONE, STORED, uint32(bomb.length), bomb, END_MARK),
      'a block cannot be decompressed: ',
    ],
    [
      'a wrong checksum of two blocks',
      frameOf(WITH_CHECKSUM, 0x40, NONE, STORED, STORED, END_MARK, STORED_CHECKSUM),
      'the checksum of the LZ4 frame that begins at byte 21 is wrong',
    ],
    [
      'a wrong checksum of what an empty block precedes',
      frameOf(WITH_CHECKSUM, 0x40, NONE, EMPTY, STORED, END_MARK, uint32(1)),
      'the checksum of the LZ4 frame that begins at byte 21 is wrong',
    ],
  ])('are refused behind a block that is sound: %s', async (_, frame, message) => {
    const text = await readUntilRefused(frame, message);
    expect(['before', 'beforeabc']).toContain(text);
  });
});

test('a file that is cut at any byte is torn, or ends with a frame', async () => {
  const ends = new Map([[0, '']]);
  let [at, text] = [0, ''];
  for (const part of TEXTS) {
    at += compressFrameNow(Buffer.from(part)).length;
    text += part;
    ends.set(at, text);
  }
  for (let length = 0; length < FILE.length; length++) {
    const { text: found, error } = await readUntilDamage(FILE.subarray(0, length));
    const whole = ends.get(length);
    if (whole === undefined) {
      expect(error, `${length} bytes`).toBeInstanceOf(Lz4Error);
      expect((error as Lz4Error).message).toContain('the file ends before the LZ4 frame that');
      expect(TEXT.startsWith(found)).toBe(true);
    } else {
      expect({ found, error }, `${length} bytes`).toEqual({ found: whole, error: undefined });
    }
  }
});

test('every bit counts', async () => {
  let harmless = 0;
  for (let bit = 0; bit < FILE.length * 8; bit++) {
    const damaged = Buffer.from(FILE);
    damaged[bit >> 3] ^= 1 << (bit & 7);
    const { text, error } = await readUntilDamage(damaged);
    expect(TEXT.startsWith(text), `bit ${bit}`).toBe(true);
    if (error === undefined && text === TEXT) harmless++;
    else expect(error, `bit ${bit}`).toBeInstanceOf(Lz4Error);
  }
  // The last token of a compressed block has half a byte for a match, which never follows.
  expect(harmless).toBe(2 * 4);
});

test('a bit that leaves the content as it is does not count', async () => {
  // Eight literals, and a match of eight bytes whose distance is 8; five literals.
  const block = Buffer.from('\x84vvvvvvvv\x08\0\x50abcde', 'latin1');
  const content = `${'v'.repeat(16)}abcde`;
  const end = [END_MARK, uint32(xxh32.of(Buffer.from(content)))];
  for (const distance of [8, 4, 2, 1]) {
    block[9] = distance;
    const file = frameOf(WITH_CHECKSUM, 0x40, NONE, uint32(block.length), block, ...end);
    expect(await readUntilDamage(file)).toEqual({ text: content, error: undefined });
  }
});

test('every bit counts where blocks have checksums too', async () => {
  const frame = compressFrameSync(Buffer.from(TEXT), {
    blockChecksums: true,
    contentChecksum: true,
  });
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const damaged = Buffer.from(frame);
    damaged[bit >> 3] ^= 1 << (bit & 7);
    const { text, error } = await readUntilDamage(damaged);
    expect(error, `bit ${bit}`).toBeInstanceOf(Lz4Error);
    expect(text).toBe('');
  }
});

test('what is decompressed ahead fails when it is asked for, and not before', async () => {
  const [first, second] = TEXTS.map((text) => compressFrameNow(Buffer.from(text)));
  // A match that lies before the beginning.
  const broken = frameOf(SIMPLE, 0x40, NONE, uint32(4), Buffer.from([0x10, 97, 9, 9]), END_MARK);
  const file = Buffer.concat([first, broken, second]);
  const pieces = framesContent(new Lz4Input(chunksOf(file)));
  expect((await pieces.next()).value?.toString()).toBe(TEXTS[0]);
  // Rejections that nobody handles would fail the test.
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  await expect(pieces.next()).rejects.toThrow(/^a block cannot be decompressed: .+ \(at byte \d+/);

  const left = framesContent(new Lz4Input(chunksOf(file)));
  await left.next();
  await left.return();
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
});
