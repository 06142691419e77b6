// Starting with cold blocks that an earlier process has left: what is there, where it goes on, what is deleted and when,
// and that two processes do not write the same folder.
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { LockedError } from '../../../src/files/file-lock.ts';
import type { ColdLog } from '../../../src/persistence/cold/cold-log.ts';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import { segmentPath } from '../../../src/persistence/cold/segment-name.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { byTier } from '../../support/tier.ts';
import { until } from '../../support/until.ts';
import {
  expectAll,
  extentsOf,
  FaultyFiles,
  refsOf,
  type Stored,
  store,
  systemError,
} from './cold-blocks.ts';

/** Of the places where an append is cut off, every so many bytes one is appended to again. */
const APPENDED = byTier(16, 1);
const OPTIONS = { maxSegmentBytes: 1000, cacheBytes: 0 };

let folder: string;
let cold: ColdStore;
let log: ColdLog;
let stored: Stored[];

beforeEach(async () => {
  folder = join(ownDirectory(), 'streams');
  cold = await ColdStore.open(folder, OPTIONS);
  log = cold.create();
  stored = await store(log, extentsOf(0, 10));
  await cold.close();
});

/** Opens the folder again, and the log in it. */
async function reopen(options = {}): Promise<ColdStore> {
  cold = await ColdStore.open(folder, { ...OPTIONS, ...options });
  log = cold.log(log.id);
  return cold;
}

function names(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.cold'));
}

function lastSegment(): number {
  return stored[stored.length - 1].ref.segment;
}

/** Segments that are referred to, as `sweep` is given them. */
function referenced(all: readonly Stored[]): [string, Set<number>][] {
  return [[log.id, new Set(all.map(({ ref }) => ref.segment))]];
}

describe('opening', () => {
  test('lists logs and segments, and changes nothing', async () => {
    const before = names();
    writeFileSync(join(folder, 'notes.txt'), '');
    writeFileSync(join(folder, `${log.id}-1.cold`), '');
    writeFileSync(join(folder, `${'0'.repeat(32)}-00000000.cold`), '');
    mkdirSync(join(folder, `${'1'.repeat(32)}-00000001.cold`));
    const { segments } = log;
    await reopen();
    expect([...cold.logs]).toEqual([log]);
    expect(log.segments).toEqual(segments);
    await expectAll(log, stored);
    expect(before.every((name) => names().includes(name))).toBe(true);
    await cold.sweep(referenced(stored));
    await cold.deleted();
    expect(names()).toHaveLength(before.length + 3);
  });

  test('works without a folder, and makes none', async () => {
    const nowhere = join(folder, 'none');
    const empty = await ColdStore.open(nowhere);
    expect([...empty.logs]).toEqual([]);
    expect(await empty.sweep([])).toBe(0);
    expect(existsSync(nowhere)).toBe(false);
    await empty.close();
  });

  test('passes on why the folder cannot be read', async () => {
    const files = new FaultyFiles();
    files.fault = (operation) => (operation === 'list' ? systemError('EACCES') : undefined);
    await expect(ColdStore.open(folder, { files })).rejects.toThrow('EACCES');
    for (const maxSegmentBytes of [2 ** 31, 64, -1]) {
      await expect(ColdStore.open(folder, { maxSegmentBytes })).rejects.toThrow(RangeError);
    }
  });

  test('refuses what is no id', () => {
    for (const id of ['', 'x', log.id.toUpperCase(), `../${log.id}`, `${log.id}0`]) {
      if (id !== log.id) expect(() => cold.log(id)).toThrow(RangeError);
    }
  });
});

