// A full disk. Writes are refused, what can be read safely is read, and what was done but is not in the
// log yet is told to nobody. When there is room again everything goes on by itself: what was held is
// answered, and nothing that was answered is lost.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { type Reply, textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { variantsByTier } from '../support/tier.ts';
import {
  type FullDisk,
  limitedFiles,
  limitFileSize,
  mountSmall,
  smallDisk,
  unmount,
} from './full-disk.ts';
import { Process } from './process.ts';

const REPLY_TIMEOUT_MS = 20_000;
const MODES = ['always', 'everysec', 'no'];
/** Of values that no disk of these tests has room for behind what is there. */
const LARGE_BYTES = 10_000;
/** How long it is watched that nothing comes. */
const WATCH_MS = 500;
/** Between two questions: the server is to have time for what is waited for. */
const ASK_MS = 5;
const MANIFEST = 'appendonly.aof.manifest';
const MEGABYTE = 1024 * 1024;

let directory: { path: string; remove(): void };
/** Where the servers keep their data, in it. */
let data: string;
let isMounted = false;

beforeEach(() => {
  directory = temporaryDirectory();
  data = join(directory.path, 'data');
  mkdirSync(data);
});

afterEach(async () => {
  await Process.killAll();
  if (isMounted) unmount(data);
  isMounted = false;
  directory.remove();
});

const connect = (server: Process) => RawClient.connect(server.port, REPLY_TIMEOUT_MS);

/** Names of the files in a directory, but for the lock. */
function filesIn(path: string): string[] {
  return readdirSync(path).filter((name) => !name.startsWith('.'));
}

async function ask(client: RawClient, ...words: string[]): Promise<string> {
  return textOf(await client.command(...words));
}

async function field(client: RawClient, name: string): Promise<string> {
  const info = await ask(client, 'INFO');
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1] ?? '';
}

/** Waits until a field of INFO has a value. */
async function until(client: RawClient, name: string, value: string): Promise<void> {
  while ((await field(client, name)) !== value) await sleep(ASK_MS);
}

const pidOf = async (client: RawClient) => Number(await field(client, 'process_id'));

/** A reply that is waited for. */
class Held {
  isThere = false;
  readonly #reading: Promise<Reply | undefined>;

  private constructor(client: RawClient, countPushes: boolean) {
    this.#reading = client.read(1, countPushes).then(async ({ replies }) => {
      this.isThere = true;
      await client.close();
      return replies.at(0);
    });
  }

  /** Sends a command with a client of its own. */
  static async send(server: Process, ...words: string[]): Promise<Held> {
    const client = await connect(server);
    client.sendCommand(words);
    return new Held(client, false);
  }

  /** Subscribes a client of its own; a message is what it waits for. */
  static async subscribe(server: Process, channel: string): Promise<Held> {
    const client = await connect(server);
    await client.command('SUBSCRIBE', channel);
    return new Held(client, true);
  }

  /** The words of the reply, when it comes. */
  async words(): Promise<string[]> {
    const reply = await this.#reading;
    if (reply === undefined) throw new Error('the server closed the connection');
    return reply.items === null ? [textOf(reply)] : reply.items.map(textOf);
  }
}

const REFUSED = [
  ['SET', 'refused', '1'],
  ['DEL', 'safe'],
  ['RPUSH', 'list', 'refused'],
  ['EXPIRE', 'safe', '1000'],
  ['FLUSHALL'],
];

