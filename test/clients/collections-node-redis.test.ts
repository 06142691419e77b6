// What the client `redis` (node-redis) makes of hashes, sets, sorted sets, places, bits and estimates: the same of
// Synap's replies as of Redis's, with RESP2 and with RESP3.

import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { type Calls, itemsOfPages, outcomesOf } from './compared-calls.ts';

type Client = Awaited<ReturnType<typeof open>>;

async function open(port: number, RESP: 2 | 3) {
  const client = createClient({ RESP, socket: { host: '127.0.0.1', port } });
  client.on('error', () => {});
  await client.connect();
  await client.flushAll();
  return client;
}

const INFINITE = [
  { score: Infinity, value: 'most' },
  { score: -Infinity, value: 'least' },
  { score: 1.1, value: 'a' },
  { score: 2 ** 53, value: 'b' },
  { score: 1e17, value: 'c' },
];

const sortedSets: Calls<Client> = {
  'infinities, and scores that need all digits': (c) => c.zAdd('z', INFINITE),
  ranges: (c) => c.zRangeWithScores('z', 0, -1),
  'a range down': (c) =>
    c.zRangeWithScores('z', '+inf', '-inf', {
      BY: 'SCORE',
      REV: true,
      LIMIT: { offset: 1, count: 2 },
    }),
  'a range by infinite scores': (c) => c.zRangeByScoreWithScores('z', 1, Infinity),
  'a range that is none': (c) => c.zRangeByScore('z', '(x', 1),
  score: (c) => c.zScore('z', 'most'),
  'no score': (c) => c.zScore('z', 'missing'),
  scores: (c) => c.zmScore('z', ['least', 'missing', 'a']),
  'a score that is no number': (c) => c.zAdd('z', { score: Number.NaN, value: 'x' }),
  'an increment': (c) => c.zIncrBy('z', 0.1, 'a'),
  'an increment to no number': (c) => c.zIncrBy('z', -Infinity, 'most'),
  'ZADD INCR': (c) => c.zAddIncr('z', { score: 2, value: 'a' }),
  'ZADD XX INCR': (c) => c.zAddIncr('z', { score: 2, value: 'x' }, { condition: 'XX' }),
  'ZADD GT CH': (c) => c.zAdd('z', { score: 9, value: 'a' }, { comparison: 'GT', CH: true }),
  'all at random': (c) => c.zRandMemberCountWithScores('z', 9),
  'one at random, of none': (c) => c.zRandMember('missing'),
  'some at random, of none': (c) => c.zRandMemberCountWithScores('missing', 2),
  'the least': (c) => c.zPopMin('z'),
  'the least of none': (c) => c.zPopMin('missing'),
  'the least two': (c) => c.zPopMinCount('z', 2),
  'of several keys': (c) => c.zmPop(['missing', 'z'], 'MAX', { COUNT: 5 }),
  'of several keys, none': (c) => c.zmPop(['missing', 'z'], 'MAX'),
  'waiting, and it is there': async (c) => {
    await c.zAdd('q', { score: 1.5, value: 'x' });
    return c.bzPopMin('q', 1);
  },
  'waiting in vain': (c) => c.bzPopMax('q', 0.01),
  'waiting in vain for several': (c) => c.bzmPop(0.01, ['q'], 'MIN'),
  union: async (c) => {
    await c.zAdd('u', [
      { score: 1, value: 'a' },
      { score: 2, value: 'b' },
    ]);
    await c.zAdd('v', { score: 3.5, value: 'b' });
    return c.zUnionWithScores([
      { key: 'u', weight: 2 },
      { key: 'v', weight: 0.5 },
    ]);
  },
  intersection: (c) => c.zInterWithScores(['u', 'v'], { AGGREGATE: 'MAX' }),
  difference: (c) => c.zDiffWithScores(['u', 'v']),
  'size of an intersection': (c) => c.zInterCard(['u', 'v'], { LIMIT: 1 }),
  'scanned pages': (c) => itemsOfPages(c.zScanIterator('u')),
};

const hashesAndSets: Calls<Client> = {
  fields: (c) => c.hSet('h', { a: 1, b: 'x', constructor: 'y' }),
  'all fields': (c) => c.hGetAll('h'),
  'no fields': (c) => c.hGetAll('missing'),
  'some fields': (c) => c.hmGet('h', ['a', 'missing']),
  'an increment': (c) => c.hIncrByFloat('h', 'a', 0.1),
  'an increment of text': (c) => c.hIncrBy('h', 'b', 1),
  'all at random': (c) => c.hRandFieldCountWithValues('h', 9),
  'one twice at random': async (c) => {
    await c.hSet('one', 'f', 'v');
    return c.hRandFieldCountWithValues('one', -2);
  },
  'at random, of none': (c) => c.hRandFieldCount('missing', 2),
  'scanned pages': (c) => itemsOfPages(c.hScanIterator('h')),
  members: (c) => c.sAdd('s', ['3', '1', '2']),
  'all members': (c) => c.sMembers('s'),
  'which are members': (c) => c.smIsMember('s', ['1', '9']),
  'size of an intersection': (c) => c.sInterCard(['s', 's'], 2),
  'one at random, of no set': (c) => c.sRandMember('missing'),
  'some at random': (c) => c.sRandMemberCount('s', 9),
  'all taken': async (c) => (await c.sPopCount('s', 9)).sort(),
  'one taken of none': (c) => c.sPop('s'),
};

