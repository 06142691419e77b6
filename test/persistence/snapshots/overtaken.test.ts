// Snapshots that overtake one another: cancelled ones that still end, FLUSHALL, SAVE, SHUTDOWN, other names
// and directories meanwhile, several servers of a process in one directory. Each has a file of its own,
// nobody touches that of another, and only the one that counts says how it went.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { until } from '../../support/until.ts';
import { holdFiles, holdFirstSlices } from '../log/held-snapshots.ts';
import type { LogServer } from '../log/log-server.ts';
import { LogServers } from '../log/log-servers.ts';
import { load } from '../rdb/loading.ts';

const STARTED = 'Background saving started';
const IN_PROGRESS = 'ERR Background save already in progress';
const HOUR_SECONDS = 3600;

/** Syncs of snapshots and of their directories, which a test may hold. */
const syncs = vi.hoisted(() => ({
  isHolding: false,
  waiting: [] as ((error?: Error) => void)[],
}));

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  const { promisify } = await import('node:util');
  const syncSoon = promisify(fs.fsync);
  const fsync = Object.assign(
    (fd: number, done: (error: Error | null) => void) => fs.fsync(fd, done),
    {
      [promisify.custom]: async (fd: number) => {
        const error = syncs.isHolding
          ? await new Promise<Error | undefined>((resolve) => syncs.waiting.push(resolve))
          : undefined;
        if (error !== undefined) throw error;
        await syncSoon(fd);
      },
    },
  );
  return { ...fs, fsync } as unknown as typeof fs;
});

let servers: LogServers;
let path: string;

beforeEach(() => {
  servers = new LogServers();
  path = servers.path;
});

afterEach(() => {
  release();
  vi.restoreAllMocks();
});

const start = (options: Readonly<Record<string, string>> = {}) =>
  servers.start({ appendonly: 'no', ...options });

function hold(): void {
  syncs.isHolding = true;
}

function release(): void {
  syncs.isHolding = false;
  for (const go of syncs.waiting.splice(0)) go();
}

const isIdle = async (server: LogServer) => (await server.field('rdb_bgsave_in_progress')) === '0';

/** Keys of a snapshot that is whole. */
function keysIn(file: string): number {
  return load(readFileSync(file)).keyspace.databases[0].size;
}

const dump = () => join(path, 'dump.rdb');
const temporaries = () => readdirSync(path).filter((name) => name.startsWith('temp-'));

describe('one that is cancelled when its file is in its place already', () => {
  /** Has a BGSAVE of so many keys come to where only its directory is not forced to the disk yet. */
  async function almostDone(server: LogServer, keys: number): Promise<void> {
    await server.ask('DEBUG', 'POPULATE', String(keys));
    hold();
    expect(await server.ask('BGSAVE')).toBe(STARTED);
    await until(() => syncs.waiting.length === 1);
    syncs.waiting.splice(0)[0]();
    await until(() => existsSync(dump()) && syncs.waiting.length === 1);
  }

  test.each(['', '3600 1'])('does not end the next one, with save points "%s"', async (save) => {
    const server = await start({ save });
    await almostDone(server, 5);
    expect(await server.ask('FLUSHALL')).toBe('OK');
    const [finishFirst] = syncs.waiting.splice(0);
    syncs.isHolding = false;
    await server.ask('DEBUG', 'POPULATE', '7');
    const held = holdFirstSlices();
    expect(await server.ask('BGSAVE')).toBe(STARTED);
    await until(() => held.count === 1);
    finishFirst();
    for (let turn = 0; turn < 20; turn++) await server.ask('PING');
    expect(await isIdle(server)).toBe(false);
    expect(await server.ask('BGSAVE')).toBe(IN_PROGRESS);
    expect(await server.ask('SAVE')).toBe(IN_PROGRESS);
    // The first one's success would call later changes saved, or earlier ones not.
    expect(Number(await server.field('rdb_changes_since_last_save'))).toBeGreaterThan(0);
    held.release();
    await until(() => isIdle(server));
    expect(keysIn(dump())).toBe(7);
    expect(await server.field('rdb_changes_since_last_save')).toBe('0');
    expect(temporaries()).toEqual([]);
  });

  test('does not report its failure either', async () => {
    const server = await start({ save: '3600 1' });
    await almostDone(server, 5);
    await server.ask('FLUSHALL');
    const [finishFirst] = syncs.waiting.splice(0);
    finishFirst(new Error('no disk'));
    release();
    for (let turn = 0; turn < 20; turn++) await server.ask('PING');
    expect(await server.field('rdb_last_bgsave_status')).toBe('ok');
    expect(keysIn(dump())).toBe(0);
  });
});

