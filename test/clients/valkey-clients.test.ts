// The clients of Valkey: `@valkey/valkey-glide`, whose core is written in Rust, and `iovalkey`.

import {
  Batch,
  Decoder,
  GlideClient,
  Logger,
  ProtocolVersion,
  TimeUnit,
} from '@valkey/valkey-glide';
import { Redis as Valkey } from 'iovalkey';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

let server: RunningServer;

beforeAll(async () => {
  // Its own log would be that of the tests.
  Logger.setLoggerConfig('off');
  server = await startSynapServer();
});

afterAll(() => server.stop());

describe.each([
  { name: 'RESP2', protocol: ProtocolVersion.RESP2 },
  { name: 'RESP3', protocol: ProtocolVersion.RESP3 },
])('glide with $name', ({ protocol }) => {
  let client: GlideClient;

  beforeEach(async () => {
    const addresses = [{ host: '127.0.0.1', port: server.port }];
    client = await GlideClient.createClient({
      addresses,
      protocol,
      requestTimeout: 10_000,
      inflightRequestsLimit: 2_000,
    });
    await client.flushall();
  });

  afterEach(() => client.close());

  test('strings, numbers, bytes and expiry', async () => {
    const expiry = { type: TimeUnit.Seconds, count: 1000 };
    expect(await client.set('k', 'v', { expiry })).toBe('OK');
    expect(await client.get('k')).toBe('v');
    expect(await client.ttl('k')).toBeGreaterThan(900);
    expect(await client.get('missing')).toBeNull();
    expect(await client.incrBy('n', 41)).toBe(41);
    expect(await client.incrByFloat('n', 0.5)).toBe(41.5);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await client.set('bytes', bytes);
    expect(await client.get('bytes', { decoder: Decoder.Bytes })).toEqual(bytes);
    expect(await client.mget(['k', 'missing', 'n'])).toEqual(['v', null, '41.5']);
    await expect(client.incr('k')).rejects.toThrow('value is not an integer or out of range');
  });

  test('lists, and waiting for one', async () => {
    expect(await client.rpush('list', ['a', 'b', 'c'])).toBe(3);
    expect(await client.lrange('list', 0, -1)).toEqual(['a', 'b', 'c']);
    expect(await client.blpop(['list'], 1)).toEqual(['list', 'a']);
    expect(await client.blpop(['missing'], 0.01)).toBeNull();
  });

  test('a transaction, and many commands at once', async () => {
    const batch = new Batch(true).set('a', 'x').incr('a').get('a');
    const [set, error, get] = (await client.exec(batch, false)) ?? [];
    expect([set, get]).toEqual(['OK', 'x']);
    expect(error).toBeInstanceOf(Error);
    const numbers = await Promise.all(Array.from({ length: 2_000 }, () => client.incr('counter')));
    // It sends commands of one tick in an order of its own.
    numbers.sort((one, other) => one - other);
    expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  });
});

describe('iovalkey', () => {
  let client: Valkey;

  beforeEach(async () => {
    client = new Valkey({ port: server.port, host: '127.0.0.1' });
    await client.flushall();
  });

  afterEach(() => client.disconnect());

  test('strings, numbers, lists and expiry', async () => {
    expect(await client.set('k', 'v', 'EX', 1000)).toBe('OK');
    expect(await client.ttl('k')).toBeGreaterThan(900);
    expect(await client.incrbyfloat('n', 0.5)).toBe('0.5');
    expect(await client.rpush('list', 'a', 'b')).toBe(2);
    expect(await client.blpop('list', 1)).toEqual(['list', 'a']);
    expect(await client.mget('k', 'missing')).toEqual(['v', null]);
  });

  test('a transaction, and many commands at once', async () => {
    expect(await client.multi().set('k', 1).incr('k').exec()).toEqual([
      [null, 'OK'],
      [null, 2],
    ]);
    const numbers = await Promise.all(Array.from({ length: 2_000 }, () => client.incr('counter')));
    expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  });
});
