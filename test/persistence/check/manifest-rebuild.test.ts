// A manifest that is missing or damaged is made anew from the files; where these do not fit together it
// is not, and nothing is changed.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAMAGED, SOUND, UNUSABLE } from '../../../src/persistence/check/inspection.ts';
import { openLog } from '../../../src/persistence/log/open-log.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { append, BASE_NAME, command, newLog, optionsWith, readLog, rotate } from '../logs.ts';
import {
  BASE_1,
  BASE_2,
  INCR_2,
  INCR_3,
  inspected,
  MANIFEST,
  makeLog,
  snapshotOf,
} from './log-with-bases.ts';

const INCR_1 = `${BASE_NAME}.1.incr.aof`;
const INCR_4 = `${BASE_NAME}.4.incr.aof`;
const SET = command('SET', 'a', '1');

let original: { path: string; remove(): void };
let directory: { path: string; remove(): void };
let path: string;

beforeAll(async () => {
  original = temporaryDirectory();
  await makeLog(join(original.path, 'log'));
});

afterAll(() => original.remove());

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'log');
  cpSync(join(original.path, 'log'), path, { recursive: true });
});

afterEach(() => directory.remove());

const read = (name: string) => readFileSync(join(path, name));
const write = (name: string, bytes: Buffer | string) => writeFileSync(join(path, name), bytes);
const remove = (name: string) => rmSync(join(path, name));
const manifest = () => LogDirectory.read(path, BASE_NAME).manifest;

/** Empties the directory. */
function clear(): void {
  rmSync(path, { recursive: true });
  mkdirSync(path);
}

describe('is what it was', () => {
  let text: string;

  beforeEach(() => {
    text = read(MANIFEST).toString('latin1');
  });

  test('when it was missing', async () => {
    remove(MANIFEST);
    const before = readdirSync(path);
    const found = await inspected(path);
    expect(found.verdict).toBe(DAMAGED);
    expect(found.lines).toEqual([
      `${join(path, MANIFEST)}: it is missing`,
      '--fix rebuilds the manifest from the files:',
      expect.stringMatching(/^ {2}replication id [0-9a-f]{40}$/),
      `  ${BASE_1}: base of offset 175`,
      `  ${BASE_2}: base of offset 350`,
      `  ${INCR_2}: increment from offset 175`,
      `  ${INCR_3}: increment from offset 350`,
      'there is damage that is not repaired',
    ]);
    expect(readdirSync(path)).toEqual(before);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(read(MANIFEST).toString('latin1')).toBe(text);
    expect(readdirSync(path).sort()).toEqual([...before, MANIFEST].sort());
  });

  test('when any byte of it was wrong, and the wrong one is kept', async () => {
    for (let byte = 0; byte < text.length; byte += 7) {
      const bytes = Buffer.from(text, 'latin1');
      bytes[byte] ^= 1 << (byte % 7);
      write(MANIFEST, bytes);
      const { verdict, text: printed } = await inspected(path, true);
      expect(verdict, `byte ${byte}: ${printed}`).toBe(SOUND);
      expect(read(MANIFEST).toString('latin1')).toBe(text);
      const [copy] = readdirSync(path).filter((name) => name.endsWith('.damaged'));
      expect(read(copy)).toEqual(bytes);
      remove(copy);
    }
  });

  test('when it was cut off, or empty', async () => {
    for (const cut of [text.slice(0, 100), '']) {
      write(MANIFEST, cut);
      expect((await inspected(path, true)).verdict).toBe(SOUND);
      expect(read(MANIFEST).toString('latin1')).toBe(text);
    }
    expect(readdirSync(path)).toContain(`${MANIFEST}.damaged-2`);
  });
});

test('a log without bases gets a new replication id', async () => {
  clear();
  const log = await newLog(path);
  append(log, SET);
  await rotate(log);
  // Nothing is written to the second.
  await log.close();
  const before = manifest();
  remove(MANIFEST);
  expect((await inspected(path)).lines).toContain('  replication id that is new');
  expect((await inspected(path, true)).verdict).toBe(SOUND);
  const after = manifest();
  expect(after.replicationId).toMatch(/^[0-9a-f]{40}$/);
  expect(after).toEqual({ ...before, replicationId: after.replicationId });
});

