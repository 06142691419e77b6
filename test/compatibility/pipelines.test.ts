// Pipelines that stay at one key, or seem to: what Synap finds again without looking it up (keyspace/repeated-key.ts)
// must be what Redis finds. Keys are named like databases, so that SELECT, MOVE and SWAPDB have the same argument.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

const RUNS = 300;

/** What is done to a key, or has its name first. */
const COMMANDS: readonly ((key: string, other: string) => string[])[] = [
  (key) => ['GET', key],
  (key, other) => ['SET', key, other],
  // The second time the other key is found, in the block that the key has just left.
  (key, other) => [
    'MSET',
    key,
    'a value that needs a block of another size',
    other,
    '1',
    other,
    '2',
  ],
  (key, other) => ['WATCH', key, other],
  (key) => ['INCR', key],
  (key) => ['APPEND', key, 'a value that needs a block of another size'],
  (key) => ['DEL', key],
  (key, other) => ['RENAME', key, other],
  (key, other) => ['COPY', key, other, 'REPLACE'],
  (key, other) => ['COPY', key, key, 'DB', other, 'REPLACE'],
  (key, other) => ['MOVE', key, other],
  (key) => ['SELECT', key],
  (key, other) => ['SWAPDB', key, other],
  () => ['FLUSHDB'],
  () => ['PING'],
  (key) => ['PEXPIREAT', key, '1'],
  (key) => ['PEXPIRE', key, '100000'],
  (key) => ['TYPE', key],
  (key, other) => ['HSET', key, other, 'value'],
  (key, other) => ['HGET', key, other],
  (key, other) => ['HDEL', key, other],
  (key, other) => ['SADD', key, other, 'member'],
  (key, other) => ['SMOVE', key, other, other],
  (key, other) => ['LPUSH', key, other],
  (key, other) => ['LMOVE', key, other, 'LEFT', 'LEFT'],
  (key) => ['OBJECT', 'ENCODING', key],
  (key, other) => ['SUNIONSTORE', key, other, key],
  () => ['MULTI'],
  () => ['EXEC'],
];

describe.skipIf(!hasRedis)('a pipeline', () => {
  const servers: RunningServer[] = [];
  const clients: RawClient[] = [];

  beforeAll(async () => {
    servers.push(await startRedisServer({ databases: '2' }));
    servers.push(await startSynapServer({ databases: '2' }));
  });

  beforeEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const { port } of servers) clients.push(await RawClient.connect(port, 20_000));
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    for (const server of servers) await server.stop();
  });

  /** What a server answers to requests that it gets at once; all is forgotten first. */
  async function repliesOf(client: RawClient, requests: readonly string[][]): Promise<string> {
    const all = [['DISCARD'], ['SELECT', '0'], ['FLUSHALL'], ...requests];
    client.send(Buffer.concat(all.map(encodeCommand)));
    const { replies } = await client.read(all.length);
    return replies
      .slice(1)
      .map(({ bytes }) => bytes.toString('latin1'))
      .join('');
  }

  test.each([
    ['one key mostly', fc.constantFrom('0', '0', '0', '0', '1')],
    ['two keys', fc.constantFrom('0', '1')],
  ])('%s', async (_, key) => {
    const request = fc
      .tuple(fc.constantFrom(...COMMANDS), key, key)
      .map(([make, one, other]) => make(one, other));
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 60 }), async (requests) => {
        const [expected, actual] = await Promise.all(
          clients.map((client) => repliesOf(client, requests)),
        );
        expect(actual, requests.map((words) => words.join(' ')).join('\n')).toBe(expected);
      }),
      { numRuns: RUNS },
    );
  });

  test('whose key has left its block to another', async () => {
    const requests = [
      ['SET', '0', '1'],
      ['MSET', '0', 'a value that needs a block of another size', '1', '1', '1', '2'],
      ['INCR', '0'],
      ['MGET', '0', '1'],
    ];
    const [expected, actual] = await Promise.all(
      clients.map((client) => repliesOf(client, requests)),
    );
    expect(actual).toBe(expected);
  });

  test('a key drawn at random in between is not taken for the one that was found', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key:${i}`);
    const requests = keys.map((key) => ['SET', key, key]);
    for (const key of keys)
      requests.push(['GET', key], ['RANDOMKEY'], ['DEL', key], ['MGET', ...keys]);
    const [expected, actual] = await Promise.all(
      clients.map(async (client) => {
        client.send(Buffer.concat([['FLUSHALL'], ...requests].map(encodeCommand)));
        const { replies } = await client.read(1 + requests.length);
        return replies
          .slice(1)
          .filter((_, i) => requests[i][0] !== 'RANDOMKEY')
          .map(({ bytes }) => bytes.toString('latin1'));
      }),
    );
    expect(actual).toEqual(expected);
  });
});
