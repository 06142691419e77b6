// The lines in which the log tells the time: where they stand, that they count for nothing, that their
// damage is noticed like any other, and that redis-check-aof cuts the log at them.

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { SOUND } from '../../../src/persistence/check/inspection.ts';
import { openLog } from '../../../src/persistence/log/open-log.ts';
import { readFrom } from '../../../src/persistence/recovery/log-reader.ts';
import type { Log } from '../../../src/persistence/segments/log.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { formatManifest } from '../../../src/persistence/segments/manifest.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { inspected, makeLog } from '../check/log-with-bases.ts';
import {
  append,
  BASE_NAME,
  command,
  FaultyFileSystem,
  newLog,
  optionsWith,
  readLog,
  rotate,
  systemError,
  ticking,
} from '../logs.ts';

const FIRST = `${BASE_NAME}.1.incr.aof`;
const SECOND = `${BASE_NAME}.2.incr.aof`;
const MANIFEST = `${BASE_NAME}.manifest`;
/** A second in which nothing happened yet. */
const START = 1_700_000_000;

let root: string;
let path: string;
/** What the clock of a log shows, in seconds. */
let seconds: number;
const clock = { tellsTime: true, nowMs: () => seconds * 1000 + 999 };

beforeEach(() => {
  root = ownDirectory();
  path = join(root, 'log');
  seconds = START;
});

const read = (name: string) => readFileSync(join(path, name));
const write = (name: string, bytes: Buffer | string) => writeFileSync(join(path, name), bytes);
const set = (key: string) => command('SET', key, '1');

/** What a file consists of: `T` and the time, `G`, or the first letter of a command and its key. */
function outlineOf(name: string): string[] {
  const text = read(name).toString('latin1');
  const parts =
    /#TS:(\d+)\r\n|#SG1 .{56}\r\n|\*3\r\n\$3\r\nSET\r\n\$\d+\r\n(\w+)\r\n\$1\r\n1\r\n/gy;
  const found = [...text.matchAll(parts)];
  expect(found.reduce((sum, [{ length }]) => sum + length, 0)).toBe(text.length);
  return found.map(([, time, key]) => {
    if (time !== undefined) return `T${Number(time) - START}`;
    return key ?? 'G';
  });
}

/** Appends a group of its own for each key. */
function addEach(log: Log, ...keys: string[]): void {
  for (const key of keys) append(log, set(key));
}

describe('a time stamp', () => {
  test('stands in front of the first group of each second, and of each file', async () => {
    const log = await newLog(path, clock);
    addEach(log, 'a', 'b');
    seconds += 2;
    append(log, Buffer.concat([set('c'), set('d')]));
    // A clock that was set back says nothing new.
    seconds -= 1;
    addEach(log, 'e');
    log.tellsTime = false;
    seconds += 5;
    addEach(log, 'f');
    log.tellsTime = true;
    addEach(log, 'g');
    await rotate(log);
    addEach(log, 'h', 'i');
    await log.close();
    expect(outlineOf(FIRST)).toEqual(
      ['T0', 'G', 'a', 'G', 'b', 'T2', 'G', 'c', 'd', 'G', 'e', 'G', 'f', 'T6', 'G', 'g'].flat(),
    );
    expect(outlineOf(SECOND)).toEqual(['T6', 'G', 'h', 'G', 'i']);
  });

  test('is that of the first command in a group that waits for the disk', async () => {
    const fs = new FaultyFileSystem();
    const log = await newLog(path, { ...clock, retryMs: 3_600_000 }, fs);
    fs.fault = (operation) => (operation === 'write' ? systemError('ENOSPC') : undefined);
    addEach(log, 'a');
    seconds += 3;
    addEach(log, 'b');
    fs.fault = () => undefined;
    expect(log.commit()).toBe(true);
    addEach(log, 'c');
    await log.close();
    expect(outlineOf(FIRST)).toEqual(['T0', 'G', 'a', 'b', 'T3', 'G', 'c']);
    expect(read(FIRST).length).toBe(log.stats.bytes);
  });

  test('counts towards no offset', async () => {
    const log = await newLog(path, { ...ticking(1000), policy: { mode: 'no', intervalMs: 0 } });
    const commands = ['a', 'b', 'c'].map(set);
    for (const each of commands) append(log, each);
    const stream = Buffer.concat(commands);
    expect(log.offset).toBe(stream.length);
    for (let offset = 0; offset < stream.length; offset++) {
      const pieces: Buffer[] = [];
      for await (const { bytes } of readFrom(log, offset)) pieces.push(Buffer.from(bytes));
      expect(Buffer.concat(pieces)).toEqual(stream.subarray(offset));
    }
    await log.close();
    const { starts, offset, segments } = await readLog(path);
    expect([starts, offset]).toEqual([[0, 27, 54], 81]);
    expect(segments.map(({ isPlain }) => isPlain)).toEqual([false]);
  });

  test('that looks like one in a value changes nothing', async () => {
    const log = await newLog(path);
    const value = command('SET', 'a', '#TS:1700000000');
    append(log, value);
    await log.flush();
    append(log, set('b'));
    await log.close();
    // The end of the first group reads as a stamp; the second one's annotation is not about it.
    const bytes = read(FIRST);
    expect(bytes.includes('#TS:1700000000\r\n#SG1 ')).toBe(true);
    expect((await readLog(path)).starts).toEqual([0, value.length]);
    // As a proof of damage before it, too.
    bytes[70] ^= 1;
    write(FIRST, bytes);
    await expect(readLog(path)).rejects.toThrow(/checksum is wrong/);
  });
});

