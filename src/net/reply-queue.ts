// What all connections are to send, in order, until the event loop has seen every socket that was
// ready: then everything leaves together, one write a connection. The other ends wake up once for
// many replies instead of once for each, which is worth more than the writes themselves.
//
//   shared reply buffer:  [ replies of A ][ replies of B ][ replies of C ][ … free … ]
//   queue:                  A 0–40          B 40–65         C 65–90     D: bytes of its own
//
// Replies stay in the shared buffer until they leave. It is used again from its start when the
// kernel took all of it, and replaced when some of it must be kept for a socket that was full.
import type { Reply } from '../protocol/reply.ts';

/** Replies above this leave at once, so that the shared buffer stays in the processor's cache. */
const FLUSH_BYTES = 32 * 1024;

/** Above this, pieces for one client are written one by one: copying costs more than the calls. */
const JOINED_BYTES = 32 * 1024;

/** Sends bytes to one client. */
export interface Recipient {
  /** Bytes that the kernel has not taken yet: while there are any, they must not be changed. */
  readonly unsentBytes: number;
  transmit(bytes: Buffer): void;
}

/** The replies and messages of one turn of the event loop. */
export class ReplyQueue {
  readonly #reply: Reply;
  #recipients: Recipient[] = [];
  #buffers: Buffer[] = [];
  #starts: number[] = [];
  #ends: number[] = [];
  #scheduled = false;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  /** Queues what was encoded into the shared buffer since `start`, its position at that time. */
  takeReplies(recipient: Recipient, start: number): void {
    const { chunks, buffer, position } = this.#reply;
    if (chunks.length > 0) {
      let from = start;
      for (const chunk of chunks) {
        if (from < chunk.length) this.#add(recipient, chunk, from, chunk.length);
        from = 0;
      }
      if (position > 0) this.#add(recipient, buffer, 0, position);
      chunks.length = 0;
      this.flush();
    } else if (position > start) {
      this.#add(recipient, buffer, start, position);
      if (position > FLUSH_BYTES) this.flush();
    }
  }

  /** Queues bytes that answer no request. */
  takeMessage(recipient: Recipient, bytes: Buffer): void {
    this.#add(recipient, bytes, 0, bytes.length);
  }

  /** Sends everything. */
  flush(): void {
    const recipients = this.#recipients;
    const buffers = this.#buffers;
    const count = recipients.length;
    if (count === 0) return;
    const shared = this.#reply.buffer;
    let kept = false;
    for (let i = 0; i < count; ) {
      const recipient = recipients[i];
      const first = i++;
      while (i < count && recipients[i] === recipient) i++;
      // A socket that is behind gets a copy: that is smaller than the shared buffer.
      if (recipient.unsentBytes > 0 || (i - first > 1 && this.#bytesOf(first, i) <= JOINED_BYTES)) {
        recipient.transmit(this.#join(first, i));
        continue;
      }
      for (let k = first; k < i; k++) {
        recipient.transmit(this.#piece(k));
        if (buffers[k] === shared && recipient.unsentBytes > 0) kept = true;
      }
    }
    recipients.length = 0;
    buffers.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    if (kept) this.#reply.replaceBuffer();
    else this.#reply.position = 0;
  }

  #add(recipient: Recipient, buffer: Buffer, start: number, end: number): void {
    this.#recipients.push(recipient);
    this.#buffers.push(buffer);
    this.#starts.push(start);
    this.#ends.push(end);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #bytesOf(first: number, end: number): number {
    let total = 0;
    for (let i = first; i < end; i++) total += this.#ends[i] - this.#starts[i];
    return total;
  }

  #piece(i: number): Buffer {
    return this.#buffers[i].subarray(this.#starts[i], this.#ends[i]);
  }

  #join(first: number, end: number): Buffer {
    const pieces: Buffer[] = [];
    for (let i = first; i < end; i++) pieces.push(this.#piece(i));
    return Buffer.concat(pieces);
  }
}