describe('appending after a start', () => {
  test('goes on in the last segment, if verify has found its end', async () => {
    const { segments } = log;
    await reopen();
    expect(await log.verify(refsOf(stored))).toEqual([]);
    const last = lastSegment();
    stored.push(...(await store(log, extentsOf(10, 1, 10))));
    expect(lastSegment()).toBe(last);
    expect(log.segments).toHaveLength(segments.length);
    await expectAll(log, stored);
  });

  test('begins a segment, if nothing was verified', async () => {
    await reopen();
    const last = lastSegment();
    stored.push(...(await store(log, extentsOf(10, 1, 10))));
    expect(lastSegment()).toBe(last + 1);
    await expectAll(log, stored);
  });

  test('leaves alone what nobody refers to: another snapshot may', async () => {
    const all = stored;
    await reopen();
    const [{ ref }] = stored.slice(-1);
    stored = stored.slice(0, -1);
    expect(lastSegment()).toBe(ref.segment);
    expect(await log.verify(refsOf(stored))).toEqual([]);
    stored.push(...(await store(log, extentsOf(10, 1, 10))));
    expect(lastSegment()).toBe(ref.segment + 1);
    await expectAll(log, [...all, ...stored]);
  });

  test('is not led astray by verifying again, nor by what is verified later', async () => {
    await reopen();
    await log.verify(refsOf(stored));
    const early = refsOf(stored);
    stored.push(...(await store(log, extentsOf(10, 1, 10))));
    await log.verify(early, { payloads: true });
    stored.push(...(await store(log, extentsOf(11, 1, 10))));
    log.dropBefore(lastSegment() + 1);
    await log.verify(early);
    const next = await store(log, extentsOf(12, 2));
    await expectAll(log, next);
    expect(next[0].ref.segment).toBeGreaterThan(lastSegment());
  });

  test('does not go on in what was dropped since, though it is still there', async () => {
    await reopen();
    const refs = refsOf(stored);
    log.dropBefore(lastSegment() + 1);
    expect(await log.verify(refs)).toEqual([]);
    const next = await store(log, extentsOf(10, 1, 10));
    expect(next[0].ref.segment).toBe(lastSegment() + 1);
    await cold.sweep([]);
    await cold.deleted();
    await expectAll(log, next);
  });

  test('never has a name twice, whatever is found', async () => {
    await reopen();
    copyFileSync(segmentPath(folder, log.id, 1), segmentPath(folder, log.id, 77));
    await cold.close();
    await reopen();
    const [{ ref }] = await store(log, extentsOf(10, 1));
    expect(ref.segment).toBe(78);
  });
});

test('a last append that is cut off at any byte leaves what was there before', async () => {
  const name = `${log.id}-${String(lastSegment()).padStart(8, '0')}.cold`;
  const bytes = readFileSync(join(folder, name));
  // The last extent is the one that was being appended.
  const before = stored.slice(0, -1);
  const { segment, offset } = stored[before.length].ref;
  expect(before[before.length - 1].ref.segment).toBe(segment);
  for (let length = offset; length < bytes.length; length++) {
    const copy = `${folder}-${length}`;
    cpSync(folder, copy, { recursive: true });
    writeFileSync(join(copy, name), bytes.subarray(0, length));
    cold = await ColdStore.open(copy, OPTIONS);
    log = cold.log(log.id);
    expect(await log.verify(refsOf(before), { payloads: true })).toEqual([]);
    // Locking the folder starts a program.
    if ((length - offset) % APPENDED === 0) {
      await cold.sweep(referenced(before));
      const more = await store(log, extentsOf(20, 1, 10));
      expect(more[0].ref.segment).toBe(length === offset ? segment : segment + 1);
      await expectAll(log, [...before, ...more]);
    }
    await cold.close();
    rmSync(copy, { recursive: true });
  }
});

describe('sweeping', () => {
  test('deletes logs and segments that nobody refers to, and nothing before', async () => {
    await reopen();
    const orphan = cold.create();
    await store(orphan, extentsOf(0, 5));
    // What is made since the start is not touched.
    await cold.sweep(referenced(stored));
    await cold.close();
    await reopen();
    const before = names();
    const left = stored.filter(({ ref }) => ref.segment > 1);
    log.dropBefore(2);
    await cold.deleted();
    expect(names()).toEqual(before);
    await expectAll(log, stored);
    expect(await cold.sweep(referenced(left))).toBe(orphan.segments.length);
    await cold.deleted();
    expect([...cold.logs]).toEqual([log]);
    expect(names().sort()).toEqual(
      log.segments.map(({ segment }) => segmentPath('', log.id, segment)).sort(),
    );
    expect(log.segments[0].segment).toBe(2);
    await expectAll(log, left);
  });

  test('waits for holds, as a snapshot may refer to what the log has dropped', async () => {
    await reopen();
    const release = cold.hold();
    await cold.sweep([]);
    await cold.deleted();
    await expectAll(log, stored);
    release();
    await cold.deleted();
    expect(names()).toEqual([]);
  });

  test('spares what was appended meanwhile, also to a log that is not referred to', async () => {
    await reopen();
    const [appended] = await store(log, extentsOf(10, 1));
    const fresh = cold.create();
    const others = await store(fresh, extentsOf(0, 3));
    await cold.sweep([]);
    await cold.deleted();
    await expectAll(log, [appended]);
    await expectAll(fresh, others);
    expect(names()).toHaveLength(2);
  });

  test('spares the segment that a verified log goes on in', async () => {
    await reopen();
    await log.verify(refsOf(stored));
    await cold.sweep([]);
    await cold.deleted();
    expect(log.segments.map(({ segment }) => segment)).toEqual([lastSegment()]);
    const [{ extent, ref }] = await store(log, extentsOf(10, 1, 10));
    expect(ref.segment).toBe(lastSegment());
    await expectAll(log, [{ extent, ref }]);
  });

  test('a second time does nothing', async () => {
    await reopen();
    await cold.sweep(referenced(stored));
    expect(await cold.sweep(referenced(stored))).toBe(0);
    await expectAll(log, stored);
  });
});