const PLACES = [
  { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' },
  { longitude: 15.087269, latitude: 37.502669, member: 'Catania' },
];
const NEAR = { longitude: 15, latitude: 37 };
const CIRCLE = { radius: 200, unit: 'km' } as const;
const BOX = { width: 400, height: 400, unit: 'km' } as const;

const others: Calls<Client> = {
  places: (c) => c.geoAdd('g', PLACES),
  positions: (c) => c.geoPos('g', ['Palermo', 'missing']),
  distance: (c) => c.geoDist('g', 'Palermo', 'Catania', 'km'),
  'no distance': (c) => c.geoDist('g', 'Palermo', 'missing'),
  hashes: (c) => c.geoHash('g', ['Palermo', 'missing']),
  'in a circle': (c) => c.geoSearch('g', NEAR, CIRCLE, { SORT: 'ASC' }),
  'in a box, with everything': (c) =>
    c.geoSearchWith('g', NEAR, BOX, ['WITHDIST', 'WITHHASH', 'WITHCOORD'], { SORT: 'DESC' }),
  'around a member, with distances': (c) =>
    c.geoSearchWith('g', 'Palermo', CIRCLE, ['WITHDIST'], { SORT: 'ASC' }),
  'around no member': (c) => c.geoSearch('g', 'missing', CIRCLE),
  'by the old command': (c) =>
    c.geoRadiusWith('g', NEAR, 200, 'km', ['WITHCOORD'], { SORT: 'ASC' }),
  'places stored': (c) => c.geoSearchStore('d', 'g', 'Palermo', CIRCLE, { STOREDIST: true }),
  bits: (c) => c.setBit('bits', 7, 1),
  'a bit found': (c) => c.bitPos('bits', 1, 0, -1, 'BIT'),
  'bits counted': (c) => c.bitCount('bits', { start: 0, end: 7, mode: 'BIT' }),
  'bits negated': (c) => c.bitOp('NOT', 'negated', 'bits'),
  'fields of bits': (c) =>
    c.bitField('fields', [
      { operation: 'OVERFLOW', behavior: 'FAIL' },
      { operation: 'INCRBY', encoding: 'u2', offset: 100, increment: 9 },
      { operation: 'SET', encoding: 'i64', offset: 0, value: 2 ** 53 },
      { operation: 'GET', encoding: 'u63', offset: 1 },
    ]),
  estimates: (c) => c.pfAdd('p', ['a', 'b']),
  'an estimate': (c) => c.pfCount(['p', 'missing']),
  sorted: async (c) => {
    await c.rPush('l', ['3', '1', '2']);
    return c.sort('l', { DIRECTION: 'DESC', LIMIT: { offset: 0, count: 2 }, GET: ['#', 'w_*'] });
  },
  'sorted and stored': (c) => c.sortStore('l', 'd', { ALPHA: true }),
  'not sortable': async (c) => {
    await c.rPush('l', 'x');
    return c.sort('l');
  },
  'a transaction of several': (c) =>
    c
      .multi()
      .zAdd('m', { score: 1.5, value: 'a' })
      .zRangeWithScores('m', 0, -1)
      .hSet('mh', 'f', 'v')
      .hGetAll('mh')
      .zScore('m', 'a')
      .geoPos('g', 'Palermo')
      .exec(),
};

/** What only newer servers than Redis 7.0 have, and what the client gets of it. */
const newer: readonly [(client: Client) => Promise<unknown>, unknown][] = [
  [(c) => c.hSetEx('e', { a: '1', b: '2' }, { expiration: { type: 'EX', value: 99 } }), 1],
  [(c) => c.hTTL('e', ['a', 'missing']), [99, -2]],
  [(c) => c.hTTL('missing', 'a'), [-2]],
  [(c) => c.hExpire('e', 'a', 50, 'LT'), [1]],
  [(c) => c.hExpire('e', 'a', 50, 'NX'), [0]],
  [(c) => c.hpExpire('e', ['a', 'b'], 60_000), [1, 1]],
  [(c) => c.hPersist('e', ['a', 'missing']), [1, -2]],
  [(c) => c.hExpireAt('e', 'a', 2_000_000_000), [1]],
  [(c) => c.hpExpireTime('e', ['a']), [2_000_000_000_000]],
  [(c) => c.hExpireAt('e', 'b', new Date(1000)), [2]],
  [(c) => c.hGetEx('e', ['a', 'b'], { expiration: { type: 'PERSIST' } }), ['1', null]],
  [(c) => c.hSetEx('e', { a: '2' }, { mode: 'FNX', expiration: { type: 'KEEPTTL' } }), 0],
  [(c) => c.hSetEx('e', new Map([['a', '3']]), { mode: 'FXX' }), 1],
  [(c) => itemsOfPages(c.hScanNoValuesIterator('e')), ['"a"']],
  [(c) => c.hGetDel('e', ['a', 'b']), ['3', null]],
  [(c) => c.exists('e'), 0],
  [(c) => c.zAdd('z', { score: 1.5, value: 'a' }), 1],
  [(c) => c.zRankWithScore('z', 'a'), { rank: 0, score: 1.5 }],
  [(c) => c.zRankWithScore('z', 'missing'), null],
];

describe.each([2, 3] as const)('redis with RESP%i', (RESP) => {
  const servers: RunningServer[] = [];
  const clients: Client[] = [];

  beforeAll(async () => {
    servers.push(await startRedisServer(), await startSynapServer());
    for (const { port } of servers) clients.push(await open(port, RESP));
  });

  afterAll(async () => {
    for (const client of clients) client.destroy();
    for (const server of servers) await server.stop();
  });

  test.each([
    ['sorted sets', sortedSets],
    ['hashes and sets', hashesAndSets],
    ['places, bits, estimates, sorting', others],
  ])('%s', async (_, calls) => {
    const [redis, synap] = clients;
    expect(await outcomesOf(synap, calls)).toEqual(await outcomesOf(redis, calls));
  });

  test('what newer servers have', async () => {
    for (const [call, expected] of newer) {
      expect(await call(clients[1]), String(call)).toEqual(expected);
    }
  });
});