describe('bases', () => {
  beforeEach(() => remove(MANIFEST));

  test('that are damaged are set aside', async () => {
    const bytes = read(BASE_2);
    bytes[150] ^= 1;
    write(BASE_2, bytes);
    expect((await inspected(path)).text).toMatch(/2\.base\.rdb: left out, byte \d+/);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(read(`${BASE_2}.damaged`)).toEqual(bytes);
    expect(manifest().bases.map(({ name }) => name)).toEqual([BASE_1]);
    expect(manifest().segments.map(({ name }) => name)).toEqual([INCR_2, INCR_3]);
  });

  test('that are all damaged leave nothing to begin with', async () => {
    for (const name of [BASE_1, BASE_2]) write(name, read(name).subarray(0, 100));
    const before = readdirSync(path);
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain('cannot be rebuilt from the files: no base is sound');
    expect(readdirSync(path)).toEqual(before);
  });

  test('that are gone leave nothing to begin with', async () => {
    for (const name of [BASE_1, BASE_2]) remove(name);
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain('the increments reach back to offset 175 only, and not to 0');
  });

  test('of two logs are refused', async () => {
    write(BASE_1, snapshotOf(5, { offset: 175, replicationId: 'f'.repeat(40) }));
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain(`${BASE_1} and ${BASE_2} are of different logs`);
  });

  test('whose order and offsets disagree are refused', async () => {
    const newer = read(BASE_2);
    write(BASE_2, read(BASE_1));
    write(BASE_1, newer);
    expect((await inspected(path, true)).text).toContain('is newer, but its offset 175');
  });

  test('that no increment follows are refused, if they are the newest', async () => {
    write(BASE_2, snapshotOf(5, { offset: 200 }));
    expect((await inspected(path, true)).text).toContain('no increment begins at offset 200');
  });

  test('that no increment follows are left out, if they are older', async () => {
    write(BASE_1, snapshotOf(5, { offset: 200 }));
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(readdirSync(path)).toEqual(expect.arrayContaining([BASE_2, `${BASE_1}.dropped`]));
    expect(manifest().bases.map(({ name }) => name)).toEqual([BASE_2]);
  });

  test('without anything behind them keep their place', async () => {
    for (const name of [BASE_1, INCR_2]) remove(name);
    write(INCR_3, '');
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(manifest().segments).toEqual([{ name: INCR_3, seq: 3, start: 350 }]);
    remove(MANIFEST);
    // Nobody knows what was before these commands.
    write(INCR_3, SET);
    expect((await inspected(path, true)).text).toContain('it is unknown at which offset');
  });

  test('may be further than the log', async () => {
    remove(INCR_3);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(await readLog(path, { from: 350 })).toMatchObject({ offset: 350, torn: undefined });
  });

  test('with one number are refused', async () => {
    write(`${BASE_NAME}.1.base.aof`, SET);
    expect((await inspected(path, true)).text).toContain('have the same number');
  });
});