describe('damage to a time stamp', () => {
  /** Three groups with stamps; resolves with the file and the places of the stamps in it. */
  async function threeGroups(): Promise<{ bytes: Buffer; stamps: number[] }> {
    const log = await newLog(path, ticking(1000));
    addEach(log, 'a');
    await log.flush();
    addEach(log, 'b');
    await log.flush();
    addEach(log, 'c');
    await log.close();
    const bytes = read(FIRST);
    const stamps = [0, 1, 2].map((i) => (i * bytes.length) / 3);
    for (const at of stamps) expect(bytes.toString('latin1', at, at + 4)).toBe('#TS:');
    return { bytes, stamps };
  }

  test('by any bit of it is refused, and cut at the end of the log', async () => {
    const { bytes, stamps } = await threeGroups();
    for (const [group, at] of stamps.entries()) {
      for (let bit = 0; bit < 8 * 16; bit++) {
        const damaged = Buffer.from(bytes);
        damaged[at + (bit >> 3)] ^= 1 << (bit & 7);
        write(FIRST, damaged);
        if (group < 2) await expect(readLog(path), `${group}, ${bit}`).rejects.toThrow(/offset/);
        else
          expect((await readLog(path)).torn, `${bit}`).toMatchObject({ position: at, offset: 54 });
      }
    }
  });

  test('is noticed when it is gone, or another one’s, as well', async () => {
    const { bytes, stamps } = await threeGroups();
    const [, second, third] = stamps;
    const without = [bytes.subarray(0, second), bytes.subarray(second + 16)];
    write(FIRST, Buffer.concat(without));
    await expect(readLog(path)).rejects.toThrow(/annotation is damaged/);
    bytes.copy(bytes, second, third, third + 16);
    write(FIRST, bytes);
    await expect(readLog(path)).rejects.toThrow(/annotation is damaged/);
  });

  test('does not hide a group from the check of files whose manifest Redis wrote', async () => {
    const { bytes, stamps } = await threeGroups();
    write(MANIFEST, `file ${FIRST} seq 1 type i\n`);
    expect((await readLog(path)).offset).toBe(81);
    for (const file of [bytes, bytes.subarray(0, stamps[1])]) {
      for (let bit = 0; bit < 8 * 16; bit++) {
        const damaged = Buffer.from(file);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        write(FIRST, damaged);
        const offset = await readLog(path).then(
          (found) => found.offset,
          () => 0,
        );
        expect(offset, `${file.length} bytes, ${bit}`).toBe(0);
      }
    }
  });

  test('by a cut leaves what is before it, and the log goes on there', async () => {
    const { bytes, stamps } = await threeGroups();
    const [, , third] = stamps;
    for (let size = third + 1; size <= third + 16; size++) {
      write(FIRST, bytes.subarray(0, size));
      const found = await readLog(path);
      expect(found.torn, `${size}`).toMatchObject({ position: third, offset: 54 });
      await expect(readLog(path, { loadTruncated: false })).rejects.toThrow(/cut off/);
    }
    truncateSync(join(path, FIRST), third);
    const recovered = await readLog(path);
    expect(recovered.torn).toBeUndefined();
    const log = await openLog(recovered.directory, recovered, optionsWith(ticking(1000)));
    expect(log.segment.name).toBe(FIRST);
    addEach(log, 'd');
    await log.close();
    expect((await readLog(path)).offset).toBe(81);
  });
});

