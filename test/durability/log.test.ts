// The log of a real process: what was answered is there after SIGKILL, whatever `appendfsync` says;
// effects repeat to the same data; Redis itself loads the files.
import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogDirectory } from '../../src/persistence/segments/log-directory.ts';
import { encodeCommand } from '../support/command-line.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { byTier } from '../support/tier.ts';
import { Process } from './process.ts';

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(async () => {
  await Process.killAll();
  directory.remove();
});

/** Commands whose effects are not simply their requests, or depend on the time. */
const COMMANDS: readonly (readonly string[])[] = [
  ['SET', 'plain', 'value'],
  ['SET', 'seconds', 'v', 'EX', '1000'],
  ['SET', 'past', 'v', 'PXAT', '1'],
  ['SETEX', 'setex', '1000', 'v'],
  ['PSETEX', 'psetex', '1000000', 'v'],
  ['MSET', 'a', '1', 'b', '2', 'c', '3'],
  ['INCRBYFLOAT', 'float', '3.14'],
  ['INCRBYFLOAT', 'float', '1e-5'],
  ['EXPIRE', 'a', '1000'],
  ['PEXPIRE', 'b', '1000000'],
  ['EXPIRE', 'c', '-1'],
  ['GETEX', 'a', 'PERSIST'],
  ['GETEX', 'b', 'EX', '2000'],
  ['GETDEL', 'setex'],
  ['RPUSH', 'list', '1', '2', '3', '4', '5'],
  ['LMOVE', 'list', 'other', 'LEFT', 'RIGHT'],
  ['LPOP', 'list', '2'],
  ['LMPOP', '2', 'none', 'list', 'RIGHT', 'COUNT', '1'],
  ['SELECT', '3'],
  ['SET', 'in three', 'v'],
  ['MULTI'],
  ['INCR', 'counter'],
  ['SELECT', '4'],
  ['RPUSH', 'queue', 'a', 'b'],
  ['EXEC'],
  ['COPY', 'queue', 'copied', 'DB', '5'],
  ['MOVE', 'queue', '6'],
  ['SWAPDB', '5', '6'],
  ['SELECT', '0'],
  ['RENAME', 'plain', 'renamed'],
  ['APPEND', 'renamed', '\r\n\x00'],
  ['SET', 'short', 'v', 'PX', '1'],
  ['RPUSH', 'numbers', '3', '1', '2'],
  ['SORT', 'numbers', 'DESC', 'GET', '#', 'GET', 'none_*', 'STORE', 'sorted'],
  ['GEOADD', 'places', 'CH', '13.361389', '38.115556', 'Palermo', '15.087269', '37.502669', '7'],
  ['GEOADD', 'places', 'XX', '13', '38', 'Palermo', '1', '1', 'none'],
  [
    'GEOSEARCHSTORE',
    'near',
    'places',
    'FROMLONLAT',
    '15',
    '37',
    'BYRADIUS',
    '90',
    'km',
    'STOREDIST',
  ],
  ['GEORADIUS', 'places', '15', '37', '900', 'km', 'STORE', 'all'],
  ['SET', 'huge', 'x'.repeat(300_000)],
  ['HSET', 'hash', 'a', '1', 'b', '2', 'c', '3'],
  ['HINCRBY', 'hash', 'a', '5'],
  ['HINCRBYFLOAT', 'hash', 'b', '0.1'],
  ['HINCRBYFLOAT', 'hash', 'new', '1e-5'],
  ['HSETNX', 'hash', 'a', 'no'],
  ['HDEL', 'hash', 'c', 'missing'],
  ['HSET', 'large hash', 'long', 'x'.repeat(70), 'f', 'v'],
  ['HDEL', 'large hash', 'f'],
];

for (const fsync of ['always', 'everysec', 'no']) {
  describe(`appendfsync ${fsync}`, () => {
    test('what was answered survives SIGKILL', async () => {
      const first = await Process.start(directory.path, ['--appendfsync', fsync]);
      const client = await RawClient.connect(first.port);
      for (const command of COMMANDS) {
        const reply = await client.command(...command);
        expect([command, reply.type]).not.toEqual([command, '-']);
      }
      await blockedPops(first.port, client);
      // Due by now, and deleted by this, which is an effect too.
      await client.command('GET', 'short');
      const digest = textOf(await client.command('DEBUG', 'DIGEST'));
      await first.kill();
      await client.close();
      const second = await Process.start(directory.path, ['--appendfsync', fsync]);
      const again = await RawClient.connect(second.port);
      expect(textOf(await again.command('DEBUG', 'DIGEST'))).toBe(digest);
      expect(Number(textOf(await again.command('TTL', 'seconds')))).toBeGreaterThan(900);
      await again.close();
      await second.stop();
    });

    test('of a pipeline that was cut off, what was answered is there, in order', async () => {
      for (let round = 0; round < byTier(1, 5); round++) {
        const server = await Process.start(directory.path, ['--appendfsync', fsync]);
        const client = await RawClient.connect(server.port);
        const before = Number(textOf(await client.command('LLEN', 'log')));
        const writer = await RawClient.connect(server.port);
        const count = 20_000;
        const requests = Array.from({ length: count }, (_, i) =>
          encodeCommand(['RPUSH', 'log', String(before + i)]),
        );
        writer.send(Buffer.concat(requests));
        // Some of it is answered; then the process dies in the middle.
        await writer.read(200 * (round + 1));
        await server.kill();
        const rest = await writer.readUntilClose();
        const answered = 200 * (round + 1) + (rest.toString().match(/:\d+\r\n/g)?.length ?? 0);
        await Promise.all([client.close(), writer.close()]);
        const next = await Process.start(directory.path, ['--appendfsync', fsync]);
        const reader = await RawClient.connect(next.port);
        const length = Number(textOf(await reader.command('LLEN', 'log')));
        expect(length).toBeGreaterThanOrEqual(before + answered);
        expect(length).toBeLessThanOrEqual(before + count);
        expect(textOf(await reader.command('LINDEX', 'log', '-1'))).toBe(String(length - 1));
        await reader.close();
        await next.kill();
      }
    }, 60_000);
  });
}

