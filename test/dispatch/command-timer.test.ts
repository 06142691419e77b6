// Counting commands that are timed together: each counts once, for its share, whatever they are mixed with.
import { beforeEach, expect, it } from 'vitest';
import { families } from '../../src/commands/index.ts';
import type { Command } from '../../src/core/command.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { CommandTimer } from '../../src/dispatch/command-timer.ts';
import { ServerStats } from '../../src/telemetry/server-stats.ts';

let stats: ServerStats;
let timer: CommandTimer;
let get: Command;
let set: Command;

beforeEach(() => {
  const table = new CommandTable(families);
  const named = (name: string): Command => {
    const command = table.byName(name);
    if (command === undefined) throw new Error(`no command ${name}`);
    return command;
  };
  [get, set] = [named('get'), named('set')];
  stats = new ServerStats();
  timer = new CommandTimer(stats);
  timer.begin();
});

it('runs of the same command, and others between them, count each for one share', () => {
  const order = [get, get, set, get, set, set, get];
  for (const command of order) expect(timer.ran(command)).toBe(false);
  const shareUs = timer.settle();
  expect(shareUs).toBeGreaterThan(0);
  expect([get.stats.calls, set.stats.calls]).toEqual([4, 3]);
  expect(get.stats.totalUs).toBeCloseTo(4 * shareUs, 9);
  expect([get.stats.histogram.total, set.stats.histogram.total]).toEqual([4, 3]);
  expect(stats.commandsProcessed).toBe(7);
});

it('nothing is counted twice, or carried over', () => {
  timer.ran(get);
  timer.settle();
  expect(timer.settle()).toBe(0);
  timer.ran(get);
  timer.settle();
  expect(get.stats.calls).toBe(2);
  expect(stats.commandsProcessed).toBe(2);
});

it('asks to be settled after sixteen, or after each where each is timed', () => {
  for (let i = 1; i < 16; i++) expect(timer.ran(get)).toBe(false);
  expect(timer.ran(get)).toBe(true);
  timer.settle();
  timer.timesEach = true;
  expect(timer.ran(set)).toBe(true);
  timer.settle();
  timer.timesEach = false;
  expect(timer.ran(set)).toBe(false);
});

it('a command by itself ends what ran before it, and counts apart', () => {
  timer.ran(get);
  timer.count(set);
  const tookUs = timer.end(timer.clockMs);
  timer.account(set, tookUs);
  expect([get.stats.calls, set.stats.calls]).toEqual([1, 1]);
  expect(set.stats.totalUs).toBe(tookUs);
  expect(set.stats.totalUs).toBeGreaterThanOrEqual(get.stats.totalUs);
});

it('keeps durations out of histograms while they are not wanted', () => {
  timer.recordsEach = false;
  timer.ran(get);
  timer.settle();
  timer.account(set, 5);
  expect(get.stats.calls).toBe(1);
  expect([get.stats.histogram.total, set.stats.histogram.total]).toEqual([0, 0]);
});
