// Appending to a log and reading from it, while nothing fails: where extents lie, in which form, what is shared and
// kept, and when files go.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ColdStore, type ColdStoreOptions } from '../../../src/persistence/cold/cold-store.ts';
import { PIECE_BYTES } from '../../../src/persistence/cold/compression.ts';
import type { Extent } from '../../../src/persistence/cold/extent.ts';
import { cachedBytesOf } from '../../../src/persistence/cold/extent-cache.ts';
import { segmentPath } from '../../../src/persistence/cold/segment-name.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { until } from '../../support/until.ts';
import {
  expectAll,
  extentOf,
  extentsOf,
  FaultyFiles,
  noiseOf,
  refsOf,
  store,
  systemError,
  textOf,
} from './cold-blocks.ts';

/** Segments take three extents of `extentsOf` or so. */
const SMALL = { maxSegmentBytes: 500 };
const UNCACHED = { cacheBytes: 0 };

let folder: string;
let files: FaultyFiles;

beforeEach(() => {
  folder = join(ownDirectory(), 'streams');
  files = new FaultyFiles();
});

async function newStore(options: ColdStoreOptions = {}): Promise<ColdStore> {
  const opened = await ColdStore.open(folder, { files, ...options });
  await opened.sweep([]);
  return opened;
}

function names(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.cold'));
}

describe('appending', () => {
  test('makes the folder and a segment, and returns where the extents are', async () => {
    const cold = await newStore(UNCACHED);
    const log = cold.create();
    expect(log.id).toMatch(/^[0-9a-f]{32}$/);
    expect(existsSync(folder)).toBe(false);
    const stored = await store(log, extentsOf(0, 5));
    expect(names()).toEqual([`${log.id}-00000001.cold`]);
    expect(stored.map(({ ref }) => ref.segment)).toEqual([1, 1, 1, 1, 1]);
    let end = 32;
    for (const { ref } of stored) {
      expect(ref.offset).toBe(end);
      end += ref.lengthBytes;
    }
    expect(statSync(segmentPath(folder, log.id, 1)).size).toBe(end);
    expect(log.sizeBytes).toBe(end);
    await expectAll(log, stored);
    await cold.close();
    expect(files.descriptors.size).toBe(0);
  });

  test('goes on where it ended, and syncs before it resolves', async () => {
    const cold = await newStore(UNCACHED);
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 2));
    for (let i = 1; i < 5; i++) {
      files.calls.length = 0;
      stored.push(...(await store(log, extentsOf(i * 2, 2))));
      expect(files.calls.indexOf('datasync')).toBeGreaterThan(files.calls.indexOf('write'));
    }
    expect(names()).toHaveLength(1);
    await expectAll(log, stored);
  });

  test('begins a new segment when one is full, none of which is too large', async () => {
    const cold = await newStore({ ...SMALL, ...UNCACHED });
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 20));
    stored.push(...(await store(log, extentsOf(20, 1))));
    const segments = [...new Set(stored.map(({ ref }) => ref.segment))];
    expect(segments.length).toBeGreaterThan(4);
    expect(segments).toEqual(segments.map((_, i) => i + 1));
    expect(log.segments.map(({ segment }) => segment)).toEqual(segments);
    for (const { segment, sizeBytes } of log.segments) {
      expect(sizeBytes).toBeLessThanOrEqual(SMALL.maxSegmentBytes);
      expect(statSync(segmentPath(folder, log.id, segment)).size).toBe(sizeBytes);
    }
    expect(files.calls.filter((call) => call === 'syncFolder')).toHaveLength(segments.length);
    await expectAll(log, stored);
  });

  test('takes as much as a segment does, and refuses what does not fit', async () => {
    const cold = await newStore({ ...SMALL, ...UNCACHED });
    const log = cold.create();
    const { maxPayloadBytes } = log;
    const stored = await store(log, [extentOf(0, noiseOf(0, maxPayloadBytes)), ...extentsOf(1, 1)]);
    expect(log.segments[0].sizeBytes).toBe(SMALL.maxSegmentBytes);
    await expectAll(log, stored);
    const wrong: Extent[] = [
      extentOf(2, noiseOf(2, maxPayloadBytes + 1)),
      extentOf(2, Buffer.alloc(0)),
      { ...extentOf(2), firstId: Buffer.alloc(15) },
      { ...extentOf(2), lastId: Buffer.alloc(17) },
      { ...extentOf(2), entries: -1 },
      { ...extentOf(2), tag: 2 ** 32 },
      { ...extentOf(2), tag: 0.5 },
    ];
    const before = log.sizeBytes;
    for (const extent of wrong) {
      await expect(log.append([extentOf(3), extent])).rejects.toThrow(RangeError);
    }
    expect(await log.append([])).toEqual([]);
    expect(log.sizeBytes).toBe(before);
  });

  test('has what was asked for first come first', async () => {
    const cold = await newStore({ ...SMALL, ...UNCACHED });
    const log = cold.create();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) => store(log, extentsOf(i * 3, (i % 3) + 1))),
    );
    const places = refsOf(all.flat()).map(({ segment, offset }) => segment * 1000 + offset);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    await expectAll(log, all.flat());
  });

  test('keeps logs apart', async () => {
    const cold = await newStore(UNCACHED);
    const logs = [cold.create(), cold.create(), cold.create()];
    const stored = await Promise.all(logs.map((log, i) => store(log, extentsOf(i * 5, 5))));
    expect(names()).toHaveLength(3);
    for (const [i, log] of logs.entries()) await expectAll(log, stored[i]);
    const [[{ ref }], [other]] = stored;
    const wrong = { ...other.ref, lengthBytes: ref.lengthBytes };
    await expect(logs[0].read(wrong)).rejects.toThrow('other ids');
  });
});

