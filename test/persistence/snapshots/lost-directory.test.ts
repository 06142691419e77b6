// The directory of the snapshot is deleted, moved away or replaced while a server with save points runs:
// it saves anew where a restart would look, refuses writes where it cannot, and replaces nobody else's.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/running-server.ts';
import { until } from '../../support/until.ts';
import { LogServer } from '../log/log-server.ts';
import { load } from '../rdb/loading.ts';

const TIMEOUT_MS = 60_000;

let root: { path: string; remove(): void };
let path: string;
let server: LogServer;

const dump = () => join(path, 'dump.rdb');
const aside = () => join(root.path, 'aside');
const messages = () => readFileSync(join(root.path, 'messages'), 'utf8');
const keysIn = (file: string) => load(readFileSync(file)).keyspace.databases[0].size;

function start(options: Readonly<Record<string, string>> = {}): Promise<LogServer> {
  const own = { appendonly: 'no', save: '3600 1', logfile: join(root.path, 'messages') };
  return LogServer.start(path, { ...own, ...options });
}

const isRefused = async () => (await server.ask('SET', 'k', 'v')).startsWith('MISCONF');
const isSaved = async () =>
  existsSync(dump()) && (await server.field('rdb_bgsave_in_progress')) === '0';

beforeEach(async () => {
  root = temporaryDirectory();
  path = join(root.path, 'data');
  mkdirSync(path);
  server = await start();
  await server.ask('SET', 'k', 'v');
  await server.ask('SET', 'l', 'v');
  expect(await server.ask('SAVE')).toBe('OK');
});

afterEach(async () => {
  await server.stop();
  root.remove();
});

test('gone: writes are refused until it is back, and then everything is saved', {
  timeout: TIMEOUT_MS,
}, async () => {
  await server.ask('SET', 'm', 'v');
  renameSync(path, aside());
  await until(isRefused);
  expect(messages()).toMatch(/The directory of .*dump\.rdb is gone: saving anew/);
  expect(await server.ask('GET', 'm')).toBe('v');
  renameSync(aside(), path);
  await until(async () => !(await isRefused()));
  expect(keysIn(dump())).toBe(3);
});

const replacements: Readonly<Record<string, () => void>> = {
  moved: () => renameSync(path, aside()),
  // The new one mostly gets the number of the old one.
  deleted: () => rmSync(path, { recursive: true }),
};

test.each(Object.keys(replacements))(
  '%s, and replaced by an empty one: everything is saved there at once',
  async (how) => {
    await server.ask('SET', 'm', 'v');
    replacements[how]();
    mkdirSync(path);
    await until(isSaved);
    expect(keysIn(dump())).toBe(3);
    expect(await isRefused()).toBe(false);
    expect(messages()).toMatch(/The directory of .*dump\.rdb is replaced: saving anew/);
  },
);

describe("replaced by one with another snapshot: that one is nobody's to replace", () => {
  let foreign: Buffer;

  beforeEach(async () => {
    const other = join(root.path, 'other');
    mkdirSync(other);
    const maker = await LogServer.start(other, { appendonly: 'no' });
    await maker.ask('SET', 'foreign', 'v');
    await maker.ask('SAVE');
    await maker.stop();
    renameSync(path, aside());
    renameSync(other, path);
    foreign = readFileSync(dump());
    await until(isRefused);
    expect(messages()).toContain('another snapshot stands at');
  });

  test(
    'not by itself, nor at the end, nor by FLUSHALL',
    async () => {
      await server.ask('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
      expect(await server.ask('FLUSHALL')).toBe('OK');
      await server.ask('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
      expect(await server.ask('SHUTDOWN')).toBe('ERR Errors trying to SHUTDOWN. Check logs.');
      expect(readFileSync(dump()).equals(foreign)).toBe(true);
      rmSync(path, { recursive: true });
      renameSync(aside(), path);
      await until(async () => !(await isRefused()));
    },
    TIMEOUT_MS,
  );

  test('but by a client who asks for that', async () => {
    expect(await server.ask('SAVE')).toBe('OK');
    expect(keysIn(dump())).toBe(2);
    expect(await isRefused()).toBe(false);
  });
});

test('without save points nothing is done unasked', async () => {
  await server.ask('CONFIG', 'SET', 'save', '');
  rmSync(path, { recursive: true });
  mkdirSync(path);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(existsSync(dump())).toBe(false);
  expect(await server.ask('SET', 'k', 'v')).toBe('OK');
});

test('a snapshot that another server has written meanwhile is replaced, and that is said', async () => {
  copyFileSync(dump(), aside());
  const other = await start({ logfile: join(root.path, 'other') });
  await other.ask('SET', 'n', 'v');
  expect(await other.ask('SAVE')).toBe('OK');
  await other.stop();
  expect(await server.ask('SAVE')).toBe('OK');
  expect(keysIn(dump())).toBe(2);
  expect(messages()).toMatch(/dump\.rdb was written by somebody else since it was saved/);
});
