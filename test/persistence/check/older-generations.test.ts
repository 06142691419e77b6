// Bases that are damaged or missing, and older ones to fall back on: what is told of them, what a repair
// leaves, and that this is always the beginning of what was written.

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BaseDamageError } from '../../../src/persistence/check/base-check.ts';
import { baseChecker } from '../../../src/persistence/check/base-file.ts';
import { DAMAGED, SOUND } from '../../../src/persistence/check/inspection.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { formatManifest, type Manifest } from '../../../src/persistence/segments/manifest.ts';
import { compressFrameNow } from '../../../src/persistence/snapshots/lz4-codec.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { Random } from '../../support/random.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { byTier } from '../../support/tier.ts';
import { BASE_NAME, command, digest, newLog, readLog, rotate } from '../logs.ts';
import {
  BASE_1,
  BASE_2,
  INCR_2,
  INCR_3,
  inspected,
  MANIFEST,
  makeLog,
  SPAN,
  snapshotOf,
} from './log-with-bases.ts';

const END = 3 * SPAN;

let original: { path: string; remove(): void };
let stream: Buffer;
let directory: { path: string; remove(): void };
let path: string;

beforeAll(async () => {
  original = temporaryDirectory();
  stream = await makeLog(join(original.path, 'log'));
  expect(stream.length).toBe(END);
});

afterAll(() => original.remove());

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'log');
  cpSync(join(original.path, 'log'), path, { recursive: true });
});

afterEach(() => directory.remove());

function flip(name: string, byte: number, bit = 0): void {
  const bytes = readFileSync(join(path, name));
  bytes[byte] ^= 1 << bit;
  writeFileSync(join(path, name), bytes);
}

/** Names in the directory, and what is in the files. */
function contents(): Map<string, string> {
  const names = readdirSync(path).sort();
  return new Map(names.map((name) => [name, digest(readFileSync(join(path, name)))]));
}

function manifest(): Manifest {
  return LogDirectory.read(path, BASE_NAME).manifest;
}

/** What a start would find: the newest base, and the stream from it on. */
async function expectLog(base: string, from: number, end = END): Promise<void> {
  expect(manifest().bases.at(-1)).toMatchObject({ name: base, offset: from });
  expect(readFileSync(join(path, base))).toEqual(readFileSync(join(original.path, 'log', base)));
  const { bytes, offset, torn } = await readLog(path, { from });
  expect({ offset, torn }).toEqual({ offset: end, torn: undefined });
  expect(bytes).toEqual(stream.subarray(from, end));
}

/** Redis's own tool, with all that the manifest names. */
function expectRedisAccepts(): void {
  if (!hasRedis) return;
  const { stdout } = spawnSync('redis-check-aof', [join(path, MANIFEST)], { encoding: 'latin1' });
  expect(stdout).toContain('All AOF files and manifest are valid');
  for (const { name } of manifest().bases) {
    const check = spawnSync('redis-check-rdb', [join(path, name)], { encoding: 'latin1' });
    expect(check.status, check.stdout).toBe(0);
  }
}

test('a sound log', async () => {
  const before = contents();
  const { verdict, lines } = await inspected(path);
  expect(verdict).toBe(SOUND);
  const { replicationId } = manifest();
  expect(lines).toEqual([
    `manifest: replication id ${replicationId}`,
    '  2 bases, 2 increments',
    `${BASE_1}: base of offset 175, RDB version 10, 5 keys (5 string), 0 expire, in database 0: 5, sound`,
    `${BASE_2}: base of offset 350, RDB version 10, 10 keys (10 string), 0 expire, in database 0: 10, sound`,
    `${INCR_2}: offsets 175 to 350, 490 bytes, 5 groups`,
    `${INCR_3}: offsets 350 to 525, 490 bytes, 5 groups`,
    'the log ends at offset 525, after 10 commands',
    'all is well',
  ]);
  expect((await inspected(path, true)).verdict).toBe(SOUND);
  expect(contents()).toEqual(before);
  expectRedisAccepts();
});

