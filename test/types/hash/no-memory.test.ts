// Commands that change hashes, where each allocation fails once: what sets one field has changed nothing then, and what
// sets several has changed some of them wholly; no memory is lost, whatever is done with the hashes afterwards.
import { describe, expect, test, vi } from 'vitest';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { TypeBench } from '../conformance/bench.ts';
import type { Line } from '../conformance/fixture.ts';
import { hashFixture } from './fixture.ts';

/** A Unix time in ms that never comes while tests run. */
const LATER = '4102444800123';
const LONG = 'x'.repeat(20_000);

function pairs(prefix: string, count: number, value: string): string[] {
  return Array.from({ length: count }, (_, i) => [`${prefix}${i}`, value]).flat();
}

const MAKE: readonly Line[] = [
  ['HSET', 'packed', ...pairs('f', 20, 'v'), 'n', '5', 'q', '1.5'],
  ['HSET', 'full', ...pairs('f', 512, 'v')],
  ['HSET', 'table', ...pairs('f', 60, 'v'), 'n', '5', 'q', '1.5', LONG, LONG],
  ['HSETEX', 'expiring', 'PXAT', LATER, 'FIELDS', '40', ...pairs('f', 40, 'v')],
  ['HSET', 'expiring', 'lasting', 'v', LONG, LONG],
  ['HSETEX', 'one', 'PXAT', LATER, 'FIELDS', '1', 'f0', 'v'],
  ['HSETEX', 'two', 'PXAT', LATER, 'FIELDS', '2', 'f0', 'v', LONG, LONG],
];

const KEYS = ['packed', 'full', 'table', 'expiring', 'one', 'two', 'new'];

/** They change one field, or the hash as a whole. */
const CHANGES: readonly Line[] = KEYS.flatMap((key) => [
  ['HSET', key, 'fresh', 'v'],
  ['HSET', key, 'fresh', LONG],
  ['HSET', key, LONG, 'v'],
  ['HSET', key, 'f0', LONG],
  ['HSETNX', key, 'fresh', 'v'],
  ['HINCRBY', key, 'n', '10000000000'],
  ['HINCRBYFLOAT', key, 'q', '0.123456789012345'],
  ['HDEL', key, 'f0'],
  ['HDEL', key, LONG],
  ['HPEXPIREAT', key, LATER, 'FIELDS', '1', 'f0'],
  ['HPEXPIREAT', key, LATER, 'FIELDS', '1', LONG],
  ['HPEXPIREAT', key, '1', 'FIELDS', '1', 'f0'],
  ['HPERSIST', key, 'FIELDS', '1', 'f0'],
  ['HGETEX', key, 'PERSIST', 'FIELDS', '1', 'f0'],
  ['HGETEX', key, 'PXAT', LATER, 'FIELDS', '1', 'f0'],
  ['HGETDEL', key, 'FIELDS', '1', 'f0'],
  ['HSETEX', key, 'PXAT', LATER, 'FIELDS', '1', 'fresh', 'v'],
  ['HSETEX', key, 'PXAT', LATER, 'FIELDS', '1', 'f0', 'w'],
  ['HSETEX', key, 'PXAT', LATER, 'FIELDS', '1', 'f0', LONG],
  ['HSETEX', key, 'PXAT', LATER, 'FIELDS', '1', LONG, 'v'],
  ['HSETEX', key, 'KEEPTTL', 'FIELDS', '1', 'f0', LONG],
  ['HSETEX', key, 'FIELDS', '1', 'f0', 'v'],
  ['COPY', key, 'copy'],
  ['COPY', key, 'table', 'REPLACE'],
  ['RENAME', key, 'expiring'],
  ['MOVE', key, '1'],
  ['PEXPIREAT', key, LATER],
]);

/** They change several fields. */
const LARGER_CHANGES: readonly Line[] = KEYS.flatMap((key) => [
  ['HSET', key, ...pairs('f', 30, LONG)],
  ['HDEL', key, ...pairs('f', 30, LONG)],
  ['HPEXPIREAT', key, LATER, 'FIELDS', '4', 'f0', 'f1', LONG, 'n'],
  ['HPERSIST', key, 'FIELDS', '3', 'f0', 'f1', LONG],
  ['HSETEX', key, 'PXAT', LATER, 'FIELDS', '3', 'f0', LONG, 'fresh', 'v', LONG, 'w'],
]);

/** Made once: it has a segment of memory. */
let spare: TypeBench | undefined;

function emptyBench(): TypeBench {
  if (spare !== undefined) return spare;
  const type = valueTypes.find(({ name }) => name === 'hash');
  if (type === undefined) throw new Error('there are no hashes');
  spare = new TypeBench({ types: valueTypes, type, fixture: hashFixture });
  return spare;
}

/** Runs a command that gets only so many blocks; returns whether that was too few. */
function runsOut({ keyspace: { arena } }: TypeBench, allowed: number, run: () => void): boolean {
  const { overflow } = arena;
  let left = allowed;
  const allocate = arena.allocate.bind(arena);
  const allocateOverflow = overflow.allocate.bind(overflow);
  const take = (): void => {
    if (left-- <= 0) throw new ArenaFullError();
  };
  vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
    take();
    return allocate(sizeClass);
  });
  vi.spyOn(overflow, 'allocate').mockImplementation((bytes) => {
    take();
    return allocateOverflow(bytes);
  });
  try {
    run();
    return false;
  } catch (error) {
    if (!(error instanceof ArenaFullError)) throw error;
    return true;
  } finally {
    vi.restoreAllMocks();
  }
}

const nameOf = (line: Line): string => line.map((word) => String(word).slice(0, 10)).join(' ');

describe('changes nothing', () => {
  test.each(CHANGES.map((line) => ({ name: nameOf(line), line })))('$name', ({ line }) => {
    const bench = emptyBench();
    bench.runAll(MAKE);
    const before = bench.digests();
    // Where there are many allocations, the more seldom.
    for (let allowed = 0; runsOut(bench, allowed, () => bench.run(...line)); ) {
      bench.reclaim();
      expect(bench.digests()).toEqual(before);
      allowed += 1 + (allowed >> 2);
    }
    bench.empty();
  });
});

describe('loses nothing', () => {
  test.each(LARGER_CHANGES.map((line) => ({ name: nameOf(line), line })))('$name', ({ line }) => {
    const bench = emptyBench();
    for (let allowed = 0; ; allowed += 1 + (allowed >> 2)) {
      bench.runAll(MAKE);
      const hasFailed = runsOut(bench, allowed, () => bench.run(...line));
      bench.runAll([
        ['HSETEX', 'expiring', 'PX', '5', 'FIELDS', '2', 'f0', 'v', 'f1', 'v'],
        ['HSETEX', line[1], 'PX', '5', 'FIELDS', '2', 'f0', 'v', 'f1', 'v'],
        ['HPERSIST', line[1], 'FIELDS', '2', 'f2', LONG],
      ]);
      bench.pass(10);
      bench.keyspace.expireDue(Number.POSITIVE_INFINITY);
      expect(bench.run('HMGET', line[1] as string, 'f0', 'f1')).toBe('*2\r\n$-1\r\n$-1\r\n');
      bench.empty();
      if (!hasFailed) break;
    }
  });
});
