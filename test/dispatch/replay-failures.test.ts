// Commands of a log that cannot be run: which of them are reported and passed over, which stop the start, and
// that both name the file and the place. (The same beside Redis: test/compatibility/log-replay.test.ts.)
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { families } from '../../src/commands/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { type Failure, Replay, ReplayError } from '../../src/dispatch/replay.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { ArenaFullError } from '../../src/memory/arena.ts';
import { Request } from '../../src/protocol/request.ts';
import { Server } from '../../src/server/server.ts';
import { LogServer } from '../persistence/log/log-server.ts';
import { append, BASE_NAME, command, newLog } from '../persistence/logs.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const INCREMENT = `${BASE_NAME}.1.incr.aof`;
const STAMP = Buffer.from('#TS:1700000000\r\n');

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => directory.remove());

function writeLog(...parts: Buffer[]): void {
  const folder = join(directory.path, 'appendonlydir');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, INCREMENT), Buffer.concat(parts));
  writeFileSync(join(folder, `${BASE_NAME}.manifest`), `file ${INCREMENT} seq 1 type i\n`);
}

const start = (options: Readonly<Record<string, string>> = {}) =>
  LogServer.start(directory.path, options);

describe('a command that is answered with an error', () => {
  test('is reported with its place, and counted in INFO', async () => {
    const before = [command('SET', 'k', 'v'), STAMP, command('MULTI'), STAMP];
    const failing = command('LPUSH', 'k', 'a\r\nb', 'c');
    writeLog(...before, failing, command('INCR', 'n'), command('EXEC'), command('SELECT', '99'));
    const server = await start();
    const at = Buffer.concat(before).length;
    expect(server.messages).toContain(`${at}`);
    expect(server.messages).toMatch(/LPUSH.*k.*a\\+r\\+nb.*…/);
    expect(server.messages).toContain('WRONGTYPE');
    expect(server.messages).toContain('DB index is out of range');
    expect(server.messages).toMatch(/ 2 of the \d+ commands of the log failed/);
    expect(await server.field('unexpected_error_replies')).toBe('2');
    expect(await server.field('total_error_replies')).toBe('2');
    expect(await server.field('errorstat_WRONGTYPE')).toBe('count=1');
    // What a log runs is no traffic: Redis counts none of it.
    expect(await server.field('cmdstat_set')).toBe('');
    expect(await server.ask('GET', 'n')).toBe('1');
    await server.ask('CONFIG', 'RESETSTAT');
    expect(await server.field('unexpected_error_replies')).toBe('0');
    await server.stop();
  });

  test('is reported by itself only so often', async () => {
    const failing = Array.from({ length: 50 }, () => command('LPUSH', 'k', 'a'));
    writeLog(command('SET', 'k', 'v'), ...failing);
    const server = await start();
    expect(server.messages.match(/sending an error to its AOF-loading-client/g)).toHaveLength(20);
    expect(server.messages.match(/More commands of the log failed/g)).toHaveLength(1);
    expect(await server.field('unexpected_error_replies')).toBe('50');
    await server.stop();
  });

  test('stops the start if propagation-error-behavior says so', async () => {
    writeLog(command('SET', 'k', 'v'), command('LPUSH', 'k', 'a'));
    const starting = start({ 'propagation-error-behavior': 'panic' });
    await expect(starting).rejects.toThrow(/1\.incr\.aof, byte 27: .*LPUSH.*WRONGTYPE/);
  });
});

describe('refused, with the place', () => {
  const head = [command('SET', 'a', '1'), STAMP, command('SET', 'b', '2')];
  const at = Buffer.concat(head).length;

  test.each([
    ['too few arguments', command('SET', 'c'), /wrong number of arguments for 'set'/],
    ['too many arguments', command('GET', 'c', 'd'), /wrong number of arguments for 'get'/],
    ['a container alone', command('CLIENT'), /wrong number of arguments for 'client'/],
    ['an unknown command', command('NOSUCH', 'c'), /unknown command 'NOSUCH'/],
    ['an unknown subcommand', command('CLIENT', 'NOSUCH'), /unknown subcommand 'NOSUCH'/],
    ['a name that is empty', command('', 'c'), /unknown command ''/],
  ])('%s', async (_, bytes, reason) => {
    writeLog(...head, bytes, command('SET', 'd', '1'));
    await expect(start()).rejects.toThrow(`${INCREMENT}, byte ${at}: `);
    await expect(start()).rejects.toThrow(reason);
    // In a transaction, with an end or without one.
    for (const end of [command('EXEC'), Buffer.alloc(0)]) {
      writeLog(...head, command('MULTI'), STAMP, bytes, end);
      const place = at + command('MULTI').length + STAMP.length;
      await expect(start()).rejects.toThrow(`${INCREMENT}, byte ${place}: `);
      await expect(start()).rejects.toThrow(reason);
    }
  });

  test('an entry never gets what an earlier one had', async () => {
    writeLog(command('MSET', 'a', '1', 'b', '2'), command('MSET', 'c', '3'), command('MSET', 'd'));
    await expect(start()).rejects.toThrow(/byte 70: .*wrong number of arguments for 'mset'/);
  });

  test('groups of our own that end within a transaction, or are no commands', async () => {
    for (const [bytes, reason] of [
      [command('MULTI'), /ends within a transaction/],
      [Buffer.from('SET a 1\r\n'), /byte 63: there is no whole command in a group/],
      [Buffer.from('*0\r\n'), /byte 63: there is no whole command in a group/],
    ] as const) {
      const { path, remove } = temporaryDirectory();
      const log = await newLog(join(path, 'appendonlydir'));
      append(log, bytes);
      await log.close();
      await expect(LogServer.start(path)).rejects.toThrow(reason);
      remove();
    }
  });
});

