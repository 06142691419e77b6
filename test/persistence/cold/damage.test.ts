// Segments that are cut off anywhere, or have a bit changed anywhere: what is damaged is named, with the file and the
// place, in every way of looking at it, and the rest stays readable.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ColdError } from '../../../src/persistence/cold/cold-error.ts';
import type { ColdLog } from '../../../src/persistence/cold/cold-log.ts';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import { PIECE_BYTES } from '../../../src/persistence/cold/compression.ts';
import { segmentPath } from '../../../src/persistence/cold/segment-name.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import {
  expectAll,
  extentOf,
  extentsOf,
  noiseOf,
  refsOf,
  type Stored,
  store,
  textOf,
} from './cold-blocks.ts';

const UNCACHED = { cacheBytes: 0 };
const HEADER_END = 32;
/** Bytes of an extent's header that a reference says: magic, stored length and flags, ids. */
const KNOWN = [
  [0, 4],
  [8, 48],
] as const;

let folder: string;
let cold: ColdStore;
let log: ColdLog;
let stored: Stored[];
let path: string;
let bytes: Buffer;

beforeEach(async () => {
  folder = join(ownDirectory(), 'streams');
  cold = await ColdStore.open(folder, UNCACHED);
  log = cold.create();
  stored = await store(log, [
    extentOf(0),
    extentOf(1, noiseOf(1, 50)),
    extentOf(2, textOf(2, 120)),
  ]);
  path = segmentPath(folder, log.id, 1);
  bytes = readFileSync(path);
});

function isWithin(at: number, from: number, to: number): boolean {
  return at >= from && at < to;
}

function endOf({ ref }: Stored): number {
  return ref.offset + ref.lengthBytes;
}

/** The error of reading, which must be the same however it is read. */
async function errorOf({ ref }: Stored): Promise<ColdError> {
  const error = await log.read(ref).then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!(error instanceof ColdError)) throw new Error(`was read, or ${error}`);
  expect(() => log.readNow(ref)).toThrow(error.message);
  return error;
}

/** Where `verify` finds something wrong. */
async function placesOf(payloads: boolean): Promise<number[]> {
  const problems = await log.verify(refsOf(stored), { payloads });
  for (const problem of problems) {
    expect(problem.kind).toBe('damaged');
    expect(problem.file).toBe(path);
    expect(problem.message).toBe(`${path}, byte ${problem.offset}: ${problem.problem}`);
  }
  return problems.map(({ offset }) => offset).sort((one, other) => one - other);
}

test('a file that is cut off at any byte has all extents before', async () => {
  for (let length = 0; length < bytes.length; length++) {
    writeFileSync(path, bytes.subarray(0, length));
    const intact = stored.filter((each) => endOf(each) <= length);
    const lost = stored.filter((each) => endOf(each) > length);
    await expectAll(log, intact);
    for (const each of lost) {
      const error = await errorOf(each);
      const { kind, file, offset, problem } = error;
      expect({ kind, file, offset }).toEqual({
        kind: 'damaged',
        file: path,
        offset: each.ref.offset,
      });
      expect(problem).toMatch(/^the file ends in the middle of (an|the) extent/);
    }
    const places = lost.map(({ ref }) => ref.offset);
    if (length < HEADER_END) places.unshift(0);
    expect(await placesOf(false)).toEqual(places);
    expect(await placesOf(true)).toEqual(places);
  }
});

test('a bit that is wrong anywhere damages one extent, and no other', async () => {
  for (let at = 0; at < bytes.length; at++) {
    const wrong = Buffer.from(bytes);
    wrong[at] ^= 1 << (at % 8);
    writeFileSync(path, wrong);
    const isHit = (each: Stored) => at >= each.ref.offset && at < endOf(each);
    await expectAll(
      log,
      stored.filter((each) => !isHit(each)),
    );
    const hit = stored.filter(isHit);
    for (const each of hit) {
      const { kind, file, offset } = await errorOf(each);
      expect({ kind, file, offset }).toEqual({
        kind: 'damaged',
        file: path,
        offset: each.ref.offset,
      });
    }
    const places = hit.length > 0 ? hit.map(({ ref }) => ref.offset) : [0];
    expect(await placesOf(true)).toEqual(places);
    // Without the payloads what is in headers is compared with what is known.
    const found = await placesOf(false);
    expect(found.length === 0 || found[0] === places[0]).toBe(true);
    const isKnown = hit.some(({ ref }) =>
      KNOWN.some(([from, to]) => isWithin(at - ref.offset, from, to)),
    );
    if (at < HEADER_END || isKnown) expect(found).toEqual(places);
  }
  writeFileSync(path, bytes);
  await expectAll(log, stored);
});

