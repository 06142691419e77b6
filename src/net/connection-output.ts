// What a connection sends: replies and messages that come out of the queue that all share (reply-queue.ts), as
// far as its socket takes them, what has not left yet, and the limits of that. What is closed for exceeding them
// gets nothing more.
import type { Socket } from 'node:net';
import type { BufferLimit } from '../config/kinds/lists.ts';
import type { Client } from '../core/client.ts';
import type { ClientMemory } from '../core/client-memory.ts';
import { typeOf } from '../core/client-type.ts';
import type { Logger } from '../logging/logger.ts';
import type { PinnedPiece } from '../protocol/large-argument.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import { killForOutput } from './closed-clients.ts';
import { openOutput } from './output.ts';
import { OutputLimit, type OutputLimits } from './output-limits.ts';
import type { Pace } from './pace.ts';
import { PacedOutput } from './paced-output.ts';
import type { Recipient } from './reply-queue.ts';

/** What the output of all connections shares. */
export interface OutputHost {
  readonly pace: Pace;
  readonly limits: { readonly output: OutputLimits };
  readonly clientMemory: ClientMemory;
  readonly stats: ServerStats;
  readonly log: Logger;
}

/** The client whose output it is. */
export interface OutputOwner extends Client {
  /** Counts what its buffers take by now. */
  account(): void;
}

/** What runs requests faster or slower than their replies leave. */
export interface OutputObserver {
  /** There may be more that has not left. */
  outputGrown(): void;
  /** The kernel has taken all that was sent. */
  outputDrained(): void;
  /** What waited for the log was sent, while that of others still is. */
  outputReleased(): void;
}

/** The output of a connection; see the head of this file. */
export class ConnectionOutput implements Recipient {
  firstEntry = -1;
  lastEntry = -1;
  requiredOffset = 0;
  queuedBytes = 0;
  awaitingBytes = 0;
  awaitingPinnedBytes = 0;
  readonly #owner: OutputOwner;
  readonly #observer: OutputObserver;
  readonly #socket: Socket;
  readonly #host: OutputHost;
  readonly #output: PacedOutput;
  readonly #limit = new OutputLimit();
  /** The socket is to be closed as soon as what waits for the log has left. */
  #endsWhenReleased = false;

  constructor(owner: OutputOwner, observer: OutputObserver, socket: Socket, host: OutputHost) {
    this.#owner = owner;
    this.#observer = observer;
    this.#socket = socket;
    this.#host = host;
    const open = (drained: () => void) => openOutput(socket, drained);
    this.#output = new PacedOutput(open, host.pace, () => {
      owner.lastActiveMs = Date.now();
      this.checkLimit();
      observer.outputDrained();
    });
  }

  /** Bytes that were sent and that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#output.unsentBytes;
  }

  /** Bytes that have not left: the kernel has not taken them, or they wait for the log. */
  get pendingBytes(): number {
    return this.#output.unsentBytes + this.awaitingBytes;
  }

  /** Of these, pinned ones: they are no memory of this connection's. */
  get pinnedBytes(): number {
    return this.#output.pinnedBytes + this.awaitingPinnedBytes;
  }

  // ── Sending ─────────────────────────────────────────────────────────────────────────────────

  /** Hands bytes to the socket; they stay as they are until `unsentBytes` is 0. */
  transmit(bytes: Buffer): void {
    this.#countSent(bytes.length);
    this.#output.write(bytes);
    this.#checkSent();
  }

  transmitPinned(piece: PinnedPiece): void {
    if (this.#socket.destroyed) {
      piece.release();
      return;
    }
    this.#countSent(piece.length);
    this.#output.writePinned(piece);
    this.#checkSent();
  }

  #countSent(bytes: number): void {
    const { stats } = this.#host;
    stats.bytesOut += bytes;
    stats.writesProcessed++;
    this.#owner.bytesOut += bytes;
  }

  #checkSent(): void {
    if (this.#output.unsentBytes > 0) this.checkLimit();
    this.#observer.outputGrown();
  }

  awaitingGrown(): void {
    this.checkLimit();
    this.#observer.outputGrown();
  }

  released(): void {
    if (this.#endsWhenReleased) {
      this.#end();
      return;
    }
    this.checkLimit();
    this.#observer.outputReleased();
  }

  /** Closes the socket once everything was handed to it, what waits for the log included. */
  end(): void {
    if (this.awaitingBytes > 0) this.#endsWhenReleased = true;
    else this.#end();
  }

  #end(): void {
    this.#output.end(() => this.#socket.destroySoon());
  }

  /** Drops what was not handed to the socket: it is closed. */
  close(): void {
    this.#output.close();
  }

  // ── Limits ──────────────────────────────────────────────────────────────────────────────────

  /** Closes the client if it leaves more unsent than its class may, or has for too long. */
  checkLimit(): void {
    const bytes = this.pendingBytes;
    this.#owner.account();
    if (bytes === 0 && !this.#limit.counting) return;
    const counted = this.#owner.replyBuffer.listBytes(bytes);
    if (this.#limit.exceeded(this.#limits, counted, Date.now())) this.overflow(bytes);
  }

  takesQueued(): boolean {
    if (this.#socket.destroyed || !this.takes(0)) return false;
    this.#owner.replyBuffer.note(this.pendingBytes + this.queuedBytes);
    return true;
  }

  /** Whether the client may get so many bytes of replies besides; closes it if not. */
  takes(replyBytes: number): boolean {
    const newBytes = this.queuedBytes + replyBytes;
    const bytes = this.pendingBytes + newBytes;
    const { hardBytes } = this.#limits;
    const isTooMuch = hardBytes > 0 && this.#owner.replyBuffer.listBytes(bytes) >= hardBytes;
    if (!isTooMuch && this.#host.clientMemory.hasRoomFor(newBytes)) return true;
    this.overflow(bytes);
    return false;
  }

  /** Bytes of replies which the client may get whatever its limit is. */
  get easyReplyBytes(): number {
    return this.#limits.hardBytes > 0 ? this.#owner.replyBuffer.sizeBytes : Infinity;
  }

  /** Bytes above which a reply is given up while it is made: the client will be closed without an answer. */
  get mostReplyBytes(): number {
    const { hardBytes } = this.#limits;
    const allowed = hardBytes > 0 ? hardBytes + this.#owner.replyBuffer.sizeBytes : Infinity;
    return Math.min(allowed, this.#host.clientMemory.roomBytes);
  }

  /** Closes the client, which would leave so many bytes unsent. */
  overflow(unsentBytes: number): void {
    killForOutput(this.#owner, this.#host.log, unsentBytes);
  }

  /** `client-output-buffer-limit` of the client's class. */
  get #limits(): BufferLimit {
    const type = typeOf(this.#owner);
    return this.#host.limits.output[type === 'master' ? 'replica' : type];
  }
}
