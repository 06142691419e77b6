// A snapshot's file while it is written, plain and compressed: pieces in their order, at most so much
// in memory, errors told, nothing left of a file that is given up at whatever moment; and a keyspace
// that goes through a compressed file.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decompressFrameSync } from 'lz4-napi';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { digestOfDatabases } from '../../../src/commands/debug/digest.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { SnapshotFile } from '../../../src/persistence/snapshots/snapshot-file.ts';
import { loadFile } from '../../../src/persistence/snapshots/snapshot-loading.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { Random } from '../../support/random.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { byTier } from '../../support/tier.ts';
import { until } from '../../support/until.ts';
import { save } from '../rdb/loading.ts';
import { CommandBench } from './command-bench.ts';
import { decompress, hasLz4, lz4 } from './lz4-program.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** More than may wait at all. */
const TOO_MUCH = 33 * MIB;
/** Bits that are made wrong, one after another. */
const FLIPS = byTier(80, 250);

/** What goes wrong, what is held up, and what was done. */
const faults = vi.hoisted(() => ({
  write: undefined as Error | undefined,
  compress: undefined as Error | undefined,
  /** While this is set, compressing does not end before it resolves. */
  held: undefined as Promise<void> | undefined,
  /** Compressed off the event loop at this moment, and most of all moments. */
  compressing: 0,
  mostCompressing: 0,
  compressedNow: 0,
}));

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  const { promisify } = await import('node:util');
  const writeSoon = promisify(fs.write);
  const write = Object.assign(() => {}, {
    [promisify.custom]: async (...args: Parameters<typeof writeSoon>) => {
      if (faults.write !== undefined) throw faults.write;
      return writeSoon(...args);
    },
  });
  const writeSync = (...args: unknown[]) => {
    if (faults.write !== undefined) throw faults.write;
    return Reflect.apply(fs.writeSync, fs, args);
  };
  return { ...fs, write, writeSync } as unknown as typeof fs;
});

vi.mock(import('../../../src/persistence/snapshots/lz4-codec.ts'), async (importOriginal) => {
  const codec = await importOriginal();
  return {
    ...codec,
    async compressFrame(bytes) {
      faults.compressing++;
      faults.mostCompressing = Math.max(faults.mostCompressing, faults.compressing);
      try {
        await faults.held;
        if (faults.compress !== undefined) throw faults.compress;
        return await codec.compressFrame(bytes);
      } finally {
        faults.compressing--;
      }
    },
    compressFrameNow(bytes) {
      faults.compressedNow++;
      if (faults.compress !== undefined) throw faults.compress;
      return codec.compressFrameNow(bytes);
    },
  };
});

let directory: { path: string; remove(): void };
let path: string;

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'base.rdb');
  Object.assign(faults, { write: undefined, compress: undefined, held: undefined });
  Object.assign(faults, { compressing: 0, mostCompressing: 0, compressedNow: 0 });
});

afterEach(async () => {
  // Whatever became of it, no descriptor is left behind.
  await until(() => openFiles().length === 0);
  directory.remove();
});

