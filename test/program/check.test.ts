// The program `synap-check`: its exit codes, and what it prints where.

import { spawnSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
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

test('what cannot be checked', () => {
  expect(check(directory.path).status).toBe(2);
  expect(check('--name', 'other.aof', path).status).toBe(2);
  expect(check().stderr).toContain('Usage: synap-check');
  expect(check().status).toBe(2);
  expect(check('--nonsense', path).stderr).toContain('--nonsense');
  truncateSync(join(path, 'appendonly.aof.manifest'), 20);
  const { status, stderr } = check(path);
  expect(status).toBe(1);
  expect(stderr).toContain('appendonly.aof.manifest: its last line is cut off');
});

test('help', () => {
  const { status, stdout } = check('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('Usage: synap-check');
});
