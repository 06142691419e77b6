// A value goes to another key or database, is copied, and leaves as bytes and comes back: it stays what it is, and
// nothing is left behind.
import { describe, expect, test, vi } from 'vitest';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { dumpValue, readPayload } from '../../../src/persistence/rdb/dump-payload.ts';
import { load, save } from '../../persistence/rdb/loading.ts';
import { failAllocations } from '../../support/fail-allocations.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';
import { type Subject, useBench } from './bench.ts';
import type { Line, Sample } from './fixture.ts';

/** Pieces in which a file comes: with one of a byte, every part is read again and again. */
const PIECES = [1, 7, 1 << 20];
/** Longer values would take minutes byte by byte. */
const MAX_BYTE_BY_BYTE: number = byTier(10_000, 1_000_000);
/** Version and checksum at a payload's end. */
const FOOTER_BYTES = 10;
/** Allocations of which the first fail, one after the other and then some. */
const MOST_ALLOCATIONS = 60;
/** Cuts through a payload that are tried. */
const CUTS: number = byTier(12, 60);

/** Declares the tests; see the head of this file. */
export function conformToTransfers(subject: Subject): void {
  const { fixture } = subject;
  describe.each(fixture.samples)('$name', (sample) => {
    test('is copied, and both can change', () => copies(subject, sample));
    test('moves to other keys and databases', () => moves(subject, sample));
    test('takes the place of others, and is replaced', () => replaces(subject, sample));
    test('comes back from DUMP', () => comesBack(subject, sample));
    test('comes back from a file', () => comesBackFromFile(subject, sample));
    test('damaged, is refused and leaves nothing', () => isRefused(subject, sample));
    test('stays as it is where there is no memory', () => staysWithoutMemory(subject, sample));
  });

  test.each(fixture.conversions)('$name: without memory nothing is left', ({ make, change }) => {
    leavesNothing(subject, make('k'), change('k'));
  });
}

function copies(subject: Subject, sample: Sample): void {
  const bench = useBench(subject);
  const { db, keyspace } = bench;
  bench.make(sample, 'k');
  bench.run('PEXPIRE', 'k', '5000');
  const before = [bench.contents('k'), bench.digest('k')];
  const expectSame = (key: string, database = db): void => {
    expect([bench.contents(key), bench.digest(key, database)]).toEqual(before);
  };
  expect(bench.run('COPY', 'k', 'copy')).toBe(':1\r\n');
  expect(bench.run('COPY', 'k', 'copy', 'DB', '1')).toBe(':1\r\n');
  expectSame('copy');
  expect(db.encodingOf(bench.ref('copy'))).toBe(sample.encoding);
  for (const change of subject.fixture.changes) bench.run(...change('k'));
  expectSame('copy');
  bench.run('DEL', 'k');
  bench.reclaim();
  expectSame('copy');
  bench.run('COPY', 'copy', 'again');
  for (const change of subject.fixture.changes) bench.run(...change('copy'));
  bench.run('DEL', 'copy');
  bench.reclaim();
  expectSame('again');
  bench.run('DEL', 'again');
  bench.run('SELECT', '1');
  expectSame('copy', keyspace.databases[1]);
  bench.run('DEL', 'copy');
  bench.expectNoValues();
}

