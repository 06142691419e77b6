// Which missing bytes are taken for the torn end of a log, and cut, and which for damage: what a crash explains
// is missing at the very end only.
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { DAMAGED, SOUND } from '../../../src/persistence/check/inspection.ts';
import { openLog } from '../../../src/persistence/log/open-log.ts';
import { readAofFile } from '../../../src/persistence/recovery/aof-file.ts';
import { cutTail } from '../../../src/persistence/recovery/repair.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { formatManifest } from '../../../src/persistence/segments/manifest.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { inspected } from '../check/log-with-bases.ts';
import {
  append,
  BASE_NAME,
  command,
  FaultyFileSystem,
  newLog,
  optionsWith,
  readLog,
  rotate,
  ticking,
} from '../logs.ts';

const FIRST = `${BASE_NAME}.1.incr.aof`;
const SECOND = `${BASE_NAME}.2.incr.aof`;
const MANIFEST = `${BASE_NAME}.manifest`;
const SET = command('SET', 'key', 'value');
const PERIODIC = { policy: { mode: 'periodic', intervalMs: 3_600_000 } } as const;

let root: string;
let path: string;

beforeEach(() => {
  root = ownDirectory();
  path = join(root, 'log');
});

const read = (name: string) => readFileSync(join(path, name));
const write = (name: string, bytes: Buffer | string) => writeFileSync(join(path, name), bytes);
const startsInManifest = () => [
  ...read(MANIFEST)
    .toString('latin1')
    .matchAll(/ start (\d+)/g),
];

describe('an increment before another one', () => {
  /** A log of three groups, and then of `more` in a second file. */
  async function makeLog(more: number, isLast = false): Promise<void> {
    const log = await newLog(path, PERIODIC);
    for (let i = 0; i < 3; i++) append(log, SET);
    if (!isLast) await rotate(log);
    for (let i = 0; i < more; i++) append(log, SET);
    await log.close();
  }

  test.each([
    ['within a group', 1],
    ['at the end of a group', 63 + SET.length],
    ['at its beginning', 3 * (63 + SET.length)],
  ])('that is cut %s is damaged, though the other one is empty', async (_, missing) => {
    await makeLog(0);
    expect(read(SECOND).length).toBe(0);
    const whole = read(FIRST);
    truncateSync(join(path, FIRST), whole.length - missing);
    await expect(readLog(path)).rejects.toThrow(
      /(is cut off|it begins at offset \d+).*synap-check/,
    );
    // The check tells of it, too, and cuts if it is told to.
    expect((await inspected(path)).verdict).toBe(DAMAGED);
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(SOUND);
    const left = Math.floor((whole.length - missing) / (63 + SET.length));
    expect(text).toContain(`repaired: the log ends at offset ${left * SET.length}`);
    expect(await readLog(path)).toMatchObject({ offset: left * SET.length, torn: undefined });
  });

  test('that is whole is read, and the empty one behind it', async () => {
    await makeLog(0);
    const { offset, segments } = await readLog(path);
    expect([offset, segments.length]).toEqual([3 * SET.length, 2]);
  });

  test('is cut where nothing follows', async () => {
    await makeLog(0, true);
    truncateSync(join(path, FIRST), read(FIRST).length - 1);
    const { torn, offset } = await readLog(path);
    expect(torn?.segment.name).toBe(FIRST);
    expect(offset).toBe(2 * SET.length);
  });

  test('with a group missing in its middle is damaged, synced or not', async () => {
    await makeLog(0, true);
    const bytes = read(FIRST);
    const size = 63 + SET.length;
    // None of the groups says that those before it were on disk.
    expect(bytes.toString('latin1', size + 29, size + 43)).toBe('0'.repeat(14));
    write(FIRST, Buffer.concat([bytes.subarray(0, size), bytes.subarray(2 * size)]));
    await expect(readLog(path)).rejects.toThrow(
      `the group of offset ${2 * SET.length} stands here`,
    );
  });
});