test('a log with stamps is sound, and its manifest is made anew from its files', async () => {
  const stream = await makeLog(path, ticking(1000));
  expect((await inspected(path)).verdict).toBe(SOUND);
  const manifest = read(MANIFEST);
  rmSync(join(path, MANIFEST));
  expect((await inspected(path, true)).verdict).toBe(SOUND);
  expect(read(MANIFEST)).toEqual(manifest);
  expect((await readLog(path, { from: 175 })).bytes).toEqual(stream.subarray(175));
});

test('commands of Redis in a later file prove damage, behind a stamp too', async () => {
  const log = await newLog(path);
  addEach(log, 'a', 'b');
  await rotate(log);
  await log.close();
  const bytes = read(FIRST);
  truncateSync(join(path, FIRST), bytes.length - 1);
  // As long as the first file was not on disk, the manifest did not tell where the second begins.
  const { segments, ...rest } = LogDirectory.read(path, BASE_NAME).manifest;
  const [first, { name, seq }] = segments;
  const withoutStart = { ...rest, segments: [first, { name, seq, start: undefined }] };
  write(MANIFEST, formatManifest(withoutStart));
  expect((await readLog(path)).torn).toBeDefined();
  write(SECOND, `#TS:${START}\r\n${set('c')}`);
  await expect(readLog(path)).rejects.toThrow(/cut off/);
});

describe.skipIf(!hasRedis)('redis-check-aof', () => {
  const check = (...args: string[]) =>
    spawnSync('redis-check-aof', [...args, join(path, MANIFEST)], {
      encoding: 'latin1',
      input: 'y',
    });

  test('accepts the log, and cuts it back to any second', async () => {
    const log = await newLog(path, clock);
    const ends = [];
    for (let i = 0; i < 6; i++) {
      append(log, Buffer.concat([command('MULTI'), set(`a${i}`), command('EXEC')]));
      addEach(log, `b${i}`);
      ends.push(log.offset);
      seconds += 10;
    }
    await log.close();
    expect(check().stdout).toContain('All AOF files and manifest are valid');
    const original = path;
    for (let i = 0; i < 6; i++) {
      path = join(root, `copy-${i}`);
      cpSync(original, path, { recursive: true });
      const until = START + i * 10 + 5;
      const { stdout, status } = check('--truncate-to-timestamp', `${until}`);
      expect(stdout).toContain('All AOF files and manifest are valid');
      expect(status).toBe(0);
      const recovered = await readLog(path, { loadTruncated: false });
      expect(recovered.offset).toBe(ends[i]);
      // And the log goes on from there, in the same file.
      const again = await openLog(recovered.directory, recovered, optionsWith(clock));
      expect(again.segment.name).toBe(FIRST);
      addEach(again, 'more');
      await again.close();
      expect((await readLog(path)).offset).toBe(ends[i] + set('more').length);
    }
  });

  test('changes nothing for a second before the log, or before its last file', async () => {
    const log = await newLog(path, clock);
    addEach(log, 'a');
    seconds += 10;
    addEach(log, 'b');
    await rotate(log);
    seconds += 10;
    addEach(log, 'c', 'd');
    await log.close();
    const before = [read(FIRST), read(SECOND)];
    expect(check('--truncate-to-timestamp', `${START - 1}`).stdout).toContain('nothing before');
    const early = check('--truncate-to-timestamp', `${START + 5}`);
    expect(early.stdout).toContain('not the last file');
    expect([read(FIRST), read(SECOND)]).toEqual(before);
  });
});
