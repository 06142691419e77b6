// What older versions of Redis left: the one file of before version 7, whole or torn, and a directory with
// files that were to be deleted.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/running-server.ts';
import { command } from '../logs.ts';
import { LogServer } from './log-server.ts';

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => directory.remove());

/** A snapshot, as the beginning of such a file. */
async function preamble(): Promise<Buffer> {
  const path = join(directory.path, 'other');
  mkdirSync(path);
  const server = await LogServer.start(path, { appendonly: 'no' });
  await server.ask('SET', 'first', '1');
  await server.ask('SAVE');
  await server.stop();
  return readFileSync(join(path, 'dump.rdb'));
}

test.each([
  [false, 0],
  [false, 3],
  [true, 0],
  [true, 3],
])('the single file, with a preamble %s and %i bytes missing', async (hasPreamble, missing) => {
  const beginning = hasPreamble ? await preamble() : command('SET', 'first', '1');
  const commands = [command('SELECT', '2'), command('SET', 'a', '1'), command('SET', 'b', '2')];
  const whole = Buffer.concat([beginning, ...commands]);
  const single = join(directory.path, 'appendonly.aof');
  writeFileSync(single, whole.subarray(0, whole.length - missing));
  for (const round of ['one', 'two']) {
    const server = await LogServer.start(directory.path);
    expect(existsSync(single)).toBe(false);
    expect(await server.ask('GET', 'first')).toBe('1');
    await server.ask('SELECT', '2');
    expect(await server.ask('EXISTS', 'a', 'b')).toBe(missing === 0 ? '2' : '1');
    expect(await server.ask('SETNX', 'c', round)).toBe(round === 'one' ? '1' : '0');
    expect(server.files.some((name) => name.includes('.torn-'))).toBe(missing > 0);
    await server.rewrite();
    await server.stop();
  }
  // Torn, and not allowed to be.
  if (missing === 0) return;
  const refusing = join(directory.path, 'refusing');
  mkdirSync(refusing);
  writeFileSync(join(refusing, 'appendonly.aof'), whole.subarray(0, whole.length - missing));
  const starting = LogServer.start(refusing, { 'aof-load-truncated': 'no' });
  await expect(starting).rejects.toThrow(/appendonly\.aof, byte \d+/);
});

test('history files are deleted and not loaded; increments are loaded in order', async () => {
  const folder = join(directory.path, 'appendonlydir');
  mkdirSync(folder);
  const files = {
    'appendonly.aof.1.base.aof': command('SET', 'wrong', '1'),
    'appendonly.aof.2.base.aof': command('SET', 'a', '1'),
    'appendonly.aof.1.incr.aof': command('SET', 'wrong', '2'),
    'appendonly.aof.2.incr.aof': command('APPEND', 'a', '2'),
    'appendonly.aof.3.incr.aof': command('APPEND', 'a', '3'),
    'appendonly.aof.manifest': [
      'file appendonly.aof.2.base.aof seq 2 type b',
      'file appendonly.aof.1.base.aof seq 1 type h',
      'file appendonly.aof.1.incr.aof seq 1 type h',
      'file appendonly.aof.2.incr.aof seq 2 type i',
      'file appendonly.aof.3.incr.aof seq 3 type i\n',
    ].join('\n'),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const server = await LogServer.start(directory.path);
  expect(await server.ask('GET', 'a')).toBe('123');
  expect(await server.ask('DBSIZE')).toBe('1');
  expect(server.files.filter((name) => name.includes('.1.'))).toEqual([]);
  await server.rewrite();
  const digest = await server.digest();
  await server.stop();
  expect(await LogServer.digestIn(directory.path)).toBe(digest);
});
