import { describe, expect, test } from 'vitest';
import { Histogram } from '../../src/telemetry/histogram.ts';

function histogramOf(...durationsUs: number[]): Histogram {
  const histogram = new Histogram();
  for (const us of durationsUs) histogram.record(us);
  return histogram;
}

describe('percentiles', () => {
  // The expected figures are those that a real Redis printed for calls of these durations.
  test.each([
    [4, 4.015],
    [12, 12.031],
    [13, 13.055],
    [14, 14.015],
    [15, 15.039],
    [16, 16.063],
    [22, 22.015],
    [41, 41.215],
  ])('a call of %d µs reads %d', (us, printed) => {
    expect(histogramOf(us).percentileUs(50)).toBe(printed);
  });

  test('are the highest duration of the counter that the percentile falls into', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 1000; us++) histogram.record(us);
    expect(histogram.percentileUs(0)).toBe(1);
    expect(histogram.percentileUs(50)).toBe(501.759);
    expect(histogram.percentileUs(100)).toBe(1003.519);
    expect(histogram.total).toBe(1000);
  });

  test('err by less than a hundredth for every duration', () => {
    for (let us = 0.001; us < 1_000_000; us *= 1.07) {
      const read = histogramOf(us).percentileUs(99);
      expect(read).toBeGreaterThanOrEqual(Math.floor(us * 1000) / 1000);
      expect(read).toBeLessThanOrEqual(us * 1.008);
    }
  });

  test('of nothing are 0', () => {
    expect(new Histogram().percentileUs(99)).toBe(0);
  });
});

describe('the cumulative distribution', () => {
  test('has a point at each doubling where something was added', () => {
    const points = histogramOf(1, 1, 3, 40, 40, 600).distribution();
    expect(points).toEqual([
      { us: 1, count: 2 },
      { us: 4, count: 3 },
      { us: 66, count: 5 },
      { us: 1056, count: 6 },
    ]);
  });

  test('ends with the longest durations, those over a second among them', () => {
    // As Redis answered after DEBUG SLEEP 0.3, 0.7 and 1.7.
    const points = histogramOf(300_000, 700_000, 1_700_000).distribution();
    expect(points).toEqual([
      { us: 541_065, count: 1 },
      { us: 1_073_741, count: 3 },
    ]);
  });

  test('of nothing has no points', () => {
    expect(new Histogram().distribution()).toEqual([]);
  });
});