describe('the newest base', () => {
  test('when it is damaged, the one before it takes its place', async () => {
    flip(BASE_2, 150);
    const damaged = readFileSync(join(path, BASE_2));
    const before = contents();
    const found = await inspected(path);
    expect(found.verdict).toBe(DAMAGED);
    expect(found.text).toMatch(/2\.base\.rdb: base of offset 350, byte \d+: /);
    expect(found.lines).toContain(
      `the server would start from generation 1, ${BASE_1}, at offset 175`,
    );
    expect(contents()).toEqual(before);

    const repaired = await inspected(path, true);
    expect(repaired.verdict).toBe(SOUND);
    expect(repaired.lines).toContain(`repaired: ${BASE_2} is called ${BASE_2}.damaged now`);
    expect(readFileSync(join(path, `${BASE_2}.damaged`))).toEqual(damaged);
    expect(manifest().keptSegments).toEqual([]);
    expect(manifest().segments.map(({ name }) => name)).toEqual([INCR_2, INCR_3]);
    await expectLog(BASE_1, 175);
    expectRedisAccepts();
    const again = await inspected(path);
    expect(again.verdict).toBe(SOUND);
    expect(again.lines).toContain(`${BASE_2}.damaged: not part of the log`);
  });

  test('when it is missing, too', async () => {
    rmSync(join(path, BASE_2));
    expect((await inspected(path)).text).toContain('base of offset 350, it is missing');
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    await expectLog(BASE_1, 175);
    expect(readdirSync(path).some((name) => name.endsWith('.damaged'))).toBe(false);
  });

  test.each([
    ['offset', { offset: 349 }, 'it is of offset 349, and the manifest says 350'],
    ['log', { replicationId: 'f'.repeat(40) }, 'it belongs to another log'],
  ])('when it is of another %s, too', async (_, facts, problem) => {
    writeFileSync(join(path, BASE_2), snapshotOf(10, { offset: 350, ...facts }));
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(SOUND);
    expect(text).toContain(problem);
    await expectLog(BASE_1, 175);
  });

  test('is taken as it is where it tells neither', async () => {
    writeFileSync(join(path, BASE_2), snapshotOf(10));
    expect((await inspected(path)).verdict).toBe(SOUND);
  });

  test('when there is something behind it that is no command, is damaged', async () => {
    appendFileSync(join(path, BASE_2), command('SET', 'more', '1'));
    expect((await inspected(path)).text).toContain('; then 1 commands without checksums, sound');
    appendFileSync(join(path, BASE_2), 'nonsense');
    expect((await inspected(path)).text).toContain('there is no command');
  });

  test('does not take the place of one that was set aside before', async () => {
    writeFileSync(join(path, `${BASE_2}.damaged`), 'earlier');
    flip(BASE_2, 150);
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(readFileSync(join(path, `${BASE_2}.damaged`), 'latin1')).toBe('earlier');
    expect(readdirSync(path)).toContain(`${BASE_2}.damaged-2`);
  });
});

describe('an older generation', () => {
  test('whose base is damaged is dropped', async () => {
    flip(BASE_1, 150);
    const found = await inspected(path);
    expect(found.verdict).toBe(DAMAGED);
    expect(found.text).not.toContain('the server would start');
    const repaired = await inspected(path, true);
    expect(repaired.verdict).toBe(SOUND);
    expect(repaired.lines).toContain(`repaired: ${BASE_1} is called ${BASE_1}.damaged now`);
    expect(repaired.lines).toContain(`repaired: ${INCR_2} is called ${INCR_2}.dropped now`);
    expect(manifest().bases).toHaveLength(1);
    expect(manifest().keptSegments).toEqual([]);
    await expectLog(BASE_2, 350);
    expectRedisAccepts();
  });

  test.each([
    ['damaged', () => flip(INCR_2, 200)],
    [
      'cut off',
      () => writeFileSync(join(path, INCR_2), readFileSync(join(path, INCR_2)).subarray(0, 98 * 3)),
    ],
    ['missing', () => rmSync(join(path, INCR_2))],
  ])('whose increment is %s is dropped, and the newer one is left alone', async (_, damage) => {
    damage();
    const found = await inspected(path);
    expect(found.verdict).toBe(DAMAGED);
    expect(found.text).toContain(`generation 1, ${BASE_1}, is of no use`);
    expect(found.text).toContain('the log ends at offset 525');
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(readdirSync(path)).toContain(`${BASE_1}.dropped`);
    await expectLog(BASE_2, 350);
  });
});

