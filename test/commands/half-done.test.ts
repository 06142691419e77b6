// Commands that take many elements and run out of memory in the middle: what they did before counts as a change, so
// that transactions, caches, the log and followers of events learn of it.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { digestOfValue } from '../../src/commands/debug/digest.ts';
import { families } from '../../src/commands/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ArenaFullError } from '../../src/memory/arena.ts';
import { failAllocations } from '../support/fail-allocations.ts';
import { TestServer } from '../support/test-call.ts';

type Line = readonly string[];

/** So many numbers, each turned into arguments. */
function many(count: number, argumentsOf: (i: number) => string[]): string[] {
  return Array.from({ length: count }, (_, i) => argumentsOf(i)).flat();
}

const pairs = (count: number, score: number) => many(count, (i) => [String(score + i), `m${i}`]);
const places = (count: number, latitude: number) =>
  many(count, (i) => ['13', String(latitude + i / 100), `m${i}`]);
const fields = (count: number, value: string) => many(count, (i) => [`f${i}`, value]);
const names = (count: number) => many(count, (i) => [`f${i}`]);
const elements = (count: number) => many(count, (i) => [`e${i}${'x'.repeat(i)}`]);

/** What is there before, and a command that changes it. */
const CASES: readonly (readonly [name: string, before: readonly Line[], line: Line])[] = [
  ['ZADD 1', [], ['ZADD', 'k', ...pairs(200, 1)]],
  ['ZADD 2', [['ZADD', 'k', ...pairs(300, 1)]], ['ZADD', 'k', ...pairs(330, 5)]],
  ['ZADD 3', [['ZADD', 'k', ...pairs(20, 1)]], ['ZADD', 'k', ...pairs(60, 5)]],
  ['GEOADD 4', [['GEOADD', 'k', ...places(300, 1)]], ['GEOADD', 'k', ...places(330, 5)]],
  ['GEOADD 5', [['GEOADD', 'k', ...places(20, 1)]], ['GEOADD', 'k', ...places(60, 5)]],
  ['RPUSH 6', [], ['RPUSH', 'k', ...elements(200)]],
  ['LPUSH 7', [['RPUSH', 'k', 'a']], ['LPUSH', 'k', ...elements(200)]],
  ['RPUSHX 8', [['RPUSH', 'k', 'a']], ['RPUSHX', 'k', ...elements(200)]],
  ['SADD 9', [], ['SADD', 'k', ...elements(200)]],
  ['SADD 10', [['SADD', 'k', '1', '2']], ['SADD', 'k', '3', '4', '70000', ...elements(200)]],
  ['HSET 11', [], ['HSET', 'k', ...fields(700, 'value')]],
  ['HSET 12', [['HSET', 'k', ...fields(200, 'value')]], ['HSET', 'k', ...fields(230, 'other')]],
  ['HMSET 13', [['HSET', 'k', ...fields(200, 'value')]], ['HMSET', 'k', ...fields(230, 'other')]],
  ['HSETEX 14', [], ['HSETEX', 'k', 'EX', '100', 'FIELDS', '99', ...fields(99, 'value')]],
  [
    'HSETEX 15',
    [['HSET', 'k', ...fields(60, 'value')]],
    ['HSETEX', 'k', 'FIELDS', '99', ...fields(99, 'other')],
  ],
  [
    'HEXPIRE 16',
    [['HSET', 'k', ...fields(99, 'value')]],
    ['HEXPIRE', 'k', '100', 'FIELDS', '99', ...names(99)],
  ],
  [
    'HGETEX 17',
    [['HSET', 'k', ...fields(99, 'value')]],
    ['HGETEX', 'k', 'EX', '100', 'FIELDS', '99', ...names(99)],
  ],
  [
    'MSET 18',
    [
      ['SET', 'k', 'other'],
      ['SET', 'l', 'x'],
    ],
    ['MSET', 'k', 'value', 'l', 'y', ...fields(100, 'z')],
  ],
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('what was done before memory ran out counts as a change', () => {
  test.each(CASES)('%s', (_name, before, line) => {
    const key = Buffer.from('k');
    let changed = 0;
    const server = new TestServer(families.flat(), { config: loadConfig({ settings: [] }) });
    const client = server.connect();
    const { keyspace } = server;
    const [db] = keyspace.databases;
    const digest = () => digestOfValue(keyspace, db, db.find(key, 0, key.length));
    for (let allowed = 0; ; allowed += 1 + (allowed >> 2)) {
      server.run(client, 'DEL', 'k');
      for (const args of before) server.run(client, ...args);
      client.dirty = false;
      const state = [digest(), keyspace.dirty] as const;
      keyspace.watch(client, db, key);
      failAllocations(keyspace.arena, allowed);
      let failed = false;
      try {
        server.run(client, ...line);
      } catch (error) {
        expect(error).toBeInstanceOf(ArenaFullError);
        failed = true;
      }
      vi.restoreAllMocks();
      if (!failed) break;
      const isChanged = digest() !== state[0];
      expect(keyspace.dirty > state[1]).toBe(isChanged);
      expect(client.dirty).toBe(isChanged);
      if (isChanged) changed++;
      keyspace.unwatch(client);
    }
    expect(changed).toBeGreaterThan(0);
  });
});

describe('a result for which there is no memory leaves everything as it was', () => {
  test.each([
    [['ZUNIONSTORE', 'k', '2', 'k', 'z']],
    [['ZINTERSTORE', 'k', '2', 'k', 'z']],
    [['ZDIFFSTORE', 'k', '2', 'z', 'few']],
    [['ZRANGESTORE', 'k', 'z', '0', '-1']],
    [['ZRANGESTORE', 'k', 'few', '0', '-1']],
    [['GEOSEARCHSTORE', 'k', 'z', 'FROMLONLAT', '13', '5', 'BYRADIUS', '5000', 'km']],
    [['SORT', 'z', 'ALPHA', 'STORE', 'k']],
    [['SORT', 'k', 'BY', 'nosort', 'GET', '#', 'GET', 'x*', 'STORE', 'k']],
  ])('%j', (line) => {
    const key = Buffer.from('k');
    const server = new TestServer(families.flat(), { config: loadConfig({ settings: [] }) });
    const client = server.connect();
    const { keyspace } = server;
    const [db] = keyspace.databases;
    const digest = () => digestOfValue(keyspace, db, db.find(key, 0, key.length));
    server.run(client, 'GEOADD', 'z', ...places(300, 1));
    server.run(client, 'ZADD', 'k', ...pairs(300, 5));
    server.run(client, 'ZADD', 'few', ...pairs(10, 5));
    keyspace.reclaim(Number.MAX_VALUE);
    const before = [digest(), keyspace.dirty, keyspace.usedBytes];
    for (let allowed = 0; ; allowed += 1 + (allowed >> 2)) {
      failAllocations(keyspace.arena, allowed);
      let failed = false;
      try {
        server.run(client, ...line);
      } catch (error) {
        expect(error).toBeInstanceOf(ArenaFullError);
        failed = true;
      }
      vi.restoreAllMocks();
      if (!failed) {
        expect(allowed).toBeGreaterThan(0);
        return;
      }
      keyspace.reclaim(Number.MAX_VALUE);
      expect([digest(), keyspace.dirty, keyspace.usedBytes]).toEqual(before);
    }
  });
});