test.skipIf(!hasRedis)('Redis loads the log', async () => {
  const first = await Process.start(directory.path);
  const client = await RawClient.connect(first.port);
  for (const command of COMMANDS) await client.command(...command);
  await client.command('DEL', 'short');
  const digest = textOf(await client.command('DEBUG', 'DIGEST'));
  await client.close();
  await first.stop();
  const redis = await Process.startRedis(directory.path);
  const reader = await RawClient.connect(redis.port);
  expect(textOf(await reader.command('DEBUG', 'DIGEST'))).toBe(digest);
  await reader.close();
  await redis.stop();
});

test('INFO tells of the log', async () => {
  const server = await Process.start(directory.path, ['--appendfsync', 'always']);
  const client = await RawClient.connect(server.port);
  await client.command('SET', 'a', '1');
  await client.command('SET', 'b', '2');
  const info = textOf(await client.command('INFO', 'persistence'));
  const field = (name: string) => new RegExp(`^${name}:(.*)\\r$`, 'm').exec(info)?.[1];
  expect([field('aof_enabled'), field('aof_last_write_status')]).toEqual(['1', 'ok']);
  const bytes = encodeCommand(['SET', 'a', '1']).length;
  expect([field('log_offset'), field('log_synced_offset')]).toEqual([
    `${2 * bytes}`,
    `${2 * bytes}`,
  ]);
  expect([field('log_groups'), field('log_last_group_bytes')]).toEqual(['2', `${bytes}`]);
  expect(Number(field('aof_current_size'))).toBeGreaterThan(2 * bytes);
  expect(Number(field('log_fsync_p99_usec'))).toBeGreaterThan(0);
  await client.close();
  await server.stop();
});

test('a log goes on in the right database, for Redis too', async () => {
  for (const database of ['3', '0', '3', '5', '0']) {
    const server = await Process.start(directory.path, ['--appendfsync', 'always']);
    const client = await RawClient.connect(server.port);
    await client.command('SELECT', database);
    await client.command('RPUSH', 'list', database);
    await client.close();
    await server.stop();
  }
  for (const start of hasRedis ? [Process.start, Process.startRedis] : [Process.start]) {
    const server = await start(directory.path);
    const client = await RawClient.connect(server.port);
    const lengths: string[] = [];
    for (const database of ['0', '3', '5']) {
      await client.command('SELECT', database);
      lengths.push(textOf(await client.command('LLEN', 'list')));
    }
    expect(lengths).toEqual(['2', '2', '1']);
    await client.close();
    await server.stop();
  }
});

test('a torn end is cut, and kept beside the log', async () => {
  const first = await Process.start(directory.path);
  const client = await RawClient.connect(first.port);
  await client.command('SET', 'a', '1');
  await client.command('SET', 'b', '2');
  await first.kill();
  await client.close();
  const folder = join(directory.path, 'appendonlydir');
  const [segment] = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  first.truncate(join(folder, segment), -5);
  const second = await Process.start(directory.path);
  const again = await RawClient.connect(second.port);
  expect(textOf(await again.command('GET', 'a'))).toBe('1');
  expect((await again.command('GET', 'b')).bytes.toString()).toBe('$-1\r\n');
  expect(readdirSync(folder).some((name) => name.includes('.torn-'))).toBe(true);
  await again.close();
  await second.stop();
});

test('a log begins with the snapshot that there is', async () => {
  const first = await Process.start(directory.path, ['--appendonly', 'no']);
  const client = await RawClient.connect(first.port);
  await client.command('SET', 'in the snapshot', '1');
  await client.command('SET', 'over soon', '1', 'PX', '1');
  await client.command('SAVE');
  await first.kill();
  await client.close();
  for (const value of ['1', '2']) {
    const server = await Process.start(directory.path);
    const again = await RawClient.connect(server.port);
    expect(textOf(await again.command('GET', 'in the snapshot'))).toBe(value);
    await again.command('SET', 'in the snapshot', '2');
    // What had expired when the log began is gone for the log too.
    await again.command('SET', 'over soon', 'new', 'NX');
    expect(textOf(await again.command('GET', 'over soon'))).toBe('new');
    await again.close();
    await server.kill();
  }
});

