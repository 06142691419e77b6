// What all connections are to send, in order, until the event loop has seen every socket that was
// ready: then everything leaves together, one write a connection. The other ends wake up once for
// many replies instead of once for each, which is worth more than the writes themselves.
//
//   reply buffer:   [ replies of A ][ replies of B ][ … free … ]       shared by all connections
//   message area:   [ message 1 ][ message 2 ][ … free … ]             the same bytes for everybody
//   entries:          A 0–40   B 40–65   A messages 1–2   C messages 1–2   D: bytes of its own
//                       └──────── next ──────┘
//
// A recipient's entries are a chain, in the order in which they came; a message that lies behind
// the one before it in its area only makes the last entry longer. Bytes stay where they are until
// they leave. Buffers are used again from their start when the kernel took all of them, and are
// replaced when some of it must be kept for a socket that was full. What is too large to be copied is
// pinned where it lies, and an entry by itself.
//
// What the command stream has gained is written to the log before anything leaves. Of a recipient whose
// replies need more of it than is safe by then, everything awaits durability, as a copy, until `release`.

import type { PinnedPiece } from '../protocol/large-argument.ts';
import type { MessageArea } from '../protocol/message-area.ts';
import { PartList } from '../protocol/part-list.ts';
import type { Reply, ReplyPart } from '../protocol/reply.ts';
import type { ReplyGate } from './reply-gate.ts';

/** Replies above this leave at once, so that the shared buffer stays in the processor's cache. */
const FLUSH_BYTES = 32 * 1024;
/** The same for messages: they are copied less, and go to many. */
const FLUSH_MESSAGE_BYTES = 48 * 1024;
/** Pieces that are larger on average are written one by one: copying costs more than the calls. */
const LARGE_PIECE_BYTES = 8 * 1024;
/** A recipient with more than this in its entries is asked each time whether it takes as much, in bytes. */
const MUCH_BYTES = 256 * 1024;
/** Entries of more than this many pieces are joined. */
const MANY_ENTRIES = 32 * 1024;
/** No entry. */
const NONE = -1;
/** The buffer of an entry whose bytes are pinned. */
const ELSEWHERE = Buffer.alloc(0);

/** Sends bytes to one client. */
export interface Recipient {
  /** Bytes that the kernel has not taken yet: while there are any, they must not be changed. */
  readonly unsentBytes: number;
  /** The queue's own: its first and last entry there, -1 while there is none. */
  firstEntry: number;
  lastEntry: number;
  /** The queue's own: the offset of the stream that must be safe before its entries leave. */
  requiredOffset: number;
  /** The queue's own: bytes in its entries. */
  queuedBytes: number;
  /** The queue's own: bytes of it that wait for the log, and of these those that are pinned. */
  awaitingBytes: number;
  awaitingPinnedBytes: number;
  /**
   * Asked when a lot is in its entries, and before they leave.
   * @returns false if the recipient is closed, or just has been, as it is too much: it gets none of it
   */
  takesQueued(): boolean;
  /** `awaitingBytes` has grown. */
  awaitingGrown(): void;
  /** All of it that waited for the log has left. */
  released(): void;
  transmit(bytes: Buffer): void;
  /** Sends pinned bytes, and releases them then. */
  transmitPinned(piece: PinnedPiece): void;
}

/** What of a recipient awaits durability. */
interface Awaiting {
  readonly parts: PartList;
  requiredOffset: number;
}

/** The replies and messages of one iteration of the event loop. */
export class ReplyQueue {
  readonly #reply: Reply;
  readonly #areas: readonly MessageArea[];
  /** In the order of their first entries. */
  readonly #recipients: Recipient[] = [];
  // The entries: part of a buffer, and the recipient's entry after it.
  readonly #buffers: Buffer[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #nexts: number[] = [];
  /** The bytes of the entries that are pinned. */
  readonly #pinned = new Map<number, PinnedPiece>();
  #scheduled = false;
  /** The number of entries at which those of each recipient are joined. */
  #mostEntries = MANY_ENTRIES;
  /** In the order in which they began to wait. */
  readonly #awaiting = new Map<Recipient, Awaiting>();
  /** Where replies wait until what they say is safe. */
  readonly #gate: ReplyGate;

  /** @param areas of which messages are queued: the queue releases them when everything has left */
  constructor(reply: Reply, gate: ReplyGate, areas: readonly MessageArea[] = []) {
    this.#reply = reply;
    this.#gate = gate;
    this.#areas = areas;
  }

  /**
   * Queues what was encoded into the shared buffer since `start`, its position at that time.
   * @param requiredOffset what of the stream must be safe first
   */
  takeReplies(recipient: Recipient, start: number, requiredOffset = 0): void {
    const { chunks, buffer, position } = this.#reply;
    if (requiredOffset > recipient.requiredOffset) recipient.requiredOffset = requiredOffset;
    if (chunks.length > 0) {
      let from = start;
      for (const chunk of chunks) {
        if (!Buffer.isBuffer(chunk)) this.#addPinned(recipient, chunk);
        else if (from < chunk.length) this.#add(recipient, chunk, from, chunk.length);
        from = 0;
      }
      if (position > 0) this.#add(recipient, buffer, 0, position);
      this.#reply.chunksTaken();
      this.flush();
    } else if (position > start) {
      this.#add(recipient, buffer, start, position);
      if (position > FLUSH_BYTES) this.flush();
    }
  }

