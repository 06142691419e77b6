// The pace of large transfers: who waits goes on in turn, and receivers, whose bytes are counted when they are
// there, only a few in one iteration of the event loop. What is sent is in paced-output.test.ts.
import { expect, test } from 'vitest';
import { Pace, type Paced } from '../../src/net/pace.ts';

/** Receivers that may begin in one iteration. */
const MOST = 2;
const READ_BYTES = 256 * 1024;

const turn = () => new Promise(setImmediate);

/** Waits again and again: receives what is there when it goes on, as a socket does that has much to read. */
class FakeReceiver implements Paced {
  reads = 0;
  readonly #pace: Pace;
  readonly #ready: FakeReceiver[];

  constructor(pace: Pace, ready: FakeReceiver[]) {
    this.#pace = pace;
    this.#ready = ready;
  }

  goOn(): boolean {
    this.#ready.push(this);
    return true;
  }

  receive(): void {
    this.reads++;
    this.#pace.take(READ_BYTES);
    this.#pace.wait(this);
  }
}

test('many who receive take turns, a few in each iteration', async () => {
  const pace = new Pace(() => 0);
  const ready: FakeReceiver[] = [];
  const receivers = Array.from({ length: 50 }, () => new FakeReceiver(pace, ready));
  for (const receiver of receivers) pace.wait(receiver);
  for (let i = 0; i < 100; i++) {
    await turn();
    expect(ready.length).toBeLessThanOrEqual(MOST);
    for (const receiver of ready.splice(0)) receiver.receive();
  }
  const reads = receivers.map((receiver) => receiver.reads);
  expect(Math.max(...reads) - Math.min(...reads)).toBeLessThanOrEqual(1);
  expect(Math.min(...reads)).toBeGreaterThan(1);
});

test('who is closed, or only sends, takes the turn of no receiver', async () => {
  const pace = new Pace(() => 0);
  const ready: FakeReceiver[] = [];
  let others = 0;
  for (let i = 0; i < 10; i++) {
    pace.wait({
      goOn() {
        others++;
        return false;
      },
    });
  }
  pace.wait(new FakeReceiver(pace, ready));
  await turn();
  expect(others).toBe(10);
  expect(ready).toHaveLength(1);
});

test('who waits twice goes on once', async () => {
  const pace = new Pace(() => 0);
  let count = 0;
  const paced: Paced = {
    goOn() {
      count++;
      return false;
    },
  };
  pace.wait(paced);
  pace.wait(paced);
  await turn();
  await turn();
  expect(count).toBe(1);
});
