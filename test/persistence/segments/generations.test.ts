// Manifests on their way to the disk: one that got to its place though an error was told counts, and what
// failed attempts have left does not keep a base from being installed.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type FileSystem, realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { installBase } from '../../../src/persistence/segments/generations.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { ownDirectory } from '../../support/own-directory.ts';

const BASE = { name: 'appendonly.aof.1.base.rdb', seq: 1, offset: 7 };

let path: string;

beforeEach(() => {
  path = join(ownDirectory(), 'log');
  mkdirSync(path);
});

const segment = (seq: number, start: number | undefined) => ({
  ...{ name: `appendonly.aof.${seq}.incr.aof`, seq, start },
});

/** A file system whose second sync from now on fails: the directory's, behind a manifest's renaming. */
function failingAtDirectory(): FileSystem {
  let syncs = 0;
  return {
    ...realFileSystem,
    sync: (fd) => (++syncs === 2 ? Promise.reject(new Error('EIO')) : realFileSystem.sync(fd)),
  };
}

test('a segment that was made ready in vain does not keep a base from being installed', async () => {
  const log = LogDirectory.read(path, 'appendonly.aof');
  await log.update((manifest) => ({
    ...manifest,
    segments: [segment(1, 0), segment(2, undefined), segment(3, 7)],
  }));
  await installBase(log, BASE, 2);
  const { segments, keptSegments, history } = log.manifest;
  expect([segments.map(({ seq }) => seq), keptSegments]).toEqual([[3], []]);
  expect(history).toEqual(['appendonly.aof.1.incr.aof', 'appendonly.aof.2.incr.aof']);
});

test('a manifest that is in its place counts, whatever failed afterwards', async () => {
  const log = LogDirectory.read(path, 'appendonly.aof', failingAtDirectory());
  await expect(installBase(log, BASE, 2)).rejects.toThrow('EIO');
  expect(log.manifest.bases).toEqual([BASE]);
  expect(LogDirectory.read(path, 'appendonly.aof').manifest).toEqual(log.manifest);
});

test('files of what was replaced are not written over', async () => {
  const log = LogDirectory.read(path, 'appendonly.aof');
  await log.update((manifest) => ({
    ...manifest,
    bases: [BASE],
    segments: [segment(2, 7)],
    history: ['appendonly.aof.9.base.rdb', 'appendonly.aof.5.incr.aof', 'appendonly.aof'],
  }));
  expect([log.nextBaseSeq, log.nextSegmentSeq]).toEqual([10, 6]);
});

test('a new history that is in its place is not given up', async () => {
  writeFileSync(join(path, 'appendonly.aof.1.incr.aof'), '');
  const fs = { ...realFileSystem };
  const log = await LogDirectory.renew(path, 'appendonly.aof', fs);
  const own = { ...BASE, name: log.baseFileName(2, false), seq: 2 };
  writeFileSync(join(path, own.name), '');
  await installBase(log, own, 1);
  Object.assign(fs, failingAtDirectory());
  await expect(log.publish()).rejects.toThrow('EIO');
  log.abandon();
  expect(readdirSync(path)).toContain(own.name);
  expect(await log.deleteHistory()).toEqual(['appendonly.aof.1.incr.aof']);
});

test('a new history that is given up leaves what was there', async () => {
  writeFileSync(join(path, 'appendonly.aof.1.incr.aof'), '');
  const log = await LogDirectory.renew(path, 'appendonly.aof');
  const own = { ...BASE, name: log.baseFileName(log.nextBaseSeq, false), seq: log.nextBaseSeq };
  writeFileSync(join(path, own.name), '');
  await installBase(log, own, 1);
  log.abandon();
  expect(readdirSync(path)).toEqual(['appendonly.aof.1.incr.aof']);
});