describe('increments', () => {
  beforeEach(() => remove(MANIFEST));

  test('with a gap between them and the newest base are refused', async () => {
    for (const name of [BASE_2, INCR_2]) remove(name);
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain('reach back to offset 350 only, and not to 175');
  });

  test('with a gap inside are refused, unless a newer base does without what is before it', async () => {
    write(INCR_2, read(INCR_2).subarray(0, 98));
    const base = read(BASE_2);
    remove(BASE_2);
    const problem = `${INCR_2} ends at offset 210, and ${INCR_3} begins at 350`;
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain(problem);
    write(BASE_2, base);
    expect((await inspected(path)).text).toContain(`${INCR_2}: left out, as ${problem}`);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(manifest().bases.map(({ name }) => name)).toEqual([BASE_2]);
    const present = readdirSync(path);
    expect(present).toEqual(expect.arrayContaining([`${INCR_2}.dropped`, `${BASE_1}.dropped`]));
  });

  test('that claim the same offsets are refused, unless a newer base holds these', async () => {
    const next = read(INCR_3);
    write(INCR_4, next);
    write(INCR_3, read(INCR_2));
    expect((await inspected(path)).text).toContain(
      `${INCR_2}: left out, as ${INCR_2} and ${INCR_3} both`,
    );
    write(INCR_3, next);
    const before = readdirSync(path);

    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(readdirSync(path)).toEqual(before);
    expect(text).toContain(`${INCR_3} and ${INCR_4} both have what is at offset 350`);
  });

  test.each([
    [INCR_3, 350],
    [INCR_2, 175],
  ])('that are damaged are cut once there is a manifest: %s', async (name, from) => {
    const bytes = read(name);
    bytes[98 * 2 + 80] ^= 1;
    write(name, bytes);
    if (name === INCR_2) remove(BASE_2);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect((await readLog(path, { from })).offset).toBe(from + 70);
  });

  test('that no base needs are dropped', async () => {
    // What a crash leaves between the new manifest and the end of the old files.
    const log = await newLog(join(directory.path, 'before'));
    append(log, command('SET', 'a', 'x'.repeat(147)));
    expect(log.offset).toBe(175);
    await log.close();
    write(INCR_1, readFileSync(join(directory.path, 'before', INCR_1)));
    expect((await inspected(path)).text).toContain(`${INCR_1}: left out, as no base needs it`);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(readdirSync(path)).toContain(`${INCR_1}.dropped`);
  });

  test('whose beginning is damaged begin where the one before ends', async () => {
    const bytes = read(INCR_3);
    bytes[10] ^= 1;
    write(INCR_3, bytes);
    expect((await inspected(path)).text).toContain(`${INCR_3}: increment from offset 350`);
    remove(BASE_1);
    remove(INCR_2);
    expect((await inspected(path, true)).text).toContain('it is unknown at which offset');
  });

  test('of Redis begin where the one before ends, if nothing speaks against it', async () => {
    write(INCR_4, SET);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(manifest().segments.at(-1)).toEqual({ name: INCR_4, seq: 4, start: 525 });
    remove(MANIFEST);
    write(`${BASE_NAME}.6.incr.aof`, SET);
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain('it is unknown at which offset appendonly.aof.6.incr.aof begins');
    for (const name of [INCR_3, `${BASE_NAME}.6.incr.aof`]) remove(name);
    expect((await inspected(path, true)).verdict).toBe(DAMAGED);
  });
});

describe('what Redis wrote', () => {
  const BASE = `${BASE_NAME}.1.base.aof`;

  beforeEach(() => clear());

  test('is one base, and the increments behind it', async () => {
    write(BASE, SET);
    write(INCR_1, SET);
    write(`${BASE_NAME}.2.incr.aof`, SET);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    const { bases, segments } = manifest();
    expect(bases).toEqual([{ name: BASE, seq: 1, offset: 0 }]);
    expect(segments.map(({ start }) => start)).toEqual([0, 27]);
  });

  test('and Synap went on with, has a place in the offsets', async () => {
    write(BASE, SET);
    write(INCR_1, SET);
    write(MANIFEST, `file ${BASE} seq 1 type b\nfile ${INCR_1} seq 1 type i\n`);
    const recovered = await readLog(path);
    const log = await openLog(recovered.directory, recovered, optionsWith());
    append(log, SET);
    await log.close();
    const before = manifest();
    remove(MANIFEST);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(manifest()).toEqual({ ...before, replicationId: manifest().replicationId });
    // A part of it is gone: then the lengths do not add up.
    remove(MANIFEST);
    write(INCR_1, Buffer.concat([SET, SET]));
    expect((await inspected(path, true)).text).toContain('it is unknown at which offset');
  });

  test('may be the one file of older versions', async () => {
    write(BASE_NAME, SET);
    write(INCR_1, SET);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(manifest().bases).toEqual([{ name: BASE_NAME, seq: 1, offset: 0 }]);
  });

  test('is refused where it is not clear what belongs to what', async () => {
    write(BASE, SET);
    write(`${BASE_NAME}.2.base.aof`, SET);
    write(INCR_1, SET);
    expect((await inspected(path, true)).text).toContain('does not state its offset, and there is');
    remove(BASE);
    expect((await inspected(path, true)).text).toContain('appendonly.aof.1.incr.aof is older');
  });
});

test('a directory without files of a log is none', async () => {
  clear();
  write('dump.rdb', snapshotOf(1));
  const { verdict, text } = await inspected(path, true);
  expect(verdict).toBe(UNUSABLE);
  expect(text).toContain('there are no files of a log either');
  expect(readdirSync(path)).toEqual(['dump.rdb']);
});
