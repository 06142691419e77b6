// The client `ioredis`, as an application uses it, with RESP3 and with RESP2: the results are the same.

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

interface OpenOptions {
  db?: number;
  password?: string;
  enableAutoPipelining?: boolean;
  stringNumbers?: boolean;
}

describe.each([3, 2] as const)('ioredis with RESP%i', (protocol) => {
  let server: RunningServer;
  let redis: Redis;
  const clients: Redis[] = [];

  function open(options: OpenOptions = {}): Redis {
    const client = new Redis({ port: server.port, host: '127.0.0.1', ...options, protocol });
    // Each failure is also what the command that met it rejects with.
    client.on('error', () => {});
    clients.push(client);
    return client;
  }

  beforeAll(async () => {
    server = await startSynapServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    redis = open();
    await redis.flushall();
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });

  test('strings, numbers, bytes and expiry', async () => {
    expect(await redis.set('k', 'v')).toBe('OK');
    expect(await redis.get('k')).toBe('v');
    expect(await redis.get('missing')).toBeNull();
    expect(await redis.set('k', 'w', 'EX', 1000, 'GET')).toBe('v');
    expect(await redis.ttl('k')).toBeGreaterThan(900);
    expect(await redis.incrby('n', 41)).toBe(41);
    expect(await redis.incrbyfloat('n', 0.5)).toBe('41.5');
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await redis.set('bytes', bytes);
    expect(await redis.getBuffer('bytes')).toEqual(bytes);
    expect(await redis.mget('k', 'missing', 'n')).toEqual(['w', null, '41.5']);
    await expect(redis.incr('k')).rejects.toThrow('ERR value is not an integer or out of range');
    await expect(redis.call('bogus', 'x')).rejects.toThrow(/unknown command 'bogus'/);
  });

  test('a pipeline answers in order, errors in their places', async () => {
    const pipeline = redis.pipeline();
    for (let index = 0; index < 1_000; index++) pipeline.set(`k${index}`, index);
    pipeline.incr('k7').call('incr', 'k', 'too many').get('k999');
    const results = (await pipeline.exec()) ?? [];
    expect(results).toHaveLength(1_003);
    expect(results[1_000]).toEqual([null, 8]);
    expect(results[1_001][0]?.message).toMatch(/wrong number of arguments/);
    expect(results[1_002]).toEqual([null, '999']);
  });

  test('many commands at once share a connection', async () => {
    const numbers = await Promise.all(Array.from({ length: 2_000 }, () => redis.incr('counter')));
    expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  });

  test('transactions, and WATCH', async () => {
    expect(await redis.multi().set('k', 1).incr('k').get('k').exec()).toEqual([
      [null, 'OK'],
      [null, 2],
      [null, '2'],
    ]);
    const other = open();
    await redis.watch('k');
    await other.set('k', 'changed');
    expect(await redis.multi().set('k', 'lost').exec()).toBeNull();
    expect(await redis.get('k')).toBe('changed');
    await expect(redis.multi().call('bogus').exec()).rejects.toThrow('EXECABORT');
  });

  test('scanStream finds every key', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `key:${index}`);
    await redis.mset(...keys.flatMap((key) => [key, 'v']));
    await redis.set('other', 'v');
    const found = new Set<string>();
    for await (const page of redis.scanStream({ match: 'key:*', count: 50 })) {
      for (const key of page) found.add(key);
    }
    expect([...found].sort()).toEqual([...keys].sort());
  });

  test('databases', async () => {
    await redis.set('k', 'zero');
    const other = open({ db: 3 });
    await other.set('k', 'three');
    expect(await redis.get('k')).toBe('zero');
    await redis.select(3);
    expect(await redis.get('k')).toBe('three');
  });

  test('commands of a tick leave together, SELECT before them', async () => {
    const other = open({ enableAutoPipelining: true });
    await other.ping();
    await Promise.all([other.set('x', 'two'), other.select(2), other.set('y', 'two')]);
    expect(await other.mget('x', 'y')).toEqual(['two', 'two']);
    expect(await redis.mget('x', 'y')).toEqual([null, null]);
  });

  test('doubles and integers come as the server writes them', async () => {
    expect(await redis.call('DEBUG', 'PROTOCOL', 'double')).toBe('3.141');
    await redis.set('n', '9007199254740992');
    expect(await redis.incr('n')).toBe(9_007_199_254_740_992);
    expect(await open({ stringNumbers: true }).incr('n')).toBe('9007199254740994');
  });

  test('a password', async () => {
    await redis.config('SET', 'requirepass', 'secret');
    try {
      await expect(open().get('k')).rejects.toThrow('NOAUTH');
      expect(await open({ password: 'secret' }).set('k', 'v')).toBe('OK');
    } finally {
      await redis.config('SET', 'requirepass', '');
    }
  });

  test('reconnects after its connection was killed', async () => {
    const other = open({ db: 2 });
    await other.set('k', 'v');
    const id = await other.client('ID');
    expect(await redis.client('KILL', 'ID', id)).toBe(1);
    expect(await other.get('k')).toBe('v');
    expect(await other.client('ID')).toBeGreaterThan(id);
  });

  test('INFO and MONITOR', async () => {
    expect(await redis.info('server')).toMatch(/^# Server\r\nredis_version:\d+\.\d+\.\d+\r\n/);
    const monitor = await open().monitor();
    try {
      const line = new Promise<string[]>((resolve) => {
        monitor.on('monitor', (_time: string, args: string[]) => {
          if (args[0] === 'set') resolve(args);
        });
      });
      await redis.set('seen', 'yes');
      expect(await line).toEqual(['set', 'seen', 'yes']);
    } finally {
      monitor.disconnect();
    }
  });
});
