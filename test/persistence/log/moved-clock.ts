// The time of day moved ahead, for what waits for minutes: everything of this process that tells the time
// of day sees it at once.
import { vi } from 'vitest';
import { unixTimeUs } from '../../../src/telemetry/wall-clock.ts';

/** @returns a function that lets so many milliseconds pass */
export function moveClock(): (ms: number) => void {
  const { now } = Date;
  let aheadMs = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
  return (ms) => {
    aheadMs += ms;
    // The clock of microseconds follows when it is looked at.
    unixTimeUs();
  };
}

/** To be called after a test that has moved it. */
export function resetClock(): void {
  vi.restoreAllMocks();
  unixTimeUs();
}
