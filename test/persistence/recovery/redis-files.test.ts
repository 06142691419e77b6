// Redis reads what Synap has written, and Synap what Redis has: with real redis-server and
// redis-check-aof.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLog } from '../../../src/persistence/log/open-log.ts';
import { hasPreamble, readAofFile } from '../../../src/persistence/recovery/aof-file.ts';
import { CommandReader } from '../../../src/persistence/recovery/commands-of.ts';
import { installBase } from '../../../src/persistence/segments/generations.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import {
  append,
  BASE_NAME,
  command,
  newLog,
  optionsWith,
  readLog,
  rotate,
  ticking,
} from '../logs.ts';

const MANIFEST = `${BASE_NAME}.manifest`;

let directory: { path: string; remove(): void };
let path: string;
let redis: ChildProcess | undefined;

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'appendonlydir');
});

afterEach(async () => {
  await killRedis();
  directory.remove();
});

/** Starts Redis on the directory, behind a unix socket in it; resolves when it has loaded it. */
async function startRedis(...flags: string[]): Promise<void> {
  const args = ['--port', '0', '--unixsocket', 'socket', '--appendonly', 'yes', '--save', ''];
  // While it syncs under `everysec`, Redis writes nothing: what it has answered would be lost by a kill.
  args.push('--appendfsync', 'no');
  redis = spawn('redis-server', [...args, ...flags], { cwd: directory.path, stdio: 'pipe' });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    redis?.stdout?.on('data', (chunk) => {
      output += chunk;
      if (/ready to accept connections/.test(output)) resolve();
    });
    redis?.once('exit', () => reject(new Error(output)));
  });
  await ready;
}

async function killRedis(): Promise<void> {
  if (redis === undefined || redis.exitCode !== null || redis.signalCode !== null) return;
  const exited = once(redis, 'exit');
  redis.kill('SIGKILL');
  await exited;
}

/** Sends commands to Redis and resolves with the replies to them, as bytes. */
async function ask(...commands: string[][]): Promise<string> {
  const socket = createConnection(join(directory.path, 'socket'));
  for (const words of commands) socket.write(command(...words));
  socket.write(command('ECHO', '<end>'));
  let replies = '';
  for await (const chunk of socket) {
    replies += chunk;
    if (replies.endsWith('<end>\r\n')) break;
  }
  return replies.slice(0, replies.lastIndexOf('$5\r\n<end>'));
}

/** The commands of a log, as words, without SELECT. */
async function commandsIn(): Promise<string[]> {
  const { bytes } = await readLog(path);
  const found: string[] = [];
  new CommandReader().forEach(bytes, (request) => {
    const words = Array.from({ length: request.count }, (_, i) => request.latin1(i));
    if (!request.is(0, 'select')) found.push(words.join(' ').toLowerCase());
  });
  return found;
}

