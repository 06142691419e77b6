// Streams with entries in files, in a server: snapshots and logs refer to the files, a start has everything again, files
// go when nothing refers to them, and what is damaged is named, while all else can be read.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import { until } from '../support/until.ts';
import type { LogServer } from './log/log-server.ts';
import { LogServers } from './log/log-servers.ts';

const ENTRIES = 4000;
const VALUE = 'value '.repeat(20);
const HOT = '50kb';
/** Enough for the memory of a stream to be given back. */
const BACKGROUND_MS = 200;
const RDB = { appendonly: 'no', save: '' };

let servers: LogServers;

beforeEach(() => {
  servers = new LogServers();
});

afterEach(() => servers.stop());

function folder(): string {
  return join(servers.path, 'streams');
}

function coldFiles(): string[] {
  return readdirSync(folder()).filter((name) => name.endsWith('.cold'));
}

async function add(server: LogServer, from: number, count: number): Promise<void> {
  for (let i = from; i < from + count; i++) {
    await server.ask('XADD', 's', `${i}-1`, 'number', String(i), 'text', VALUE);
  }
}

/** Number of entries that lie in files. */
async function coldEntries(server: LogServer, key = 's'): Promise<number> {
  const facts = itemsOf(await server.client.command('XTIER', key, 'GET')).map(textOf);
  return Number(facts[facts.indexOf('cold-entries') + 1]);
}

/** Makes a stream most of which is cold. */
async function fill(server: LogServer): Promise<void> {
  await server.ask('XADD', 's', '1-1', 'number', '1', 'text', VALUE);
  expect(await server.ask('XTIER', 's', 'HOT', HOT)).toBe('OK');
  await server.ask('XGROUP', 'CREATE', 's', 'g', '0');
  await add(server, 2, ENTRIES - 1);
  await until(async () => (await coldEntries(server)) > ENTRIES / 2);
}

const value = (server: LogServer, key = 's') => server.ask('DEBUG', 'DIGEST-VALUE', key);

