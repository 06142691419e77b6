// Logs that a crash or a disk has damaged: cut to a whole group, or refused with a message that
// tells file, place and remedy. Never other data than was written. Some groups tell the time.

import { cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openLog } from '../../../src/persistence/log/open-log.ts';
import { DamageError } from '../../../src/persistence/recovery/recovery.ts';
import { cutTail } from '../../../src/persistence/recovery/repair.ts';
import { ManifestError } from '../../../src/persistence/segments/manifest.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { byTier } from '../../support/tier.ts';
import {
  append,
  command,
  digest,
  FaultyFileSystem,
  newLog,
  optionsWith,
  type Recovered,
  readLog,
  rotate,
  ticking,
} from '../logs.ts';

/** Cutting at every byte takes a time that grows with its square. */
const GROUPS = byTier(120, 200);
/** It is cut at every byte, or in reduced rounds at every fourth. */
const STEP = byTier(4, 1);
const FLIPS = byTier(150, 1000);
const FIRST = 'appendonly.aof.1.incr.aof';
const MANIFEST = 'appendonly.aof.manifest';

let original: { path: string; remove(): void };
let stream: Buffer;
/** Ends of the groups, in the stream. */
const ends = [0];

let directory: { path: string; remove(): void };
let path: string;

beforeAll(async () => {
  original = temporaryDirectory();
  const log = await newLog(join(original.path, 'log'), {
    ...{ maxSegmentBytes: 5000, ...ticking(400) },
  });
  const all: Buffer[] = [];
  for (let i = 0; i < GROUPS; i++) {
    const group = [command('SET', `key:${i}`, 'x'.repeat(i % 7)), command('INCR', `n${i % 3}`)];
    const bytes = Buffer.concat(i % 5 === 0 ? group : group.slice(0, 1));
    all.push(bytes);
    append(log, bytes);
    ends.push(log.offset);
    // Half of it on disk group by group, the other half in larger pieces.
    if (i < GROUPS / 2 || i % 20 === 0) await log.flush();
    // However fast segments are made ready, there are three with groups in them.
    if (i === 60 || i === 140) await rotate(log);
  }
  await log.close();
  stream = Buffer.concat(all);
});

afterAll(() => original.remove());

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'log');
  cpSync(join(original.path, 'log'), path, { recursive: true });
});

afterEach(() => directory.remove());

const segmentNames = () =>
  readdirSync(path)
    .filter((name) => /\.incr\.aof$/.test(name))
    .sort();

/** The last may have been made ready only. */
function lastWithGroups(): string {
  return segmentNames().findLast((name) => statSync(join(path, name)).size > 0) ?? '';
}

/** Reads it; what is recovered is the stream up to the end of a group. */
async function readWhole(): Promise<Recovered> {
  const recovered = await readLog(path);
  expect(ends).toContain(recovered.offset);
  expect(digest(recovered.bytes)).toBe(digest(stream.subarray(0, recovered.offset)));
  return recovered;
}

/** The same, or a refusal that says what an operator needs; which of them it was. */
async function readOrRefuse(): Promise<'whole' | 'cut' | 'refused'> {
  try {
    const { offset, torn } = await readWhole();
    expect(torn === undefined).toBe(offset === stream.length);
    return torn === undefined ? 'whole' : 'cut';
  } catch (error) {
    if (error instanceof ManifestError) expect(error.message).toContain(MANIFEST);
    else if (error instanceof DamageError) {
      expect(error.message).toMatch(
        /^appendonly\.aof\.\d\.incr\.aof, byte \d+ \(offset \d+\): .*synap-check/,
      );
    } else throw error;
    return 'refused';
  }
}