/** Fills the disk under a server, frees it, and kills the server at last. */
async function fillAndFree(disk: FullDisk, fsync: string): Promise<void> {
  const server = await Process.start(data, ['--appendfsync', fsync]);
  const client = await connect(server);
  const pid = await pidOf(client);
  await ask(client, 'MSET', 'safe', 'old', 'changed', 'old');
  await ask(client, 'RPUSH', 'list', 'a', 'b');
  await ask(client, 'CONFIG', 'SET', 'notify-keyspace-events', 'KA');
  const event = await Held.subscribe(server, '__keyspace@0__:changed');
  const popped = await Held.send(server, 'BLPOP', 'queue', '0');

  disk.fill(pid);
  const written = await Held.send(server, 'SET', 'changed', 'x'.repeat(LARGE_BYTES));
  await until(client, 'aof_last_write_status', 'err');
  const refusal = `MISCONF Errors writing to the AOF file: ${disk.reason}`;
  for (const command of REFUSED) expect(await ask(client, ...command)).toBe(refusal);
  expect(await ask(client, 'GET', 'safe')).toBe('old');
  expect(await ask(client, 'LINDEX', 'list', '-1')).toBe('b');
  const read = await Held.send(server, 'STRLEN', 'changed');
  // For several attempts to write it. That something does not come can only be watched for.
  for (const endMs = Date.now() + WATCH_MS; Date.now() < endMs; ) {
    expect(await field(client, 'aof_last_write_status')).toBe('err');
    await sleep(ASK_MS);
  }
  const held = { written, read, event, popped };
  for (const [name, { isThere }] of Object.entries(held))
    expect([name, isThere]).toEqual([name, false]);

  disk.free(pid);
  // Asking may be what has the log write again; nobody else is forgotten then.
  await until(client, 'aof_last_write_status', 'ok');
  expect(await written.words()).toEqual(['OK']);
  expect(await read.words()).toEqual([String(LARGE_BYTES)]);
  expect(await event.words()).toEqual(['message', '__keyspace@0__:changed', 'set']);
  expect(await ask(client, 'RPUSH', 'queue', 'served', 'left')).toBe('2');
  expect(await popped.words()).toEqual(['queue', 'served']);
  expect(await ask(client, 'APPEND', 'changed', 'more')).toBe(String(LARGE_BYTES + 4));
  const digest = await ask(client, 'DEBUG', 'DIGEST');
  await server.kill();
  await client.close();

  const again = await Process.start(data, ['--appendfsync', fsync]);
  const reader = await connect(again);
  expect(await ask(reader, 'DEBUG', 'DIGEST')).toBe(digest);
  expect(await ask(reader, 'STRLEN', 'changed')).toBe(String(LARGE_BYTES + 4));
  expect(await ask(reader, 'EXISTS', 'refused')).toBe('0');
  await reader.close();
  await again.stop();
}

/** Mounts a small file system where the data goes, or skips the test. */
function onSmallDisk({ skip }: TestContext): FullDisk {
  const problem = mountSmall(data);
  if (problem !== undefined) {
    console.warn(`no small file system can be mounted here: ${problem}`);
    skip();
  }
  isMounted = true;
  return smallDisk(data);
}

/** It is the same code in each mode: in reduced rounds one of them. */
const inSmallFileSystem = variantsByTier(MODES);

describe.each(MODES)('a full disk, appendfsync %s', (fsync) => {
  test('refuses writes until there is room again, and loses nothing', async () => {
    await fillAndFree(limitedFiles(data), fsync);
  }, 40_000);

  if (!inSmallFileSystem.includes(fsync)) return;
  test('does so in a small file system', async (context) => {
    await fillAndFree(onSmallDisk(context), fsync);
  }, 40_000);
});

/** Counts up with a client of its own until the connection ends: in batches, whatever is answered. */
class Counter {
  sent = 0;
  refused = 0;
  /** The highest count that was answered. */
  acknowledged = 0;

  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  async run(server: Process): Promise<void> {
    const client = await connect(server);
    for (let isOpen = true; isOpen; ) {
      const count = 20;
      for (let i = 0; i < count; i++) client.sendCommand(['INCR', this.key]);
      this.sent += count;
      const { replies, closed } = await client.read(count);
      for (const reply of replies) {
        if (reply.type === ':') this.acknowledged = Number(textOf(reply));
        else this.refused++;
      }
      isOpen = !closed;
    }
  }
}

test.each(MODES)(
  'a disk that is full now and then under load loses nothing, appendfsync %s',
  async (fsync) => {
    const options = ['--appendfsync', fsync];
    const server = await Process.start(data, options);
    const client = await connect(server);
    const pid = await pidOf(client);
    const counters = Array.from({ length: 8 }, (_, i) => new Counter(`counter:${i}`));
    const running = counters.map((counter) => counter.run(server));
    const goOn = async (by: number) => {
      const before = counters.map(({ acknowledged }) => acknowledged);
      while (counters.some(({ acknowledged }, i) => acknowledged < before[i] + by)) {
        await ask(client, 'PING');
      }
    };
    const disk = limitedFiles(data);
    for (let round = 0; round < 5; round++) {
      await goOn(100);
      disk.fill(pid);
      await until(client, 'aof_last_write_status', 'err');
      disk.free(pid);
    }
    await goOn(100);
    await server.kill();
    await Promise.all(running);
    await client.close();
    const again = await Process.start(data, options);
    const reader = await connect(again);
    for (const { key, sent, refused, acknowledged } of counters) {
      const count = Number(await ask(reader, 'GET', key));
      expect(count).toBeGreaterThanOrEqual(acknowledged);
      expect(count).toBeLessThanOrEqual(sent - refused);
    }
    expect(counters.some(({ refused }) => refused > 0)).toBe(true);
    await reader.close();
    await again.stop();
  },
  40_000,
);

