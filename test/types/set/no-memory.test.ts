// Commands that change several sets, or a set several times, where each allocation fails once: nothing has changed then,
// and no memory is lost.
import { expect, test, vi } from 'vitest';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { TypeBench } from '../conformance/bench.ts';
import type { Line } from '../conformance/fixture.ts';
import { packedSetFixture, setFixture } from './fixture.ts';

const MEMBERS = Array.from({ length: 40 }, (_, i) => `member ${i}`);
const INTEGERS = Array.from({ length: 40 }, (_, i) => String(i * 3));

const MAKE: readonly Line[] = [
  ['SADD', 'integers', ...INTEGERS],
  ['SADD', 'members', ...MEMBERS],
  ['SADD', 'one', 'member 1'],
  ['SADD', 'seven', '6', '7'],
  ['SADD', 'full', ...Array.from({ length: 512 }, (_, i) => String(i))],
  ['EXPIRE', 'one', '1000'],
];

const CHANGES: readonly Line[] = [
  ['SMOVE', 'members', 'new', 'member 5'],
  ['SMOVE', 'members', 'integers', 'member 5'],
  ['SMOVE', 'integers', 'members', '6'],
  ['SMOVE', 'integers', 'new', '6'],
  ['SMOVE', 'one', 'new', 'member 1'],
  ['SMOVE', 'one', 'seven', 'member 1'],
  ['SMOVE', 'one', 'members', 'member 1'],
  ['SADD', 'full', '1000'],
  ['SADD', 'seven', 'x'.repeat(20_000)],
  ['SADD', 'seven', '9223372036854775807'],
  ['SPOP', 'members', '38'],
  ['SPOP', 'integers', '38'],
  ['SPOP', 'members', '3'],
  ['SPOP', 'members', '40'],
  ['SINTERSTORE', 'members', 'members', 'members'],
  ['SUNIONSTORE', 'integers', 'integers', 'members', 'full'],
  ['SUNIONSTORE', 'new', 'full', 'full', 'members'],
  ['SDIFFSTORE', 'one', 'full', 'seven', 'one', 'seven', 'one'],
  ['SUNION', ...Array.from({ length: 10 }, () => ['members', 'full']).flat()],
  ['SDIFF', 'full', 'seven', 'one', 'seven', 'one'],
];

const BENCHES = [
  ['as in Redis 7.0', setFixture],
  ['packed', packedSetFixture],
] as const;

test.each(BENCHES.flatMap(([name, fixture]) => CHANGES.map((line) => ({ name, fixture, line }))))(
  '$line.0 $line.1 $line.2, sets $name',
  ({ fixture, line }) => {
    const type = valueTypes.find(({ name }) => name === 'set');
    if (type === undefined) throw new Error('there are no sets');
    const bench = new TypeBench({ types: valueTypes, type, fixture });
    const { arena } = bench.keyspace;
    const { overflow } = arena;
    bench.runAll(MAKE);
    const before = [bench.digests(), bench.valueBytes];
    // Where there are many allocations, the more seldom.
    for (let allowed = 0; ; allowed += 1 + (allowed >> 3)) {
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
      let hasFailed = false;
      try {
        bench.run(...line);
      } catch (error) {
        if (!(error instanceof ArenaFullError)) throw error;
        hasFailed = true;
      } finally {
        vi.restoreAllMocks();
      }
      if (!hasFailed) break;
      bench.reclaim();
      expect([bench.digests(), bench.valueBytes]).toEqual(before);
    }
    bench.empty();
  },
);
