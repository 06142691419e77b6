// A new log that begins with the copy of a snapshot, interrupted at each step: what is left never keeps the next
// start from doing it again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { beginWithCopy, lacksFirstCopy } from '../../../src/persistence/log/first-base.ts';
import { type FileSystem, realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { temporaryDirectory } from '../../support/running-server.ts';

const NAME = 'appendonly.aof';
const CONTENT = 'a snapshot';

let place: { path: string; remove(): void };

beforeEach(() => {
  place = temporaryDirectory();
});

afterEach(() => place.remove());

/** The machine's file system, of which the operations that change something end after so many. */
function endingAfter(steps: number): FileSystem & { readonly left: number } {
  let left = steps;
  const count = (): void => {
    if (left-- <= 0) throw new Error('killed');
  };
  return {
    ...realFileSystem,
    get left() {
      return left;
    },
    rename(from, to) {
      count();
      realFileSystem.rename(from, to);
    },
    async sync(fd) {
      count();
      await realFileSystem.sync(fd);
    },
  };
}

async function begin(path: string, snapshot: string, fs: FileSystem): Promise<void> {
  await beginWithCopy(LogDirectory.read(path, NAME, fs), snapshot);
}

test('wherever it is killed, there is no log, or one that lacks its copy, or a whole one', async () => {
  const snapshot = join(place.path, 'dump.rdb');
  writeFileSync(snapshot, CONTENT);
  const outcomes = new Set<string>();
  let steps = 0;
  for (let isWhole = false; !isWhole; steps++) {
    const path = join(place.path, String(steps));
    const fs = endingAfter(steps);
    await begin(path, snapshot, fs).catch(() => undefined);
    isWhole = fs.left >= 0;
    const left = LogDirectory.read(path, NAME);
    const base = left.pathOf(`${NAME}.1.base.rdb`);
    if (!left.exists) {
      outcomes.add('no log');
      expect(left.filesThere()).toEqual([]);
    } else if (lacksFirstCopy(left)) {
      outcomes.add('lacks its copy');
    } else {
      outcomes.add('whole');
      expect(readFileSync(base, 'latin1')).toBe(CONTENT);
    }
    await begin(path, snapshot, realFileSystem);
    expect(existsSync(base)).toBe(true);
    expect(lacksFirstCopy(LogDirectory.read(path, NAME))).toBe(false);
  }
  expect([...outcomes]).toEqual(['no log', 'lacks its copy', 'whole']);
});

test('a log that has a base, or any increment, lacks no copy', async () => {
  const directory = LogDirectory.read(place.path, NAME);
  const base = { name: `${NAME}.1.base.rdb`, seq: 1, offset: 0 };
  const segment = { name: `${NAME}.1.incr.aof`, seq: 1, start: 0 };
  await directory.update((manifest) => ({ ...manifest, bases: [base] }));
  expect(lacksFirstCopy(directory)).toBe(true);
  await directory.update((manifest) => ({ ...manifest, segments: [segment] }));
  expect(lacksFirstCopy(directory)).toBe(false);
  await directory.update((manifest) => ({ ...manifest, segments: [], bases: [] }));
  expect(lacksFirstCopy(directory)).toBe(false);
});
