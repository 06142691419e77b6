// The access clock's words: recency for LRU, and for LFU the counter that Redis documents.

import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type AccessSettings,
  idleMs,
  lfuCounter,
  lfuInitialWord,
  lfuTouched,
  lfuWord,
  lruWord,
  lruWordIdleFor,
} from '../../src/keyspace/access-clock.ts';
import { Random } from '../support/random.ts';

const MINUTE_MS = 60_000;
const NOW_MS = 1_700_000_000_000;
const YEAR_MS = 365 * 24 * 3_600_000;

function settings(logFactor: number, decayMinutes = 1): AccessSettings {
  return { frequency: true, logFactor, decayMinutes };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('LRU words', () => {
  test('tell the idle time to a quarter of a second, for 34 years', () => {
    for (const idle of [0, 1, 255, 256, 257, 1_000, MINUTE_MS, YEAR_MS, 34 * YEAR_MS]) {
      for (const used of [NOW_MS, NOW_MS + 77, 2 ** 32 * 256 - 10_000]) {
        const told = idleMs(lruWord(used), used + idle);
        expect(Math.abs(told - idle)).toBeLessThan(256);
      }
    }
    expect(lruWord(NOW_MS)).toBe(lruWord(NOW_MS) | 0);
  });

  test('can be made to look idle for so long, never for less', () => {
    for (const idle of [0, 1_000, 1_000_000, YEAR_MS]) {
      for (let now = NOW_MS; now < NOW_MS + 256; now++) {
        const told = idleMs(lruWordIdleFor(idle, now), now);
        expect(told).toBeGreaterThanOrEqual(idle);
        expect(told).toBeLessThan(idle + 256);
      }
    }
  });

  test('do not wrap around when they are to tell of more', () => {
    for (const idle of [35 * YEAR_MS, 2 ** 63]) {
      expect(idleMs(lruWordIdleFor(idle, NOW_MS), NOW_MS)).toBeGreaterThan(34 * YEAR_MS);
    }
  });
});

describe('LFU words', () => {
  test('start at 5, so that a new key is not evicted before it had a chance', () => {
    expect(lfuCounter(lfuInitialWord(NOW_MS), NOW_MS, settings(10))).toBe(5);
  });

  test('hold any counter, and survive the minutes that overflow', () => {
    for (let counter = 0; counter < 256; counter++) {
      expect(lfuCounter(lfuWord(counter, NOW_MS), NOW_MS, settings(10))).toBe(counter);
    }
    // 16 bits of minutes: 45 days.
    const before = (2 ** 16 - 2) * MINUTE_MS;
    const word = lfuWord(100, before);
    expect(lfuCounter(word, before + 5 * MINUTE_MS, settings(10))).toBe(95);
  });

  test.each([
    [1, 7, 93],
    [1, 250, 0],
    [10, 9, 100],
    [10, 95, 91],
    [1_000, 40_000, 60],
    [0, 1_000, 100],
  ])(
    'decay by one every lfu-decay-time minutes: %i, after %i minutes',
    (decay, minutes, counter) => {
      const word = lfuWord(100, NOW_MS);
      expect(lfuCounter(word, NOW_MS + minutes * MINUTE_MS, settings(10, decay))).toBe(counter);
    },
  );

  test('a use counts from the decayed counter, and starts the decay anew', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const later = NOW_MS + 20 * MINUTE_MS;
    const touched = lfuTouched(lfuWord(100, NOW_MS), later, settings(10));
    expect(touched).toBe(lfuWord(80, later));
    expect(lfuCounter(touched, later + 3 * MINUTE_MS, settings(10))).toBe(77);
  });

  test.each([
    [0, 10, 1],
    [5, 10, 1],
    [6, 10, 1 / 11],
    [25, 10, 1 / 201],
    [25, 1, 1 / 21],
    [25, 0, 1],
    [105, 100, 1 / 10_001],
  ])('counter %i and factor %i: one use in 1/p counts', (counter, factor, p) => {
    const touchWith = (drawn: number) => {
      vi.spyOn(Math, 'random').mockReturnValue(drawn);
      return lfuCounter(
        lfuTouched(lfuWord(counter, NOW_MS), NOW_MS, settings(factor)),
        NOW_MS,
        settings(factor),
      );
    };
    expect(touchWith(p * 0.999)).toBe(counter + 1);
    expect(touchWith(p)).toBe(counter);
    expect(touchWith(Math.min(p * 1.001, 0.9999))).toBe(p === 1 ? counter + 1 : counter);
  });

  test('never exceed 255', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const full = lfuWord(255, NOW_MS);
    expect(lfuTouched(full, NOW_MS, settings(10))).toBe(full);
  });

  // From the table in redis.conf: the counter after so many hits, by factor.
  test.each([
    [0, 100, 104],
    [0, 1_000, 255],
    [1, 100, 18],
    [1, 1_000, 49],
    [1, 100_000, 255],
    [10, 100, 10],
    [10, 1_000, 18],
    [10, 100_000, 142],
    [100, 100, 8],
    [100, 1_000, 11],
    [100, 100_000, 49],
  ])('factor %i: %i hits lead to about %i', (factor, hits, expected) => {
    const random = new Random(9);
    vi.spyOn(Math, 'random').mockImplementation(() => random.next());
    const rounds = hits > 10_000 ? 1 : 20;
    let total = 0;
    for (let round = 0; round < rounds; round++) {
      let word = lfuInitialWord(NOW_MS);
      for (let i = 0; i < hits; i++) word = lfuTouched(word, NOW_MS, settings(factor));
      total += lfuCounter(word, NOW_MS, settings(factor));
    }
    const mean = total / rounds;
    expect(Math.abs(mean - expected)).toBeLessThanOrEqual(Math.max(2, expected * 0.15));
  });
});