describe('a replay', () => {
  let server: Server;
  let replay: Replay;
  const source = { file: 'file', positionOf: (at: number) => 1000 + at };
  const run = (...words: string[]) => replay.run(Request.of(words), 7);

  beforeEach(() => {
    const config = loadConfig({ settings: [] });
    server = new Server({
      ...{ config, log: silentLogger(), version: '0', commands: new CommandTable(families) },
    });
    replay = new Replay(server);
    replay.begin(source);
  });

  afterEach(() => server.shutdown.close());

  test('is stopped by a handler that throws: what it should have done is missing', () => {
    const set = server.commands.byName('set');
    for (const error of [new ArenaFullError(), new Error('a defect')]) {
      Object.assign(set ?? {}, {
        handler: () => {
          throw error;
        },
      });
      expect(() => run('SET', 'a', '1')).toThrow(ReplayError);
      expect(() => run('SET', 'a', '1')).toThrow(/^file, byte 1007: .*(OOM|a defect)/);
    }
    expect(replay.failures).toBe(0);
  });

  test('leaves nothing of itself behind', () => {
    const { pubsub, keyspace } = server;
    for (const words of [['WATCH', 'k'], ['MULTI'], ['SUBSCRIBE', 'c'], ['EXEC']]) run(...words);
    run('HELLO', '3');
    run('CLIENT', 'TRACKING', 'ON');
    run('WATCH', 'other');
    expect([replay.failures, replay.commands]).toEqual([0, 7]);
    expect([keyspace.watches.size, pubsub.channels.size, server.tracking.active]).toEqual([
      1,
      1,
      true,
    ]);
    replay.close();
    expect([keyspace.watches.size, pubsub.channels.size, server.tracking.active]).toEqual([
      0,
      0,
      false,
    ]);
  });

  test('never waits, whatever would', () => {
    const failures: Failure[] = [];
    replay.onFailure = (failure) => void failures.push(failure);
    run('BLPOP', 'no', '0');
    run('BLMOVE', 'no', 'other', 'LEFT', 'LEFT', '0');
    run('DEBUG', 'LOADAOF');
    run('MIGRATE', '127.0.0.1', '1', 'k', '0', '10');
    run('SHUTDOWN', 'NOW');
    expect(server.blocking.size).toBe(0);
    expect(failures.map(({ position, error }) => [position, error.split(' ')[0]])).toEqual([
      ...[1007, 1007, 1007].map((position) => [position, 'ERR']),
    ]);
  });

  test('sets expiries from now on, and lets nothing expire meanwhile', () => {
    const fromMs = Date.now();
    replay.begin(source);
    run('SETEX', 'a', '100', 'v');
    run('SET', 'old', 'v');
    run('EXPIREAT', 'old', '1');
    run('APPEND', 'old', 'w');
    const [database] = server.keyspace.databases;
    const expiryOf = (key: string) => {
      const bytes = Buffer.from(key);
      return database.expiryOf(database.find(bytes, 0, bytes.length));
    };
    expect(expiryOf('a')).toBeGreaterThanOrEqual(fromMs + 100_000);
    expect(expiryOf('a')).toBeLessThanOrEqual(Date.now() + 100_000);
    expect(expiryOf('old')).toBe(1000);
    run('STRLEN', 'old');
    replay.end();
    const bytes = Buffer.from('old');
    expect(database.find(bytes, 0, bytes.length)).toBe(0);
  });
});

const MANY = Array.from({ length: 3000 }, (_, i) => command('SET', `k${i}`, 'v'.repeat(1000)));

test('who waits for a key is not served with what the log has taken away again', async () => {
  writeLog(command('RPUSH', 'list', '1'), ...MANY, command('DEL', 'list'));
  const server = await start();
  const waiting = await server.connect();
  waiting.sendCommand(['BLPOP', 'list', '0']);
  while ((await server.field('blocked_clients')) !== '1');
  const other = await server.connect();
  other.sendCommand(['DEBUG', 'LOADAOF']);
  let isLoading = false;
  do {
    isLoading ||= (await server.field('loading')) === '1';
  } while (!isLoading || (await server.field('loading')) === '1');
  expect((await other.read()).replies[0].bytes.toString()).toBe('+OK\r\n');
  expect(await server.ask('RPUSH', 'list', '2')).toBe('1');
  const [{ bytes }] = (await waiting.read()).replies;
  expect(bytes.toString()).toBe('*2\r\n$4\r\nlist\r\n$1\r\n2\r\n');
  await server.stop();
});

test('FLUSHALL in a log leaves the last snapshot as it is', async () => {
  writeLog(command('SET', 'a', '1'), command('FLUSHALL'), command('SET', 'b', '1'));
  writeFileSync(join(directory.path, 'dump.rdb'), 'an older snapshot');
  const server = await start({ save: '3600 1' });
  expect(await server.ask('DBSIZE')).toBe('1');
  expect(readFileSync(join(directory.path, 'dump.rdb'), 'latin1')).toBe('an older snapshot');
  await server.stop();
});

test('DEBUG RELOAD is refused while data is loaded', async () => {
  writeLog(...MANY);
  const server = await start();
  const other = await server.connect();
  let reply = '';
  // How soon one is over depends on the machine: the question may come too late.
  while (!reply.startsWith('LOADING')) {
    other.sendCommand(['DEBUG', 'LOADAOF']);
    while ((await server.field('loading')) !== '1');
    reply = await server.ask('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH');
    expect((await other.read()).replies[0].bytes.toString()).toBe('+OK\r\n');
  }
  expect(await server.ask('DBSIZE')).toBe('3000');
  await server.stop();
});
