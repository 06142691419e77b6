import { expect, test } from 'vitest';
import { drawLatencyGraph } from '../../../src/commands/introspection/latency-graph.ts';
import type { LatencyEvent } from '../../../src/telemetry/latency-monitor.ts';

const RULE = '-'.repeat(80);

function event(...samples: (readonly [timeSeconds: number, latencyMs: number])[]): LatencyEvent {
  return {
    name: 'command',
    samples: samples.map(([timeSeconds, latencyMs]) => ({ timeSeconds, latencyMs })),
    maxMs: 500,
  };
}

test('draws what Redis 7.0 drew of the same samples', () => {
  const samples = event([95, 10], [97, 200], [98, 30], [100, 500], [101, 3], [102, 100]);
  expect(drawLatencyGraph(samples, 103)).toBe(
    [
      'command - high 500 ms, low 3 ms (all time high 500 ms)',
      RULE,
      '   #  ',
      '   |  ',
      ' o |  ',
      '_|_|_#',
      '      ',
      '865321',
      'ssssss',
      '',
    ].join('\n'),
  );
});

test('draws equal samples at the bottom', () => {
  expect(drawLatencyGraph(event([7, 50]), 7)).toBe(
    `command - high 50 ms, low 50 ms (all time high 500 ms)\n${RULE}\n \n \n \n_\n \n0\ns\n`,
  );
});

test('tells ages in the largest unit that fits', () => {
  const now = 1_000_000;
  const ages = [400_000, 86_400, 86_399, 3_600, 3_599, 60, 59];
  const graph = drawLatencyGraph(event(...ages.map((age) => [now - age, 1] as const)), now);
  const rows = graph.split('\n').slice(7);
  const labels = ages.map((_, column) =>
    rows
      .map((row) => row[column] ?? '')
      .join('')
      .trim(),
  );
  expect(labels).toEqual(['4d', '1d', '23h', '1h', '59m', '1m', '59s']);
});

test('continues below after 80 samples', () => {
  const many = Array.from({ length: 100 }, (_, i) => [i, i] as const);
  const lines = drawLatencyGraph(event(...many), 100).split('\n');
  expect(lines.map((line) => line.length)).toEqual([
    ...[53, 80],
    ...Array(4).fill(80),
    ...[80, 80, 80, 80],
    0,
    ...Array(4).fill(20),
    ...[20, 20, 20, 20],
    0,
  ]);
});
