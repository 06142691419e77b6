import { afterEach, expect, test, vi } from 'vitest';
import { mainThreadCpuTime, processCpuTime } from '../../src/telemetry/cpu-time.ts';
import { unixTimeUs } from '../../src/telemetry/wall-clock.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('the wall clock follows the system when that is set forwards or backwards', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  for (const timeMs of [1_900_000_000_000, 1_800_000_000_000, 1_800_000_000_005]) {
    vi.setSystemTime(timeMs);
    expect(Math.floor(unixTimeUs() / 1000)).toBe(timeMs);
  }
});

test('the wall clock tells whole microseconds, within a millisecond of the system', () => {
  let last = 0;
  let betweenMilliseconds = 0;
  for (let i = 0; i < 1000; i++) {
    const before = Date.now();
    const nowUs = unixTimeUs();
    const after = Date.now();
    expect(Number.isInteger(nowUs)).toBe(true);
    expect(nowUs).toBeGreaterThanOrEqual(before * 1000);
    expect(nowUs).toBeLessThan((after + 1) * 1000);
    expect(nowUs).toBeGreaterThanOrEqual(last);
    if (nowUs % 1000 !== 0) betweenMilliseconds++;
    last = nowUs;
  }
  expect(betweenMilliseconds).toBeGreaterThan(0);
});

test('CPU time grows with work, and no thread has more of it than the process', () => {
  const before = processCpuTime();
  const endMs = Date.now() + 30;
  while (Date.now() < endMs) {
    // Works.
  }
  const main = mainThreadCpuTime();
  const after = processCpuTime();
  expect(after.user + after.system).toBeGreaterThan(before.user + before.system);
  if (process.platform !== 'linux') return;
  // Ticks are rounded, each of the two by at most 10 ms.
  const mainTotal = (main?.user ?? 0) + (main?.system ?? 0);
  expect(mainTotal).toBeGreaterThan(0);
  expect(mainTotal).toBeLessThanOrEqual(after.user + after.system + 0.02);
});