describe('the form', () => {
  test('is LZ4 where that saves something, and plain elsewhere', async () => {
    const cold = await newStore(UNCACHED);
    const log = cold.create();
    const sizes = [1, 100, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 9 * PIECE_BYTES + 5];
    const text = await store(
      log,
      sizes.map((size, i) => extentOf(i, textOf(i, size))),
    );
    const noise = await store(
      log,
      sizes.map((size, i) => extentOf(i + 50, noiseOf(i, size))),
    );
    for (const [i, size] of sizes.entries()) {
      expect(noise[i].ref.lengthBytes).toBe(size + 60);
      if (size > 100) expect(text[i].ref.lengthBytes).toBeLessThan(size / 2);
    }
    await expectAll(log, [...text, ...noise]);
  });

  test('is plain where the payload turns into noise', async () => {
    const cold = await newStore(UNCACHED);
    const log = cold.create();
    const payload = Buffer.concat([textOf(0, PIECE_BYTES), noiseOf(0, 40 * PIECE_BYTES)]);
    const stored = await store(log, [extentOf(0, payload)]);
    expect(stored[0].ref.lengthBytes).toBe(payload.length + 60);
    await expectAll(log, stored);
  });

  test('of the file is the one that is documented', async () => {
    const cold = await newStore();
    const log = cold.log('000102030405060708090a0b0c0d0e0f');
    await store(log, [extentOf(7, Buffer.from('cold'))]);
    const bytes = readFileSync(segmentPath(folder, log.id, 1));
    expect(bytes.toString('hex')).toBe(
      [
        ['53434c44', '01000000', '000102030405060708090a0b0c0d0e0f', '01000000', '75a468a2'],
        ['53435854', '31e537cc', '04000000', '00000000'],
        ['00000000000000000000000000000046', '0000000000000000000000000000004f'],
        ['08000000', '15000000', '04000000', Buffer.from('cold').toString('hex')],
      ]
        .flat()
        .join(''),
    );
  });
});

