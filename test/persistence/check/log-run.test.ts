// Running a sound log for `synap-check`: which commands fail, what a server would not start with, and that
// nothing is changed by it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { baseChecker } from '../../../src/persistence/check/base-file.ts';
import {
  DAMAGED,
  inspect,
  SOUND,
  type Verdict,
} from '../../../src/persistence/check/inspection.ts';
import { runDirectory, runFile } from '../../../src/persistence/check/log-run.ts';
import { inspectFile } from '../../../src/persistence/check/single-file.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { append, BASE_NAME, command, newLog } from '../logs.ts';
import { makeLog, snapshotOf } from './log-with-bases.ts';

const INCREMENT = `${BASE_NAME}.1.incr.aof`;
const SET = command('SET', 'k', 'v');
const FAILING = command('LPUSH', 'k', 'a');

let path: string;
let lines: string[];

beforeEach(() => {
  path = join(ownDirectory(), 'log');
  lines = [];
});

const print = (line: string) => void lines.push(line);

function check(fix = false, databases = 16): Promise<Verdict> {
  return inspect(path, {
    ...{ baseName: BASE_NAME, fix, print, checkBase: baseChecker(() => {}) },
    runLog: (files) => runDirectory(path, BASE_NAME, { databases, files }),
  });
}

/** A log of one group for each of the parts. */
async function write(...groups: Buffer[]): Promise<void> {
  const log = await newLog(path);
  for (const bytes of groups) append(log, bytes);
  await log.close();
}

const contents = () => readdirSync(path).map((name) => [name, readFileSync(join(path, name))]);

test('a log of which all commands succeed, from its newest base on', async () => {
  await makeLog(path);
  expect(await check()).toBe(SOUND);
  expect(lines.slice(-2)).toEqual([
    'run: 5 commands, of which 0 fail and are passed over',
    'all is well',
  ]);
});

test('commands that fail are told with their places, and are no damage', async () => {
  await write(SET, Buffer.concat([SET, FAILING]), FAILING);
  const before = contents();
  expect(await check()).toBe(SOUND);
  const first = 2 * 63 + 2 * SET.length;
  const reason = 'WRONGTYPE Operation against a key holding the wrong kind of value';
  expect(lines.slice(-4)).toEqual([
    `fails: ${INCREMENT}, byte ${first}: "LPUSH" "k" "a": ${reason}`,
    `fails: ${INCREMENT}, byte ${first + FAILING.length + 63}: "LPUSH" "k" "a": ${reason}`,
    'run: 4 commands, of which 2 fail and are passed over',
    'all is well',
  ]);
  expect(contents()).toEqual(before);
});

test('many of them are counted', async () => {
  await write(SET, ...Array.from({ length: 100 }, () => FAILING));
  expect(await check()).toBe(SOUND);
  expect(lines.filter((line) => line.startsWith('fails: '))).toHaveLength(21);
  expect(lines).toContain('fails: 80 more');
  expect(lines).toContain('run: 101 commands, of which 100 fail and are passed over');
});

test('what no server starts with', async () => {
  await write(SET, command('NOSUCH', 'x'));
  expect(await check()).toBe(DAMAGED);
  const place = `${INCREMENT}, byte ${63 + SET.length + 63}: the log cannot be run at "NOSUCH" "x"`;
  expect(lines.at(-2)).toContain(
    `the server does not start with it: ${place}: ERR unknown command`,
  );
  // There is nothing to be repaired: a later version may know it.
  const before = contents();
  expect(await check(true)).toBe(DAMAGED);
  expect(contents()).toEqual(before);
});

test('what is damaged is run when it is repaired', async () => {
  await write(SET, FAILING, SET);
  const file = join(path, INCREMENT);
  writeFileSync(file, readFileSync(file).subarray(0, -1));
  expect(await check()).toBe(DAMAGED);
  expect(lines.join('\n')).not.toContain('run: ');
  expect(await check(true)).toBe(SOUND);
  expect(lines).toContain('run: 2 commands, of which 1 fail and are passed over');
});

test('the databases of the server count', async () => {
  await write(Buffer.concat([command('SELECT', '20'), SET]));
  expect(await check()).toBe(SOUND);
  expect(lines).toContain('run: 2 commands, of which 1 fail and are passed over');
  expect(await check(false, 32)).toBe(SOUND);
  expect(lines).toContain('run: 2 commands, of which 0 fail and are passed over');
});

test('what might not fit into memory is not run', async () => {
  await write(SET, command('NOSUCH'));
  const files = [join(path, INCREMENT)];
  const neededBytes = 4 * readFileSync(files[0]).length;
  const report = await runDirectory(path, BASE_NAME, {
    databases: 16,
    files,
    availableBytes: neededBytes - 1,
  });
  expect(report.starts).toBe(true);
  expect(report.lines).toEqual([
    'its commands were not run: that might take more memory than there is',
  ]);
  const all = await runDirectory(path, BASE_NAME, {
    databases: 16,
    files,
    availableBytes: neededBytes,
  });
  expect(all.starts).toBe(false);
});

test.each([
  ['', Buffer.alloc(0)],
  ['behind a snapshot', snapshotOf(3)],
])('a single file, %s', async (_, beginning) => {
  mkdirSync(path);
  const file = join(path, 'appendonly.aof');
  const inspected = () =>
    inspectFile(file, {
      ...{ fix: false, print, onProgress: () => {} },
      runFile: () => runFile(file, { databases: 16, files: [file] }),
    });
  writeFileSync(file, Buffer.concat([beginning, SET, FAILING]));
  expect(await inspected()).toBe(SOUND);
  expect(lines).toContain('run: 2 commands, of which 1 fail and are passed over');
  const at = beginning.length + SET.length;
  expect(lines.join('\n')).toContain(
    `fails: appendonly.aof, byte ${at}: "LPUSH" "k" "a": WRONGTYPE`,
  );
  writeFileSync(file, Buffer.concat([beginning, SET, command('SET', 'k')]));
  expect(await inspected()).toBe(DAMAGED);
  expect(lines.at(-2)).toContain(`appendonly.aof, byte ${at}: `);
  // In a snapshot alone there is nothing to run.
  lines = [];
  writeFileSync(file, snapshotOf(3));
  expect(await inspected()).toBe(SOUND);
  expect(lines.join('\n')).not.toContain('run: ');
});
