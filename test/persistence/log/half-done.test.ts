// A handler that runs out of memory halfway: what it changed before is in no effect, so the log begins anew
// with the data as it is.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Database } from '../../../src/keyspace/database.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { SortedSets } from '../../../src/types/zset/sorted-sets.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { LogServer } from './log-server.ts';

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => {
  vi.restoreAllMocks();
  directory.remove();
});

test('what failed halfway is the same after a restart', async () => {
  const server = await LogServer.start(directory.path);
  await server.ask('SET', 'a', '1');
  const { build } = Database.prototype;
  const offset = await server.field('log_offset');
  const spy = vi.spyOn(Database.prototype, 'build').mockImplementation(function full(
    this: Database,
    ...args
  ) {
    if (args[2] === 5) throw new ArenaFullError();
    return build.apply(this, args);
  });
  expect(await server.ask('MSET', 'b', '2', 'c', '3', 'd', '4')).toMatch(/^OOM/);
  spy.mockRestore();
  expect(await server.field('log_offset')).toBe(offset);
  await server.rewritten(1);
  const copy = server.copy();
  const digest = await server.digest();
  await server.ask('SET', 'e', '5');
  await server.stop();
  const again = await LogServer.start(copy);
  expect(await again.ask('EXISTS', 'a', 'b', 'c', 'd')).toBe('3');
  expect(await again.digest()).toBe(digest);
  await again.stop();
});

test('a change that took no memory is the same after a restart', async () => {
  const server = await LogServer.start(directory.path);
  await server.ask('CONFIG', 'SET', 'zset-max-listpack-entries', '0');
  await server.ask('ZADD', 'z', '1', 'a', '2', 'b', '3', 'c');
  vi.spyOn(SortedSets.prototype, 'add').mockImplementation(() => {
    throw new ArenaFullError();
  });
  expect(await server.ask('ZADD', 'z', '5', 'b', '6', 'fresh')).toMatch(/^OOM/);
  vi.restoreAllMocks();
  await server.rewritten(1);
  const copy = server.copy();
  const digest = await server.digest();
  await server.stop();
  const again = await LogServer.start(copy);
  expect(await again.ask('ZSCORE', 'z', 'b')).toBe('5');
  expect(await again.digest()).toBe(digest);
  await again.stop();
});

test('what failed before it changed anything has nothing rewritten', async () => {
  const server = await LogServer.start(directory.path);
  await server.ask('SET', 'a', '1');
  vi.spyOn(Database.prototype, 'build').mockImplementation(() => {
    throw new ArenaFullError();
  });
  expect(await server.ask('SET', 'b', '2')).toMatch(/^OOM/);
  expect(await server.field('aof_rewrite_scheduled')).toBe('0');
  expect(await server.field('aof_rewrites')).toBe('0');
  await server.stop();
});