describe('reading', () => {
  test('is shared by those who ask for the same at the same time', async () => {
    const cold = await newStore({ cacheBytes: 0 });
    const log = cold.create();
    const [a, b] = await store(log, extentsOf(0, 2));
    files.calls.length = 0;
    const found = await Promise.all([log.read(a.ref), log.read(b.ref), log.read(a.ref)]);
    expect(found[0]).toBe(found[2]);
    expect(files.calls.filter((call) => call === 'read')).toHaveLength(2);
    expect(cold.memory).toEqual({ cacheBytes: 0, readingBytes: 0 });
    await log.read(a.ref);
    expect(files.calls.filter((call) => call === 'read')).toHaveLength(3);
  });

  test('has several under way, but no more than it may', async () => {
    const cold = await newStore({ cacheBytes: 0, maxReads: 3 });
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 10));
    let underWay = 0;
    let most = 0;
    files.before = async (operation) => {
      if (operation !== 'read') return;
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 2));
      underWay--;
    };
    const reads = stored.map(({ ref }) => log.read(ref));
    const bytes = stored.reduce((sum, { ref }) => sum + ref.lengthBytes, 0);
    expect(cold.memory.readingBytes).toBe(bytes);
    await Promise.all(reads);
    expect(most).toBe(3);
    expect(cold.memory.readingBytes).toBe(0);
  });

  test('keeps what was used last, and counts it', async () => {
    const cold = await newStore({ cacheBytes: 10_000 });
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 20, 2000));
    files.calls.length = 0;
    const found = [];
    for (const { ref } of stored) found.push(await log.read(ref));
    const each = cachedBytesOf(found[0]);
    expect(each).toBeGreaterThanOrEqual(2000);
    const kept = Math.floor(10_000 / each);
    expect(cold.memory.cacheBytes).toBe(kept * each);
    for (const [i, { ref }] of stored.slice(-kept).entries()) {
      expect(await log.read(ref)).toBe(found[20 - kept + i]);
      expect(log.readNow(ref)).toBe(found[20 - kept + i]);
    }
    expect(files.calls.filter((call) => call === 'read')).toHaveLength(20);
    cold.cacheBytes = each;
    expect(cold.memory.cacheBytes).toBe(each);
    cold.cacheBytes = 0;
    expect(cold.memory.cacheBytes).toBe(0);
  });

  test('ahead begins what comes next, and no more than the cache has room for', async () => {
    const cold = await newStore({ cacheBytes: 100_000 });
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 30, 2000));
    const refs = refsOf(stored);
    files.calls.length = 0;
    const reads = () => files.calls.filter((call) => call === 'read').length;
    log.readAhead(refs);
    log.readAhead(refs);
    await until(() => cold.memory.readingBytes === 0);
    expect(reads()).toBe(8);
    for (const ref of refs.slice(0, 8)) await log.read(ref);
    expect(reads()).toBe(8);
    for (let i = 0; i < 30; i++) {
      log.readAhead(refs.slice(i, i + 10));
      await log.read(refs[i]);
    }
    expect(reads()).toBe(30);
    cold.cacheBytes = refs[0].lengthBytes * 4;
    cold.cacheBytes = 0;
    log.readAhead(refs);
    expect(cold.memory.readingBytes).toBe(0);
    cold.cacheBytes = refs[0].lengthBytes * 6;
    log.readAhead(refs);
    expect(cold.memory.readingBytes).toBeLessThanOrEqual(refs[0].lengthBytes * 3);
    expect(cold.memory.readingBytes).toBeGreaterThan(0);
    await until(() => cold.memory.readingBytes === 0);
  });

  test('ahead says nothing of what is damaged: who reads it learns of it', async () => {
    const cold = await newStore();
    const log = cold.create();
    const [{ ref }] = await store(log, extentsOf(0, 1));
    rmSync(segmentPath(folder, log.id, 1));
    log.readAhead([ref]);
    await until(() => cold.memory.readingBytes === 0);
    await expect(log.read(ref)).rejects.toThrow('there is no such file');
    expect(() => log.readNow(ref)).toThrow('there is no such file');
  });
});

describe('dropping', () => {
  test('deletes the segments before a number, and nothing else', async () => {
    const cold = await newStore(SMALL);
    const log = cold.create();
    const other = await store(cold.create(), extentsOf(0, 5));
    const stored = await store(log, extentsOf(0, 20));
    for (const { ref } of stored) await log.read(ref);
    const before = cold.memory.cacheBytes;
    log.dropBefore(4);
    expect(cold.memory.cacheBytes).toBeLessThan(before);
    expect(log.segments[0].segment).toBe(4);
    await cold.deleted();
    expect(existsSync(segmentPath(folder, log.id, 3))).toBe(false);
    const left = stored.filter(({ ref }) => ref.segment >= 4);
    await expectAll(log, left);
    expect(other).toHaveLength(5);
    for (const { ref } of stored) {
      if (ref.segment < 4) await expect(log.read(ref)).rejects.toThrow('there is no such file');
    }
    stored.push(...(await store(log, extentsOf(20, 3))));
    await expectAll(log, stored.slice(-3));
  });

  test('takes the last one, too, unless something is being appended', async () => {
    const cold = await newStore(UNCACHED);
    const log = cold.create();
    await store(log, extentsOf(0, 2));
    const appending = store(log, extentsOf(2, 2));
    log.dropBefore(2);
    const stored = await appending;
    expect(stored[0].ref.segment).toBe(1);
    await cold.deleted();
    await expectAll(log, stored);
    log.dropBefore(2);
    expect(log.sizeBytes).toBe(0);
    await cold.deleted();
    expect(names()).toEqual([]);
    const next = await store(log, extentsOf(4, 2));
    expect(next[0].ref.segment).toBe(2);
    await expectAll(log, next);
  });

  test('of a whole log waits for the append that is under way', async () => {
    const cold = await newStore(UNCACHED);
    const log = cold.create();
    await store(log, extentsOf(0, 2));
    let release = () => {};
    const isHeld = new Promise<void>((held) => {
      files.before = (operation) => {
        if (operation !== 'datasync') return undefined;
        held();
        return new Promise((resolve) => {
          release = resolve;
        });
      };
    });
    const first = log.append(extentsOf(2, 2));
    const second = log.append(extentsOf(4, 2));
    await isHeld;
    log.delete();
    log.delete();
    expect([...cold.logs]).toEqual([]);
    expect(cold.pendingDeletions).toBe(0);
    release();
    await expect(second).rejects.toThrow('deleted');
    await first;
    await expect(log.append(extentsOf(6, 1))).rejects.toThrow('deleted');
    await until(() => names().length === 0);
    await cold.deleted();
    expect(cold.log(log.id)).not.toBe(log);
  });

  test('of a log without files leaves nothing, also when an append fails meanwhile', async () => {
    const cold = await newStore(UNCACHED);
    const log = cold.create();
    files.fault = (operation) => (operation === 'write' ? systemError('ENOSPC') : undefined);
    files.before = (operation) => {
      if (operation === 'write') log.delete();
    };
    await expect(log.append(extentsOf(0, 1))).rejects.toThrow('ENOSPC');
    expect(cold.log(log.id)).not.toBe(log);
    const empty = cold.create();
    empty.delete();
    expect(cold.log(empty.id)).not.toBe(empty);
  });
});

