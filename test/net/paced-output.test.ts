// A connection's output with large pieces: order, slices of bounded size at a bounded pace, pins that go.
import { describe, expect, test } from 'vitest';
import { LARGE_BYTES } from '../../src/memory/large-memory.ts';
import { OverflowBlocks } from '../../src/memory/overflow-blocks.ts';
import { PinnedBytes } from '../../src/memory/pinned-bytes.ts';
import { Pace } from '../../src/net/pace.ts';
import { PacedOutput } from '../../src/net/paced-output.ts';
import { Random } from '../support/random.ts';

const SLICE_BYTES = 256 * 1024;
const BYTES_IN_A_TURN = 4 * 1024 * 1024;

/** A socket that takes what it is given at once, or when it is told to. */
class FakeSocket {
  unsentBytes = 0;
  takesAtOnce = true;
  readonly taken: Buffer[] = [];
  readonly lengths: number[] = [];
  drained: () => void = () => {};
  #waiting: Buffer[] = [];

  write(bytes: Buffer): void {
    this.lengths.push(bytes.length);
    if (this.takesAtOnce && this.unsentBytes === 0) {
      this.taken.push(Buffer.from(bytes));
    } else {
      this.#waiting.push(bytes);
      this.unsentBytes += bytes.length;
    }
  }

  /** Takes what waits, as it is now. */
  take(): void {
    if (this.unsentBytes === 0) return;
    for (const bytes of this.#waiting) this.taken.push(Buffer.from(bytes));
    this.#waiting = [];
    this.unsentBytes = 0;
    this.drained();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.taken);
  }
}

function openOn(socket: FakeSocket, pace = new Pace(), drained = () => {}): PacedOutput {
  const open = (whenDrained: () => void) => {
    socket.drained = whenDrained;
    return socket;
  };
  return new PacedOutput(open, pace, drained);
}

function blockOf(blocks: OverflowBlocks, length: number, random: Random): Buffer {
  const bytes = blocks.get(blocks.allocate(length));
  for (let at = 0; at < length; at += 1 + (at & 1023)) bytes[at] = random.integer(0, 255);
  return bytes;
}

function pin(blocks: OverflowBlocks, bytes: Buffer): PinnedBytes {
  const pinned = new PinnedBytes(bytes);
  blocks.pin(pinned);
  return pinned;
}

const turn = () => new Promise(setImmediate);

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'everything leaves in its order, as it was when it was written: seed %i',
  async (seed) => {
    const random = new Random(seed);
    const blocks = new OverflowBlocks();
    const socket = new FakeSocket();
    let drained = 0;
    const output = openOn(socket, new Pace(), () => void drained++);
    const expected: Buffer[] = [];
    const block = blockOf(blocks, random.integer(LARGE_BYTES, 3 * LARGE_BYTES), random);
    const usedBytes = blocks.usedBytes;
    for (let i = 0; i < 60; i++) {
      socket.takesAtOnce = random.chance(0.5);
      const kind = random.next();
      if (kind < 0.4) {
        const bytes = Buffer.alloc(random.integer(1, 1000), i);
        expected.push(bytes);
        output.write(bytes);
      } else if (kind < 0.5) {
        const start = random.integer(0, block.length - 1);
        const part = block.subarray(start, random.integer(start + 1, block.length));
        expected.push(Buffer.from(part));
        output.writePinned(pin(blocks, part));
      } else if (kind < 0.6) {
        const start = random.integer(0, block.length - 1);
        const end = random.integer(start, block.length);
        blocks.changing(block, start, end);
        block.fill(i, start, end);
      } else if (kind < 0.8) await turn();
      else socket.take();
    }
    while (output.unsentBytes > 0) {
      socket.take();
      await turn();
    }
    expect(socket.bytes.equals(Buffer.concat(expected))).toBe(true);
    expect(Math.max(...socket.lengths)).toBeLessThanOrEqual(SLICE_BYTES);
    expect(blocks.usedBytes).toBe(usedBytes);
    expect(drained).toBeGreaterThan(0);
  },
);

