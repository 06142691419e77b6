// What the client `ioredis` makes of hashes, sets, sorted sets, places and bits: the same of Synap's replies as of
// Redis's, with RESP2 and with RESP3.

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { type Calls, itemsOfPages, outcomesOf } from './compared-calls.ts';

const calls: Calls<Redis> = {
  'infinities, and more digits than doubles have': (c) =>
    c.zadd('z', Infinity, 'most', -Infinity, 'least', 1.1, 'a', '9007199254740993', 'b', 1e17, 'c'),
  'a range': (c) => c.zrange('z', '0', '-1', 'WITHSCORES'),
  scores: (c) => c.zmscore('z', 'most', 'missing', 'a'),
  'an increment': (c) => c.zincrby('z', 0.1, 'a'),
  'ZADD XX INCR': (c) => c.zadd('z', 'XX', 'INCR', 2, 'missing'),
  'the least': (c) => c.zpopmin('z'),
  'the most two': (c) => c.zpopmax('z', 2),
  'of several keys': (c) => c.zmpop(2, 'missing', 'z', 'MIN', 'COUNT', 5),
  'of several keys, none': (c) => c.zmpop(1, 'missing', 'MIN'),
  'waiting, and it is there': async (c) => {
    await c.zadd('q', 1.5, 'x');
    return c.bzpopmin('q', 1);
  },
  'waiting in vain': (c) => c.bzpopmin('q', 0.01),
  'at random, of none': (c) => c.zrandmember('missing', 2, 'WITHSCORES'),
  'a page': async (c) => {
    await c.zadd('u', 1.5, 'a', 2, 'b');
    return c.zscan('u', 0);
  },
  union: (c) => c.zunion(2, 'u', 'u', 'WITHSCORES'),
  difference: (c) => c.zdiff(2, 'u', 'missing', 'WITHSCORES'),

  'fields of nothing': (c) => c.hset('h', { a: 1, b: null, c: undefined, d: true }),
  'names of an object': (c) => c.hset('h', '__proto__', 'x', 'constructor', 'y'),
  'all fields': async (c) => Object.entries(await c.hgetall('h')),
  'no fields': (c) => c.hgetall('missing'),
  'fields of a map': (c) => c.hmset('m', new Map(Object.entries({ a: '1', b: '\u00e9' }))),
  'as bytes': (c) => c.hgetallBuffer('m'),
  'an increment of a field': (c) => c.hincrbyfloat('m', 'a', 0.1),
  'scanned pages': (c) => itemsOfPages(c.hscanStream('m')),
  'one twice at random': async (c) => {
    await c.hset('one', 'f', 'v');
    return c.hrandfield('one', -2, 'WITHVALUES');
  },
  members: (c) => c.sadd('s', [3, 1, 2]),
  'all members': (c) => c.smembers('s'),
  'which are members': (c) => c.smismember('s', '1', '9'),

  places: (c) => c.geoadd('g', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'),
  positions: (c) => c.geopos('g', 'Palermo', 'missing'),
  distance: (c) => c.geodist('g', 'Palermo', 'Catania'),
  'in a circle, with everything': (c) =>
    c.call(
      'GEOSEARCH',
      ...['g', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC'],
      ...['WITHCOORD', 'WITHDIST', 'WITHHASH'],
    ),
  'fields of bits': (c) =>
    c.call(
      'BITFIELD',
      ...['f', 'OVERFLOW', 'FAIL', 'INCRBY', 'u2', 100, 9],
      ...['SET', 'i64', 0, '4611686018427387905', 'GET', 'u63', 1],
    ),
  sorted: async (c) => {
    await c.rpush('l', 3, 1, 2);
    return c.sort('l', 'GET', '#', 'GET', 'w_*', 'DESC');
  },
  'a transaction of several': (c) =>
    c
      .multi()
      .zrange('u', '0', '-1', 'WITHSCORES')
      .hgetall('m')
      .zscore('u', 'a')
      .geopos('g', 'Palermo')
      .exec(),
  'a pipeline with errors': async (c) => {
    const results = await c
      .pipeline()
      .zadd('m', 1, 'a')
      .zincrby('u', 'inf', 'a')
      .zincrby('u', '-inf', 'a')
      .exec();
    return results?.map(([error, result]) => error?.message ?? result);
  },
};

/** What only newer servers than Redis 7.0 have, and what the client gets of it. */
const newer: readonly [(client: Redis) => Promise<unknown>, unknown][] = [
  [(c) => c.hset('e', { a: 1, b: 2 }), 2],
  [(c) => c.hexpire('e', 10, 'FIELDS', 2, 'a', 'missing'), [1, -2]],
  [(c) => c.httl('e', 'FIELDS', 2, 'a', 'b'), [10, -1]],
  [(c) => c.call('HGETEX', 'e', 'PERSIST', 'FIELDS', 1, 'a'), ['1']],
  [(c) => c.call('HGETDEL', 'e', 'FIELDS', 2, 'a', 'missing'), ['1', null]],
];

describe.each([2, 3] as const)('ioredis with RESP%i', (protocol) => {
  const servers: RunningServer[] = [];
  const clients: Redis[] = [];

  beforeAll(async () => {
    servers.push(await startRedisServer(), await startSynapServer());
    for (const { port } of servers) {
      const client = new Redis({ host: '127.0.0.1', port, protocol });
      client.on('error', () => {});
      clients.push(client);
    }
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    for (const server of servers) await server.stop();
  });

  test('collections', async () => {
    const [redis, synap] = clients;
    expect(await outcomesOf(synap, calls)).toEqual(await outcomesOf(redis, calls));
  });

  test('what newer servers have', async () => {
    for (const [call, expected] of newer) {
      expect(await call(clients[1]), String(call)).toEqual(expected);
    }
  });
});
