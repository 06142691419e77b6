import { describe, expect, test } from 'vitest';
import { RateMeter, ServerStats } from '../../src/telemetry/server-stats.ts';

describe('errors', () => {
  test('are counted by the first word of their text', () => {
    const stats = new ServerStats();
    for (const text of ['ERR syntax error', 'ERR other', 'WRONGTYPE x', 'ALONE']) {
      stats.countError(text);
    }
    expect(stats.errorReplies).toBe(4);
    expect(Object.fromEntries(stats.errorsByCode)).toEqual({ ERR: 2, WRONGTYPE: 1, ALONE: 1 });
  });
});

describe('error codes that clients make up', () => {
  test('are told apart up to a number, and up to a length', () => {
    const stats = new ServerStats();
    for (let i = 0; i < 1000; i++) stats.countError(`CODE${i} x`);
    stats.countError(`${'X'.repeat(100)} x`);
    stats.countError('CODE7 again');
    expect(stats.errorReplies).toBe(1002);
    expect(stats.errorsByCode.size).toBe(129);
    expect(stats.errorsByCode.get('CODE7')).toBe(2);
    expect(stats.errorsByCode.get('ERRORSTATS_OVERFLOW')).toBe(873);
  });
});

describe('the time over the memory limit', () => {
  test('is that of all stretches and of the present one', () => {
    const stats = new ServerStats();
    stats.noteMemoryLimit(false, 50);
    expect(stats.totalExceededMs(60)).toBe(0);
    stats.noteMemoryLimit(true, 100);
    stats.noteMemoryLimit(true, 110);
    expect(stats.currentlyExceededMs(130)).toBe(30);
    stats.noteMemoryLimit(false, 140);
    expect(stats.currentlyExceededMs(150)).toBe(0);
    expect(stats.totalExceededMs(150)).toBe(40);
    stats.noteMemoryLimit(true, 200);
    expect(stats.totalExceededMs(205)).toBe(45);
  });
});

describe('a reset', () => {
  test('sets everything back but the peak of the memory', () => {
    const stats = new ServerStats();
    stats.connectionsReceived = 1;
    stats.commandsProcessed = 2;
    stats.countError('ERR x');
    stats.noteMemoryLimit(true, 1);
    stats.noteMemoryLimit(false, 9);
    stats.opsPerSecond.sample(0, 1000);
    stats.opsPerSecond.sample(16, 2000);
    stats.peakUsedBytes = 5;
    stats.reset();
    const fresh = new ServerStats();
    fresh.peakUsedBytes = 5;
    expect({ ...stats }).toEqual({ ...fresh });
    expect(stats.totalExceededMs(10)).toBe(0);
    expect(stats.opsPerSecond.perSecond).toBe(0);
  });
});

describe('a rate', () => {
  test('is the mean of the last 16 samples', () => {
    const meter = new RateMeter();
    meter.sample(1000, 5000);
    expect(meter.perSecond).toBe(0);
    for (let i = 1; i <= 8; i++) meter.sample(1000 + i * 10, 5000 + i * 100);
    expect(meter.perSecond).toBeCloseTo(50);
    for (let i = 9; i <= 40; i++) meter.sample(1000 + i * 10, 5000 + i * 100);
    expect(meter.perSecond).toBeCloseTo(100);
  });

  test('does not count time that stood still, nor a counter that was set back', () => {
    const meter = new RateMeter();
    meter.sample(100, 1000);
    meter.sample(200, 1000);
    expect(meter.perSecond).toBe(0);
    meter.sample(0, 1100);
    expect(meter.perSecond).toBe(0);
  });
});
