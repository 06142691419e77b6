import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  cpuTicks,
  familyBytes,
  proportionalBytesOf,
  residentBytesOf,
} from '../../bench/support/process-stats.mjs';
import { median, ratioSpread, spread } from '../../bench/support/statistics.mjs';

describe('median', () => {
  test.each([
    [[7], 7],
    [[9, 1, 5], 5],
    [[10, 9, 100, 1], 9.5],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('leaves its input as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('refuses an empty list', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('spread', () => {
  test('skips what is absent', () => {
    expect(spread([null, 4, undefined, 1, 2])).toEqual({ median: 2, min: 1, max: 4 });
    expect(spread([null, undefined])).toBeNull();
  });
});

describe('ratioSpread', () => {
  test('pairs the rounds before it takes the median', () => {
    // The ratio of the medians would be 20 / 20 = 1.
    expect(ratioSpread([10, 20, 90], [20, 10, 30])).toEqual({ median: 2, min: 0.5, max: 3 });
  });

  test('skips rounds without both figures or with nothing to divide by', () => {
    expect(ratioSpread([1, 6, 8], [null, 0, 4])).toEqual({ median: 2, min: 2, max: 2 });
    expect(ratioSpread([1], [undefined])).toBeNull();
  });
});

describe('process figures', () => {
  test('CPU ticks are found behind a command name with blanks and parentheses', () => {
    const stat = '4242 (a) 9 (b c) S 1 2 3 4 5 6 7 8 9 10 1234 56 0 0 20 0 11 0 99';
    expect(cpuTicks(stat)).toBe(1234 + 56);
  });

  test('resident memory is VmRSS in bytes', () => {
    const status = 'Name:\tsynap\nVmHWM:\t  999 kB\nVmRSS:\t    2048 kB\nRssAnon:\t 1 kB\n';
    expect(residentBytesOf(status)).toBe(2048 * 1024);
    expect(() => residentBytesOf('Name:\tkthreadd\n')).toThrow('VmRSS');
  });
});

describe('memory of a process and its children', () => {
  test('is the proportional share, not all that is resident', () => {
    const rollup = 'Rss:  1636 kB\nPss:                 331 kB\nPss_Dirty:    112 kB\n';
    expect(proportionalBytesOf(rollup)).toBe(331 * 1024);
    expect(() => proportionalBytesOf('Rss: 1 kB\n')).toThrow('Pss');
  });

  test('counts children for as long as they are there', async () => {
    const filled = 64 * 1024 * 1024;
    const code = `const kept = Buffer.alloc(${filled}, 1); console.log(kept.length); setInterval(() => {}, 1e6)`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      const alone = familyBytes(child.pid ?? 0);
      expect(alone).toBeGreaterThan(filled);
      const rollup = readFileSync(`/proc/${process.pid}/smaps_rollup`, 'utf8');
      const own = proportionalBytesOf(rollup);
      expect(familyBytes(process.pid)).toBeGreaterThan(own + alone / 2);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(() => familyBytes(child.pid ?? 0)).toThrow();
  });
});