describe.each(['a snapshot', 'a log'])('%s', (kind) => {
  const isLog = kind === 'a log';
  const options = isLog ? { 'snapshot-max-count': '1' } : RDB;

  async function save(server: LogServer): Promise<void> {
    if (isLog) await server.rewrite();
    else expect(await server.ask('SAVE')).toBe('OK');
  }

  function baseBytes(): number {
    const path = isLog ? join(servers.path, 'appendonlydir') : servers.path;
    const bases = readdirSync(path).filter((name) => name.endsWith('.rdb'));
    return Math.max(...bases.map((name) => statSync(join(path, name)).size));
  }

  test('refers to files, and a start has all entries again', async () => {
    const server = await servers.start(options);
    await fill(server);
    await server.ask('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '5', 'STREAMS', 's', '>');
    await save(server);
    expect(baseBytes()).toBeLessThan(ENTRIES * 60);
    if (isLog) {
      // What is changed afterwards is in the log.
      await add(server, ENTRIES + 1, 500);
      expect(await server.ask('XDEL', 's', '7-1', '900-1')).toBe('2');
      expect(await server.ask('XTRIM', 's', 'MAXLEN', '4000')).toBe('498');
    }
    const expected = await value(server);
    const pending = await server.ask('XPENDING', 's', 'g');
    const copy = server.copy();
    await servers.stop();
    for (const path of [servers.path, copy]) {
      const { LogServer } = await import('./log/log-server.ts');
      const again = await LogServer.start(path, options);
      try {
        expect(await coldEntries(again)).toBeGreaterThan(ENTRIES / 2);
        expect(await value(again)).toBe(expected);
        expect(await again.ask('XPENDING', 's', 'g')).toBe(pending);
        expect(await again.ask('DEBUG', 'RELOAD')).toBe('OK');
        expect(await value(again)).toBe(expected);
      } finally {
        await again.stop();
      }
    }
  });

  test('keeps files until the snapshot after the next one', async () => {
    const server = await servers.start(options);
    await fill(server);
    await save(server);
    await server.ask('DEL', 's');
    expect(coldFiles()).not.toEqual([]);
    const { LogServer } = await import('./log/log-server.ts');
    if (!isLog) {
      // The snapshot still has it.
      const before = await LogServer.start(server.copy(), options);
      expect(await before.ask('XLEN', 's')).toBe(String(ENTRIES));
      expect(await before.ask('XRANGE', 's', '-', '+', 'COUNT', '1')).not.toMatch(/ERR/);
      await before.stop();
    }
    await save(server);
    await save(server);
    await until(() => coldFiles().length === 0);
  });

  test('names what is damaged; all else can be read', async () => {
    const server = await servers.start(options);
    await fill(server);
    await save(server);
    await servers.stop();
    const [name] = coldFiles();
    const path = join(folder(), name);
    const bytes = readFileSync(path);
    // In the middle of the first extent.
    bytes[3000] ^= 1;
    writeFileSync(path, bytes);
    const again = await servers.start(options);
    const first = await again.ask('XRANGE', 's', '-', '+', 'COUNT', '10');
    expect(first).toMatch(/^ERR the entries cannot be read: .*\.cold, byte \d+/);
    const last = itemsOf(await again.client.command('XREVRANGE', 's', '+', '-', 'COUNT', '2000'));
    expect(last.length).toBe(2000);
    expect(await again.ask('XADD', 's', '*', 'still', 'there')).toMatch(/-/);
    expect(await again.ask('XLEN', 's')).toBe(String(ENTRIES + 1));
    await servers.stop();
    rmSync(path);
    const without = await servers.start(options);
    expect(without.messages).toContain(name);
    expect(await without.ask('XRANGE', 's', '-', '+', 'COUNT', '1')).toMatch(/cannot be read/);
    expect(await without.ask('XREVRANGE', 's', '+', '-', 'COUNT', '1')).not.toMatch(/ERR/);
  });
});

test('payloads and copies have everything, and payloads may not refer to files', async () => {
  const server = await servers.start(RDB);
  await fill(server);
  const expected = await value(server);
  const payload = await server.client.command('DUMP', 's');
  const bytes = bulkOf(payload);
  expect(textOf(await server.client.command('RESTORE', 't', '0', bytes))).toBe('OK');
  expect(await value(server, 't')).toBe(expected);
  // How much is to be hot stays with it, so that most of it is in files again soon.
  await until(async () => (await coldEntries(server, 't')) > ENTRIES / 2);
  expect(await server.ask('COPY', 's', 'u')).toBe('1');
  await server.ask('DEL', 's');
  expect(await value(server, 'u')).toBe(expected);
  expect(await coldEntries(server, 'u')).toBeGreaterThan(ENTRIES / 2);
});

/** The bytes of a bulk string. */
function bulkOf({ bytes }: Reply): Buffer {
  const start = bytes.indexOf('\r\n') + 2;
  return bytes.subarray(start, bytes.length - 2);
}

test('commands that read cold entries do so everywhere', async () => {
  const server = await servers.start(RDB);
  await fill(server);
  const ids = (reply: Reply) => itemsOf(reply).map((entry) => textOf(itemsOf(entry)[0]));
  const { client } = server;
  const some = ['1-1', '2-1', '3-1'];
  expect(ids(await client.command('XRANGE', 's', '-', '+', 'COUNT', '3'))).toEqual(some);
  expect(ids(await client.command('XREVRANGE', 's', '3-1', '-'))).toEqual([...some].reverse());
  const read = await client.command('XREAD', 'COUNT', '3', 'STREAMS', 's', '0');
  expect(ids(itemsOf(itemsOf(read)[0])[1])).toEqual(some);
  for (const from of ['>', '0']) {
    const args = ['GROUP', 'g', 'c', 'COUNT', '3', 'STREAMS', 's', from];
    expect(ids(itemsOf(itemsOf(await client.command('XREADGROUP', ...args))[0])[1])).toEqual(some);
  }
  expect(ids(await client.command('XCLAIM', 's', 'g', 'd', '0', '2-1'))).toEqual(['2-1']);
  const claimed = await client.command('XAUTOCLAIM', 's', 'g', 'e', '0', '0', 'COUNT', '2');
  expect(ids(itemsOf(claimed)[1])).toEqual(['1-1', '2-1']);
  await client.command('MULTI');
  await client.command('XRANGE', 's', '100-1', '101-1');
  const [inside] = itemsOf(await client.command('EXEC'));
  expect(ids(inside)).toEqual(['100-1', '101-1']);
  expect(await server.ask('XDEL', 's', '100-1')).toBe('1');
  expect(ids(await client.command('XRANGE', 's', '99-1', '102-1'))).toEqual([
    '99-1',
    '101-1',
    '102-1',
  ]);
  expect(await server.ask('XTRIM', 's', 'MINID', '2000-1')).toBe('1998');
  expect(ids(await client.command('XRANGE', 's', '-', '+', 'COUNT', '1'))).toEqual(['2000-1']);
  const stream = itemsOf(await client.command('XINFO', 'STREAM', 's')).map(textOf);
  expect(stream[stream.indexOf('length') + 1]).toBe('2001');
});

test('a stream that was loaded in its own place has its log to itself', async () => {
  const server = await servers.start(RDB);
  await fill(server);
  const used = Number(await server.field('used_memory'));
  expect(await server.ask('DEBUG', 'RELOAD')).toBe('OK');
  // The one before gives its memory back in the background.
  await until(async () => Number(await server.field('used_memory')) < used * 1.1);
  await sleep(BACKGROUND_MS);
  // No cold entry is left, then no stream.
  await server.ask('XTRIM', 's', 'MAXLEN', '1');
  expect(await coldEntries(server)).toBe(0);
  await add(server, ENTRIES + 1, ENTRIES);
  await until(async () => (await coldEntries(server)) > ENTRIES / 2);
  const expected = await value(server);
  expect(await server.ask('SAVE')).toBe('OK');
  expect(await server.ask('DEBUG', 'RELOAD')).toBe('OK');
  expect(await value(server)).toBe(expected);
  expect(await server.ask('DEL', 's')).toBe('1');
  await sleep(BACKGROUND_MS);
  expect(server.messages).not.toContain('failed');
});

test('what one command reads ahead is nothing to the next one', async () => {
  const server = await servers.start(RDB);
  await fill(server);
  await server.ask('RENAME', 's', 't');
  await fill(server);
  // It makes the first entries hot again, so that a range of them needs no file, and only has some ahead of it.
  expect(await server.ask('XDEL', 's', '2-1')).toBe('1');
  await server.ask('XRANGE', 's', '350-1', '+', 'COUNT', '1');
  await server.ask('DEL', 's');
  const entries = itemsOf(await server.client.command('XRANGE', 't', '-', '+', 'COUNT', '700'));
  expect(entries.length).toBe(700);
});
