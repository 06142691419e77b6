// Replies that wait for the log while the shared reply buffer is used again for those of others.
import { expect, test } from 'vitest';
import { type Recipient, ReplyQueue } from '../../src/net/reply-queue.ts';
import type { PinnedPiece } from '../../src/protocol/large-argument.ts';
import { Reply } from '../../src/protocol/reply.ts';

class Receiver implements Recipient {
  readonly unsentBytes = 0;
  firstEntry = -1;
  lastEntry = -1;
  requiredOffset = 0;
  queuedBytes = 0;
  awaitingBytes = 0;
  awaitingPinnedBytes = 0;
  readonly received: string[] = [];
  takesQueued(): boolean {
    return true;
  }
  awaitingGrown(): void {}
  released(): void {}
  transmit(bytes: Buffer): void {
    this.received.push(bytes.toString('latin1'));
  }
  transmitPinned(piece: PinnedPiece): void {
    piece.release();
  }
}

test.each([10, 1000, 64 * 1024, 200_000, 300_000])(
  'a reply of %i bytes that awaits durability stays as it is',
  (length) => {
    const reply = new Reply();
    const queue = new ReplyQueue(reply, { offset: 10, commit: () => 0 });
    const waiting = new Receiver();
    const other = new Receiver();
    const value = Buffer.alloc(length, 'a');
    let start = reply.position;
    reply.bulkBuffer(value);
    queue.takeReplies(waiting, start, 10);
    queue.flush();
    start = reply.position;
    reply.bulkBuffer(Buffer.alloc(length, 'b'));
    queue.takeReplies(other, start);
    queue.flush();
    expect(waiting.received).toEqual([]);
    queue.release(10);
    expect(waiting.received.join('')).toBe(`$${length}\r\n${value.toString()}\r\n`);
  },
);