describe(`a log of ${GROUPS} groups`, () => {
  test('in one segment, cut at every byte, is recovered to its last whole group', async () => {
    const log = await newLog(join(directory.path, 'single'), ticking(400));
    for (let i = 0; i < GROUPS; i++) append(log, stream.subarray(ends[i], ends[i + 1]));
    await log.close();
    path = join(directory.path, 'single');
    const size = readFileSync(join(path, FIRST)).length;
    let groupsSeen = 0;
    for (let cut = size; cut >= 0; cut -= STEP) {
      truncateSync(join(path, FIRST), cut);
      const { starts, offset } = await readWhole();
      expect(offset).toBe(ends[starts.length]);
      groupsSeen = Math.max(groupsSeen, starts.length);
    }
    expect(groupsSeen).toBe(GROUPS);
  }, 120_000);

  test(`with any of ${FLIPS} bits flipped is cut or refused, and never read wrongly`, async () => {
    const names = [...segmentNames(), MANIFEST];
    const files = new Map(names.map((name) => [name, readFileSync(join(path, name))]));
    const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    const outcomes = { whole: 0, cut: 0, refused: 0 };
    for (let i = 0; i < FLIPS; i++) {
      let byte = Math.floor((i * total) / FLIPS);
      let name = names[0];
      for (name of names) {
        const size = files.get(name)?.length ?? 0;
        if (byte < size) break;
        byte -= size;
      }
      const bytes = Buffer.from(files.get(name) ?? '');
      bytes[byte] ^= 1 << ((i * 5) % 8);
      writeFileSync(join(path, name), bytes);
      outcomes[await readOrRefuse()]++;
      writeFileSync(join(path, name), files.get(name) ?? '');
    }
    // No flip goes unnoticed.
    expect(outcomes.whole).toBe(0);
    expect(outcomes.cut).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(FLIPS / 2);
    expect(await readOrRefuse()).toBe('whole');
  });

  test('with the middle cut out of it, or a segment missing or cut, is refused', async () => {
    const bytes = readFileSync(join(path, FIRST));
    writeFileSync(join(path, FIRST), bytes.subarray(0, bytes.length - 30));
    expect(await readOrRefuse()).toBe('refused');
    expect(segmentNames().length).toBeGreaterThan(2);
    writeFileSync(join(path, FIRST), bytes.subarray(110));
    expect(await readOrRefuse()).toBe('refused');
    writeFileSync(join(path, FIRST), bytes);
    expect(await readOrRefuse()).toBe('whole');
    truncateSync(join(path, segmentNames()[1]), 0);
    expect(await readOrRefuse()).toBe('refused');
  });
});

describe('a torn end', () => {
  test('is cut off, a copy is kept, and the log goes on behind the last whole group', async () => {
    const last = lastWithGroups();
    const file = readFileSync(join(path, last));
    truncateSync(join(path, last), file.length - 5);
    const recovered = await readWhole();
    expect(recovered.torn).toBeDefined();
    if (recovered.torn === undefined) return;
    const copies = await cutTail(recovered.directory, recovered.torn);
    const copy = copies.find((name) => name.startsWith(last)) ?? '';
    const cut = file.subarray(recovered.torn.position, file.length - 5);
    expect(readFileSync(join(path, copy))).toEqual(cut);
    const log = await openLog(recovered.directory, recovered, optionsWith());
    const more = command('SET', 'more', '1');
    append(log, more);
    await log.close();
    const { bytes, torn } = await readLog(path);
    expect(torn).toBeUndefined();
    const expected = Buffer.concat([stream.subarray(0, recovered.offset), more]);
    expect(digest(bytes)).toBe(digest(expected));
  });

  test('is refused where aof-load-truncated says so', async () => {
    const last = lastWithGroups();
    truncateSync(join(path, last), readFileSync(join(path, last)).length - 5);
    await expect(readLog(path, { loadTruncated: false })).rejects.toThrow(/aof-load-truncated/);
  });

  test('may leave later groups behind that were not on disk yet, in later segments too', async () => {
    const fs = new FaultyFileSystem();
    const options = { policy: { mode: 'periodic', intervalMs: 3_600_000 } as const };
    const log = await newLog(
      join(directory.path, 'unsynced'),
      { ...options, ...ticking(1000) },
      fs,
    );
    const sizes: number[] = [];
    for (let i = 0; i < 20; i++) {
      if (i === 5) {
        await log.flush();
        fs.holdsSyncs = true;
      }
      if (i === 15) await rotate(log);
      append(log, stream.subarray(ends[i], ends[i + 1]));
      sizes.push(log.segment.sizeBytes);
    }
    // The power fails before the first file is on disk to its end.
    path = join(directory.path, 'lost');
    cpSync(log.directory.path, path, { recursive: true });
    fs.release();
    await log.close();
    const bytes = readFileSync(join(path, FIRST));
    // The pages of group 8 were lost.
    writeFileSync(join(path, FIRST), Buffer.from(bytes).fill(0, sizes[7], sizes[8]));
    const recovered = await readWhole();
    expect(recovered.offset).toBe(ends[8]);
    expect(recovered.torn?.laterSegments.length).toBe(1);
    if (recovered.torn === undefined) return;
    expect(await cutTail(recovered.directory, recovered.torn)).toHaveLength(2);
    expect((await readWhole()).offset).toBe(ends[8]);
    // The same in what was on disk is damage.
    writeFileSync(join(path, FIRST), Buffer.from(bytes).fill(0, sizes[2], sizes[3]));
    await expect(readLog(path)).rejects.toThrow(DamageError);
  });
});
