// When unsent output disconnects a client.

import { expect, test } from 'vitest';
import { OutputLimit } from '../../src/net/output-limits.ts';

const NOW_MS = 1_700_000_000_000;

test('without limits nothing is too much', () => {
  const limit = new OutputLimit();
  const none = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
  expect(limit.exceeded(none, 2 ** 40, NOW_MS)).toBe(false);
  expect(limit.exceeded(none, 2 ** 40, NOW_MS + 1e9)).toBe(false);
  expect(limit.counting).toBe(false);
});

test('the hard limit holds at once', () => {
  const hard = { hardBytes: 100, softBytes: 0, softSeconds: 0 };
  expect(new OutputLimit().exceeded(hard, 99, NOW_MS)).toBe(false);
  expect(new OutputLimit().exceeded(hard, 100, NOW_MS)).toBe(true);
});

test('the soft limit holds after its seconds, and counts anew once output shrank', () => {
  const soft = { hardBytes: 0, softBytes: 50, softSeconds: 2 };
  const limit = new OutputLimit();
  expect(limit.exceeded(soft, 49, NOW_MS)).toBe(false);
  expect(limit.counting).toBe(false);
  expect(limit.exceeded(soft, 50, NOW_MS)).toBe(false);
  expect(limit.counting).toBe(true);
  expect(limit.exceeded(soft, 80, NOW_MS + 2000)).toBe(false);
  expect(limit.exceeded(soft, 80, NOW_MS + 2001)).toBe(true);

  expect(limit.exceeded(soft, 49, NOW_MS + 2002)).toBe(false);
  expect(limit.counting).toBe(false);
  expect(limit.exceeded(soft, 60, NOW_MS + 3000)).toBe(false);
  expect(limit.exceeded(soft, 60, NOW_MS + 5000)).toBe(false);
  expect(limit.exceeded(soft, 60, NOW_MS + 5001)).toBe(true);
});

test('a limit that is changed holds from then on', () => {
  const limit = new OutputLimit();
  const soft = { hardBytes: 0, softBytes: 50, softSeconds: 1 };
  expect(limit.exceeded(soft, 60, NOW_MS)).toBe(false);
  expect(limit.exceeded({ ...soft, softSeconds: 10 }, 60, NOW_MS + 5000)).toBe(false);
  expect(limit.exceeded({ ...soft, hardBytes: 60 }, 60, NOW_MS + 5001)).toBe(true);
});