function moves(subject: Subject, sample: Sample): void {
  const bench = useBench(subject);
  const { db, keyspace } = bench;
  const { entries } = keyspace;
  bench.make(sample, 'k');
  bench.run('PEXPIRE', 'k', '5000');
  const before = [bench.contents('k'), bench.digest('k'), bench.valueBytes];
  const root = entries.hasRoot(bench.ref('k')) ? entries.root(bench.ref('k')) : 0;
  const expectSame = (key: string, database = db): void => {
    const ref = bench.ref(key, database);
    expect([bench.contents(key), bench.digest(key, database), bench.valueBytes]).toEqual(before);
    expect([db.encodingOf(ref), db.expiryOf(ref)]).toEqual([
      sample.encoding,
      keyspace.nowMs + 5000,
    ]);
    // It was not even copied.
    if (root !== 0) expect(entries.root(ref)).toBe(root);
  };
  bench.run('RENAME', 'k', 'l');
  expectSame('l');
  expect(bench.run('MOVE', 'l', '1')).toBe(':1\r\n');
  expect(db.size).toBe(0);
  bench.run('SELECT', '1');
  expectSame('l', keyspace.databases[1]);
  bench.run('SWAPDB', '0', '1');
  bench.run('SELECT', '0');
  expectSame('l');
  bench.run('RENAME', 'l', 'l');
  expectSame('l');
  bench.run('PERSIST', 'l');
  expect(bench.contents('l')).toBe(before[0]);
  bench.run('DEL', 'l');
  bench.expectNoValues();
}

function replaces(subject: Subject, sample: Sample): void {
  const bench = useBench(subject);
  bench.make(sample, 'k');
  const contents = bench.contents('k');
  const dump = bench.bytes('DUMP', 'k');
  for (const other of subject.fixture.samples) {
    for (const way of [['RENAME'], ['COPY', 'REPLACE'], ['RESTORE']]) {
      bench.make(other, 'other');
      bench.run('COPY', 'k', 'source');
      if (way[0] === 'RESTORE') bench.text('RESTORE', 'other', '0', dump, 'REPLACE');
      else bench.text(way[0], 'source', 'other', ...way.slice(1));
      expect(bench.contents('other')).toBe(contents);
      bench.run('DEL', 'other', 'source');
    }
    // And a string takes the place of it.
    bench.run('COPY', 'k', 'other');
    bench.text('SET', 'other', 'a string');
    expect(bench.text('GET', 'other')).toBe('a string');
    bench.run('DEL', 'other');
  }
  bench.run('DEL', 'k');
  bench.expectNoValues();
}

function comesBack(subject: Subject, sample: Sample): void {
  const bench = useBench(subject);
  const { db, keyspace } = bench;
  bench.make(sample, 'k');
  const [contents, digest] = [bench.contents('k'), bench.digest('k')];
  for (const compresses of [true, false]) {
    const dump = dumpValue(keyspace, bench.ref('k'), compresses);
    expect(subject.type.codec.readers).toHaveProperty(String(dump[0]));
    expect(bench.run('RESTORE', 'k', '0', dump)).toMatch(/^-BUSYKEY/);
    bench.text('RESTORE', 'l', '0', dump);
    expect([bench.contents('l'), bench.digest('l')]).toEqual([contents, digest]);
    bench.text('RESTORE', 'l', '5000', dump, 'REPLACE');
    expect(db.expiryOf(bench.ref('l'))).toBe(keyspace.nowMs + 5000);
    // It can be changed as the first one.
    for (const key of ['k', 'l']) {
      bench.run('COPY', key, `${key} changed`);
      for (const change of subject.fixture.changes) bench.run(...change(`${key} changed`));
      bench.run('PERSIST', `${key} changed`);
    }
    expect(bench.digest('l changed')).toBe(bench.digest('k changed'));
    bench.run('DEL', 'l', 'k changed', 'l changed');
  }
  bench.run('DEL', 'k');
  bench.expectNoValues();
}

function comesBackFromFile(subject: Subject, sample: Sample): void {
  const bench = useBench(subject);
  bench.make(sample, 'k');
  bench.run('COPY', 'k', 'expiring', 'DB', '3');
  bench.run('SELECT', '3');
  bench.run('PEXPIRE', 'expiring', '5000');
  bench.run('SELECT', '0');
  const other = useBench(subject);
  for (const compresses of [true, false]) {
    const { file } = save(bench.keyspace, { compresses });
    for (const pieceBytes of PIECES) {
      if (pieceBytes < 1000 && file.length > MAX_BYTE_BY_BYTE) continue;
      load(file, { keyspace: other.keyspace, pieceBytes });
      expect(other.digests()).toEqual(bench.digests());
      expect(other.contents('k')).toBe(bench.contents('k'));
      other.empty();
    }
  }
}

