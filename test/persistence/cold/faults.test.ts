// Disks that are full, fail, or take less than they are given, at every step of an append: nothing has been appended
// then, what was there before stays as it was, and the next attempt works.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ColdLog } from '../../../src/persistence/cold/cold-log.ts';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import { segmentPath } from '../../../src/persistence/cold/segment-name.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import {
  expectAll,
  extentsOf,
  FaultyFiles,
  type Operation,
  refsOf,
  type Stored,
  store,
  systemError,
} from './cold-blocks.ts';

const OPTIONS = { maxSegmentBytes: 1000, cacheBytes: 0 };
const STEPS: readonly Operation[] = [
  'makeFolder',
  'open',
  'identify',
  'write',
  'datasync',
  'syncFolder',
  'stat',
];

let folder: string;
let files: FaultyFiles;
let cold: ColdStore;
let log: ColdLog;
let warnings: string[];

beforeEach(async () => {
  folder = join(ownDirectory(), 'streams');
  files = new FaultyFiles();
  warnings = [];
  const onWarning = (error: Error) => void warnings.push(error.message);
  cold = await ColdStore.open(folder, { ...OPTIONS, files, onWarning });
  await cold.sweep([]);
  log = cold.create();
});

/** Sizes of the files on disk, by name. */
function sizes(): Record<string, number> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => name.endsWith('.cold'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name)).length]));
}

function total(bytes: Record<string, number>): number {
  return Object.values(bytes).reduce((sum, each) => sum + each, 0);
}

/** Has operations of a kind fail, behind those that are skipped. */
function failing(
  operation: Operation,
  { skipped = 0, times = Number.POSITIVE_INFINITY, code = 'ENOSPC' } = {},
): void {
  let count = 0;
  files.fault = (each) => {
    if (each !== operation) return undefined;
    const isSkipped = count < skipped || count >= skipped + times;
    count++;
    return isSkipped ? undefined : systemError(code);
  };
}

describe.each(STEPS)('a failure of %s', (operation) => {
  test.each([
    ['once', 'EIO'],
    ['from then on', 'ENOSPC'],
  ])('that comes %s, wherever it comes, leaves the log as it was', async (times, code) => {
    const stored: Stored[] = [];
    let failures = 0;
    // Cutting back needs these.
    const isCutLater = times !== 'once' && (operation === 'open' || operation === 'identify');
    for (let step = 0, isOver = false; !isOver; step++) {
      const before = sizes();
      const { sizeBytes } = log;
      failing(operation, {
        skipped: step,
        times: times === 'once' ? 1 : Number.POSITIVE_INFINITY,
        code,
      });
      // Over three segments, and from the middle of one.
      const appending = store(log, extentsOf(step * 20, 12));
      const error = await appending.catch((thrown) => thrown);
      files.fault = () => undefined;
      if (error instanceof Error) {
        failures++;
        expect(error.message).toBe(`${code}: injected`);
        if (!isCutLater) expect(sizes()).toEqual(before);
        expect(log.sizeBytes).toBe(sizeBytes);
      } else {
        stored.push(...error);
        isOver = true;
      }
      stored.push(...(await store(log, extentsOf(step * 20 + 12, 2))));
      await expectAll(log, stored);
      expect(total(sizes())).toBe(log.sizeBytes);
    }
    expect(failures).toBeGreaterThan(0);
    expect(await log.verify(refsOf(stored), { payloads: true })).toEqual([]);
    await cold.close();
    expect(files.descriptors.size).toBe(0);
    expect(warnings).toEqual([]);
  });
});

test.each([1, 31, 32, 33, 91, 92, 93, 150])(
  'a disk that takes %i bytes and is full then',
  async (taken) => {
    const stored = await store(log, extentsOf(0, 1));
    const before = sizes();
    let writes = 0;
    files.fault = (operation) => {
      if (operation !== 'write') return undefined;
      return writes++ === 0 ? taken : systemError('ENOSPC');
    };
    await expect(log.append(extentsOf(1, 2))).rejects.toThrow('ENOSPC');
    expect(writes).toBe(2);
    expect(sizes()).toEqual(before);
    files.fault = () => undefined;
    stored.push(...(await store(log, extentsOf(3, 2))));
    await expectAll(log, stored);
    expect(log.segments).toHaveLength(1);
  },
);

test('a disk that takes a few bytes at a time gets all of them', async () => {
  let next = 0;
  files.fault = (operation) => (operation === 'write' ? (next++ % 90) + 1 : undefined);
  const stored = await store(log, extentsOf(0, 20));
  files.fault = () => undefined;
  await expectAll(log, stored);
});

test('what a failed append has left is cut off before the next, if it could not be at once', async () => {
  const stored = await store(log, extentsOf(0, 1));
  const name = `${log.id}-00000001.cold`;
  const { [name]: before } = sizes();
  files.fault = (operation) =>
    operation === 'datasync' || operation === 'truncate' ? systemError('EIO') : undefined;
  await expect(log.append(extentsOf(1, 1))).rejects.toThrow('EIO');
  expect(sizes()[name]).toBeGreaterThan(before);
  failing('truncate');
  await expect(log.append(extentsOf(2, 1))).rejects.toThrow('ENOSPC');
  failing('identify');
  await expect(log.append(extentsOf(2, 1))).rejects.toThrow('ENOSPC');
  await expect.poll(() => files.descriptors.size).toBe(0);
  files.fault = () => undefined;
  // A longer one would not be noticed if it just were written over the old bytes.
  stored.push(...(await store(log, extentsOf(3, 1, 10))));
  expect(stored[1].ref.offset).toBe(before);
  expect(sizes()[name]).toBe(before + stored[1].ref.lengthBytes);
  await expectAll(log, stored);
});