describe.skipIf(!hasRedis)('files of Synap', () => {
  test('are accepted by redis-check-aof and loaded by Redis, several segments of them', async () => {
    const log = await newLog(path);
    append(log, command('SET', 'a', '1'));
    const group = [command('MULTI'), command('INCR', 'a'), command('INCR', 'a'), command('EXEC')];
    append(log, Buffer.concat(group));
    await rotate(log);
    for (let i = 0; i < 10; i++) append(log, command('RPUSH', 'list', `${i}`));
    await log.close();
    const check = spawnSync('redis-check-aof', [join(path, MANIFEST)], { encoding: 'latin1' });
    expect(check.stdout).toContain('All AOF files and manifest are valid');
    await startRedis();
    expect(await ask(['GET', 'a'], ['LLEN', 'list'])).toBe('$1\r\n3\r\n:10\r\n');
  });

  test.each([
    ['without', {}],
    ['with', ticking(1000)],
  ])('%s time stamps are gone on with by Redis, and what it adds is read', async (_, options) => {
    const log = await newLog(path, options);
    append(log, command('SET', 'a', '1'));
    await log.close();
    await startRedis('--aof-timestamp-enabled', 'yes');
    await ask(['SET', 'b', '2']);
    await killRedis();
    expect(await commandsIn()).toEqual(['set a 1', 'set b 2']);
    const recovered = await readLog(path);
    expect(recovered.segments.map(({ isPlain }) => isPlain)).toEqual([true]);
    const again = await openLog(recovered.directory, recovered, optionsWith(options));
    // Nothing with checksums follows what has none in a file.
    expect(again.segment.seq).toBe(2);
    append(again, command('SET', 'c', '3'));
    await again.close();
    expect(await commandsIn()).toEqual(['set a 1', 'set b 2', 'set c 3']);
    await startRedis();
    expect(await ask(['DBSIZE'])).toBe(':3\r\n');
  });

  test('with a base and older generations are loaded from the newest base on', async () => {
    // A real base, made by Redis.
    await startRedis('--dbfilename', 'base.rdb');
    await ask(['SET', 'base', '1'], ['SAVE']);
    await killRedis();
    const rdb = readFileSync(join(directory.path, 'base.rdb'));
    path = join(directory.path, 'log');
    const log = await newLog(path);
    for (let seq = 1; seq <= 3; seq++) {
      append(log, command('INCR', 'counter'));
      const offset = await rotate(log);
      const name = log.directory.baseFileName(seq, false);
      appendFileSync(join(path, name), rdb);
      await installBase(log.directory, { name, seq, offset }, 2);
      const deleted = await log.directory.deleteHistory();
      expect(deleted.length).toBe([1, 0, 2][seq - 1]);
    }
    append(log, command('INCR', 'counter'));
    await log.close();
    const { manifest } = LogDirectory.read(path, BASE_NAME);
    expect(manifest.bases.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(manifest.keptSegments.map(({ seq }) => seq)).toEqual([3]);
    expect(manifest.segments.map(({ seq }) => seq)).toEqual([4]);
    const check = spawnSync('redis-check-aof', [join(path, MANIFEST)], { encoding: 'latin1' });
    expect(check.stdout).toContain('All AOF files and manifest are valid');
    await startRedis('--appenddirname', 'log');
    expect(await ask(['GET', 'base'], ['GET', 'counter'])).toBe('$1\r\n1\r\n$1\r\n1\r\n');
    // Those that only Synap falls back on are still there.
    expect(readdirSync(path)).toContain(log.directory.baseFileName(2, false));
    for (const { offset = 0 } of manifest.bases) {
      const { bytes } = await readLog(path, { from: offset });
      expect(bytes.length).toBe(log.offset - offset);
    }
  });
});

describe.skipIf(!hasRedis)('files of Redis', () => {
  for (const timestamps of ['no', 'yes']) {
    test(`are read after a kill, time stamps: ${timestamps}`, async () => {
      await startRedis('--aof-timestamp-enabled', timestamps);
      const keys = Array.from({ length: 500 }, (_, i) => ['SET', `key:${i}`, 'v'.repeat(i)]);
      await ask(...keys, ['MULTI'], ['INCR', 'n'], ['INCR', 'n'], ['EXEC']);
      await killRedis();
      const found = await commandsIn();
      expect(found.slice(0, 500)).toEqual(keys.map((words) => words.join(' ').toLowerCase()));
      expect(found.slice(500)).toEqual(['multi', 'incr n', 'incr n', 'exec']);
      const { directory: own, segments } = await readLog(path);
      expect(own.manifest.bases).toHaveLength(1);
      expect(segments.map(({ isPlain }) => isPlain)).toEqual([true]);
    });

    test(`cut anywhere in a transaction end before it, time stamps: ${timestamps}`, async () => {
      await startRedis('--aof-timestamp-enabled', timestamps);
      await ask(['SET', 'a', '1'], ['MULTI'], ['INCR', 'n'], ['INCR', 'n'], ['EXEC']);
      await killRedis();
      const file = join(path, `${BASE_NAME}.1.incr.aof`);
      const bytes = readFileSync(file);
      const multi = bytes.indexOf('*1\r\n$5\r\nMULTI');
      expect(multi).toBeGreaterThan(0);
      for (let size = bytes.length - 1; size > multi; size--) {
        truncateSync(file, size);
        expect(await commandsIn()).toEqual(['set a 1']);
        const { torn } = await readLog(path);
        expect(torn?.position).toBe(multi);
        await expect(readLog(path, { loadTruncated: false })).rejects.toThrow(/cut off/);
      }
    });
  }

  test('in one file, behind a snapshot or without one, are read, and cut at a torn end', async () => {
    await startRedis('--aof-use-rdb-preamble', 'no', '--dbfilename', 'dump.rdb');
    await ask(['SET', 'a', '1'], ['SAVE'], ['MULTI'], ['INCR', 'n'], ['INCR', 'n'], ['EXEC']);
    await killRedis();
    const rdb = readFileSync(join(directory.path, 'dump.rdb'));
    const commands = readFileSync(join(path, `${BASE_NAME}.1.incr.aof`));
    const file = join(directory.path, 'old.aof');
    appendFileSync(file, commands);
    expect(await hasPreamble(file)).toBe(false);
    const pieces: Buffer[] = [];
    const onGroup = ({ bytes }: { bytes: Buffer }) => void pieces.push(Buffer.from(bytes));
    const options = { loadTruncated: true, onGroup };
    expect(await readAofFile(file, 0, options)).toEqual({
      commandBytes: commands.length,
      torn: undefined,
    });
    expect(Buffer.concat(pieces)).toEqual(commands);
    writeFileSync(file, Buffer.concat([rdb, commands.subarray(0, -1)]));
    expect(await hasPreamble(file)).toBe(true);
    pieces.length = 0;
    const { commandBytes, torn } = await readAofFile(file, rdb.length, options);
    expect(commandBytes).toBe(commands.indexOf('*1\r\n$5\r\nMULTI'));
    expect(torn?.position).toBe(rdb.length + commandBytes);
    expect(Buffer.concat(pieces)).toEqual(commands.subarray(0, commandBytes));
    const strict = { ...options, loadTruncated: false };
    await expect(readAofFile(file, rdb.length, strict)).rejects.toThrow(/cut off/);
    await expect(readAofFile(file, 1, options)).rejects.toThrow(/byte 1: /);
  });

  test('with damage in them are refused', async () => {
    await startRedis();
    await ask(['SET', 'a', '1'], ['SET', 'b', '2']);
    await killRedis();
    const file = join(path, `${BASE_NAME}.1.incr.aof`);
    appendFileSync(file, 'nonsense\r\n');
    await expect(readLog(path)).rejects.toThrow(/there is no command/);
  });

  test('keep annotations inside a transaction out of the offsets', async () => {
    mkdirSync(path);
    const file = `${BASE_NAME}.1.incr.aof`;
    appendFileSync(join(path, MANIFEST), `file ${file} seq 1 type i\n`);
    const parts = [command('MULTI'), command('INCR', 'n'), command('EXEC'), command('INCR', 'n')];
    appendFileSync(join(path, file), parts.join('#TS:1700000000\r\n'));
    const { offset, bytes } = await readLog(path);
    expect(bytes).toEqual(Buffer.concat(parts));
    expect(offset).toBe(bytes.length);
    truncateSync(join(path, file), `${parts.slice(0, 3).join('#TS:1700000000\r\n')}`.length - 1);
    expect((await readLog(path)).torn).toMatchObject({ position: 0, offset: 0 });
  });
});
