// The program `synap-check`: its exit codes, and what it prints where.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BASE_2, makeLog } from '../persistence/check/log-with-bases.ts';
import { append, command, newLog } from '../persistence/logs.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const CHECK = fileURLToPath(new URL('../../dist/check.js', import.meta.url));

let directory: { path: string; remove(): void };
let path: string;

beforeEach(async () => {
  directory = temporaryDirectory();
  path = join(directory.path, 'log');
  const log = await newLog(path);
  append(log, command('SET', 'a', '1'));
  append(log, command('SET', 'b', '2'));
  await log.close();
});

afterEach(() => directory.remove());

function check(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CHECK, ...args], { encoding: 'latin1' });
}

test('a sound log, and one that is repaired', () => {
  expect(check(path)).toMatchObject({ status: 0, stderr: '' });
  truncateSync(join(path, 'appendonly.aof.1.incr.aof'), 150);
  const found = check(path);
  expect(found.status).toBe(1);
  expect(found.stdout).toContain(
    'torn end: appendonly.aof.1.incr.aof, byte 90: a group is cut off',
  );
  expect(check('--fix', path)).toMatchObject({ status: 0, stderr: '' });
  expect(check(path).stdout).toContain('after 1 commands');
});

test('nobody reads the output: the log is repaired all the same', () => {
  truncateSync(join(path, 'appendonly.aof.1.incr.aof'), 150);
  const script = '{ "$0" "$@"; echo "exit code $?" >&2; } | true';
  const words = ['-c', script, process.execPath, CHECK, '--fix', path];
  expect(spawnSync('sh', words, { encoding: 'latin1' }).stderr).toBe('exit code 0\n');
  expect(check(path)).toMatchObject({ status: 0, stderr: '' });
});

test('commands that fail, and a number of databases', async () => {
  const log = await newLog(join(directory.path, 'failing'));
  append(log, Buffer.concat([command('SELECT', '40'), command('SET', 'a', '1')]));
  append(log, command('LPUSH', 'a', '1'));
  await log.close();
  const found = check(log.directory.path);
  expect(found).toMatchObject({ status: 0, stderr: '' });
  expect(found.stdout).toMatch(/fails: .*"SELECT" "40": ERR DB index is out of range/);
  expect(found.stdout).toContain('run: 3 commands, of which 2 fail and are passed over');
  const more = check('--databases', '41', log.directory.path);
  expect(more.stdout).toContain('run: 3 commands, of which 1 fail and are passed over');
  expect(check('--databases', 'x', path)).toMatchObject({ status: 2, stdout: '' });
});

test('what cannot be checked', () => {
  expect(check(directory.path).status).toBe(2);
  expect(check('--name', 'other.aof', path).status).toBe(2);
  expect(check().stderr).toContain('Usage: synap-check');
  expect(check().status).toBe(2);
  expect(check('--nonsense', path).stderr).toContain('--nonsense');
  const missing = check(join(path, 'missing'));
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain('ENOENT');
});

test('a manifest that is damaged', () => {
  truncateSync(join(path, 'appendonly.aof.manifest'), 30);
  const { status, stdout, stderr } = check(path);
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(stdout).toContain('appendonly.aof.manifest: its last line is cut off');
  expect(stdout).toContain('--fix rebuilds the manifest from the files:');
  expect(check('--fix', path)).toMatchObject({ status: 0, stderr: '' });
  // Redis's tools are given the manifest.
  const { status: again, stdout: found } = check(join(path, 'appendonly.aof.manifest'));
  expect(again).toBe(0);
  expect(found).toContain('appendonly.aof.manifest.damaged: not part of the log');
});

test('a base and single files', async () => {
  const log = join(directory.path, 'log with bases');
  await makeLog(log);
  expect(check(log)).toMatchObject({ status: 0, stderr: '' });
  const base = join(log, BASE_2);
  expect(check(base).stdout).toContain('10 keys (10 string)');
  const bytes = readFileSync(base);
  bytes[150] ^= 1;
  writeFileSync(base, bytes);
  expect(check(base).status).toBe(1);
  expect(check(log).stdout).toContain('the server would start from generation 1');
  expect(check('--fix', log)).toMatchObject({ status: 0, stderr: '' });
  expect(readdirSync(log)).toContain(`${BASE_2}.damaged`);
  const aof = join(directory.path, 'appendonly.aof');
  writeFileSync(aof, command('SET', 'a', '1').subarray(0, -1));
  expect(check(aof).status).toBe(1);
});

test('help', () => {
  const { status, stdout } = check('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('Usage: synap-check');
});
