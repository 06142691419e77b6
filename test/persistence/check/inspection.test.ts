// synap-check's work: what it prints, whether it repairs, and that a repaired log is sound.

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type BaseCheck, BaseDamageError } from '../../../src/persistence/check/base-check.ts';
import {
  DAMAGED,
  inspect,
  SOUND,
  UNUSABLE,
  type Verdict,
} from '../../../src/persistence/check/inspection.ts';
import { ownDirectory } from '../../support/own-directory.ts';

import { append, BASE_NAME, command, newLog, readLog, rotate, systemError } from '../logs.ts';

let root: string;
let path: string;
let lines: string[];
const FIRST = `${BASE_NAME}.1.incr.aof`;

beforeEach(async () => {
  root = ownDirectory();
  path = join(root, 'log');
  lines = [];
  const log = await newLog(path);
  for (let i = 0; i < 10; i++) {
    append(log, command('SET', `key:${i}`, 'value'));
    await log.flush();
    if (i === 4) await rotate(log);
  }
  await log.close();
});

const NO_FACTS = { contents: 'contents', offset: undefined, replicationId: undefined };

function check(fix = false, checkBase: BaseCheck = async () => NO_FACTS): Promise<Verdict> {
  lines = [];
  const print = (line: string) => void lines.push(line);
  return inspect(path, { baseName: BASE_NAME, fix, checkBase, print });
}

test('a sound log', async () => {
  expect(await check()).toBe(SOUND);
  expect(lines.join('\n')).toContain(`${FIRST}: offsets 0 to 175, 490 bytes, 5 groups`);
  expect(lines.join('\n')).toContain('the log ends at offset 350, after 10 commands');
  expect(lines.at(-1)).toBe('all is well');
});

test('no log', async () => {
  path = root;
  expect(await check()).toBe(UNUSABLE);
});

test('a torn end', async () => {
  const second = join(path, `${BASE_NAME}.2.incr.aof`);
  appendFileSync(second, readFileSync(second).subarray(0, 70));
  expect(await check()).toBe(DAMAGED);
  // Looking has changed nothing.
  expect(await check(true)).toBe(SOUND);
  expect(await check()).toBe(SOUND);
  expect((await readLog(path)).offset).toBe(350);
});

test('damage in the middle is cut, with a copy of everything behind it', async () => {
  const bytes = readFileSync(join(path, FIRST));
  bytes[200] ^= 1;
  writeFileSync(join(path, FIRST), bytes);
  expect(await check()).toBe(DAMAGED);
  expect(lines.join('\n')).toMatch(/damage: .*1\.incr\.aof, byte 196 \(offset 70\)/);
  expect(await check(true)).toBe(SOUND);
  const copies = readdirSync(path).filter((name) => name.includes('.torn-'));
  expect(copies).toHaveLength(2);
  expect(readFileSync(join(path, `${FIRST}.torn-70`))).toEqual(bytes.subarray(196));
  const { offset, torn } = await readLog(path);
  expect({ offset, torn }).toEqual({ offset: 70, torn: undefined });
});

test('bases are checked by whoever can read them, each once', async () => {
  const manifest = join(path, `${BASE_NAME}.manifest`);
  writeFileSync(manifest, `file b.rdb seq 1 type b\nfile ${FIRST} seq 1 type i\n`);
  const asked: string[] = [];
  appendFileSync(join(path, FIRST), 'torn');
  const verdict = await check(true, async (file) => {
    asked.push(file);
    return NO_FACTS;
  });
  expect(verdict).toBe(SOUND);
  expect(asked).toEqual([join(path, 'b.rdb')]);
  expect(lines).toContain('b.rdb: base, contents, sound');
  expect(lines.join('\n')).toContain('repaired: ');
  const damaged = () => Promise.reject(new BaseDamageError('its checksum is wrong'));
  expect(await check(true, damaged)).toBe(DAMAGED);
  expect(lines).toContain('b.rdb: base, its checksum is wrong');
});

test('a base that cannot be read is not taken for a damaged one', async () => {
  const manifest = join(path, `${BASE_NAME}.manifest`);
  writeFileSync(manifest, `file b.rdb seq 1 type b\nfile ${FIRST} seq 1 type i\n`);
  const before = readdirSync(path);
  const denied = () => Promise.reject(systemError('EACCES'));
  await expect(check(true, denied)).rejects.toThrow('EACCES');
  expect(readdirSync(path)).toEqual(before);
});

test('a copy of what is cut takes the place of no other', async () => {
  const second = join(path, `${BASE_NAME}.2.incr.aof`);
  for (const rest of ['one', 'two']) {
    appendFileSync(second, rest);
    expect(await check(true)).toBe(SOUND);
  }
  expect(readFileSync(`${second}.torn-350`, 'latin1')).toBe('one');
  expect(readFileSync(`${second}.torn-350-2`, 'latin1')).toBe('two');
});

test('files that are not part of the log are named', async () => {
  writeFileSync(join(path, 'temp-1.rdb'), '');
  expect(await check()).toBe(SOUND);
  expect(lines).toContain('temp-1.rdb: not part of the log');
  expect(lines.filter((line) => line.includes('not part of the log'))).toHaveLength(1);
});