describe('the start of an increment', () => {
  test('is in the manifest only when all that is before is on disk', async () => {
    const fs = new FaultyFileSystem();
    const log = await newLog(path, PERIODIC, fs);
    append(log, SET);
    await log.flush();
    append(log, SET);
    fs.holdsSyncs = true;
    await rotate(log);
    append(log, SET);
    await log.directory.settled();
    expect(startsInManifest().map(([, start]) => start)).toEqual(['0']);
    // Whoever reads the log while it is written knows it all the same.
    expect(log.segmentAt(2 * SET.length)?.name).toBe(SECOND);
    fs.release();
    await log.flush();
    await log.directory.settled();
    expect(startsInManifest().map(([, start]) => start)).toEqual(['0', String(2 * SET.length)]);
    await log.close();
  });

  test('is there after the log was closed, whatever was synced before', async () => {
    const log = await newLog(path, { policy: { mode: 'no', intervalMs: 1000 } });
    append(log, SET);
    await rotate(log);
    await log.close();
    expect(startsInManifest()).toHaveLength(2);
  });

  test('a loss of power before that leaves a torn end', async () => {
    const fs = new FaultyFileSystem();
    const log = await newLog(path, PERIODIC, fs);
    append(log, SET);
    fs.holdsSyncs = true;
    await rotate(log);
    await log.directory.settled();
    const manifest = read(MANIFEST);
    fs.release();
    await log.close();
    write(MANIFEST, manifest);
    truncateSync(join(path, FIRST), 0);
    const recovered = await readLog(path);
    expect(recovered).toMatchObject({ offset: 0, torn: undefined });
    const again = await openLog(recovered.directory, recovered, optionsWith());
    append(again, SET);
    await again.close();
    expect((await readLog(path)).offset).toBe(SET.length);
  });
});

describe('lines that end in LF', () => {
  test.each([
    ['groups', {}],
    ['groups with times', ticking(1000)],
  ])('in %s', async (_, options) => {
    const log = await newLog(path, { ...PERIODIC, ...options });
    for (let i = 0; i < 3; i++) append(log, SET);
    await log.close();
    const bytes = read(FIRST);
    write(FIRST, bytes.toString('latin1').replaceAll('\r\n', '\n'));
    await expect(readLog(path)).rejects.toThrow(
      /1\.incr\.aof, byte 0 .*end in LF instead of CR LF/,
    );
    // Behind a group that is whole.
    const size = bytes.length / 3;
    const rest = bytes.toString('latin1', size).replaceAll('\r\n', '\n');
    write(FIRST, Buffer.concat([bytes.subarray(0, size), Buffer.from(rest, 'latin1')]));
    await expect(readLog(path)).rejects.toThrow(`byte ${size} `);
    await expect(readLog(path)).rejects.toThrow(/end in LF instead of CR LF/);
  });

  test.each([
    ['in all of it', (text: string) => text.replaceAll('\r\n', '\n')],
    ['in a header', (text: string) => text.replace('$3\r\n', '$3\n')],
    ['behind a value', (text: string) => text.replace('value\r\n', 'value\n')],
    ['in the last line', (text: string) => text.replace(/\r\n$/, '\n')],
  ])('in commands without checksums, %s', async (_, change) => {
    const file = join(root, 'appendonly.aof');
    const options = { loadTruncated: true, onGroup: () => {} };
    writeFileSync(file, change(SET.toString('latin1')));
    await expect(readAofFile(file, 0, options)).rejects.toThrow(/byte 0: /);
    writeFileSync(file, Buffer.concat([SET, Buffer.from(change(SET.toString('latin1')))]));
    await expect(readAofFile(file, 0, options)).rejects.toThrow(`byte ${SET.length}: `);
  });
});

