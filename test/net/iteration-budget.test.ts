// The budget of an iteration of the event loop, with a clock of the test's own: who comes while it lasts
// runs at once, who comes later runs in a later iteration, in order, and replies leave at each end.
import { setImmediate as nextIteration } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { IterationBudget } from '../../src/net/iteration-budget.ts';
import { ReplyQueue } from '../../src/net/reply-queue.ts';
import { Reply } from '../../src/protocol/reply.ts';
import { CommandStream } from '../../src/replication/command-stream.ts';

/** Longer than any budget of an iteration, in ms. */
const LONG_MS = 1000;

class CountingQueue extends ReplyQueue {
  flushes = 0;

  override flush(): void {
    this.flushes++;
    super.flush();
  }
}

function runnerOf(name: string, log: string[]) {
  return { resume: () => void log.push(name) };
}

test('who comes while there is time runs at once', async () => {
  const budget = new IterationBudget(new ReplyQueue(new Reply(), new CommandStream()));
  const log: string[] = [];
  const clockMs = performance.now();
  for (const name of ['a', 'b', 'c']) {
    expect(budget.admits(runnerOf(name, log), clockMs)).toBe(true);
  }
  await nextIteration();
  await nextIteration();
  expect(log).toEqual([]);
});

test('who comes later runs in the next iteration, in order, and once', async () => {
  const budget = new IterationBudget(new ReplyQueue(new Reply(), new CommandStream()));
  const log: string[] = [];
  expect(budget.admits(runnerOf('first', log), performance.now())).toBe(true);
  for (const name of ['a', 'b', 'c']) {
    expect(budget.admits(runnerOf(name, log), performance.now() + LONG_MS)).toBe(false);
  }
  expect(log).toEqual([]);
  for (let i = 0; i < 5; i++) await nextIteration();
  expect(log).toEqual(['a', 'b', 'c']);
});

test('a new iteration has a budget of its own', async () => {
  const budget = new IterationBudget(new ReplyQueue(new Reply(), new CommandStream()));
  expect(budget.admits(runnerOf('a', []), performance.now())).toBe(true);
  expect(budget.admits(runnerOf('b', []), performance.now() + LONG_MS)).toBe(false);
  for (let i = 0; i < 5; i++) await nextIteration();
  expect(budget.admits(runnerOf('c', []), performance.now())).toBe(true);
});

test('while clients connect an iteration is short, as others wait to be accepted behind it', async () => {
  const budget = new IterationBudget(new ReplyQueue(new Reply(), new CommandStream()));
  budget.accepted();
  expect(budget.admits(runnerOf('a', []), performance.now())).toBe(true);
  expect(budget.admits(runnerOf('b', []), performance.now() + 1)).toBe(false);
  for (let i = 0; i < 5; i++) await nextIteration();
  // Nobody has connected since.
  const before = performance.now();
  expect(budget.admits(runnerOf('c', []), before)).toBe(true);
  expect(budget.admits(runnerOf('d', []), before + 1)).toBe(true);
});

test('those who take all the time of an iteration leave the others for the next ones', async () => {
  const budget = new IterationBudget(new ReplyQueue(new Reply(), new CommandStream()));
  const log: string[] = [];
  const busy = (name: string) => ({
    resume: () => {
      log.push(name);
      const end = performance.now() + 10;
      while (performance.now() < end);
    },
  });
  budget.admits(runnerOf('first', log), performance.now());
  for (const name of ['a', 'b', 'c']) budget.admits(busy(name), performance.now() + LONG_MS);
  await nextIteration();
  expect(log).toEqual(['a']);
  for (let i = 0; i < 5; i++) await nextIteration();
  expect(log).toEqual(['a', 'b', 'c']);
});

test('replies leave when all ready sockets were read, and again when those who waited have run', async () => {
  const replies = new CountingQueue(new Reply(), new CommandStream());
  const budget = new IterationBudget(replies);
  budget.admits(runnerOf('a', []), performance.now());
  budget.admits({ resume: () => expect(replies.flushes).toBe(1) }, performance.now() + LONG_MS);
  await nextIteration();
  expect(replies.flushes).toBe(2);
});