describe('a second process', () => {
  test('reads, but neither appends nor sweeps', async () => {
    await reopen({ holder: 'the first' });
    stored.push(...(await store(log, extentsOf(10, 1))));
    const other = await ColdStore.open(folder, OPTIONS);
    await expectAll(other.log(log.id), stored);
    await expect(other.sweep([])).rejects.toThrow(LockedError);
    await expect(other.log(log.id).append(extentsOf(0, 1))).rejects.toThrow('the first');
    await other.deleted();
    await expectAll(log, stored);
    await cold.close();
    // Nothing is left of the failures.
    const appended = await store(other.log(log.id), extentsOf(11, 2));
    await expectAll(other.log(log.id), [...stored, ...appended]);
    await other.close();
    expect(readdirSync(folder)).not.toContain('lock');
  });
});

test('closing ends what was begun, and nothing can be appended afterwards', async () => {
  await reopen();
  await cold.sweep(referenced(stored));
  const appending = [store(log, extentsOf(10, 3)), store(log, extentsOf(13, 3))];
  await cold.close();
  stored.push(...(await Promise.all(appending)).flat());
  await expect(log.append(extentsOf(20, 1))).rejects.toThrow('closed');
  const before = names();
  log.delete();
  await cold.deleted();
  expect(names()).toEqual(before);
  await reopen();
  await expectAll(log, stored);
  expect(await log.verify(refsOf(stored), { payloads: true })).toEqual([]);
});

test('closing waits for the append to a log that was deleted meanwhile', async () => {
  const files = new FaultyFiles();
  await reopen({ files });
  await cold.sweep(referenced(stored));
  let isOver = false;
  files.before = async (operation) => {
    if (operation !== 'datasync') return;
    log.delete();
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const appending = log.append(extentsOf(10, 1)).then(() => {
    isOver = true;
  });
  await until(() => log.isDeleted);
  await cold.close();
  expect(isOver).toBe(true);
  await appending;
  expect(files.descriptors.size).toBe(0);
});

test('closing ends reads that are under way, refuses others, and ends verifying', async () => {
  const files = new FaultyFiles();
  await reopen({ files, cacheBytes: 100_000 });
  let count = 0;
  files.before = async (operation) => {
    if (operation !== 'read') return;
    count++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const [first, ...others] = stored;
  const verifying = log.verify(refsOf(others), { payloads: true });
  const reading = log.read(first.ref);
  log.readAhead(refsOf(others));
  await until(() => count >= 3);
  await cold.close();
  expect(files.descriptors.size).toBe(0);
  expect((await reading).payload.equals(first.extent.payload)).toBe(true);
  expect(await verifying).toEqual([]);
  expect(cold.memory).toEqual({ cacheBytes: 0, readingBytes: 0 });
  await expect(log.read(first.ref)).rejects.toThrow('closed');
  expect(files.descriptors.size).toBe(0);
});

test('verifying ends when it is told to', async () => {
  await reopen();
  appendFileSync(segmentPath(folder, log.id, 1), 'x');
  let asked = 0;
  truncateSync(segmentPath(folder, log.id, lastSegment()), 33);
  const isOver = () => ++asked > 2;
  expect(await log.verify(refsOf(stored), { payloads: true, isOver })).toEqual([]);
  expect(asked).toBeLessThan(6);
});