describe('commands without checksums', () => {
  const options = { loadTruncated: true, onGroup: () => {} };
  const write = (bytes: Buffer) => {
    const file = join(root, 'appendonly.aof');
    writeFileSync(file, bytes);
    return file;
  };

  test('cut at every byte are cut at the last whole one', async () => {
    const whole = Buffer.concat([SET, command('MULTI'), SET, command('EXEC'), SET]);
    const ends = [0, SET.length, whole.length - SET.length, whole.length];
    for (let size = whole.length; size >= 0; size--) {
      const { commandBytes, torn } = await readAofFile(write(whole.subarray(0, size)), 0, options);
      const end = ends.findLast((each) => each <= size);
      expect([size, commandBytes, torn?.position]).toEqual([
        size,
        end,
        end === size ? undefined : end,
      ]);
    }
  });

  test.each([
    ['a value', '$5\r\nvalue', '$5000\r\nvalue'],
    ['a value, by much', '$5\r\nvalue', '$2000000000\r\nvalue'],
    ['a key', '$3\r\nkey', '$9999\r\nkey'],
    ['a name', '$3\r\nSET', '$300\r\nSET'],
  ])('a length of %s that is too large costs nothing behind it', async (_, right, wrong) => {
    const damaged = Buffer.from(SET.toString('latin1').replace(right, wrong), 'latin1');
    const file = write(Buffer.concat([SET, damaged, SET, SET.subarray(0, 9)]));
    const reading = readAofFile(file, 0, options);
    await expect(reading).rejects.toThrow(`a length is wrong in the command at byte ${SET.length}`);
    // In a transaction, too.
    const inside = write(Buffer.concat([SET, command('MULTI'), damaged, SET, command('EXEC')]));
    await expect(readAofFile(inside, 0, options)).rejects.toThrow(/a length is wrong/);
    // Where nothing whole follows, it may be what a crash has left.
    const last = await readAofFile(write(Buffer.concat([SET, damaged])), 0, options);
    expect(last.torn?.position).toBe(SET.length);
  });

  test('a value that looks like the beginning of commands is cut like any other', async () => {
    const text = '\r\n*3\r\n$3\r\nSET\r\n$1\r\n';
    const odd = command('SET', 'key', text);
    const file = write(Buffer.concat([SET, odd.subarray(0, odd.length - 1)]));
    expect((await readAofFile(file, 0, options)).torn?.position).toBe(SET.length);
  });

  test.each(['DISCARD', 'reset'])('%s ends a transaction', async (word) => {
    const whole = Buffer.concat([command('multi'), SET, command(word), SET]);
    expect(await readAofFile(write(whole), 0, options)).toEqual({
      commandBytes: whole.length,
      torn: undefined,
    });
  });

  test('what is whole of a transaction without an end is handed out to be checked', async () => {
    const seen: [string, number][] = [];
    const file = write(Buffer.concat([SET, command('MULTI'), Buffer.from('#TS:1\r\n'), SET]));
    await readAofFile(file, 0, {
      ...options,
      onUnended: (group) => {
        const at = group.bytes.indexOf('SET') - 8;
        seen.push([group.bytes.toString('latin1', 0, at), group.positionOf(at)]);
      },
    });
    expect(seen).toEqual([['*1\r\n$5\r\nMULTI\r\n', SET.length + 15 + 7]]);
  });
});

test('groups tell where their commands are in the file, annotations included', async () => {
  const stamp = Buffer.from('#TS:1700000000\r\n');
  const file = join(root, 'appendonly.aof');
  const parts = [
    stamp,
    SET,
    SET,
    stamp,
    stamp,
    SET,
    command('MULTI'),
    stamp,
    SET,
    command('EXEC'),
    SET,
  ];
  writeFileSync(file, Buffer.concat(parts));
  const bytes = readFileSync(file);
  const found: number[] = [];
  await readAofFile(file, 0, {
    loadTruncated: false,
    onGroup: (group) => {
      for (let at = group.bytes.indexOf('*'); at >= 0; at = group.bytes.indexOf('*', at + 1)) {
        const position = group.positionOf(at);
        found.push(position);
        expect(bytes.subarray(position, position + 8)).toEqual(group.bytes.subarray(at, at + 8));
      }
    },
  });
  expect(found).toHaveLength(7);
});

test('manifests of Redis: only its last file may be torn', async () => {
  path = root;
  const names = [FIRST, SECOND].map((name, i) => `file ${name} seq ${i + 1} type i\n`);
  write(MANIFEST, names.join(''));
  write(FIRST, Buffer.concat([SET, SET.subarray(0, 9)]));
  write(SECOND, '');
  await expect(readLog(path)).rejects.toThrow(`${FIRST}, byte ${SET.length} `);
  write(MANIFEST, names[0]);
  const { torn, directory: log } = await readLog(path);
  expect(torn?.position).toBe(SET.length);
  if (torn === undefined) return;
  expect(await cutTail(log, torn)).toHaveLength(1);
  expect((await readLog(path)).torn).toBeUndefined();
});

test('a start that an older build told too early: a gap is refused all the same', async () => {
  path = root;
  const log = await newLog(path, PERIODIC);
  append(log, SET);
  await log.close();
  const { manifest } = LogDirectory.read(path, BASE_NAME);
  const segments = [...manifest.segments, { name: SECOND, seq: 2, start: 99 }];
  write(MANIFEST, formatManifest({ ...manifest, segments }));
  write(SECOND, '');
  await expect(readLog(path)).rejects.toThrow(/2\.incr\.aof, byte 0 .*it begins at offset 99/);
});