  /** Queues bytes that answer no request. Short ones are copied to where messages lie side by side. */
  takeMessage(recipient: Recipient, bytes: Buffer, requiredOffset = 0): void {
    const [area] = this.#areas;
    if (area === undefined || bytes.length > LARGE_PIECE_BYTES) {
      this.takeShared(recipient, bytes, 0, bytes.length, requiredOffset);
      return;
    }
    const start = area.allocate(bytes.length);
    bytes.copy(area.buffer, start);
    this.takeShared(recipient, area.buffer, start, start + bytes.length, requiredOffset);
  }

  /** As `takeMessage`, for bytes that are pinned. */
  takePinned(recipient: Recipient, piece: PinnedPiece, requiredOffset = 0): void {
    if (requiredOffset > recipient.requiredOffset) recipient.requiredOffset = requiredOffset;
    this.#addPinned(recipient, piece);
  }

  /** Queues a message that many get: [start, end) of a message area's buffer. */
  takeShared(
    recipient: Recipient,
    buffer: Buffer,
    start: number,
    end: number,
    requiredOffset = 0,
  ): void {
    if (requiredOffset > recipient.requiredOffset) recipient.requiredOffset = requiredOffset;
    const last = recipient.lastEntry;
    if (last !== NONE && this.#ends[last] === start && this.#buffers[last] === buffer) {
      this.#ends[last] = end;
      this.#count(recipient, end - start);
    } else {
      this.#add(recipient, buffer, start, end);
    }
  }

  /** Sends everything if so many messages have gathered; not while requests are run. */
  flushMessages(): void {
    for (let i = 0; i < this.#areas.length; i++) {
      if (this.#areas[i].gatheredBytes > FLUSH_MESSAGE_BYTES) {
        this.flush();
        return;
      }
    }
  }

