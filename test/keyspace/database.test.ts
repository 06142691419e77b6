// Databases against plain Maps: every kind of change, to keys and values inside blocks and outside
// of them, with the clock going on, and with memory running out.

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { ArenaFullError } from '../../src/memory/arena.ts';
import { FIRST_NEGATIVE_SEGMENT, fillSegmentsBelow } from '../memory/filled-arena.ts';
import { Random } from '../support/random.ts';
import { byTier, variantsByTier } from '../support/tier.ts';
import { CheckedKeyspace, OPERATIONS } from './checked-keyspace.ts';

const MAX_ARGUMENT = 1_000_000;

afterEach(() => {
  vi.restoreAllMocks();
});

test('short sequences of any kind', () => {
  const argument = fc.nat({ max: MAX_ARGUMENT });
  const step = fc.tuple(fc.constantFrom(...OPERATIONS), argument, argument, argument);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), fc.boolean(), (steps, atOnce) => {
      const checked = new CheckedKeyspace(2);
      for (const [operation, a, b, c] of steps) checked.apply(operation, a, b, c);
      checked.check();
      checked.empty(atOnce);
    }),
    { numRuns: byTier(15, 60) },
  );
});

describe.each<[string, ((keyspace: Keyspace) => void) | undefined]>([
  ['references below 2^31', undefined],
  ['references beyond 2^31', ({ arena }) => fillSegmentsBelow(arena, FIRST_NEGATIVE_SEGMENT)],
])('%s', (_, prepare) => {
  test.each(variantsByTier([51, 52]))('a long run: seed %i', (seed) => {
    const random = new Random(seed);
    const checked = new CheckedKeyspace(3, prepare);
    const draw = () => random.integer(0, MAX_ARGUMENT);
    for (let step = 0; step < 3_000; step++) {
      checked.apply(random.pick(OPERATIONS), draw(), draw(), draw());
      if (step % 200 === 199) checked.check();
    }
    checked.check();
    for (const operation of OPERATIONS) {
      expect(checked.done.get(operation), operation).toBeGreaterThan(5);
    }
    checked.empty(seed % 2 === 0);
  });
});

describe('when an allocation fails', () => {
  test.each(variantsByTier([61, 62, 63]))(
    'the operation has no effect, and nothing leaks: seed %i',
    (seed) => {
      const random = new Random(seed);
      const checked = new CheckedKeyspace(2);
      const { arena } = checked.keyspace;
      const draw = () => random.integer(0, MAX_ARGUMENT);
      let failures = 0;
      for (let step = 0; step < 1_500; step++) {
        let left = random.integer(0, 3);
        const fail = () => {
          if (left-- <= 0) throw new ArenaFullError();
        };
        const { overflow } = arena;
        const allocate = arena.allocate.bind(arena);
        const allocateOverflow = overflow.allocate.bind(overflow);
        vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
          fail();
          return allocate(sizeClass);
        });
        vi.spyOn(overflow, 'allocate').mockImplementation((capacityBytes) => {
          fail();
          return allocateOverflow(capacityBytes);
        });
        try {
          checked.apply(random.pick(OPERATIONS), draw(), draw(), draw());
        } catch (error) {
          if (!(error instanceof ArenaFullError)) throw error;
          failures++;
        }
        vi.restoreAllMocks();
        if (step % 50 === 49) checked.check();
      }
      expect(failures).toBeGreaterThan(50);
      checked.check();
      checked.empty(false);
    },
  );
});
