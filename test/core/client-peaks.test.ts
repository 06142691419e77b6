// The largest buffers of the last eight seconds.
import { expect, test } from 'vitest';
import { ClientPeaks } from '../../src/core/client-peaks.ts';

test('a peak is forgotten after eight seconds', () => {
  const peaks = new ClientPeaks();
  const seen: [number, number][] = [];
  for (let second = 1000; second < 1012; second++) {
    peaks.advance(second * 1000 + 500);
    if (second === 1001) peaks.note(500, 70);
    if (second === 1002) peaks.note(300, 90);
    peaks.note(10, 5);
    seen.push([peaks.inputBytes, peaks.outputBytes]);
  }
  expect(seen.slice(0, 2)).toEqual([
    [10, 5],
    [500, 70],
  ]);
  expect(seen[8]).toEqual([500, 90]);
  expect(seen[9]).toEqual([300, 90]);
  expect(seen[10]).toEqual([10, 5]);
  // After a long time, and when the clock is set back, nothing is left.
  peaks.note(500, 500);
  peaks.advance(2_000_000_000);
  expect([peaks.inputBytes, peaks.outputBytes]).toEqual([0, 0]);
  peaks.note(7, 8);
  peaks.advance(1_000_000);
  expect([peaks.inputBytes, peaks.outputBytes]).toEqual([0, 0]);
});