/** Files of the directory that this process has open, where the system tells. */
function openFiles(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${fd}`);
      return file.startsWith(directory.path) ? [file] : [];
    } catch {
      // The descriptor of the listing itself is closed by now.
      return [];
    }
  });
}

/** Pieces that differ from one another, and can be compressed. */
function piecesOf(count: number, sizeBytes = 10 * KIB): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.alloc(sizeBytes, `piece ${i}, `));
}

async function contentOf(compresses: boolean): Promise<Buffer> {
  const file = readFileSync(path);
  return compresses ? decompress(file) : file;
}

/** Holds compressing up until what is returned is called. */
function holdCompressing(): () => void {
  let release = () => {};
  faults.held = new Promise((resolve) => {
    release = resolve;
  });
  return () => release();
}

describe.each([
  { kind: 'plain', compresses: false },
  { kind: 'compressed', compresses: true },
])('$kind', ({ compresses }) => {
  const open = () => new SnapshotFile(path, true, { compresses });

  test('pieces are written in their order, and the file appears at the end', async () => {
    const pieces = [...piecesOf(300), Buffer.from('a short one'), ...piecesOf(3, 700 * KIB)];
    writeFileSync(path, 'the old file');
    const file = open();
    for (const piece of pieces) {
      file.add(piece);
      if (file.isBehind) await file.caughtUp();
    }
    expect(readFileSync(path, 'utf8')).toBe('the old file');
    expect(await file.finish()).toBe(true);
    expect(readdirSync(directory.path)).toEqual(['base.rdb']);
    const content = Buffer.concat(pieces);
    expect((await contentOf(compresses)).equals(content)).toBe(true);
    expect(file.rawBytes).toBe(content.length);
    expect(file.sizeBytes).toBe(readFileSync(path).length);
    expect(faults.mostCompressing).toBe(compresses ? 2 : 0);
    expect(faults.compressedNow).toBe(0);
    file.discard();
    expect(existsSync(path)).toBe(true);
  });

  test('pieces may be written at once', async () => {
    const pieces = piecesOf(20);
    const file = open();
    for (const piece of pieces) file.addNow(piece);
    file.finishNow();
    const content = Buffer.concat(pieces);
    expect((await contentOf(compresses)).equals(content)).toBe(true);
    expect([file.rawBytes, file.sizeBytes]).toEqual([content.length, readFileSync(path).length]);
    expect(faults.compressedNow).toBe(compresses ? 20 : 0);
  });

  test('the oldest pieces are written at once where too much waits', async () => {
    const pieces = piecesOf(300, 256 * KIB);
    const file = open();
    for (const piece of pieces) {
      file.add(piece);
      if (!compresses) expect(file.rawBytes - file.sizeBytes).toBeLessThan(TOO_MUCH);
    }
    expect(file.isBehind).toBe(true);
    // Nothing but writing at once was possible until here.
    const written = 300 - TOO_MUCH / (256 * KIB);
    if (compresses) expect(faults.compressedNow).toBeGreaterThanOrEqual(written);
    else expect(file.sizeBytes).toBeGreaterThanOrEqual(written * 256 * KIB);
    await file.caughtUp();
    expect(file.isBehind).toBe(false);
    expect(await file.finish()).toBe(true);
    expect((await contentOf(compresses)).equals(Buffer.concat(pieces))).toBe(true);
  });

  test('it is behind while much waits', async () => {
    const file = open();
    for (const piece of piecesOf(16, 256 * KIB)) file.add(piece);
    expect(file.isBehind).toBe(false);
    file.add(Buffer.from('x'));
    expect(file.isBehind).toBe(true);
    await file.caughtUp();
    expect(file.isBehind).toBe(false);
    file.discard();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('an error of the disk comes out when it is waited for', async () => {
    const file = open();
    for (const piece of piecesOf(5)) file.add(piece);
    faults.write = new Error('no space');
    await expect(file.caughtUp()).rejects.toThrow('no space');
    file.add(Buffer.from('more'));
    await expect(file.finish()).rejects.toThrow('no space');
    expect(() => file.addNow(Buffer.from('more'))).toThrow('no space');
    file.discard();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('an error while the oldest pieces are written at once comes out too', async () => {
    faults.write = new Error('no space');
    const file = open();
    for (const piece of piecesOf(300, 256 * KIB)) file.add(piece);
    await expect(file.finish()).rejects.toThrow('no space');
    file.discard();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('a place that cannot be taken is an error', async () => {
    mkdirSync(join(path, 'inside'), { recursive: true });
    const file = open();
    file.add(Buffer.from('x'));
    await expect(file.finish()).rejects.toMatchObject({ syscall: 'rename' });
    file.discard();
    expect(readdirSync(directory.path)).toEqual(['base.rdb']);
  });

  test('it can be given up at any moment', async () => {
    const random = new Random(7);
    for (let round = 0; round < byTier(50, 150); round++) {
      const file = open();
      const pieces = random.integer(0, 30);
      const sizeBytes = random.pick([10, 100_000, 256 * KIB]);
      for (let i = 0; i < pieces; i++) {
        file.add(Buffer.alloc(sizeBytes, i));
        if (random.chance(0.3)) await new Promise(setImmediate);
      }
      const finished = random.chance(0.6) ? file.finish() : undefined;
      for (let turns = random.integer(0, 6); turns > 0; turns--) await new Promise(setImmediate);
      file.discard();
      file.discard();
      const isThere = existsSync(path);
      // Who is in the middle of something may not know yet.
      file.add(Buffer.from('late'));
      expect(await (finished ?? file.finish())).toBe(isThere);
      await until(() => openFiles().length === 0);
      expect(readdirSync(directory.path)).toEqual(isThere ? ['base.rdb'] : []);
      if (isThere) {
        expect((await contentOf(compresses)).length).toBe(pieces * sizeBytes);
        directory.remove();
        mkdirSync(directory.path);
      }
    }
  });
});

describe('compressing', () => {
  const open = () => new SnapshotFile(path, false, { compresses: true });

  test('each piece is a frame of its own, which others read', () => {
    const pieces = piecesOf(3);
    const file = open();
    let start = 0;
    for (const piece of pieces) {
      file.addNow(piece);
      const [name] = readdirSync(directory.path);
      const frame = readFileSync(join(directory.path, name)).subarray(start);
      expect(decompressFrameSync(frame).equals(piece)).toBe(true);
      expect(frame.length).toBeLessThan(piece.length / 10);
      start += frame.length;
    }
    file.finishNow();
    if (hasLz4) expect(lz4(readFileSync(path), '-d').equals(Buffer.concat(pieces))).toBe(true);
  });

  test('what waits to be compressed counts', async () => {
    const release = holdCompressing();
    const file = open();
    const pieces = piecesOf(17, 256 * KIB);
    for (const piece of pieces) file.add(piece);
    expect(file.isBehind).toBe(true);
    expect(faults.compressing).toBe(2);
    let isCaughtUp = false;
    const catching = file.caughtUp().then(() => {
      isCaughtUp = true;
    });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect([isCaughtUp, file.sizeBytes]).toEqual([false, 0]);
    release();
    await catching;
    expect(await file.finish()).toBe(true);
    expect((await contentOf(true)).equals(Buffer.concat(pieces))).toBe(true);
  });

  test('what is being compressed is written at once where too much waits, and only once', async () => {
    const release = holdCompressing();
    const file = open();
    const pieces = piecesOf(140, 256 * KIB);
    for (const piece of pieces) file.add(piece);
    expect(faults.compressedNow).toBe(140 - 32 * 4);
    release();
    expect(await file.finish()).toBe(true);
    expect((await contentOf(true)).equals(Buffer.concat(pieces))).toBe(true);
  });

  test('it may be given up meanwhile', async () => {
    const release = holdCompressing();
    const file = open();
    for (const piece of piecesOf(5)) file.add(piece);
    await new Promise(setImmediate);
    const finished = file.finish();
    file.discard();
    expect(readdirSync(directory.path)).toEqual([]);
    release();
    expect(await finished).toBe(false);
  });

  test('its errors come out', async () => {
    faults.compress = new Error('no memory');
    const file = open();
    for (const piece of piecesOf(5)) file.add(piece);
    await expect(file.caughtUp()).rejects.toThrow('no memory');
    await expect(file.finish()).rejects.toThrow('no memory');
    expect(() => file.addNow(Buffer.from('x'))).toThrow('no memory');
    file.discard();
    expect(readdirSync(directory.path)).toEqual([]);
  });
});

describe('a keyspace', () => {
  const { values } = loadConfig({ settings: [] });
  const bench = new CommandBench(new Random(11));
  for (let i = 0; i < 500; i++) bench.step();
  bench.fill(1000);
  bench.keyspace.expireDue(Number.POSITIVE_INFINITY);
  const digest = digestOfDatabases(bench.keyspace);

  /** Writes the keyspace to a compressed file. */
  async function write(hasChecksum: boolean): Promise<void> {
    const file = new SnapshotFile(path, true, { compresses: true });
    const { pieces } = save(bench.keyspace, { compresses: false, hasChecksum }, {}, 8 * KIB);
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) file.add(piece);
    expect(await file.finish()).toBe(true);
    expect(file.sizeBytes).toBeLessThan(file.rawBytes * 0.7);
  }

  async function loadedDigest(): Promise<string> {
    const keyspace = new Keyspace(valueTypes, 16);
    keyspace.tick(bench.keyspace.nowMs);
    await loadFile(path, keyspace, values, () => {});
    return digestOfDatabases(keyspace);
  }

  test('is the same after it was in a compressed file', async () => {
    await write(true);
    expect(await loadedDigest()).toBe(digest);
  });

  test.each([true, false])(
    'is the same or refused where a bit is wrong (with a checksum of its own: %s)',
    async (hasChecksum) => {
      await write(hasChecksum);
      const file = readFileSync(path);
      const random = new Random(12);
      let refused = 0;
      for (let flips = 0; flips < FLIPS; flips++) {
        const damaged = Buffer.from(file);
        damaged[random.integer(0, file.length - 1)] ^= 1 << random.integer(0, 7);
        writeFileSync(path, damaged);
        const result = await loadedDigest().catch((error: Error) => error);
        if (result instanceof Error) {
          expect(result.message).toMatch(/^\S+base\.rdb: .* \(at byte \d+/);
          refused++;
        } else {
          expect(result).toBe(digest);
        }
      }
      expect(refused).toBeGreaterThan(FLIPS * 0.9);
    },
  );
});
