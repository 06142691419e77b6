// Single files: what is told of them and what is repaired, beside redis-check-rdb and redis-check-aof.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAMAGED, SOUND, type Verdict } from '../../../src/persistence/check/inspection.ts';
import { inspectFile } from '../../../src/persistence/check/single-file.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { append, command, newLog, rotate } from '../logs.ts';
import { load, save } from '../rdb/loading.ts';
import { fileOf, rdbString } from '../rdb/payloads.ts';
import { snapshotOf } from './log-with-bases.ts';

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => directory.remove());

/** Checks a file with these bytes. */
async function check(
  name: string,
  bytes: Buffer,
  fix = false,
): Promise<{ verdict: Verdict; lines: string[]; path: string; calls: number }> {
  const path = join(directory.path, name);
  writeFileSync(path, bytes);
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  let calls = 0;
  const onProgress = () => void calls++;
  return { verdict: await inspectFile(path, { fix, print, onProgress }), lines, path, calls };
}

/** Whether Redis's tool calls a file sound. */
function redisAccepts(tool: 'redis-check-rdb' | 'redis-check-aof', path: string): boolean {
  return spawnSync(tool, [path]).status === 0;
}

const SET = command('SET', 'a', '1');
const MULTI = Buffer.concat([command('MULTI'), SET, command('EXEC')]);

/** More than is read at a time. */
const MORE = Buffer.alloc(3_000_000);

describe('a snapshot', () => {
  test('that is sound', async () => {
    const bytes = snapshotOf(3);
    const { verdict, lines, calls, path } = await check('dump.rdb', bytes);
    expect(lines).toEqual([
      `dump.rdb: ${bytes.length} bytes, RDB version 10, 3 keys (3 string), 0 expire, in database 0: 3`,
      'all is well',
    ]);
    expect(verdict).toBe(SOUND);
    expect(calls).toBeGreaterThan(0);
    if (hasRedis) expect(redisAccepts('redis-check-rdb', path)).toBe(true);
  });

  test('of which every byte is wrong once', async () => {
    const bytes = snapshotOf(3);
    for (let byte = 0; byte < bytes.length; byte++) {
      const wrong = Buffer.from(bytes);
      wrong[byte] ^= 1 << (byte % 8);
      expect((await check('dump.rdb', wrong)).verdict, `byte ${byte}`).toBe(DAMAGED);
    }
  });

  test('that is cut off cannot be repaired', async () => {
    const bytes = snapshotOf(3).subarray(0, -10);
    const { verdict, lines, path } = await check('dump.rdb', bytes, true);
    expect(verdict).toBe(DAMAGED);
    expect(lines[1]).toMatch(/^damage: dump\.rdb, byte \d+: /);
    expect(lines[2]).toContain('this cannot be repaired');
    expect(readFileSync(path)).toEqual(bytes);
    if (hasRedis) expect(redisAccepts('redis-check-rdb', path)).toBe(false);
  });

  test('without a checksum, with something behind it', async () => {
    const { keyspace } = load(snapshotOf(1));
    const bytes = Buffer.concat([save(keyspace, { hasChecksum: false }).file, MORE]);
    const { verdict, lines } = await check('dump.rdb', bytes);
    expect(verdict).toBe(SOUND);
    expect(lines[0]).toContain('RDB version 10 without a checksum, 1 keys');
    expect(lines[1]).toContain('the 3000000 bytes after its end are ignored');
  });

  test('with types that there are not yet, databases and expiries', async () => {
    const expiry = Buffer.alloc(9, 0xfc);
    expiry.writeBigInt64LE(4_102_444_800_000n, 1);
    const module = [7, 9, 2, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 65, 0];
    const content = [
      Buffer.from([0xfe, 3]),
      ...[expiry, Buffer.from([0]), rdbString('a'), rdbString('1')],
      ...[Buffer.from([7]), rdbString('module'), Buffer.from(module.slice(1))],
      ...[Buffer.from([0xf5]), rdbString('a library')],
    ];
    const { verdict, lines } = await check('dump.rdb', fileOf(Buffer.concat(content)));
    expect(lines[0]).toContain(
      '2 keys (1 string, 1 module), 1 expire, in database 3: 2; ' +
        'not known to Synap yet: module: 1, functions: 1',
    );
    expect(verdict).toBe(SOUND);
  });

  test('that is none', async () => {
    const { lines } = await check('dump.rdb', Buffer.from('nonsense'));
    expect(lines[1]).toMatch(/^damage: dump\.rdb, byte \d+: /);
    expect((await check('dump.rdb', Buffer.alloc(0))).verdict).toBe(DAMAGED);
  });
});

describe('an AOF file', () => {
  test.each([
    ['', Buffer.alloc(0)],
    ['behind a snapshot', snapshotOf(3)],
  ])('%s that is sound, and cut where it is damaged', async (_, beginning) => {
    const whole = Buffer.concat([beginning, SET, MULTI]);
    const sound = await check('appendonly.aof', whole, true);
    expect(sound.verdict).toBe(SOUND);
    expect(sound.lines[0]).toMatch(/4 commands without checksums$/);
    if (hasRedis) expect(redisAccepts('redis-check-aof', sound.path)).toBe(true);

    const wrong = Buffer.concat([whole, SET]);
    wrong[whole.length - command('EXEC').length] ^= 1;
    const damages = [whole.subarray(0, -1), wrong];
    for (const bytes of damages) {
      const end = beginning.length + SET.length;
      const found = await check('appendonly.aof', bytes);
      expect(found.verdict).toBe(DAMAGED);
      expect(found.lines[1]).toMatch(new RegExp(`^damage: appendonly\\.aof, byte ${end}: `));
      const { verdict, lines, path } = await check('appendonly.aof', bytes, true);
      expect(verdict).toBe(SOUND);
      const copy = readdirSync(directory.path).findLast((name) => name.includes('.torn-')) ?? '';
      expect(lines[2]).toBe(
        `repaired: appendonly.aof ends at byte ${end}; what was cut is in ${copy}`,
      );
      expect(readFileSync(path)).toEqual(whole.subarray(0, end));
      expect(readFileSync(join(directory.path, copy))).toEqual(bytes.subarray(end));
      if (hasRedis) expect(redisAccepts('redis-check-aof', path)).toBe(true);
    }
  });

  test.each([
    ['of which nothing is whole', Buffer.from('nonsense'), 'nothing in it is whole'],
    ['whose snapshot is damaged', snapshotOf(3).subarray(0, 100), 'a snapshot is of no use'],
  ])('%s is left as it is', async (_, bytes, reason) => {
    const { verdict, lines, path } = await check('appendonly.aof', bytes, true);
    expect(verdict).toBe(DAMAGED);
    expect(lines[2]).toContain(`this cannot be repaired: ${reason}`);
    expect(readFileSync(path)).toEqual(bytes);
    expect(readdirSync(directory.path)).toEqual(['appendonly.aof']);
  });

  test('that is part of a log is cut only together with it', async () => {
    const path = join(directory.path, 'log');
    const log = await newLog(path);
    append(log, SET);
    await rotate(log);
    append(log, SET);
    append(log, SET);
    await log.close();
    const bytes = readFileSync(join(path, 'appendonly.aof.2.incr.aof'));
    const whole = await check('increment.aof', bytes);
    expect(whole.verdict).toBe(SOUND);
    expect(whole.lines[0]).toContain('2 commands in groups');
    const { verdict, lines } = await check('increment.aof', bytes.subarray(0, -1), true);
    expect(verdict).toBe(DAMAGED);
    expect(lines[2]).toContain('check the directory');
  });
});