describe('an iteration of the event loop', () => {
  test('moves a bounded number of bytes, however many connections there are', async () => {
    const blocks = new OverflowBlocks();
    const pace = new Pace(() => 0);
    const sockets = Array.from({ length: 5 }, () => new FakeSocket());
    const bytes = blockOf(blocks, 8 * LARGE_BYTES, new Random(1));
    const sent = () => sockets.reduce((sum, socket) => sum + socket.bytes.length, 0);
    for (const socket of sockets) openOn(socket, pace).writePinned(pin(blocks, bytes));
    const steps: number[] = [sent()];
    for (let before = sent(); before < sockets.length * bytes.length; ) {
      await turn();
      steps.push(sent() - before);
      before = sent();
    }
    expect(Math.max(...steps)).toBeLessThanOrEqual(BYTES_IN_A_TURN);
    expect(steps.length).toBeGreaterThanOrEqual(8);
    // They take turns: none is done long before the others.
    const ends = sockets.map((socket) => socket.lengths.length);
    expect(new Set(ends).size).toBe(1);
  });

  test('moves bytes for a bounded time, however slow that is', async () => {
    const blocks = new OverflowBlocks();
    let nowMs = 0;
    const pace = new Pace(() => nowMs);
    const slow = new FakeSocket();
    const { write } = slow;
    slow.write = (bytes) => {
      nowMs += 5;
      write.call(slow, bytes);
    };
    const bytes = blockOf(blocks, 2 * LARGE_BYTES, new Random(1));
    const output = openOn(slow, pace);
    output.writePinned(pin(blocks, bytes));
    const times: number[] = [];
    for (let before = 0; output.unsentBytes > 0; before = nowMs) {
      times.push(nowMs - before);
      await turn();
    }
    // The first slice begins the time, the second one ends it.
    expect(Math.max(...times)).toBeLessThanOrEqual(10);
    expect(slow.bytes.equals(bytes)).toBe(true);
  });

  test('moves no more when many sockets are ready again in it', async () => {
    const blocks = new OverflowBlocks();
    let nowMs = 0;
    const pace = new Pace(() => nowMs);
    const bytes = blockOf(blocks, 2 * LARGE_BYTES, new Random(1));
    const sockets = Array.from({ length: 20 }, () => new FakeSocket());
    const sent = () => sockets.reduce((sum, { lengths }) => sum + lengths.length, 0);
    for (const socket of sockets) {
      socket.takesAtOnce = false;
      const { write } = socket;
      socket.write = (slice) => {
        nowMs += 0.5;
        write.call(socket, slice);
      };
      openOn(socket, pace).writePinned(pin(blocks, bytes));
    }
    const slices = sockets.length * (bytes.length / SLICE_BYTES);
    for (let before = 0; before < slices; ) {
      const now = sent();
      expect(now - before).toBeLessThanOrEqual(3);
      before = now;
      await turn();
      for (const socket of sockets) socket.take();
    }
    expect(sockets.every((socket) => socket.bytes.equals(bytes))).toBe(true);
  });
});

test("a slice that is under way is nobody else's", async () => {
  const blocks = new OverflowBlocks();
  const [slow, quick] = [new FakeSocket(), new FakeSocket()];
  slow.takesAtOnce = false;
  const values = [1, 2].map((seed) => blockOf(blocks, LARGE_BYTES, new Random(seed)));
  const outputs = [openOn(slow), openOn(quick)];
  for (const [i, output] of outputs.entries()) output.writePinned(pin(blocks, values[i]));
  while (outputs[1].unsentBytes > 0) await turn();
  for (; outputs[0].unsentBytes > 0; await turn()) slow.take();
  expect([slow, quick].map(({ bytes }, i) => bytes.equals(values[i]))).toEqual([true, true]);
});

test('who closes lets go of what is pinned, and who ends waits for it', async () => {
  const blocks = new OverflowBlocks();
  const bytes = blockOf(blocks, 6 * LARGE_BYTES, new Random(1));
  const usedBytes = blocks.usedBytes;
  const [closed, ended] = [new FakeSocket(), new FakeSocket()];
  closed.takesAtOnce = false;
  const [one, other] = [openOn(closed), openOn(ended)];
  for (const output of [one, other]) {
    output.write(Buffer.from('head'));
    output.writePinned(pin(blocks, bytes));
    output.write(Buffer.from('tail'));
  }
  let end = 0;
  other.end(() => {
    end = ended.bytes.length;
  });
  expect(end).toBe(0);
  one.close();
  blocks.changing(bytes, 0, bytes.length);
  while (end === 0) await turn();
  expect(end).toBe(bytes.length + 8);
  // No copies for the one that is closed, and none is left of the other.
  expect(blocks.usedBytes).toBe(usedBytes);
  // Later ones end at once.
  other.end(() => {
    end = -1;
  });
  expect(end).toBe(-1);
});
