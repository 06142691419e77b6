// Whole files, beside Redis: what Redis saves is read, what Synap saves is accepted by redis-check-rdb
// and loaded by Redis, and both hold the same data.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOfDatabases } from '../../../src/commands/debug/digest.ts';
import { lfuCounter } from '../../../src/keyspace/access-clock.ts';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { isError, type Reply, textOf } from '../../support/reply-frames.ts';
import { type RunningServer, temporaryDirectory } from '../../support/running-server.ts';
import { LENIENT, load, save } from './loading.ts';

const FAR_MS = 4_102_444_800_123;
const VALUES = [
  ...['', 'a', '0', '-1', '127', '-129', '32768', '2147483647', '2147483648', '-0', '007'],
  ...['9007199254740993', '9223372036854775807', 'abc'.repeat(50), 'x'.repeat(10_000)],
  Array.from({ length: 500 }, (_, i) => `line ${i * 7919}`).join('\n'),
];

describe.skipIf(!hasRedis)('files', () => {
  const directory = temporaryDirectory();
  let server: RunningServer;
  let redis: RawClient;

  beforeAll(async () => {
    server = await startRedisServer({ 'enable-protected-configs': 'yes' });
    redis = await RawClient.connect(server.port, 20_000);
    await run('CONFIG', 'SET', 'dir', directory.path);
  });

  afterAll(async () => {
    await redis.close();
    await server.stop();
    directory.remove();
  });

  async function run(...args: (string | Buffer)[]): Promise<Reply> {
    const reply = await redis.command(...args);
    if (isError(reply)) throw new Error(`${args[0]}: ${textOf(reply)}`);
    return reply;
  }

  async function saved(): Promise<Buffer> {
    await run('SAVE');
    return readFileSync(join(directory.path, 'dump.rdb'));
  }

  /** Strings and lists in three databases, some with expiries. */
  async function fill(): Promise<void> {
    await run('FLUSHALL');
    for (const index of [0, 3, 15]) {
      await run('SELECT', String(index));
      for (const [i, value] of VALUES.entries()) {
        await run('SET', `string:${index}:${i}`, value);
        if (i % 3 === 0) await run('PEXPIREAT', `string:${index}:${i}`, String(FAR_MS + i));
        await run('RPUSH', 'list', value);
      }
      await run('RPUSH', 'long', ...Array.from({ length: 5000 }, (_, i) => `element ${i}`));
      await run('PEXPIREAT', 'long', String(FAR_MS));
      await run('SET', '12345', 'a key that is an integer');
      await run('SET', 'long key '.repeat(3000), 'x');
    }
    await run('SELECT', '0');
  }

  describe.each(['yes', 'no'])('of Redis, with rdbcompression %s', (compression) => {
    test.each([1 << 20, 1000, 7])('in pieces of %i bytes', async (pieceBytes) => {
      await run('CONFIG', 'SET', 'rdbcompression', compression);
      await fill();
      const file = await saved();
      const { keyspace, loader, reader } = load(file, { pieceBytes });
      expect(digestOfDatabases(keyspace)).toBe(textOf(await run('DEBUG', 'DIGEST')));
      expect(reader.version).toBe(10);
      expect(loader.loaded).toBe(3 * (VALUES.length + 4));
      expect(loader.aux.get('redis-ver')).toBe('7.0.15');
      expect(reader.offset).toBe(file.length);
    });
  });

  test('with the use of keys', async () => {
    await run('FLUSHALL');
    await run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    await run('RESTORE', 'k', '0', (await dumped('x')) ?? '', 'REPLACE', 'FREQ', '77');
    const keyspace = new Keyspace(valueTypes, 16);
    keyspace.access.frequency = true;
    load(await saved(), { keyspace });
    const [db] = keyspace.databases;
    const ref = db.find(Buffer.from('k'), 0, 1);
    expect(lfuCounter(db.accessWord(ref), keyspace.nowMs, keyspace.access)).toBe(77);
    expect(save(keyspace, { use: 'frequency' }).file.includes(Buffer.from([249, 77, 0, 1]))).toBe(
      true,
    );

    await run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await run('RESTORE', 'k', '0', (await dumped('x')) ?? '', 'REPLACE', 'IDLETIME', '5000');
    const idle = load(await saved()).keyspace;
    const file = save(idle, { use: 'idle time' }).file;
    await run('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    // 5000 in 14 bits, give or take a step of the clock.
    expect(file.includes(Buffer.from([248, 0x40 | (5000 >> 8)]))).toBe(true);
  });

  async function dumped(value: string): Promise<Buffer | null> {
    await run('SET', 'dumped', value);
    return (await run('DUMP', 'dumped')).payload;
  }

  test('values of every type, and what is passed over', async () => {
    await run('FLUSHALL');
    await run('SET', 'first', '1');
    await run('HSET', 'small hash', 'f', 'v', 'g', '1');
    await run('HSET', 'hash', 'f', 'v'.repeat(100));
    await run('SADD', 'small set', '1', '2', '300000');
    await run('SADD', 'set', 'a', 'b', '1');
    await run('ZADD', 'small zset', '1', 'a', '2.5', 'b');
    await run('ZADD', 'zset', '1', 'a'.repeat(100), 'inf', 'b', '-inf', 'c');
    await run('XADD', 'stream', '1-1', 'f', 'v');
    await run('XADD', 'stream', '2-1', 'f', 'v', 'g', 'w');
    await run('XGROUP', 'CREATE', 'stream', 'group', '0');
    await run('XREADGROUP', 'GROUP', 'group', 'me', 'COUNT', '1', 'STREAMS', 'stream', '>');
    await run('XGROUP', 'CREATECONSUMER', 'stream', 'group', 'idle');
    await run('XDEL', 'stream', '1-1');
    await run('FUNCTION', 'LOAD', '#!lua name=l\nredis.register_function("f", function() end)');
    await run('RPUSH', 'last', 'a', 'b');
    const file = await saved();
    await run('FUNCTION', 'FLUSH');
    for (const pieceBytes of [1 << 20, 5]) {
      const { loader, keyspace } = load(file, { options: LENIENT, pieceBytes });
      expect(loader.loaded).toBe(9);
      expect(Object.fromEntries(loader.skipped)).toEqual({ functions: 1 });
      expect(digestOfDatabases(keyspace)).toBe(textOf(await run('DEBUG', 'DIGEST')));
    }
  });

  describe.each([true, false])('of Synap, with compression %s', (compresses) => {
    test('are accepted and loaded', async () => {
      await fill();
      const { keyspace } = load(await saved());
      const { file, pieces, writer } = save(
        keyspace,
        { compresses, use: 'idle time' },
        { offset: 12345, replicationId: 'f'.repeat(40) },
        10_000,
      );
      expect(writer.bytes).toBe(file.length);
      expect(writer.keys).toBe(3 * (VALUES.length + 4));
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(10_000);
      const path = join(directory.path, 'synap.rdb');
      writeFileSync(path, file);
      const report = execFileSync('redis-check-rdb', [path], { encoding: 'latin1' });
      expect(report).toContain('RDB looks OK');
      expect(report).toContain("AUX FIELD synap-offset = '12345'");

      await run('FLUSHALL');
      await run('CONFIG', 'SET', 'dbfilename', 'synap.rdb');
      await run('DEBUG', 'RELOAD', 'NOSAVE');
      await run('CONFIG', 'SET', 'dbfilename', 'dump.rdb');
      expect(textOf(await run('DEBUG', 'DIGEST'))).toBe(digestOfDatabases(keyspace));
      expect(textOf(await run('PEXPIRETIME', 'long'))).toBe(String(FAR_MS));

      const again = load(file);
      expect(digestOfDatabases(again.keyspace)).toBe(digestOfDatabases(keyspace));
      expect(again.loader.aux.get('synap-replid')).toBe('f'.repeat(40));
    });
  });

  test('without a checksum', async () => {
    await fill();
    const { keyspace } = load(await saved());
    const { file } = save(keyspace, { hasChecksum: false });
    expect(file.readBigUInt64LE(file.length - 8)).toBe(0n);
    expect(digestOfDatabases(load(file).keyspace)).toBe(digestOfDatabases(keyspace));
  });
});
