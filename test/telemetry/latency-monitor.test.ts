import { expect, test } from 'vitest';
import { LatencyMonitor } from '../../src/telemetry/latency-monitor.ts';

test('is off until it has a threshold', () => {
  const monitor = new LatencyMonitor();
  monitor.add('command', 1000);
  expect(monitor.events()).toEqual([]);
  monitor.thresholdMs = 100;
  monitor.add('command', 99);
  expect(monitor.events()).toEqual([]);
  monitor.add('command', 100.7);
  expect(monitor.event('command')?.samples).toEqual([
    { timeSeconds: expect.any(Number), latencyMs: 100 },
  ]);
});

test('keeps one sample a second, the worst', () => {
  const monitor = new LatencyMonitor();
  monitor.record('command', 20, 7);
  monitor.record('command', 50, 7);
  monitor.record('command', 30, 7);
  monitor.record('command', 10, 8);
  expect(monitor.event('command')).toEqual({
    name: 'command',
    maxMs: 50,
    samples: [
      { timeSeconds: 7, latencyMs: 50 },
      { timeSeconds: 8, latencyMs: 10 },
    ],
  });
});

test('keeps the newest 160 samples and the worst of all', () => {
  const monitor = new LatencyMonitor();
  monitor.record('command', 999, 0);
  for (let second = 1; second <= 160; second++) monitor.record('command', second, second);
  const event = monitor.event('command');
  expect(event?.samples).toHaveLength(160);
  expect(event?.samples[0]).toEqual({ timeSeconds: 1, latencyMs: 1 });
  expect(event?.samples.at(-1)).toEqual({ timeSeconds: 160, latencyMs: 160 });
  expect(event?.maxMs).toBe(999);
});

test('forgets one event or all', () => {
  const monitor = new LatencyMonitor();
  for (const event of ['command', 'fast-command', 'expire-cycle']) monitor.record(event, 1, 1);
  expect(monitor.reset('command')).toBe(1);
  expect(monitor.reset('command')).toBe(0);
  expect(monitor.event('command')).toBeUndefined();
  expect(monitor.reset()).toBe(2);
  expect(monitor.events()).toEqual([]);
});
