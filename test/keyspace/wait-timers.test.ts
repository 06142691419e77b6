// The times at which keys become ready, against a sorted list.
import { expect, test } from 'vitest';
import { type Timed, WaitTimers } from '../../src/keyspace/wait-timers.ts';
import { Random } from '../support/random.ts';

interface Named extends Timed {
  readonly name: number;
}

const NEVER = Number.POSITIVE_INFINITY;

function newTimed(name: number): Named {
  return { name, dueMs: NEVER, timeSerial: 0, timeIndex: 0 };
}

test('they come in their order, and those with the same time in that in which they got it', () => {
  const timers = new WaitTimers<Named>();
  const all = Array.from({ length: 5 }, (_, name) => newTimed(name));
  expect([timers.size, timers.soonestMs, timers.takeDue(NEVER - 1)]).toEqual([0, NEVER, undefined]);
  for (const [name, dueMs] of [30, 10, 30, 10, 20].entries()) timers.set(all[name], dueMs);
  timers.set(all[4], 10);
  expect([timers.size, timers.soonestMs]).toEqual([5, 10]);
  expect(timers.takeDue(9)).toBe(undefined);
  const order: number[] = [];
  for (let one = timers.takeDue(30); one !== undefined; one = timers.takeDue(30)) {
    expect(one.dueMs).toBe(NEVER);
    order.push(one.name);
  }
  expect(order).toEqual([1, 3, 4, 0, 2]);
  expect([timers.size, timers.soonestMs]).toEqual([0, NEVER]);
});

test.each([1, 2, 3])('whatever is set, brought forward and cancelled: seed %i', (seed) => {
  const random = new Random(seed);
  const timers = new WaitTimers<Named>();
  const all = Array.from({ length: 40 }, (_, name) => newTimed(name));
  /** In the order in which they got their times. */
  let model: { one: Named; dueMs: number }[] = [];
  let taken = 0;
  for (let i = 0; i < 5000; i++) {
    const one = random.pick(all);
    const known = model.find((entry) => entry.one === one);
    const dueMs = random.integer(0, 60);
    if (random.chance(0.2)) {
      timers.cancel(one);
      model = model.filter((entry) => entry !== known);
    } else if (random.chance(0.1)) {
      const due = timers.takeDue(dueMs);
      const [first] = model.toSorted((a, b) => a.dueMs - b.dueMs);
      expect(due).toBe(first !== undefined && first.dueMs <= dueMs ? first.one : undefined);
      model = model.filter((entry) => entry.one !== due);
      if (due !== undefined) taken++;
    } else if (known === undefined || known.dueMs > dueMs) {
      timers.set(one, dueMs);
      model = [...model.filter((entry) => entry !== known), { one, dueMs }];
    }
    expect(timers.size).toBe(model.length);
    expect(timers.soonestMs).toBe(Math.min(...model.map((entry) => entry.dueMs)));
  }
  expect(taken).toBeGreaterThan(100);
});
