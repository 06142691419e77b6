// `aof-disable-auto-gc`: which files count as replaced beside the generations that are kept, and that
// they go when they may, with a log and without one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { LogServer } from './log-server.ts';

const BASE_NAME = 'appendonly.aof';
/** Requests that take longer than a rewrite of next to nothing. */
const ENOUGH = 1000;
const KEEP = { 'aof-disable-auto-gc': 'yes' };

let directory: { path: string; remove(): void };
let path: string;
let server: LogServer;

beforeEach(() => {
  directory = temporaryDirectory();
  path = directory.path;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.stop();
  directory.remove();
});

const folder = () => join(path, 'appendonlydir');
const manifest = () => LogDirectory.read(folder(), BASE_NAME).manifest;
const dataFiles = () => server.files.filter((name) => !name.endsWith('.manifest'));

/** Changes something, and has the log begin anew. */
async function rewrite(key: string): Promise<void> {
  await server.ask('SET', key, '1');
  await server.rewrite();
}

/** Has what was replaced deleted, and waits until it is. */
async function allowDeleting(): Promise<void> {
  expect(await server.ask('CONFIG', 'SET', 'aof-disable-auto-gc', 'no')).toBe('OK');
  while (manifest().history.length > 0) await server.ask('PING');
}

test('generations to fall back on are no history', async () => {
  server = await LogServer.start(path, { ...KEEP, 'snapshot-max-count': '2' });
  for (const key of ['a', 'b', 'c', 'd']) await rewrite(key);
  const { bases, keptSegments, segments, history } = manifest();
  expect(bases.map(({ seq }) => seq)).toEqual([3, 4]);
  expect([...keptSegments, ...segments].map(({ seq }) => seq)).toEqual([4, 5]);
  expect([...history].sort()).toEqual(
    ['1.base.rdb', '1.incr.aof', '2.base.rdb', '2.incr.aof', '3.incr.aof'].map(
      (name) => `${BASE_NAME}.${name}`,
    ),
  );
  // Their numbers are those of their names, as Redis has it.
  for (const name of history) {
    const [, seq] = /\.(\d+)\./.exec(name) ?? [];
    expect(server.manifest).toContain(`file ${name} seq ${seq} type h\n`);
  }
  expect(dataFiles()).toHaveLength(9);
  await allowDeleting();
  expect(dataFiles()).toHaveLength(4);
  expect(await LogServer.digestIn(server.copy())).toBe(await server.digest());
});

test('without a log it goes as well', async () => {
  server = await LogServer.start(path, { ...KEEP, appendonly: 'no' });
  for (const key of ['a', 'b', 'c']) await rewrite(key);
  expect(manifest().history).toHaveLength(2);
  const [current] = manifest().bases;
  await allowDeleting();
  expect(dataFiles()).toEqual([current.name]);
  // Nothing is left of it that could come in the way of a log.
  expect(await server.ask('CONFIG', 'SET', 'appendonly', 'yes')).toBe('OK');
  await server.ask('SET', 'd', '1');
  expect(await LogServer.digestIn(server.copy())).toBe(await server.digest());
});

test('what an older history consisted of is kept when the log is switched on again', async () => {
  server = await LogServer.start(path, KEEP);
  await rewrite('a');
  const older = dataFiles();
  const contents = older.map((name) => readFileSync(join(folder(), name)));
  await server.ask('CONFIG', 'SET', 'appendonly', 'no');
  await server.ask('SET', 'b', '1');
  expect(await server.ask('CONFIG', 'SET', 'appendonly', 'yes')).toBe('OK');
  expect(older.map((name) => readFileSync(join(folder(), name)))).toEqual(contents);
  expect(manifest().history).toEqual(expect.arrayContaining(older));
  await server.ask('SET', 'c', '1');
  await allowDeleting();
  expect(dataFiles().filter((name) => older.includes(name))).toEqual([]);
  expect(await LogServer.digestIn(server.copy())).toBe(await server.digest());
});

test.each([['BGREWRITEAOF'], ['CONFIG', 'SET', 'appendonly', 'yes']])(
  '%s waits for it: a manifest is not written over by an older one',
  async (...words) => {
    server = await LogServer.start(path, { ...KEEP, appendonly: 'no' });
    for (const key of ['a', 'b', 'c']) await rewrite(key);
    const before = server.manifest;
    // The first sync from now on, before the manifest without history is written, takes long.
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sync = vi.spyOn(realFileSystem, 'sync');
    sync.mockImplementationOnce(() => released);
    expect(await server.ask('CONFIG', 'SET', 'aof-disable-auto-gc', 'no')).toBe('OK');
    expect(sync).toHaveBeenCalledTimes(1);
    await server.ask('SET', 'd', '1');
    const client = await server.connect();
    const reply = client.command(...words);
    for (let i = 0; i < ENOUGH; i++) {
      const isRewriting = (await server.field('aof_rewrite_in_progress')) === '1';
      if (!isRewriting && server.manifest !== before) break;
    }
    release();
    expect(textOf(await reply)).toMatch(/OK|started/);
    await server.rewritten(4);
    for (let i = 0; i < ENOUGH; i++) await server.ask('PING');
    expect(manifest().history).toEqual([]);
    expect(manifest().bases.map(({ seq }) => seq)).toEqual([4]);
    expect(await LogServer.digestIn(server.copy())).toBe(await server.digest());
  },
);