describe('a snapshot that the disk has no room for', () => {
  /** Of the data, and more than files may have. */
  const DATA_BYTES = 3 * MEGABYTE;

  async function startWithData(...options: string[]): Promise<{ client: RawClient; pid: number }> {
    const server = await Process.start(data, ['--rdbcompression', 'no', ...options]);
    const client = await connect(server);
    await ask(client, 'SET', 'large', 'x'.repeat(DATA_BYTES));
    return { client, pid: await pidOf(client) };
  }

  /** Loads what there is. */
  async function digestAfterKill(client: RawClient, ...options: string[]): Promise<string> {
    await Process.killAll();
    await client.close();
    const server = await Process.start(data, options);
    const reader = await connect(server);
    const digest = await ask(reader, 'DEBUG', 'DIGEST');
    await reader.close();
    return digest;
  }

  test('of the log leaves no file, and the log goes on', async () => {
    const { client, pid } = await startWithData();
    limitFileSize(pid, MEGABYTE);
    for (let failures = 1; failures <= 2; failures++) {
      expect(await ask(client, 'BGREWRITEAOF')).toBe(
        'Background append only file rewriting started',
      );
      await until(client, 'aof_rewrite_in_progress', '0');
      expect(await field(client, 'aof_last_bgrewrite_status')).toBe('err');
      const names = filesIn(join(data, 'appendonlydir'));
      expect(names.filter((name) => !name.endsWith('.incr.aof'))).toEqual([MANIFEST]);
      expect(await ask(client, 'INCR', 'counter')).toBe(String(failures));
    }
    const digest = await ask(client, 'DEBUG', 'DIGEST');
    limitFileSize(pid, undefined);
    expect(await digestAfterKill(client)).toBe(digest);
  });

  test('of the log is taken when there is room again', async () => {
    const { client, pid } = await startWithData();
    limitFileSize(pid, MEGABYTE);
    await ask(client, 'BGREWRITEAOF');
    await until(client, 'aof_last_bgrewrite_status', 'err');
    limitFileSize(pid, undefined);
    await ask(client, 'SET', 'more', '1');
    await ask(client, 'BGREWRITEAOF');
    await until(client, 'aof_last_bgrewrite_status', 'ok');
    await ask(client, 'SET', 'more', '2');
    const digest = await ask(client, 'DEBUG', 'DIGEST');
    const names = filesIn(join(data, 'appendonlydir'));
    expect(names.filter((name) => name.endsWith('.base.rdb'))).toHaveLength(1);
    expect(names.filter((name) => name.startsWith('temp'))).toEqual([]);
    expect(await digestAfterKill(client)).toBe(digest);
  });

  test('of the log waits for what the log holds back', async () => {
    const { client, pid } = await startWithData();
    limitFileSize(pid, MEGABYTE);
    const writer = await RawClient.connect(
      Number(await field(client, 'tcp_port')),
      REPLY_TIMEOUT_MS,
    );
    writer.sendCommand(['SET', 'held', '1']);
    await until(client, 'aof_last_write_status', 'err');
    await ask(client, 'BGREWRITEAOF');
    expect(await field(client, 'aof_rewrite_in_progress')).toBe('1');
    limitFileSize(pid, undefined);
    expect((await writer.read()).replies.map(textOf)).toEqual(['OK']);
    await until(client, 'aof_rewrite_in_progress', '0');
    expect(await field(client, 'aof_last_bgrewrite_status')).toBe('ok');
    const digest = await ask(client, 'DEBUG', 'DIGEST');
    await writer.close();
    expect(await digestAfterKill(client)).toBe(digest);
  });

  test('leaves the old one as it was, and has writes refused', async () => {
    const options = ['--appendonly', 'no', '--save', '3600 1000000'];
    const { client, pid } = await startWithData(...options);
    await ask(client, 'SAVE');
    const saved = await ask(client, 'DEBUG', 'DIGEST');
    await ask(client, 'SET', 'more', '1');
    limitFileSize(pid, MEGABYTE);
    expect(await ask(client, 'BGSAVE')).toBe('Background saving started');
    await until(client, 'rdb_bgsave_in_progress', '0');
    expect(await field(client, 'rdb_last_bgsave_status')).toBe('err');
    expect(readdirSync(data)).toEqual(['dump.rdb']);
    expect(await ask(client, 'SET', 'more', '2')).toMatch(
      /^MISCONF Redis is configured to save RDB/,
    );
    expect(await ask(client, 'GET', 'more')).toBe('1');
    expect(await ask(client, 'SAVE')).toBe('ERR');
    expect(readdirSync(data)).toEqual(['dump.rdb']);
    await ask(client, 'CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    expect(await ask(client, 'SET', 'more', '3')).toBe('OK');
    await ask(client, 'CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
    expect(await ask(client, 'SET', 'more', '4')).toMatch(/^MISCONF/);
    limitFileSize(pid, undefined);
    await ask(client, 'BGSAVE');
    await until(client, 'rdb_last_bgsave_status', 'ok');
    expect(await ask(client, 'DEL', 'more')).toBe('1');
    await ask(client, 'SAVE');
    expect(await digestAfterKill(client, ...options)).toBe(saved);
  });
});