function isRefused(subject: Subject, sample: Sample): void {
  const bench = useBench(subject);
  const { keyspace } = bench;
  bench.make(sample, 'k');
  const dump = dumpValue(keyspace, bench.ref('k'), true);
  const { file } = save(keyspace);
  bench.run('DEL', 'k');
  bench.expectNoValues();
  const random = new Random(dump.length);
  for (let i = 0; i < CUTS; i++) {
    const cut = random.integer(1, dump.length - FOOTER_BYTES - 1);
    const start = dump.subarray(0, cut);
    expect(readPayload(keyspace, Buffer.concat([start, Buffer.alloc(FOOTER_BYTES)]))).toBe(
      undefined,
    );
    const flipped = Buffer.from(dump);
    flipped[random.integer(1, dump.length - FOOTER_BYTES - 1)] ^= 1 << random.integer(0, 7);
    const value = readPayload(keyspace, flipped);
    if (value !== undefined && 'discard' in value) value.discard();
    expect(() =>
      load(file.subarray(0, random.integer(0, file.length - 1)), { keyspace }),
    ).toThrow();
    keyspace.flush();
    bench.expectNoValues();
  }
}

function staysWithoutMemory(subject: Subject, sample: Sample): void {
  const bench = useBench(subject);
  const { arena } = bench.keyspace;
  bench.make(sample, 'k');
  const dump = bench.bytes('DUMP', 'k');
  bench.run('SET', 'string', 'a string');
  const before = [bench.contents('k'), bench.digests(), bench.valueBytes];
  let failures = 0;
  for (const line of [
    ['COPY', 'k', 'l'],
    ['COPY', 'k', 'string', 'REPLACE'],
    ['RENAME', 'k', 'l'],
    ['RENAME', 'k', 'string'],
    ['MOVE', 'k', '1'],
    ['PEXPIRE', 'k', '5000'],
    ['RESTORE', 'l', '0', dump],
  ]) {
    let isDone = false;
    // Each allocation fails once, where there are many of them the more seldom.
    const shift = sample.isLong ? 0 : 3;
    for (let left = 0; !isDone; left += 1 + (left >> shift)) {
      failAllocations(arena, left);
      try {
        bench.run(...line);
        isDone = true;
      } catch (error) {
        if (!(error instanceof ArenaFullError)) throw error;
        failures++;
      }
      vi.restoreAllMocks();
      if (isDone) break;
      bench.reclaim();
      expect([bench.contents('k'), bench.digests(), bench.valueBytes]).toEqual(before);
    }
    // What has succeeded is undone.
    bench.empty();
    bench.make(sample, 'k');
    bench.run('SET', 'string', 'a string');
  }
  expect(failures).toBeGreaterThan(6);
  bench.run('DEL', 'k', 'string');
  bench.expectNoValues();
}

/** Makes and changes a value where every allocation fails but the first ones, more of them each time. */
function leavesNothing(subject: Subject, make: readonly Line[], change: readonly Line[]): void {
  const bench = useBench(subject);
  const { arena } = bench.keyspace;
  let failures = 0;
  for (const [first, second] of [
    [[], [...make, ...change]],
    [make, change],
  ]) {
    for (let left = 0; left < MOST_ALLOCATIONS; left += 1 + (left >> 3)) {
      bench.runAll(first);
      failAllocations(arena, left);
      try {
        for (const line of second) bench.run(...line);
      } catch (error) {
        if (!(error instanceof ArenaFullError)) throw error;
        failures++;
      }
      vi.restoreAllMocks();
      bench.run('DEL', 'k');
      bench.expectNoValues();
    }
  }
  expect(failures).toBeGreaterThan(0);
}