test('damage behind the newest base cuts the log there, and leaves the bases alone', async () => {
  flip(INCR_3, 98 * 2 + 80);
  const damaged = readFileSync(join(path, INCR_3));
  expect((await inspected(path)).text).toContain('the log ends at offset 420');
  expect((await inspected(path, true)).verdict).toBe(SOUND);
  expect(readFileSync(join(path, `${INCR_3}.torn-420`))).toEqual(damaged.subarray(98 * 2));
  expect(manifest().bases).toHaveLength(2);
  await expectLog(BASE_2, 350, 420);
});

test('with the newest base and the log before it damaged, the beginning is left', async () => {
  flip(BASE_2, 150);
  flip(INCR_2, 98 * 2 + 80);
  const { verdict, text } = await inspected(path, true);
  expect(text).toContain('the server would start from generation 1');
  expect(verdict).toBe(SOUND);
  await expectLog(BASE_1, 175, 245);
  expect(readdirSync(path)).toContain(`${INCR_3}.torn-245`);
  expectRedisAccepts();
});

describe('without a base that is sound', () => {
  test('a log that does not reach back to its beginning cannot be repaired', async () => {
    flip(BASE_1, 150);
    flip(BASE_2, 150);
    const before = contents();
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain(
      'the server cannot start: no base is sound, and the log reaches back to offset 175 only',
    );
    expect(text).toContain('this cannot be repaired');
    expect(contents()).toEqual(before);
  });

  /** A log from offset 0 on, with a base in its middle or at its beginning. */
  async function fromBeginning(baseOffset: number): Promise<void> {
    rmSync(path, { recursive: true });
    const log = await newLog(path);
    for (const seq of [1, 2]) {
      log.append(stream, (seq - 1) * SPAN, seq * SPAN);
      log.commit();
      if (seq === 1) await rotate(log);
    }
    await log.close();
    const { segments, ...rest } = manifest();
    const bases = [{ name: BASE_1, seq: 1, offset: baseOffset }];
    const kept = segments.filter(({ start = 0 }) => start < baseOffset);
    const current = segments.filter(({ start = 0 }) => start >= baseOffset);
    const text = formatManifest({ ...rest, bases, keptSegments: kept, segments: current });
    writeFileSync(join(path, MANIFEST), text);
    writeFileSync(join(path, BASE_1), 'REDIS0010nonsense');
  }

  test('one that reaches back to its beginning starts there', async () => {
    await fromBeginning(SPAN);
    expect((await inspected(path)).text).toContain(
      'the server would start from nothing at offset 0',
    );
    expect((await inspected(path, true)).verdict).toBe(SOUND);
    expect(manifest().bases).toEqual([]);
    expect((await readLog(path)).bytes).toEqual(stream.subarray(0, 2 * SPAN));
  });

  test('one that began with a snapshot does not start without it', async () => {
    await fromBeginning(0);
    const { verdict, text } = await inspected(path, true);
    expect(verdict).toBe(DAMAGED);
    expect(text).toContain('what was there before the log began is in a base only');
    expect(readdirSync(path)).toContain(BASE_1);
  });
});

const DAMAGES = byTier(80, 200);

