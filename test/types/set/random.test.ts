// Random members: each choice is equally likely, whatever the encoding, and however many are asked for. The generator has a
// seed, so that the bounds are met in every run or in none.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { randomBelow, randomSource } from '../../../src/structures/random-source.ts';
import { setsOf } from '../../../src/types/set/set-tables.ts';
import { SetView } from '../../../src/types/set/set-view.ts';
import { Random } from '../../support/random.ts';
import { TestServer } from '../../support/test-call.ts';

const { next } = randomSource;

beforeEach(() => {
  const random = new Random(4711);
  randomSource.next = () => random.next();
});

afterEach(() => {
  randomSource.next = next;
});

const SIZE = 30;
const KINDS: readonly (readonly [name: string, member: (i: number) => string, packed: number])[] = [
  ['integers', (i) => String(i), 0],
  ['packed members', (i) => `m${i}`, 100],
  ['a table', (i) => `m${i}`, 0],
];

/** How far counts are from being equal: chi-square. With n of them, n - 1 is expected, give or take √(2n). */
function chiSquare(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

function expectEven(counts: readonly number[]): void {
  const freedom = counts.length - 1;
  expect(chiSquare(counts)).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
}

function serverOf(packed: number) {
  const server = new TestServer(families.flat());
  setsOf(server.keyspace.entries).limits = {
    intsetEntries: 512,
    packedEntries: packed,
    packedValueBytes: 64,
  };
  const client = server.connect();
  return (...args: string[]) => server.run(client, ...args);
}

/** The numbers within the members of a reply. */
function numbersIn(reply: string): number[] {
  const parts = reply.split('\r\n');
  return parts
    .filter((_, i) => parts[i - 1]?.startsWith('$'))
    .map((text) => Number(text.replace('m', '')));
}

describe.each(KINDS)('of %s', (_, member, packed) => {
  const members = Array.from({ length: SIZE }, (__, i) => member(i));
  const others = Array.from({ length: SIZE }, (__, i) => member(SIZE + i));

  test.each([
    ['one', ['SRANDMEMBER', 'k'], 1, 9000],
    ['one, as an array', ['SRANDMEMBER', 'k', '1'], 1, 9000],
    ['repeated ones', ['SRANDMEMBER', 'k', '-5'], 5, 3000],
    ['a few', ['SRANDMEMBER', 'k', '3'], 3, 4000],
    ['many', ['SRANDMEMBER', 'k', '20'], 20, 2000],
    ['nearly all', ['SRANDMEMBER', 'k', '29'], 29, 4000],
  ] as const)('%s', (__, line, count, rounds) => {
    const run = serverOf(packed);
    // It has shrunk, so that a table has free slots.
    run('SADD', 'k', ...members, ...others);
    run('SREM', 'k', ...others);
    const counts = new Array<number>(SIZE).fill(0);
    const missing = new Array<number>(SIZE).fill(0);
    for (let i = 0; i < rounds; i++) {
      const numbers = numbersIn(run(...line));
      expect(numbers).toHaveLength(count);
      if (line[2] !== '-5') expect(new Set(numbers).size).toBe(count);
      for (const number of numbers) counts[number]++;
      if (count === SIZE - 1) missing[members.findIndex((___, at) => !numbers.includes(at))]++;
    }
    expectEven(count === SIZE - 1 ? missing : counts);
  });

  test.each([
    ['one popped', ['SPOP', 'k'], 1, 4000],
    ['a few popped', ['SPOP', 'k', '3'], 3, 2000],
    ['nearly all popped', ['SPOP', 'k', '27'], 27, 3000],
  ] as const)('%s', (__, line, count, rounds) => {
    const run = serverOf(packed);
    const counts = new Array<number>(SIZE).fill(0);
    for (let i = 0; i < rounds; i++) {
      run('DEL', 'k');
      run('SADD', 'k', ...members);
      const numbers = numbersIn(run(...line));
      expect(new Set(numbers).size).toBe(count);
      const left = numbersIn(run('SMEMBERS', 'k'));
      expect([...numbers, ...left].sort((a, b) => a - b)).toEqual(members.map((___, at) => at));
      // Those that are fewer tell more.
      for (const number of count > SIZE / 2 ? left : numbers) counts[number]++;
    }
    expectEven(counts);
  });
});

test('pairs of members are drawn evenly, too', () => {
  for (const size of [5, 6]) {
    const run = serverOf(0);
    run('SADD', 'k', ...Array.from({ length: size }, (_, i) => `m${i}`));
    const pairs = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const pair = numbersIn(run('SRANDMEMBER', 'k', '2'))
        .sort()
        .join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect(pairs.size).toBe((size * (size - 1)) / 2);
    expectEven([...pairs.values()]);
  }
});

test('members of a table of segments of different depths are drawn evenly', () => {
  const server = new TestServer(families.flat());
  const client = server.connect();
  const { keyspace } = server;
  const sets = setsOf(keyspace.entries);
  const [db] = keyspace.databases;
  let size = 0;
  let segments = 0;
  // One of two halves has split, the other has not yet.
  while (segments !== 3) {
    server.run(client, 'SADD', 'k', `m${size++}`);
    const ref = db.find(Buffer.from('k'), 0, 1);
    segments = sets.viewOf(keyspace.entries.root(ref)).segments;
  }
  const counts = new Array<number>(size).fill(0);
  for (let i = 0; i < 60; i++) {
    for (const number of numbersIn(server.run(client, 'SRANDMEMBER', 'k', '-1000')))
      counts[number]++;
  }
  expectEven(counts);
});

test('a table that is nearly empty is drawn from', () => {
  const run = serverOf(0);
  const all = Array.from({ length: 2000 }, (_, i) => `m${i}`);
  run('SADD', 'k', ...all);
  run('SREM', 'k', ...all.slice(1));
  for (let i = 0; i < 20; i++) expect(run('SRANDMEMBER', 'k')).toBe('$2\r\nm0\r\n');
  run('SADD', 'k', 'm1');
  const drawn = new Set(Array.from({ length: 50 }, () => run('SRANDMEMBER', 'k')));
  expect(drawn.size).toBe(2);
});

test('the source is asked for a number below a limit', () => {
  randomSource.next = () => 0.999_999;
  expect(randomBelow(7)).toBe(6);
  expect(new SetView().count).toBe(0);
});
