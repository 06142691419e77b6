// The reader of redis-benchmark's text report, on output captured from redis-benchmark 7.0.15 with
// its progress lines and carriage returns.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { benchmarkArguments, parseReports } from '../../bench/support/redis-benchmark.mjs';

const captured = readFileSync(new URL('fixtures/redis-benchmark.txt', import.meta.url), 'utf8');

describe('benchmarkArguments', () => {
  const pressure = { port: 7000, requests: 1000, pipeline: 16, clients: 50, valueSizeBytes: 16 };
  const common = '-h 127.0.0.1 -p 7000 --precision 3 -n 1000 -P 16 -c 50 -d 16';

  test.each([
    [{ test: 'get', keySpace: 100 }, '-r 100 -t get'],
    [{ test: 'lpush' }, '-t lpush'],
    // A request comes last: redis-benchmark takes all that follows it for its arguments.
    [{ request: ['LRANGE', 'mylist', '0', '99'] }, 'LRANGE mylist 0 99'],
  ])('send %j', (workload, expected) => {
    expect(benchmarkArguments({ ...workload, ...pressure }).join(' ')).toBe(
      `${common} ${expected}`,
    );
  });
});

describe('parseReports', () => {
  test('reads every figure of every test', () => {
    expect(parseReports(captured)).toEqual([
      {
        name: 'SET',
        requests: 60_000,
        requestsPerSecond: 315_789.47,
        p50Ms: 2.079,
        p99Ms: 5.279,
        p999Ms: 5.703,
        maxMs: 5.775,
      },
      {
        name: 'MSET (10 keys)',
        requests: 60_000,
        requestsPerSecond: 81_521.74,
        p50Ms: 8.919,
        p99Ms: 18.911,
        p999Ms: 25.295,
        maxMs: 25.375,
      },
    ]);
  });

  test('takes the next step of a distribution that is too coarse for 99.9 %', () => {
    const coarse = captured.replaceAll(/^99\.[89]\d*% .*\n/gm, '');
    expect(coarse).not.toBe(captured);
    expect(parseReports(coarse).map(({ p999Ms }) => p999Ms)).toEqual([5.775, 25.375]);
  });

  test('finds nothing in an empty output', () => {
    expect(parseReports('')).toEqual([]);
  });

  test.each([
    ['throughput', /throughput summary.*\n/],
    ['latency summary', /avg +min +p50.*\n/],
    ['number of requests', / {2}60000 requests completed.*\n/],
    ['latency at 99.9 %', /^[\d.]+% <= .*\n/gm],
  ])('names a missing %s', (what, part) => {
    const damaged = captured.replace(part, '');
    expect(damaged).not.toBe(captured);
    expect(() => parseReports(damaged)).toThrow(`report of SET has no ${what}`);
  });
});
