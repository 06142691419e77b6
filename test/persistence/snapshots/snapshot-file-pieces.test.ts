// A snapshot's file while it is written: pieces that are used again as soon as they are given back, more
// at a time than may wait, and what becomes of the file in whose place it is put.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SnapshotFile } from '../../../src/persistence/snapshots/snapshot-file.ts';
import { SnapshotPieces } from '../../../src/persistence/snapshots/snapshot-pieces.ts';

const PIECE_BYTES = 256 * 1024;
/** Pieces that may wait, and more. */
const WAITING = 128;
const MANY = 140;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'synap-snapshot-file-'));
  path = join(directory, 'dump.rdb');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The bytes of the pieces that a file consists of, whichever way it was written. */
async function content(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of new SnapshotPieces(path)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** A file whose pieces are spoilt when they are given back, and what it should contain. */
function spoilingFile(compresses: boolean) {
  const whole: Buffer[] = [];
  let recycled = 0;
  const recycle = (piece: Buffer) => {
    recycled++;
    piece.fill(0xee);
  };
  const file = new SnapshotFile(path, true, { compresses, recycle });
  const nextPiece = () => {
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES).fill(`piece ${whole.length} `);
    whole.push(Buffer.from(piece));
    return piece;
  };
  return { file, nextPiece, recycled: () => recycled, whole: () => Buffer.concat(whole) };
}

test.each([{ compresses: false }, { compresses: true }])(
  'pieces are given back when they are written, not before (%o)',
  async ({ compresses }) => {
    const { file, nextPiece, recycled, whole } = spoilingFile(compresses);
    for (let i = 0; i < MANY; i++) file.add(nextPiece());
    await file.caughtUp();
    // But for those that were written at once while another thread was at work on them.
    expect(recycled()).toBeGreaterThanOrEqual(compresses ? WAITING : MANY);
    expect(recycled()).toBeLessThanOrEqual(MANY);
    file.add(nextPiece());
    expect(await file.finish()).toBe(true);
    expect((await content()).equals(whole())).toBe(true);
  },
);

test.each([{ compresses: false }, { compresses: true }])(
  'pieces that are written at once are given back at once (%o)',
  async ({ compresses }) => {
    const { file, nextPiece, recycled, whole } = spoilingFile(compresses);
    for (let i = 0; i < 3; i++) {
      file.addNow(nextPiece());
      expect(recycled()).toBe(i + 1);
    }
    file.finishNow();
    expect((await content()).equals(whole())).toBe(true);
  },
);

test('the file in whose place it is put does not stay open', async () => {
  writeFileSync(path, 'the old one');
  const before = openFiles();
  const file = new SnapshotFile(path, true);
  file.add(Buffer.from('the new one'));
  expect(await file.finish()).toBe(true);
  expect(readFileSync(path, 'latin1')).toBe('the new one');
  await vi.waitFor(() => expect(openFiles()).toBe(before));
});

test.each([0, 1])('nor does one that is given up, with %i pieces to write', async (pieces) => {
  writeFileSync(path, 'the old one');
  const before = openFiles();
  const file = new SnapshotFile(path, true);
  for (let i = 0; i < pieces; i++) file.add(Buffer.from('the new one'));
  file.discard();
  expect(await file.finish()).toBe(false);
  expect(readdirSync(directory)).toEqual(['dump.rdb']);
  expect(readFileSync(path, 'latin1')).toBe('the old one');
  await vi.waitFor(() => expect(openFiles()).toBe(before));
});

// What collects a file's handle that is still open ends the process, as of Node 26.
test.each([{ compresses: false }, { compresses: true }])(
  'one that is read does not stay open either, read to its end or not (%o)',
  async ({ compresses }) => {
    const { file, nextPiece } = spoilingFile(compresses);
    for (let i = 0; i < 3; i++) file.add(nextPiece());
    expect(await file.finish()).toBe(true);
    const before = openFiles();
    await content();
    expect(openFiles()).toBe(before);
    for await (const piece of new SnapshotPieces(path)) {
      expect(piece.length).toBeGreaterThan(0);
      expect(openFiles()).toBeGreaterThan(before);
      break;
    }
    expect(openFiles()).toBe(before);
    const unread = new SnapshotPieces(path)[Symbol.asyncIterator]();
    await unread.return(undefined);
    expect(openFiles()).toBe(before);
    if (!compresses) return;
    const damaged = readFileSync(path);
    damaged[damaged.length >> 1] ^= 0xff;
    writeFileSync(path, damaged);
    await expect(content()).rejects.toThrow();
    expect(openFiles()).toBe(before);
  },
);

test('what is in its place is not waited for, even if it is a pipe', async () => {
  execFileSync('mkfifo', [path]);
  const file = new SnapshotFile(path, true);
  file.add(Buffer.from('a file'));
  expect(await file.finish()).toBe(true);
  expect(readFileSync(path, 'latin1')).toBe('a file');
});
