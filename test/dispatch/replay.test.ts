// Running a log again while the data exceeds `maxmemory`: nothing is evicted before everything is loaded,
// since nobody would record it; what is evicted afterwards is recorded.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { families } from '../../src/commands/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { Server } from '../../src/server/server.ts';
import { BASE_NAME, command } from '../persistence/logs.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const KEYS = 4_000;
const LIMIT_BYTES = 2 * 1024 * 1024;

const directory = temporaryDirectory();
const path = join(directory.path, 'log');

afterEach(() => directory.remove());

function newServer(): Server {
  const config = loadConfig({
    settings: [
      { name: 'dir', words: [dirname(path)], origin: 'test' },
      { name: 'databases', words: ['1'], origin: 'test' },
      { name: 'appenddirname', words: [path], origin: 'test' },
    ],
  });
  return new Server({
    config,
    log: silentLogger(),
    version: '0',
    commands: new CommandTable(families),
  });
}

/** Opens a log; calls `meanwhile` in every iteration of the event loop, and returns how many there were. */
async function open(server: Server, meanwhile = () => {}): Promise<number> {
  let turns = 0;
  let isOpen = false;
  const opening = server.wal.open().finally(() => {
    isOpen = true;
  });
  while (!isOpen) {
    turns++;
    meanwhile();
    await new Promise(setImmediate);
  }
  await opening;
  return turns;
}

test('evicts nothing, and what is evicted then is recorded', async () => {
  mkdirSync(path);
  const value = 'v'.repeat(1000);
  const commands = Array.from({ length: KEYS }, (_, i) => command('SET', `key:${i}`, value));
  const name = `${BASE_NAME}.1.incr.aof`;
  writeFileSync(join(path, name), Buffer.concat(commands));
  writeFileSync(join(path, `${BASE_NAME}.manifest`), `file ${name} seq 1 type i\n`);

  const server = newServer();
  const [database] = server.keyspace.databases;
  server.memoryLimit.eviction.setPolicy('allkeys-random');
  server.memoryLimit.limitBytes = LIMIT_BYTES;
  let largest = 0;
  const turns = await open(server, () => {
    largest = Math.max(largest, server.memory.usedBytes);
    expect(server.memoryLimit.makeRoom()).toBe(true);
    expect(server.memoryLimit.continueEviction()).toBe(false);
  });
  expect(turns).toBeGreaterThan(3);
  expect(largest).toBeGreaterThan(LIMIT_BYTES);
  expect([database.size, server.keyspace.stats.evicted]).toEqual([KEYS, 0]);

  while (server.memoryLimit.continueEviction());
  expect(database.size).toBeLessThan(KEYS);
  expect(server.memory.usedBytes).toBeLessThanOrEqual(LIMIT_BYTES);
  await server.shutdown.close();
  const again = newServer();
  await open(again);
  expect(again.keyspace.databases[0].size).toBe(database.size);
  await again.shutdown.close();
});

test('frees what a log replaces while it is run', async () => {
  mkdirSync(path, { recursive: true });
  const members = Array.from({ length: 2000 }, (_, i) => [`${i}`, `member:${i}`]).flat();
  const copies = Array.from({ length: 100 }, () => command('COPY', 'z', 'copy', 'REPLACE'));
  const name = `${BASE_NAME}.1.incr.aof`;
  writeFileSync(join(path, name), Buffer.concat([command('ZADD', 'z', ...members), ...copies]));
  writeFileSync(join(path, `${BASE_NAME}.manifest`), `file ${name} seq 1 type i\n`);
  const server = newServer();
  await open(server);
  const { keyspace } = server;
  const used = keyspace.arena.usedBytes;
  keyspace.reclaim(Number.MAX_VALUE);
  expect(keyspace.databases[0].size).toBe(2);
  expect(used).toBeLessThan(8 * keyspace.arena.usedBytes);
  await server.shutdown.close();
});
