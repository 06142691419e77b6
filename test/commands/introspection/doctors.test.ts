// The reports of LATENCY DOCTOR and MEMORY DOCTOR, on made-up figures.
import { describe, expect, test } from 'vitest';
import { diagnoseLatency } from '../../../src/commands/introspection/latency-doctor.ts';
import { diagnoseMemory } from '../../../src/commands/introspection/memory-doctor.ts';
import {
  humanBytes,
  type MemoryReport,
} from '../../../src/commands/introspection/memory-report.ts';

const MIB = 1024 * 1024;

describe('LATENCY DOCTOR', () => {
  test('tells whether the monitor was on when there is nothing to tell', () => {
    expect(diagnoseLatency([], 0)).toContain('latency-monitor-threshold');
    expect(diagnoseLatency([], 50)).toContain('50 ms');
  });

  test('tells each event in figures, with advice on what is known', () => {
    const samples = [10, 30, 20].map((latencyMs, i) => ({ timeSeconds: 100 + i * 4, latencyMs }));
    const report = diagnoseLatency(
      [
        { name: 'command', samples, maxMs: 99 },
        { name: 'other', samples: [{ timeSeconds: 1, latencyMs: 5 }], maxMs: 5 },
      ],
      1,
    );
    expect(report).toContain(
      '1. command: 3 spikes (average 20 ms, mean deviation 7 ms, one every 4.00 s). Worst of all: 99 ms.\n' +
        '2. other: 1 spikes (average 5 ms, mean deviation 0 ms, one every 0.00 s). Worst of all: 5 ms.\n',
    );
    expect(report.match(/^ \* /gm)).toHaveLength(1);
    expect(report).toContain('SLOWLOG GET');
  });
});

describe('MEMORY DOCTOR', () => {
  const healthy: MemoryReport = {
    used: 100 * MIB,
    peak: 110 * MIB,
    startup: 64,
    overhead: 10 * MIB,
    dataset: 90 * MIB,
    clients: MIB,
    resident: 180 * MIB,
    keys: 1_000_000,
    allocated: 99 * MIB,
    active: 105 * MIB,
    allocatorResident: 110 * MIB,
    arenaUsed: 95 * MIB,
    arenaReserved: 128 * MIB,
    overflow: 0,
    heapUsed: 10 * MIB,
    heapReserved: 20 * MIB,
  };

  test('finds nothing wrong with a healthy server', () => {
    expect(diagnoseMemory(healthy, 50)).toMatch(/^No problem/);
    expect(diagnoseMemory({ ...healthy, clients: 0 }, 0)).toMatch(/^No problem/);
  });

  test('does not judge a server that holds next to nothing', () => {
    expect(diagnoseMemory({ ...healthy, used: MIB }, 1)).toBe(
      'Only 1.00M are in use: too little to judge by.\n',
    );
  });

  test.each<[string, Partial<MemoryReport>, number]>([
    ['Past peak', { peak: 151 * MIB }, 50],
    ['Fragmentation', { active: 110 * MIB }, 50],
    ['Free memory', { allocatorResident: 120 * MIB }, 50],
    ['Resident memory', { resident: 225 * MIB }, 50],
    ['Client buffers', { clients: 20 * MIB }, 50],
    ['JavaScript heap', { heapUsed: 300 * MIB, heapReserved: 320 * MIB }, 50],
  ])('finds: %s', (title, change, clientCount) => {
    const report = diagnoseMemory({ ...healthy, ...change }, clientCount);
    expect(Array.from(report.matchAll(/^ \* (.*?):/gm), (match) => match[1])).toEqual([title]);
  });
});

test('sizes for people read as in Redis', () => {
  // As INFO memory of Redis 7.0 printed them.
  const printed: readonly (readonly [number, string])[] = [
    [0, '0B'],
    [200, '200B'],
    [1023, '1023B'],
    [32_768, '32.00K'],
    [66_560, '65.00K'],
    [1_360_632, '1.30M'],
    [7_307_264, '6.97M'],
    [25_276_502_016, '23.54G'],
  ];
  expect(printed.map(([sizeBytes]) => humanBytes(sizeBytes))).toEqual(
    printed.map(([, text]) => text),
  );
});
