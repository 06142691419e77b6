// The budget of a iteration of the event loop, with a clock of the test's own: who comes while it lasts
// runs at once, who comes later runs in a later turn, in order, and replies leave at each end.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ReplyQueue } from '../../src/net/reply-queue.ts';
import { Turn } from '../../src/net/turn.ts';
import { Reply } from '../../src/protocol/reply.ts';
import { CommandStream } from '../../src/replication/command-stream.ts';

/** Longer than any budget of a turn, in ms. */
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
  const turn = new Turn(new ReplyQueue(new Reply(), new CommandStream()));
  const log: string[] = [];
  const clockMs = performance.now();
  for (const name of ['a', 'b', 'c']) {
    expect(turn.admits(runnerOf(name, log), clockMs)).toBe(true);
  }
  await nextTurn();
  await nextTurn();
  expect(log).toEqual([]);
});

test('who comes later runs in the next turn, in order, and once', async () => {
  const turn = new Turn(new ReplyQueue(new Reply(), new CommandStream()));
  const log: string[] = [];
  expect(turn.admits(runnerOf('first', log), performance.now())).toBe(true);
  for (const name of ['a', 'b', 'c']) {
    expect(turn.admits(runnerOf(name, log), performance.now() + LONG_MS)).toBe(false);
  }
  expect(log).toEqual([]);
  for (let i = 0; i < 5; i++) await nextTurn();
  expect(log).toEqual(['a', 'b', 'c']);
});

test('a new turn has a budget of its own', async () => {
  const turn = new Turn(new ReplyQueue(new Reply(), new CommandStream()));
  expect(turn.admits(runnerOf('a', []), performance.now())).toBe(true);
  expect(turn.admits(runnerOf('b', []), performance.now() + LONG_MS)).toBe(false);
  for (let i = 0; i < 5; i++) await nextTurn();
  expect(turn.admits(runnerOf('c', []), performance.now())).toBe(true);
});

test('while clients connect a turn is short, as others wait to be accepted behind it', async () => {
  const turn = new Turn(new ReplyQueue(new Reply(), new CommandStream()));
  turn.accepted();
  expect(turn.admits(runnerOf('a', []), performance.now())).toBe(true);
  expect(turn.admits(runnerOf('b', []), performance.now() + 1)).toBe(false);
  for (let i = 0; i < 5; i++) await nextTurn();
  // Nobody has connected since.
  const before = performance.now();
  expect(turn.admits(runnerOf('c', []), before)).toBe(true);
  expect(turn.admits(runnerOf('d', []), before + 1)).toBe(true);
});

test('those who take all the time of a turn leave the others for the next ones', async () => {
  const turn = new Turn(new ReplyQueue(new Reply(), new CommandStream()));
  const log: string[] = [];
  const busy = (name: string) => ({
    resume: () => {
      log.push(name);
      const end = performance.now() + 10;
      while (performance.now() < end);
    },
  });
  turn.admits(runnerOf('first', log), performance.now());
  for (const name of ['a', 'b', 'c']) turn.admits(busy(name), performance.now() + LONG_MS);
  await nextTurn();
  expect(log).toEqual(['a']);
  for (let i = 0; i < 5; i++) await nextTurn();
  expect(log).toEqual(['a', 'b', 'c']);
});

test('replies leave when all ready sockets were read, and again when those who waited have run', async () => {
  const replies = new CountingQueue(new Reply(), new CommandStream());
  const turn = new Turn(replies);
  turn.admits(runnerOf('a', []), performance.now());
  turn.admits({ resume: () => expect(replies.flushes).toBe(1) }, performance.now() + LONG_MS);
  await nextTurn();
  expect(replies.flushes).toBe(2);
});
