// The log beside other subscribers, in a server: all have the same bytes at the same offsets, whoever comes or
// fails meanwhile, and when the log is lost or switched off and on.
import { cpSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { settingsOf } from '../../src/config/options.ts';
import { recover } from '../../src/persistence/recovery/recovery.ts';
import { GroupBuffer } from '../../src/persistence/segments/group-buffer.ts';
import { LogDirectory } from '../../src/persistence/segments/log-directory.ts';
import type { Server } from '../../src/server/server.ts';
import { openLog, start } from '../../src/server/start.ts';
import { holdFiles } from '../persistence/log/held-snapshots.ts';
import { LogServer } from '../persistence/log/log-server.ts';
import { encodeCommand } from '../support/command-line.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { BASE_CONFIG, temporaryDirectory } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { StubSubscriber } from './stub-subscriber.ts';

const STDERR = 2;
const LARGE = Buffer.alloc(1500 * 1024, 'large ');

let directory: { path: string; remove(): void };
let path: string;
let server: Server;
let client: RawClient;

beforeEach(() => {
  directory = temporaryDirectory();
  path = directory.path;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await stop();
  directory.remove();
});

async function begin(options: Readonly<Record<string, string>> = {}): Promise<void> {
  const settings = settingsOf({
    ...BASE_CONFIG,
    ...{ port: 0, dir: path, logfile: 'messages', appendonly: 'yes' },
    ...{ 'auto-aof-rewrite-percentage': '0' },
    ...options,
  });
  const config = loadConfig({ file: undefined, settings });
  server = await start({
    config,
    log: openLog(config, STDERR),
    isEmbedded: true,
    onClosed: () => {},
  });
  client = await RawClient.connect(server.listener.port);
}

async function stop(): Promise<void> {
  await client.close();
  await server.shutdown.close();
}

const ask = async (...args: string[]) => textOf(await client.command(...args));

function subscribe(subscriber = new StubSubscriber()): StubSubscriber {
  server.stream.subscribe(subscriber);
  return subscriber;
}

/** What is in the log from an offset on. */
async function logFrom(from: number): Promise<Buffer> {
  const log = LogDirectory.read(join(path, 'appendonlydir'), 'appendonly.aof');
  const pieces: Buffer[] = [];
  await recover(log, {
    from,
    loadTruncated: false,
    onGroup: ({ bytes }) => void pieces.push(Buffer.from(bytes)),
  });
  return Buffer.concat(pieces);
}

/** Sends commands, and waits for their replies; in one group, as far as the server reads them at once. */
async function send(...commands: (string | Buffer)[][]): Promise<void> {
  client.send(Buffer.concat(commands.map((words) => encodeCommand(words))));
  await client.read(commands.length);
}

async function change(name: string): Promise<void> {
  await send(
    ['SELECT', '0'],
    ['SET', `${name}:a`, '1'],
    ['SELECT', '3'],
    ['RPUSH', name, 'x', 'y'],
  );
  await send(['MULTI'], ['SET', 'm', name], ['SELECT', '5'], ['INCR', 'counter'], ['EXEC']);
  await send(['SET', 'due', 'v', 'PX', '1'], ['SET', 'large', LARGE]);
  await until(async () => (await ask('EXISTS', 'due')) === '0');
  await send(['SELECT', '2']);
  await send(['APPEND', name, 'more'], ['SELECT', '3'], ['LPOP', name]);
}

describe.each(['always', 'everysec', 'no'])('appendfsync %s:', (appendfsync) => {
  test('the log and others have the same bytes, from wherever they begin', async () => {
    await begin({ appendfsync });
    const first = subscribe();
    await change('one');
    const second = subscribe();
    await change('two');
    const { offset } = server.stream;
    expect([first.end, second.end]).toEqual([offset, offset]);
    expect([first.start, second.start > 0]).toEqual([0, true]);
    await stop();
    const logged = await logFrom(0);
    expect(logged.length).toBe(offset);
    expect(logged.equals(first.bytes)).toBe(true);
    expect(logged.subarray(second.start).equals(second.bytes)).toBe(true);
    expect(second.lines[0]).toBe('SELECT 0');
    expect(first.lines).toContain('DEL due');
  });

  test('where it has gone on from a lost one, beside which others took the stream', async () => {
    await begin({ appendfsync });
    const other = subscribe();
    await change('one');
    const id = server.stream.replicationId;
    const lostAt = server.stream.offset;
    const held = holdFiles();
    await send(['SET', 'expires', 'v', 'PX', '300']);
    renameSync(join(path, 'appendonlydir'), join(path, 'aside'));
    await until(() => held.count > 0);
    await until(() => server.keyspace.stats.expired > 1);
    held.release();
    await until(async () => (await ask('SET', 'again', '1')) === 'OK');
    await change('two');
    const { offset } = server.stream;
    expect(offset).toBe(other.end);
    expect(server.wal.facts).toMatchObject({ offset, replicationId: id });
    expect(server.stream.replicationId).toBe(id);
    const digest = await ask('DEBUG', 'DIGEST');
    await stop();
    const { manifest } = LogDirectory.read(join(path, 'appendonlydir'), 'appendonly.aof');
    const from = manifest.bases.at(-1)?.offset ?? 0;
    expect(from).toBeGreaterThanOrEqual(lostAt);
    expect(manifest.replicationId).toBe(id);
    const logged = await logFrom(from);
    expect(logged.equals(other.bytes.subarray(from))).toBe(true);
    expect(await LogServer.digestIn(path)).toBe(digest);
    await begin({ appendfsync });
    expect(server.stream).toMatchObject({ offset, replicationId: id });
  });
});

test('a lost log that comes back has what happened during an attempt to replace it', async () => {
  await begin({ appendfsync: 'everysec' });
  const other = subscribe();
  await send(['SET', 'expires', 'v', 'PX', '300'], ['SET', 'stays', 'v']);
  const held = holdFiles();
  const folder = join(path, 'appendonlydir');
  renameSync(folder, join(path, 'aside'));
  await until(() => held.count > 0);
  await until(() => server.keyspace.stats.expired > 0);
  held.fail(new Error('no disk'));
  await until(() => !existsSync(join(folder, 'appendonly.aof.1.incr.aof')));
  await until(() => server.wal.facts?.hasFailed === true);
  expect(other.lines.at(-1)).toBe('DEL expires');
  const { offset } = server.stream;
  expect(server.wal.facts?.offset).toBe(offset);
  await stop();
  cpSync(join(path, 'aside'), folder, { recursive: true, force: true });
  expect((await logFrom(0)).equals(other.bytes)).toBe(true);
});

test('without a log nobody waits for one, and switching it off and on goes on in the same stream', async () => {
  await begin({ appendonly: 'no' });
  await send(['SET', 'a', '1']);
  expect(server.stream).toMatchObject({ active: false, offset: 0 });
  await ask('CONFIG', 'SET', 'appendonly', 'yes');
  const first = server.stream.replicationId;
  await send(['SET', 'b', '1']);
  const { offset } = server.stream;
  expect(server.wal.facts).toMatchObject({ offset, replicationId: first });
  await ask('CONFIG', 'SET', 'appendonly', 'no');
  expect(server.stream).toMatchObject({ active: false, offset, durableOffset: Infinity });
  // What changes now has no place in the history.
  await send(['SET', 'c', '1']);
  await ask('CONFIG', 'SET', 'appendonly', 'yes');
  const second = server.stream.replicationId;
  expect(second).not.toBe(first);
  const other = subscribe();
  await send(['SET', 'd', '1']);
  await ask('CONFIG', 'SET', 'appendonly', 'no');
  // Somebody takes the stream meanwhile: the history goes on.
  await send(['SELECT', '1'], ['SET', 'e', '1']);
  expect(server.stream).toMatchObject({ active: true, replicationId: second });
  await ask('CONFIG', 'SET', 'appendonly', 'yes');
  await send(['SET', 'f', '1']);
  expect(server.stream.offset).toBe(other.end);
  expect(server.wal.facts).toMatchObject({ offset: other.end, replicationId: second });
  const digest = await ask('DEBUG', 'DIGEST');
  await stop();
  const { manifest } = LogDirectory.read(join(path, 'appendonlydir'), 'appendonly.aof');
  const from = manifest.bases.at(-1)?.offset ?? 0;
  expect((await logFrom(from)).equals(other.bytes.subarray(from - other.start))).toBe(true);
  expect(await LogServer.digestIn(path)).toBe(digest);
});

test.each(['always', 'everysec', 'no'])(
  'a log that could not take a change is replaced by one with all data, appendfsync %s',
  async (appendfsync) => {
    await begin({ appendfsync });
    const other = subscribe();
    await send(['SET', 'a', '1']);
    const writer = await RawClient.connect(server.listener.port);
    const held = holdFiles();
    vi.spyOn(GroupBuffer.prototype, 'append').mockImplementationOnce(() => {
      throw new Error('no memory');
    });
    const writing = writer.command('SET', 'b', '2');
    await until(() => held.count > 0);
    expect(await ask('SET', 'c', '3')).toBe(
      'MISCONF Errors writing to the AOF file: Not all changes are in the file',
    );
    // Nobody is told of what no log has.
    const reader = await RawClient.connect(server.listener.port);
    const reading = reader.command('GET', 'b');
    await until(() => server.replies.waitingCount === 2);
    expect(textOf(await Promise.race([writing, reading, client.command('GET', 'a')]))).toBe('1');
    expect(server.replies.waitingCount).toBe(2);
    held.release();
    expect(textOf(await writing)).toBe('OK');
    expect(textOf(await reading)).toBe('2');
    await until(async () => (await ask('SET', 'c', '3')) === 'OK');
    expect(other.lines).toEqual(['SET a 1', 'SET b 2', 'SET c 3']);
    expect(server.wal.facts?.offset).toBe(other.end);
    const digest = await ask('DEBUG', 'DIGEST');
    await writer.close();
    await reader.close();
    await stop();
    expect(await LogServer.digestIn(path)).toBe(digest);
  },
);

test('another subscriber that fails takes neither the log nor the server with it', async () => {
  await begin({ appendfsync: 'always' });
  const broken = subscribe();
  await send(['SET', 'a', '1']);
  broken.onAppend = () => {
    throw new Error('broken');
  };
  await send(['SET', 'b', '2'], ['SET', 'c', '3']);
  expect(broken.errors).toEqual([new Error('broken')]);
  expect(broken.lines).toEqual(['SET a 1']);
  const { offset } = server.stream;
  await stop();
  expect((await logFrom(0)).length).toBe(offset);
});
