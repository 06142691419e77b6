// The line of progress: once a second, written over, and gone before anything else is printed.

import { expect, test } from 'vitest';
import { ProgressLine } from '../../../src/persistence/check/progress-line.ts';

const MIB = 1024 * 1024;

test('once a second, and cleared', () => {
  let nowMs = 5000;
  let written = '';
  const line = new ProgressLine(
    (text) => {
      written += text;
    },
    () => nowMs,
  );
  nowMs += 999;
  line.update('base', MIB, 9 * MIB);
  line.clear();
  expect(written).toBe('');
  nowMs += 1;
  line.update('base', 2 * MIB, 9 * MIB);
  line.update('base', 3 * MIB, 9 * MIB);
  expect(written).toBe('\r\x1b[Kbase: 2 of 9 MiB');
  written = '';
  line.clear();
  line.clear();
  expect(written).toBe('\r\x1b[K');
  nowMs += 1000;
  line.update('increments', 4 * MIB, 9 * MIB);
  expect(written).toBe('\r\x1b[K\r\x1b[Kincrements: 4 of 9 MiB');
});
