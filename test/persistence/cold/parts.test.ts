// The parts by themselves: the cache and its accounting, open files, slots, deletions, compressed payloads, names.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { uncompressSync } from 'lz4-napi';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compress, decompress, PIECE_BYTES } from '../../../src/persistence/cold/compression.ts';
import { Deletions } from '../../../src/persistence/cold/deletions.ts';
import { ENTRY_BYTES, ExtentCache } from '../../../src/persistence/cold/extent-cache.ts';
import { EXTENT_HEADER_BYTES, sumExtent } from '../../../src/persistence/cold/extent-header.ts';
import { OpenFiles } from '../../../src/persistence/cold/open-files.ts';
import { parseSegmentName, segmentPath } from '../../../src/persistence/cold/segment-name.ts';
import { Slots } from '../../../src/persistence/cold/slots.ts';
import { runNow, runSoon } from '../../../src/persistence/cold/steps.ts';
import { FaultyFiles, noiseOf, systemError, textOf } from './cold-blocks.ts';

/** Something that ends when it is told to. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function extent(sizeBytes: number) {
  return { payload: Buffer.alloc(sizeBytes), entries: 1, tag: 0 };
}

describe('the cache', () => {
  test('counts all memory that a payload keeps, and drops what was used longest ago', () => {
    const cache = new ExtentCache(10_000);
    const part = { ...extent(0), payload: Buffer.alloc(3000).subarray(0, 10) };
    cache.add('a', 1, part);
    expect(cache.sizeBytes).toBe(3000 + ENTRY_BYTES);
    cache.add('a', 1, extent(1));
    expect(cache.get('a', 1)).toBe(part);
    cache.add('a', 2, extent(3000));
    cache.add('b', 1, extent(2000));
    expect(cache.count).toBe(3);
    cache.get('a', 1);
    cache.add('b', 2, extent(2000));
    expect(cache.has('a', 2)).toBe(false);
    expect([cache.has('a', 1), cache.has('b', 1), cache.has('b', 2)]).toEqual([true, true, true]);
    expect(cache.sizeBytes).toBe(7000 + 3 * ENTRY_BYTES);
  });

  test('looking whether something is there does not count as use', () => {
    const cache = new ExtentCache(2 * (1000 + ENTRY_BYTES));
    cache.add('a', 1, extent(1000));
    cache.add('a', 2, extent(1000));
    cache.has('a', 1);
    cache.add('a', 3, extent(1000));
    expect([cache.has('a', 1), cache.has('a', 2), cache.has('a', 3)]).toEqual([false, true, true]);
  });

  test('keeps nothing that is larger than itself, and drops nothing for it', () => {
    const cache = new ExtentCache(5000);
    cache.add('a', 1, extent(4000));
    cache.add('a', 2, extent(5000));
    expect(cache.count).toBe(1);
    expect(cache.has('a', 1)).toBe(true);
    const none = new ExtentCache(0);
    none.add('a', 1, extent(1));
    expect(none.sizeBytes).toBe(0);
  });

  test('forgets a file, and what it may not keep any more', () => {
    const cache = new ExtentCache(100_000);
    for (let i = 0; i < 10; i++) cache.add(i % 2 === 0 ? 'a' : 'b', i, extent(100));
    cache.drop('a');
    cache.drop('c');
    expect(cache.count).toBe(5);
    expect(cache.sizeBytes).toBe(5 * (100 + ENTRY_BYTES));
    cache.maxBytes = 2 * (100 + ENTRY_BYTES);
    expect(cache.count).toBe(2);
    expect([cache.has('b', 7), cache.has('b', 9)]).toEqual([true, true]);
    cache.drop('b');
    expect(cache.sizeBytes).toBe(0);
    cache.add('a', 1, extent(1));
    expect(cache.count).toBe(1);
  });
});

describe('open files', () => {
  let folder: string;
  let files: FaultyFiles;
  let open: OpenFiles;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'synap-test-'));
    for (let i = 0; i < 50; i++) writeFileSync(join(folder, `${i}`), `${i}`);
    files = new FaultyFiles();
    open = new OpenFiles(files);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const use = (i: number, work: (fd: number) => Promise<unknown> = async () => {}) =>
    open.use(join(folder, `${i}`), work);

  test('are opened once, and the least used of many is closed', async () => {
    await Promise.all([use(0), use(0)]);
    for (let i = 0; i < 50; i++) {
      await use(i);
      await use(0);
    }
    expect(open.count).toBe(32);
    expect(files.calls.filter((call) => call === 'open')).toHaveLength(50);
    await use(1);
    expect(files.calls.filter((call) => call === 'open')).toHaveLength(51);
    await open.close();
    expect(files.descriptors.size).toBe(0);
  });

  test('are not closed while they are used', async () => {
    const { opened, open: end } = gate();
    const uses = Array.from({ length: 40 }, (_, i) => use(i, () => opened));
    await expect.poll(() => files.descriptors.size).toBe(40);
    open.drop(join(folder, '39'));
    open.drop(join(folder, '39'));
    await use(49);
    await use(0);
    expect(files.calls.filter((call) => call === 'open')).toHaveLength(41);
    expect(files.descriptors.size).toBeGreaterThanOrEqual(40);
    end();
    await Promise.all(uses);
    await expect.poll(() => files.descriptors.size).toBe(32);
    await open.close();
    expect(files.descriptors.size).toBe(0);
  });

  test('are closed when their users have ended, and then no more are opened', async () => {
    const { opened, open: end } = gate();
    const using = use(0, () => opened);
    await use(1);
    let isClosed = false;
    const closed = open.close().then(() => {
      isClosed = true;
    });
    await expect(use(2)).rejects.toThrow('closed');
    await expect.poll(() => files.descriptors.size).toBe(1);
    expect(isClosed).toBe(false);
    end();
    await Promise.all([using, closed]);
    expect(files.descriptors.size).toBe(0);
    await open.close();
  });

  test('that could not be opened are tried again', async () => {
    files.fault = () => systemError('EMFILE');
    await expect(Promise.all([use(0), use(0)])).rejects.toThrow('EMFILE');
    files.fault = () => undefined;
    await use(0);
    expect(open.count).toBe(1);
    await expect(use(0, () => Promise.reject(new Error('of the work')))).rejects.toThrow('of the');
    await open.close();
    expect(files.descriptors.size).toBe(0);
  });
});

test('slots run so many at a time, in order, whether they work or not', async () => {
  const slots = new Slots(2);
  const gates = Array.from({ length: 6 }, gate);
  const begun: number[] = [];
  const runs = gates.map(({ opened }, i) =>
    slots.run(async () => {
      begun.push(i);
      await opened;
      if (i % 2 === 1) throw new Error(`${i}`);
      return i;
    }),
  );
  const results = Promise.allSettled(runs);
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  gates[1].open();
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  // Nor does who comes later take what was passed on.
  let isBegun = false;
  const late = slots.run(async () => {
    isBegun = true;
  });
  await new Promise(setImmediate);
  expect(isBegun).toBe(false);
  for (const { open } of gates) open();
  expect((await results).map(({ status }) => status[0]).join('')).toBe('frfrfr');
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  await late;
  expect(await slots.run(async () => 'again')).toBe('again');
});

describe('deletions', () => {
  test('come one after the other, and each waits for the holds before it', async () => {
    const gone: string[] = [];
    let running = 0;
    const deletions = new Deletions(async (path) => {
      expect(++running).toBe(1);
      await new Promise(setImmediate);
      gone.push(path);
      running--;
    });
    deletions.add('a');
    const first = deletions.hold();
    deletions.add('b');
    const second = deletions.hold();
    deletions.add('c');
    await deletions.settled();
    expect(gone).toEqual(['a']);
    second();
    await deletions.settled();
    expect(gone).toEqual(['a']);
    expect(deletions.count).toBe(2);
    const third = deletions.hold();
    first();
    await deletions.settled();
    expect(gone).toEqual(['a', 'b', 'c']);
    deletions.add('d');
    third();
    for (let i = 0; i < 100; i++) deletions.add(`${i}`);
    await deletions.settled();
    expect(gone).toHaveLength(104);
    expect(gone.slice(3, 5)).toEqual(['d', '0']);
    expect(deletions.count).toBe(0);
  });

  test('are cancelled until they run', async () => {
    const { opened, open } = gate();
    const gone: string[] = [];
    const done: string[] = [];
    const deletions = new Deletions(async (path) => {
      await opened;
      gone.push(path);
    });
    const add = (path: string) => deletions.add(path, () => void done.push(path));
    const [a, b] = [add('a'), add('b'), add('c')];
    expect(deletions.cancel(a)).toBe(false);
    expect(deletions.cancel(b)).toBe(true);
    expect(deletions.cancel(b)).toBe(true);
    open();
    await deletions.settled();
    expect(gone).toEqual(['a', 'c']);
    expect(done).toEqual(['a', 'c']);
    expect(deletions.count).toBe(0);
  });

  test('end when they are closed', async () => {
    const { opened, open } = gate();
    const gone: string[] = [];
    const deletions = new Deletions(async (path) => {
      await opened;
      gone.push(path);
    });
    deletions.add('a');
    deletions.add('b');
    const closed = deletions.close();
    open();
    await closed;
    deletions.add('c');
    await deletions.settled();
    expect(gone).toEqual(['a']);
  });
});

test('the checksum of a large extent is computed in steps, and is that of all of it', () => {
  const header = Buffer.alloc(EXTENT_HEADER_BYTES, 7);
  const parts = [noiseOf(1, 100), Buffer.alloc(3_500_000, 'x'), Buffer.alloc(900_000, 'y')];
  const steps = sumExtent('0'.repeat(32), 1, 32, header, parts);
  let count = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) count++;
  expect(count).toBeGreaterThanOrEqual(4);
  const place = Buffer.alloc(24);
  place.writeUInt32LE(1, 16);
  place.writeUInt32LE(32, 20);
  expect(step.value).toBe(crc32(Buffer.concat([place, header.subarray(8), ...parts])));
});

describe('compressed payloads', () => {
  const SIZES = [1000, PIECE_BYTES, PIECE_BYTES + 1, 6 * PIECE_BYTES, 11 * PIECE_BYTES - 1];

  test.each(SIZES)('of %i bytes are pieces that lz4 reads', async (size) => {
    const payload = textOf(1, size);
    const parts = (await compress(payload)) ?? [];
    expect(parts).toHaveLength(2 * Math.ceil(size / PIECE_BYTES));
    const contents = parts.filter((_, i) => i % 2 === 1).map((part) => uncompressSync(part));
    expect(Buffer.concat(contents).equals(payload)).toBe(true);
    const stored = Buffer.concat(parts);
    expect(runNow(decompress(stored, size)).equals(payload)).toBe(true);
    const found = await runSoon(decompress(stored, size));
    expect(found.equals(payload)).toBe(true);
    // All memory that a payload keeps is its own.
    expect(found.buffer.byteLength).toBe(size);
  });

  test('are decompressed in steps, between which others run', async () => {
    const stored = Buffer.concat((await compress(textOf(1, 20 * PIECE_BYTES))) ?? []);
    let iterations = 0;
    let isOver = false;
    const count = () => {
      iterations++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await runSoon(decompress(stored, 20 * PIECE_BYTES));
    isOver = true;
    expect(iterations).toBeGreaterThanOrEqual(4);
  });

  test('are not made of what hardly gets shorter', async () => {
    expect(await compress(noiseOf(1, 5000))).toBeUndefined();
    expect(await compress(Buffer.from('x'))).toBeUndefined();
  });

  test('that are wrong are errors, whatever is wrong', async () => {
    const size = PIECE_BYTES + 1000;
    const stored = Buffer.concat((await compress(textOf(1, size))) ?? []);
    for (const length of [0, 4, 7, 8, 20, stored.length - 1]) {
      expect(() => runNow(decompress(stored.subarray(0, length), size))).toThrow(Error);
    }
    const more = Buffer.concat([stored, Buffer.from('x')]);
    expect(() => runNow(decompress(more, size))).toThrow('more than');
    for (const other of [size - 1, size + 1, PIECE_BYTES, 10 * PIECE_BYTES, 2 ** 32 - 1]) {
      expect(() => runNow(decompress(stored, other))).toThrow(Error);
    }
    for (const at of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const wrong = Buffer.from(stored);
      wrong[at] ^= 0xff;
      expect(() => runNow(decompress(wrong, size))).toThrow(Error);
    }
  });
});

test("names of segments' files are read as they are written", () => {
  const id = '00112233445566778899aabbccddeeff';
  for (const segment of [1, 99_999_999, 100_000_000, 2 ** 32 - 1]) {
    const name = segmentPath('', id, segment);
    expect(parseSegmentName(name)).toEqual({ id, segment });
  }
  for (const name of [
    `${id}-00000000.cold`,
    `${id}-4294967296.cold`,
    `${id}-1.cold`,
    `${id}-00000001.cold~`,
    `${id.toUpperCase()}-00000001.cold`,
    `x${id}-00000001.cold`,
    'lock',
  ]) {
    expect(parseSegmentName(name)).toBeUndefined();
  }
});
