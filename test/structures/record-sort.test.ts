// Sorting records against sorting by comparing, in few and in so many that radix sort is used.
import { expect, test } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { sortRecords } from '../../src/structures/record-sort.ts';
import { Records } from '../../src/structures/records.ts';
import { Random } from '../support/random.ts';

const SPECIAL = [0, -0, 1, -1, 0.5, -0.5, 5e-324, -5e-324, 1e300, -1e300, Infinity, -Infinity];

const KINDS: Readonly<Record<string, (random: Random) => number>> = {
  'small integers': (random) => random.integer(-50, 50),
  fractions: (random) => (random.next() - 0.5) * 10 ** random.integer(-300, 300),
  'special ones': (random) => random.pick(SPECIAL),
  'a single one': () => 7,
};

test.each(
  Object.entries(KINDS).flatMap(([name, draw]) =>
    [0, 1, 2, 100, 2047, 2048, 6000].map((count) => ({ name, draw, count })),
  ),
)('$count of $name', ({ draw, count }) => {
  const random = new Random(count);
  const arena = new Arena();
  const own = new Records(arena);
  const model = Array.from({ length: count }, (_, i) => {
    const member = Buffer.from(`${random.integer(0, 1e6)}:${i}`);
    const score = draw(random);
    return { member, score, record: own.newScored(member, 0, member.length, score) };
  });
  const sorted = sortRecords(
    arena,
    own,
    Int32Array.from(model, ({ record }) => record),
  );
  model.sort((a, b) => {
    if (a.score !== b.score) return a.score < b.score ? -1 : 1;
    return Buffer.compare(a.member, b.member);
  });
  expect([...sorted]).toEqual(model.map(({ record }) => record));
});