test('nothing is written over where the manifest is missing', async () => {
  const first = await Process.start(directory.path);
  const client = await RawClient.connect(first.port);
  await client.command('SET', 'a', '1');
  await first.kill();
  await client.close();
  const folder = join(directory.path, 'appendonlydir');
  const file = join(folder, 'appendonly.aof.1.incr.aof');
  const bytes = readFileSync(file);
  expect(bytes.length).toBeGreaterThan(0);
  unlinkSync(join(folder, 'appendonly.aof.manifest'));
  const said = await Process.refused(directory.path, []);
  expect(said).toContain('has appendonly.aof.1.incr.aof and no manifest');
  expect(readFileSync(file)).toEqual(bytes);
});

describe('a first start that was killed', () => {
  const folder = () => join(directory.path, 'appendonlydir');
  const valueFound = async (key: string): Promise<string> => {
    const server = await Process.start(directory.path);
    const client = await RawClient.connect(server.port);
    const value = textOf(await client.command('GET', key));
    await client.close();
    await server.stop();
    return value;
  };
  const saveSnapshot = async (): Promise<void> => {
    const server = await Process.start(directory.path, ['--appendonly', 'no']);
    const client = await RawClient.connect(server.port);
    await client.command('SET', 'in the snapshot', '1');
    await client.command('SAVE');
    await client.close();
    await server.kill();
  };

  test('before the manifest of an empty log: the next one goes on', async () => {
    await saveSnapshot();
    mkdirSync(folder());
    writeFileSync(join(folder(), 'appendonly.aof.1.incr.aof'), '');
    expect(await valueFound('in the snapshot')).toBe('1');
    expect(await valueFound('in the snapshot')).toBe('1');
  });

  test('before the copy of the snapshot got its name: it is copied again', async () => {
    await saveSnapshot();
    const base = { name: 'appendonly.aof.1.base.rdb', seq: 1, offset: 0 };
    const log = LogDirectory.read(folder(), 'appendonly.aof');
    await log.create();
    await log.update((manifest) => ({ ...manifest, bases: [base] }));
    expect(await valueFound('in the snapshot')).toBe('1');
    unlinkSync(join(directory.path, 'dump.rdb'));
    expect(await valueFound('in the snapshot')).toBe('1');
  });
});

test('no log begins with a snapshot that cannot be loaded', async () => {
  writeFileSync(join(directory.path, 'dump.rdb'), 'whatever it holds');
  expect(await Process.refused(directory.path, [])).toContain('this is no RDB file');
  expect(readdirSync(directory.path)).toEqual(['dump.rdb']);
});

test('damage in the middle stops the start, and says where', async () => {
  const first = await Process.start(directory.path, ['--appendfsync', 'always']);
  const client = await RawClient.connect(first.port);
  for (let i = 0; i < 10; i++) await client.command('SET', `key${i}`, 'some value');
  await first.kill();
  await client.close();
  const file = join(directory.path, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  const bytes = readFileSync(file);
  bytes[200] ^= 1;
  writeFileSync(file, bytes);
  const said = await Process.refused(directory.path, []);
  expect(said).toContain('appendonly.aof.1.incr.aof, byte');
  expect(said).toContain('synap-check --fix');
});

test('a directory that cannot be written is said at the start', async () => {
  writeFileSync(join(directory.path, 'file'), '');
  for (const path of ['file', 'file/log', '/sys/log']) {
    const refused = await Process.refused(directory.path, ['--appenddirname', path]);
    expect(refused).toMatch(
      `synap-server: command line: cannot use the log's directory '${path}': E`,
    );
  }
  expect(readdirSync(directory.path)).toEqual(['file']);
});

test('the log can be in another place than other files', async () => {
  const path = join('other place', 'log');
  for (const present of [0, 1]) {
    const server = await Process.start(directory.path, ['--appenddirname', path]);
    const client = await RawClient.connect(server.port);
    expect((await client.command('EXISTS', 'key')).bytes.toString()).toBe(`:${present}\r\n`);
    await client.command('SET', 'key', 'value');
    await client.close();
    await server.stop();
  }
  expect(readdirSync(directory.path)).toEqual(['other place']);
});

/** One client waits for a list, another pushes: what the first takes is an effect of its own. */
async function blockedPops(port: number, client: RawClient): Promise<void> {
  const waiting = await RawClient.connect(port);
  for (const command of [
    ['BLPOP', 'waited', '0'],
    ['BRPOP', 'waited', '0'],
    ['BLMOVE', 'waited', 'moved', 'LEFT', 'RIGHT', '0'],
    ['BLMPOP', '0', '1', 'waited', 'LEFT', 'COUNT', '2'],
  ]) {
    waiting.send(encodeCommand(command));
    while (!/^blocked_clients:1\r$/m.test(textOf(await client.command('INFO', 'clients'))));
    await client.command('RPUSH', 'waited', 'x', 'y', 'z');
    await waiting.read(1);
    await client.command('DEL', 'waited');
  }
  await waiting.close();
}