test('it is cut off, too, if the next extent is for another segment', async () => {
  const stored = await store(log, extentsOf(0, 1));
  const name = `${log.id}-00000001.cold`;
  const { [name]: before } = sizes();
  files.fault = (operation) =>
    operation === 'datasync' || operation === 'truncate' ? systemError('EIO') : undefined;
  await expect(log.append(extentsOf(1, 1))).rejects.toThrow('EIO');
  files.fault = () => undefined;
  const large = { ...extentsOf(2, 1)[0], payload: Buffer.alloc(log.maxPayloadBytes, 'abcdefg') };
  large.payload.forEach((_, i) => {
    large.payload[i] = (i * i * 7 + (i >> 3)) & 255;
  });
  stored.push(...(await store(log, [large])));
  expect(stored[1].ref.segment).toBe(2);
  expect(sizes()[name]).toBe(before);
  await expectAll(log, stored);
});

test('a new segment that cannot be deleted after a failure is no obstacle', async () => {
  files.fault = (operation) =>
    operation === 'datasync' || operation === 'unlink' ? systemError('EIO') : undefined;
  await expect(log.append(extentsOf(0, 1))).rejects.toThrow('EIO');
  await cold.deleted();
  expect(warnings).toEqual(['EIO: injected']);
  files.fault = () => undefined;
  const stored = await store(log, extentsOf(1, 1));
  expect(stored[0].ref.segment).toBe(2);
  await expectAll(log, stored);
});

describe('a file of ours', () => {
  test('that is removed while it is written is noticed before anything counts as durable', async () => {
    await store(log, extentsOf(0, 1));
    const path = segmentPath(folder, log.id, 1);
    files.before = (operation) => {
      if (operation === 'datasync') rmSync(path, { force: true });
    };
    await expect(log.append(extentsOf(1, 1))).rejects.toThrow(`${path} was removed`);
    files.before = () => {};
    const stored = await store(log, extentsOf(2, 2));
    expect(stored[0].ref.segment).toBe(2);
    await expectAll(log, stored);
  });

  test('that is replaced is left alone from then on', async () => {
    await store(log, extentsOf(0, 1));
    const path = segmentPath(folder, log.id, 1);
    const foreign = Buffer.from('x'.repeat(5000));
    files.before = (operation) => {
      if (operation !== 'datasync') return;
      renameSync(path, `${path}.old`);
      writeFileSync(path, foreign);
    };
    await expect(log.append(extentsOf(1, 1))).rejects.toThrow(`${path} was replaced`);
    files.before = () => {};
    const stored = await store(log, extentsOf(2, 2));
    expect(stored[0].ref.segment).toBe(2);
    expect(readFileSync(path)).toEqual(foreign);
    await expectAll(log, stored);
  });

  test.each([-1, 1])(
    'whose size is changed by %i between two appends is left alone',
    async (by) => {
      const [first] = await store(log, extentsOf(0, 1));
      const path = segmentPath(folder, log.id, 1);
      const bytes = readFileSync(path);
      const changed = by < 0 ? bytes.subarray(0, by) : Buffer.concat([bytes, Buffer.from('x')]);
      writeFileSync(path, changed);
      const stored = await store(log, extentsOf(1, 2));
      expect(stored[0].ref.segment).toBe(2);
      expect(readFileSync(path)).toEqual(changed);
      await expectAll(log, by < 0 ? stored : [first, ...stored]);
    },
  );

  test('all of which are removed with the folder are begun anew', async () => {
    await store(log, extentsOf(0, 1));
    rmSync(folder, { recursive: true });
    const stored = await store(log, extentsOf(1, 2));
    await expectAll(log, stored);
  });
});

describe('reading', () => {
  test.each(['EIO', 'EMFILE'])(
    'that fails with %s says so, and works the next time',
    async (code) => {
      const stored = await store(log, extentsOf(0, 3));
      for (const operation of ['open', 'read'] as const) {
        cold.cacheBytes = 0;
        failing(operation, { code });
        // A file that is open already needs no opening.
        const error = await log.read(stored[1].ref).catch((thrown) => thrown);
        files.fault = () => undefined;
        const { kind, message, cause } = error;
        expect({ kind, message, cause }).toEqual({
          kind: 'unreadable',
          message: `${segmentPath(folder, log.id, 1)}, byte ${stored[1].ref.offset}: ${code}: injected`,
          cause: systemError(code),
        });
        await expectAll(log, stored);
      }
      failing('readNow', { code });
      expect(() => log.readNow(stored[0].ref)).toThrow(`${code}: injected`);
      expect(cold.memory.readingBytes).toBe(0);
    },
  );
});

test('deleting that fails is reported, and the rest is deleted', async () => {
  await store(log, extentsOf(0, 20));
  const { length } = log.segments;
  let isFirst = true;
  files.fault = (operation) => {
    if (operation !== 'unlink' || !isFirst) return undefined;
    isFirst = false;
    return systemError('EACCES');
  };
  log.delete();
  await cold.deleted();
  expect(length).toBeGreaterThan(2);
  expect(Object.keys(sizes())).toEqual([`${log.id}-00000001.cold`]);
  expect(warnings).toEqual(['EACCES: injected']);
});
