// A snapshot's file as it is read: plain bytes pass through, frames are decompressed, and what is
// opened is closed, wherever reading ends.
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { compressFrameNow } from '../../../src/persistence/snapshots/lz4-codec.ts';
import { SnapshotPieces } from '../../../src/persistence/snapshots/snapshot-pieces.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { hasLz4, lz4 } from './lz4-program.ts';

const MIB = 1024 * 1024;
const MAGIC = Buffer.from('04224d18', 'hex');

let path: string;

beforeEach(() => {
  path = join(ownDirectory(), 'file');
});

/** Numbers that follow one another, so that every place is another. */
function numbers(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at + 4 <= sizeBytes; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

async function read(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  // A piece is valid until the next one is asked for.
  for await (const piece of new SnapshotPieces(path)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** Whether this process has the file open. */
function isOpen(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      // The descriptor of the listing itself is closed by now.
      return false;
    }
  });
}

describe('plain bytes', () => {
  test.each([0, 1, 3, 4, 5, MIB - 1, MIB, MIB + 1, 3 * MIB + 7])('%i of them', async (size) => {
    const bytes = numbers(size);
    writeFileSync(path, bytes);
    expect((await read()).equals(bytes)).toBe(true);
  });

  test.each([1, 2, 3])('that begin with %i bytes of the magic number', async (count) => {
    for (const rest of ['', 'x', 'REDIS0010']) {
      const bytes = Buffer.concat([MAGIC.subarray(0, count), Buffer.from(rest)]);
      writeFileSync(path, bytes);
      expect(await read()).toEqual(bytes);
    }
  });
});

test('frames are decompressed, and what was read is counted', async () => {
  const bytes = numbers(5 * MIB);
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 100_000) {
    frames.push(compressFrameNow(bytes.subarray(at, at + 100_000)));
  }
  const file = Buffer.concat(frames);
  writeFileSync(path, file);
  const source = new SnapshotPieces(path);
  expect(source.readBytes).toBe(0);
  const pieces: Buffer[] = [];
  for await (const piece of source) {
    expect(source.readBytes).toBeGreaterThan(0);
    pieces.push(piece);
  }
  expect(source.readBytes).toBe(file.length);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

test.skipIf(!hasLz4)('what the program lz4 made of a whole file is read', async () => {
  const bytes = numbers(10 * MIB + 3);
  for (const flags of [[], ['-BD', '-9']]) {
    writeFileSync(path, lz4(bytes, ...flags));
    expect((await read()).equals(bytes)).toBe(true);
  }
});

test('there may be no file', async () => {
  await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
});

test('the magic number alone is a torn frame', async () => {
  writeFileSync(path, MAGIC);
  await expect(read()).rejects.toThrow(
    'the file ends before the LZ4 frame that begins there does (at byte 0 of the file)',
  );
});

describe.runIf(process.platform === 'linux')('the file is closed', () => {
  const FRAME = compressFrameNow(Buffer.alloc(100_000));

  test.each([
    ['plain', numbers(9 * MIB)],
    ['compressed', Buffer.concat(Array.from({ length: 10_000 }, () => FRAME))],
  ])('when reading ends early: %s', async (_, bytes) => {
    writeFileSync(path, bytes);
    for await (const piece of new SnapshotPieces(path)) {
      expect(piece.length).toBeGreaterThan(0);
      expect(isOpen()).toBe(true);
      break;
    }
    expect(isOpen()).toBe(false);
  });

  test('at its end, and when it is damaged', async () => {
    writeFileSync(path, FRAME);
    await read();
    expect(isOpen()).toBe(false);
    writeFileSync(path, FRAME.subarray(0, -1));
    await expect(read()).rejects.toThrow('the file ends before the LZ4 frame');
    expect(isOpen()).toBe(false);
  });
});