test('whatever bit is wrong, what a repair leaves is the beginning of what was written', async () => {
  const random = new Random(4);
  const names = [BASE_1, BASE_2, INCR_2, INCR_3, MANIFEST];
  const ends = new Map<number, number>();
  for (let i = 0; i < DAMAGES; i++) {
    rmSync(path, { recursive: true });
    cpSync(join(original.path, 'log'), path, { recursive: true });
    for (let flips = random.integer(1, 3); flips > 0; flips--) {
      const name = random.pick(names);
      const { length } = readFileSync(join(path, name));
      flip(name, random.integer(0, length - 1), random.integer(0, 7));
    }
    const before = contents();
    expect((await inspected(path)).verdict).toBe(DAMAGED);
    expect(contents()).toEqual(before);
    const { verdict } = await inspected(path, true);
    if (verdict === DAMAGED) {
      // What was there is all there, under its name or another.
      expect([...contents().values()]).toEqual(expect.arrayContaining([...before.values()]));
      continue;
    }
    expect((await inspected(path)).verdict).toBe(SOUND);
    const base = manifest().bases.at(-1);
    const { offset } = await readLog(path, { from: base?.offset ?? 0 });
    await expectLog(base?.name ?? 'none', base?.name === BASE_1 ? 175 : 350, offset);
    ends.set(offset, (ends.get(offset) ?? 0) + 1);
  }
  // Often nothing is lost; and the log was cut at many places.
  expect(ends.get(END)).toBeGreaterThan(0.15 * DAMAGES);
  expect(ends.size).toBeGreaterThan(5);
}, 240_000);

test('a compressed snapshot is read to its end, and nothing may follow it', async () => {
  const name = join(path, 'base.rdb.lz4');
  const checkBase = baseChecker(() => {});
  const packed = compressFrameNow(snapshotOf(3));
  writeFileSync(name, packed);
  const sound = await checkBase(name);
  writeFileSync(name, compressFrameNow(Buffer.concat([snapshotOf(3), command('SET', 'a', '1')])));
  await expect(checkBase(name)).rejects.toThrow('27 bytes follow its end');
  let refused = 0;
  for (let at = 0; at < packed.length; at++) {
    const damaged = Buffer.from(packed);
    damaged[at] ^= 1;
    writeFileSync(name, damaged);
    try {
      // Few bits mean nothing, as the match length of the last token: the checksums are right then.
      expect(await checkBase(name)).toEqual(sound);
    } catch (error) {
      expect(error).toBeInstanceOf(BaseDamageError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(packed.length - 5);
});

describe('bases of Redis', () => {
  beforeEach(() => {
    path = join(directory.path, 'redis');
    mkdirSync(path);
    writeFileSync(join(path, `${BASE_NAME}.1.incr.aof`), command('SET', 'b', '2'));
    const lines = ['base.aof seq 1 type b', 'incr.aof seq 1 type i'];
    const text = lines.map((line) => `file ${BASE_NAME}.1.${line}\n`).join('');
    writeFileSync(join(path, MANIFEST), text);
  });

  const base = () => join(path, `${BASE_NAME}.1.base.aof`);

  test('in AOF syntax are read', async () => {
    writeFileSync(base(), command('SET', 'a', '1'));
    const { verdict, text } = await inspected(path);
    expect(verdict).toBe(SOUND);
    expect(text).toContain('1.base.aof: base, 1 commands without checksums, sound');
    appendFileSync(base(), command('SET', 'c', '1').subarray(0, 20));
    const torn = await inspected(path, true);
    expect(torn.verdict).toBe(DAMAGED);
    expect(torn.text).toContain('1.base.aof: base, byte 27: a command is cut off');
  });

  test('with commands behind a snapshot are read', async () => {
    const snapshot = snapshotOf(3);
    writeFileSync(base(), Buffer.concat([snapshot, command('SET', 'a', '1')]));
    expect((await inspected(path)).text).toContain('then 1 commands without checksums, sound');
    appendFileSync(base(), 'x');
    const { text } = await inspected(path);
    expect(text).toContain(`base, byte ${snapshot.length + 27}: there is no command`);
  });
});