  /** Sends everything. */
  flush(): void {
    // Written even when nobody is to be answered.
    const durableOffset = this.#gate.commit();
    const recipients = this.#recipients;
    const count = recipients.length;
    if (count === 0) return;
    let kept = false;
    for (let i = 0; i < count; i++) {
      const recipient = recipients[i];
      const first = recipient.firstEntry;
      recipient.firstEntry = NONE;
      recipient.lastEntry = NONE;
      // One who is closed meanwhile has none.
      if (first === NONE) continue;
      if (!recipient.takesQueued()) {
        this.#discard(first);
        recipient.queuedBytes = 0;
        continue;
      }
      recipient.queuedBytes = 0;
      if (this.#mustWait(recipient, durableOffset)) {
        this.#keep(recipient, first);
        continue;
      }
      // A socket that is behind gets a copy: that is smaller than the shared buffers.
      if (this.#nexts[first] !== NONE || recipient.unsentBytes > 0 || this.#pinned.size > 0) {
        if (this.#sendChain(recipient, first)) kept = true;
      } else {
        recipient.transmit(this.#piece(first));
        if (recipient.unsentBytes > 0) kept = true;
      }
    }
    recipients.length = 0;
    this.#buffers.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#nexts.length = 0;
    this.#mostEntries = MANY_ENTRIES;
    if (this.#pinned.size > 0) this.#pinned.clear();
    if (kept) this.#reply.replaceBuffer();
    else this.#reply.restart();
    for (let i = 0; i < this.#areas.length; i++) this.#areas[i].release(kept);
  }

  /** How many recipients there are whose replies have not left. */
  get waitingCount(): number {
    return this.#awaiting.size + this.#recipients.length;
  }

  /** Sends what waited for the log up to an offset. */
  release(durableOffset: number): void {
    for (const [recipient, { requiredOffset }] of this.#awaiting) {
      if (requiredOffset > durableOffset) continue;
      for (const piece of this.#take(recipient)) send(recipient, piece);
      recipient.released();
    }
  }

  /** Drops what waits of one who is gone: for the log, and to be sent. */
  forget(recipient: Recipient): void {
    for (const piece of this.#take(recipient)) if (!Buffer.isBuffer(piece)) piece.release();
    this.#discard(recipient.firstEntry);
    recipient.firstEntry = NONE;
    recipient.lastEntry = NONE;
    recipient.queuedBytes = 0;
  }

  /** Lets go of the bytes of a chain of entries. */
  #discard(first: number): void {
    for (let i = first; i !== NONE; i = this.#nexts[i]) {
      this.#pinned.get(i)?.release();
      this.#pinned.delete(i);
      this.#buffers[i] = ELSEWHERE;
      this.#starts[i] = 0;
      this.#ends[i] = 0;
    }
  }

  /** Takes what waits of a recipient for the log. */
  #take(recipient: Recipient): readonly ReplyPart[] {
    const awaiting = this.#awaiting.get(recipient);
    this.#awaiting.delete(recipient);
    recipient.awaitingBytes = 0;
    recipient.awaitingPinnedBytes = 0;
    return awaiting?.parts.take() ?? [];
  }

  #mustWait(recipient: Recipient, durableOffset: number): boolean {
    if (recipient.requiredOffset > durableOffset) {
      const end = this.#gate.offset;
      if (recipient.requiredOffset > end) recipient.requiredOffset = end;
      if (recipient.requiredOffset > durableOffset) return true;
    }
    return this.#awaiting.size > 0 && this.#awaiting.has(recipient);
  }

  /** Keeps a chain of entries until what the recipient needs is safe. */
  #keep(recipient: Recipient, first: number): void {
    let awaiting = this.#awaiting.get(recipient);
    if (awaiting === undefined) {
      awaiting = { parts: new PartList(), requiredOffset: 0 };
      this.#awaiting.set(recipient, awaiting);
    }
    awaiting.requiredOffset = Math.max(awaiting.requiredOffset, recipient.requiredOffset);
    for (let i = first; i !== NONE; i = this.#nexts[i]) {
      const part = this.#partOf(i);
      awaiting.parts.addCopy(part);
      if (!Buffer.isBuffer(part)) recipient.awaitingPinnedBytes += part.length;
    }
    recipient.awaitingBytes = awaiting.parts.bytes;
    recipient.awaitingGrown();
  }

  /** Sends a chain of entries. Returns whether shared bytes must be kept for it. */
  #sendChain(recipient: Recipient, first: number): boolean {
    if (this.#pinned.size > 0) {
      for (let i = first; i !== NONE; i = this.#nexts[i]) {
        send(recipient, this.#partOf(i));
      }
      return recipient.unsentBytes > 0;
    }
    let bytes = 0;
    let pieces = 0;
    for (let i = first; i !== NONE; i = this.#nexts[i]) {
      bytes += this.#ends[i] - this.#starts[i];
      pieces++;
    }
    if (recipient.unsentBytes > 0 || bytes <= pieces * LARGE_PIECE_BYTES) {
      recipient.transmit(this.#join(first, bytes));
      return false;
    }
    for (let i = first; i !== NONE; i = this.#nexts[i]) recipient.transmit(this.#piece(i));
    return recipient.unsentBytes > 0;
  }

  #add(recipient: Recipient, buffer: Buffer, start: number, end: number): void {
    const entry = this.#buffers.length;
    this.#buffers.push(buffer);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#nexts.push(NONE);
    if (recipient.lastEntry === NONE) {
      recipient.firstEntry = entry;
      this.#recipients.push(recipient);
    } else {
      this.#nexts[recipient.lastEntry] = entry;
    }
    recipient.lastEntry = entry;
    this.#count(recipient, end - start);
    if (entry >= this.#mostEntries) this.#joinAll();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #count(recipient: Recipient, bytes: number): void {
    recipient.queuedBytes += bytes;
    if (recipient.queuedBytes > MUCH_BYTES && !recipient.takesQueued()) this.forget(recipient);
  }

  /**
   * Joins the entries of each recipient: one command, a transaction of many, may cause a million messages
   * to several.
   */
  #joinAll(): void {
    const recipients = this.#recipients.splice(0);
    const chains = recipients.map(({ firstEntry }) => this.#joined(firstEntry));
    this.#buffers.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#nexts.length = 0;
    this.#pinned.clear();
    this.#mostEntries = Number.POSITIVE_INFINITY;
    for (const [i, recipient] of recipients.entries()) {
      const { queuedBytes } = recipient;
      recipient.firstEntry = NONE;
      recipient.lastEntry = NONE;
      for (const part of chains[i]) {
        if (Buffer.isBuffer(part)) this.#add(recipient, part, 0, part.length);
        else this.#addPinned(recipient, part);
      }
      recipient.queuedBytes = queuedBytes;
    }
    this.#mostEntries = Math.max(MANY_ENTRIES, 2 * this.#buffers.length);
  }

  /** A chain of entries as few parts. */
  #joined(first: number): readonly ReplyPart[] {
    const parts = new PartList();
    for (let i = first; i !== NONE; i = this.#nexts[i]) parts.addPart(this.#partOf(i));
    return parts.take();
  }

  #addPinned(recipient: Recipient, piece: PinnedPiece): void {
    this.#pinned.set(this.#buffers.length, piece);
    this.#add(recipient, ELSEWHERE, 0, piece.length);
  }

  #piece(i: number): Buffer {
    return this.#buffers[i].subarray(this.#starts[i], this.#ends[i]);
  }

  #join(first: number, sizeBytes: number): Buffer {
    const joined = Buffer.allocUnsafe(sizeBytes);
    let at = 0;
    for (let i = first; i !== NONE; i = this.#nexts[i]) {
      at += this.#buffers[i].copy(joined, at, this.#starts[i], this.#ends[i]);
    }
    return joined;
  }

  #partOf(i: number): ReplyPart {
    return this.#pinned.get(i) ?? this.#piece(i);
  }
}

function send(recipient: Recipient, part: ReplyPart): void {
  if (Buffer.isBuffer(part)) recipient.transmit(part);
  else recipient.transmitPinned(part);
}