test('a bit that is wrong in a payload of several pieces is noticed', async () => {
  const more = await store(log, [extentOf(3, textOf(3, 3 * PIECE_BYTES))]);
  const [{ ref }] = more;
  await expectAll(log, more);
  const all = readFileSync(path);
  for (const at of [0, 1, Math.floor(ref.lengthBytes / 2), ref.lengthBytes - 61]) {
    const wrong = Buffer.from(all);
    wrong[ref.offset + 60 + at] ^= 16;
    writeFileSync(path, wrong);
    expect((await errorOf(more[0])).problem).toBe("the extent's checksum is wrong");
  }
});

test('extents that are in the place of others, or of another file, are none', async () => {
  const same = await store(log, [extentOf(5, noiseOf(5, 50)), extentOf(5, noiseOf(5, 50))]);
  const [one, other] = same;
  expect(one.ref.lengthBytes).toBe(other.ref.lengthBytes);
  const all = readFileSync(path);
  all.copy(all, one.ref.offset, other.ref.offset, endOf(other));
  writeFileSync(path, all);
  expect((await errorOf(one)).problem).toBe("the extent's checksum is wrong");
  await expectAll(log, [other]);

  const next = cold.create();
  await store(next, extentsOf(0, 1));
  const foreign = segmentPath(folder, next.id, 2);
  writeFileSync(foreign, bytes);
  const moved = stored.map(({ ref }) => ({ ...ref, segment: 2 }));
  const problems = await next.verify(moved, { payloads: true });
  expect(
    problems.map(({ file, offset, problem }) => `${file} ${offset} ${problem}`).sort(),
  ).toEqual(
    [
      `${foreign} 0 the file is that of another segment`,
      ...moved.map(({ offset }) => `${foreign} ${offset} the extent's checksum is wrong`),
    ].sort(),
  );
});

test('references that no extent can have allocate nothing', async () => {
  const [{ ref }] = stored;
  for (const wrong of [
    { lengthBytes: 60 },
    { lengthBytes: 2 ** 31 },
    { lengthBytes: -1 },
    { lengthBytes: Number.NaN },
    { offset: 31 },
    { offset: -5 },
  ]) {
    const impossible = { ...ref, ...wrong };
    expect((await errorOf({ ...stored[0], ref: impossible })).problem).toMatch(/^no extent can be/);
    expect(await log.verify([impossible])).toHaveLength(1);
  }
  expect((await errorOf({ ...stored[0], ref: { ...ref, offset: 2 ** 40 } })).problem).toBe(
    "the file ends in the middle of an extent's header, after 0 of its bytes",
  );
});

describe('a file', () => {
  test('that is missing is named, and the others are read', async () => {
    await cold.close();
    cold = await ColdStore.open(folder, { ...UNCACHED, maxSegmentBytes: 500 });
    log = cold.create();
    const all = await store(log, extentsOf(0, 9));
    const gone = segmentPath(folder, log.id, 2);
    renameSync(gone, `${gone}.moved`);
    const lost = all.filter(({ ref }) => ref.segment === 2);
    expect(lost.length).toBeGreaterThan(1);
    for (const each of lost) {
      const { kind, message } = await errorOf(each);
      expect(kind).toBe('missing');
      expect(message).toBe(`${gone}, byte ${each.ref.offset}: there is no such file`);
    }
    await expectAll(
      log,
      all.filter(({ ref }) => ref.segment !== 2),
    );
    for (const payloads of [false, true]) {
      const problems = await log.verify(refsOf(all), { payloads });
      expect(problems.map(({ kind, file }) => `${kind} ${file}`)).toEqual(
        lost.map(() => `missing ${gone}`),
      );
    }
    renameSync(`${gone}.moved`, gone);
    await expectAll(log, all);
    expect(await log.verify(refsOf(all))).toEqual([]);
  });

  test('that is a directory is unreadable', async () => {
    const other = cold.create();
    mkdirSync(segmentPath(folder, other.id, 1));
    log = other;
    const { kind } = await log.read(stored[0].ref).catch((error) => error);
    expect(kind).toBe('unreadable');
    expect(() => log.readNow(stored[0].ref)).toThrow(ColdError);
    expect((await log.verify(refsOf(stored))).map((problem) => problem.kind)).toContain(
      'unreadable',
    );
  });
});