describe('a hold', () => {
  test('keeps what there was, to be read, until the last one is released', async () => {
    const cold = await newStore({ ...SMALL, ...UNCACHED });
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 10));
    const release = [cold.hold(), cold.hold()];
    const count = names().length;
    log.dropBefore(3);
    log.delete();
    await cold.deleted();
    expect(names()).toHaveLength(count);
    expect(cold.pendingDeletions).toBe(count);
    await expectAll(log, stored);
    release[0]();
    release[0]();
    await cold.deleted();
    expect(names()).toHaveLength(count);
    release[1]();
    await cold.deleted();
    expect(names()).toEqual([]);
    expect(cold.pendingDeletions).toBe(0);
  });

  test('does not keep the memory of what was dropped', async () => {
    const cold = await newStore(SMALL);
    const log = cold.create();
    for (const { ref } of await store(log, extentsOf(0, 10))) await log.read(ref);
    const release = cold.hold();
    expect(cold.memory.cacheBytes).toBeGreaterThan(0);
    log.delete();
    expect(cold.memory.cacheBytes).toBe(0);
    release();
  });

  test('does not keep what was to be deleted before', async () => {
    const cold = await newStore({ ...SMALL, ...UNCACHED });
    const log = cold.create();
    await store(log, extentsOf(0, 10));
    const first = cold.hold();
    log.dropBefore(2);
    const second = cold.hold();
    log.dropBefore(3);
    const third = cold.hold();
    first();
    await cold.deleted();
    expect(existsSync(segmentPath(folder, log.id, 1))).toBe(false);
    expect(existsSync(segmentPath(folder, log.id, 2))).toBe(true);
    second();
    await cold.deleted();
    expect(existsSync(segmentPath(folder, log.id, 2))).toBe(false);
    third();
  });

  test('has a log restored that was deleted and is asked for again', async () => {
    const cold = await newStore({ ...SMALL, ...UNCACHED });
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 10));
    const last = stored[9].ref.segment;
    log.dropBefore(2);
    await cold.deleted();
    const release = cold.hold();
    log.dropBefore(3);
    log.delete();
    expect(log.sizeBytes).toBe(0);
    expect(cold.log(log.id)).toBe(log);
    expect(log.isDeleted).toBe(false);
    expect(log.segments.map(({ segment }) => segment)).not.toContain(1);
    expect(log.segments[0].segment).toBe(2);
    release();
    await cold.deleted();
    const left = stored.filter(({ ref }) => ref.segment > 1);
    await expectAll(log, left);
    expect(await log.verify(refsOf(left))).toEqual([]);
    const more = await store(log, extentsOf(10, 1));
    expect(more[0].ref.segment).toBe(last + 1);
    const referenced = [...left, ...more].filter(({ ref }) => ref.segment > 3);
    await cold.sweep([[log.id, referenced.map(({ ref }) => ref.segment)]]);
    await cold.deleted();
    expect(log.segments[0].segment).toBe(4);
    expect(names()).toHaveLength(log.segments.length);
    await expectAll(log, referenced);
    expect(cold.pendingDeletions).toBe(0);
  });

  test('has a log restored while it is appended to, or deleted again', async () => {
    const cold = await newStore({ ...SMALL, ...UNCACHED });
    const log = cold.create();
    const stored = await store(log, extentsOf(0, 3));
    const release = cold.hold();
    const appending = store(log, extentsOf(3, 3));
    log.delete();
    expect(cold.log(log.id)).toBe(log);
    stored.push(...(await appending));
    await expectAll(log, stored);
    expect(log.sizeBytes).toBeGreaterThan(0);
    log.delete();
    release();
    await cold.deleted();
    expect(names()).toEqual([]);
    expect(cold.log(log.id)).not.toBe(log);
  });
});