test('a cancelled one that still writes, and two that follow it, have files of their own', async () => {
  const server = await start({ save: '' });
  const files = holdFiles();
  const seen = new Set<string>();
  for (let round = 1; round <= 3; round++) {
    await server.ask('DEBUG', 'POPULATE', String(round), `round${round}`);
    expect(await server.ask('BGSAVE')).toBe(STARTED);
    await until(() => files.count === round);
    for (const name of temporaries()) seen.add(name);
    expect(temporaries()).toHaveLength(1);
    if (round < 3) expect(await server.ask('FLUSHALL')).toBe('OK');
  }
  expect(seen.size).toBe(3);
  files.release();
  await until(() => isIdle(server));
  expect(keysIn(dump())).toBe(3);
  expect(temporaries()).toEqual([]);
});

test('SHUTDOWN SAVE takes its own in place of one that is under way', async () => {
  const server = await start({ save: '' });
  await server.ask('DEBUG', 'POPULATE', '4');
  const held = holdFirstSlices();
  expect(await server.ask('BGSAVE')).toBe(STARTED);
  await until(() => held.count === 1);
  await server.ask('DEBUG', 'POPULATE', '9');
  server.client.send(Buffer.from('SHUTDOWN SAVE\r\n'));
  await until(() => server.messages.includes('User requested shutdown...'));
  held.release();
  await server.stop();
  expect(keysIn(dump())).toBe(9);
  expect(temporaries()).toEqual([]);
});

test('another name or directory meanwhile is for the next one', async () => {
  const server = await start({ save: '', 'enable-protected-configs': 'yes' });
  const other = join(servers.root, 'other');
  mkdirSync(other);
  await server.ask('DEBUG', 'POPULATE', '6');
  const files = holdFiles();
  expect(await server.ask('BGSAVE')).toBe(STARTED);
  await until(() => files.count === 1);
  expect(await server.ask('CONFIG', 'SET', 'dbfilename', 'else.rdb', 'dir', other)).toBe('OK');
  files.release();
  await until(() => isIdle(server));
  expect(keysIn(dump())).toBe(6);
  expect(readdirSync(other)).toEqual([]);
  expect(await server.ask('SAVE')).toBe('OK');
  expect(readdirSync(other)).toEqual(['else.rdb']);
});

test('several servers in a directory: whole files, the last one stays', async () => {
  const [one, two] = [await start({ save: '' }), await start({ save: '' })];
  await one.ask('DEBUG', 'POPULATE', '11');
  await two.ask('DEBUG', 'POPULATE', '22');
  const files = holdFiles();
  expect(await one.ask('BGSAVE')).toBe(STARTED);
  expect(await two.ask('BGSAVE')).toBe(STARTED);
  await until(() => files.count === 2);
  expect(temporaries()).toHaveLength(2);
  // Giving up one's own leaves the other's.
  expect(await one.ask('FLUSHALL')).toBe('OK');
  expect(temporaries()).toHaveLength(1);
  files.release();
  await until(() => isIdle(two));
  expect(keysIn(dump())).toBe(22);
  await one.ask('DEBUG', 'POPULATE', '33');
  expect(await one.ask('SAVE')).toBe('OK');
  expect(keysIn(dump())).toBe(33);
  expect(temporaries()).toEqual([]);
});

test('a server that closes begins none, and leaves nothing of one', async () => {
  const server = await start({ appendonly: 'yes', appendfsync: 'always', save: '' });
  await server.ask('DEBUG', 'POPULATE', '100');
  let goOn: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { datasync } = realFileSystem;
  const { mock } = vi.spyOn(realFileSystem, 'datasync').mockImplementation((fd, done) => {
    void gate.then(() => datasync(fd, done));
  });
  const other = await server.connect();
  const waiting = other.command('SET', 'k', 'v');
  await until(() => mock.calls.length === 1);
  server.client.send(Buffer.from('SHUTDOWN NOSAVE\r\n'));
  await until(() => server.messages.includes('User requested shutdown...'));
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  const third = await server.connect();
  third.sendCommand(['BGSAVE']);
  goOn();
  expect((await waiting).bytes.toString()).toBe('+OK\r\n');
  expect((await third.readUntilClose()).toString()).toBe('');
  await server.stop();
  expect(readdirSync(path).sort()).toEqual(['appendonlydir', 'log']);
});

test('what a killed process has left goes when nobody has written to it for long', async () => {
  const files = [
    'temp-1-0123abcd-1.dump.rdb',
    'temp-2-0123abcd-1.dump.rdb',
    'temp-1-0123abcd-1.else.rdb',
  ];
  for (const name of [...files, 'temp-77.rdb', 'temp-notes.rdb'])
    writeFileSync(join(path, name), '');
  const old = Date.now() / 1000 - HOUR_SECONDS;
  for (const name of [files[0], files[2], 'temp-77.rdb', 'temp-notes.rdb']) {
    utimesSync(join(path, name), old, old);
  }
  await start();
  expect(temporaries().sort()).toEqual([files[2], files[1], 'temp-77.rdb', 'temp-notes.rdb']);
});
