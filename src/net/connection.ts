// A client on a socket: its requests are run, and their replies sent.
// request-pipeline.ts does the former, this file the latter: output, its limits, and the connection's end.
// Replies gather in the shared reply buffer and leave through the queue that all share (reply-queue.ts);
// what the socket does not take is kept.
import type { Socket } from 'node:net';
import type { BufferLimit } from '../config/kinds/lists.ts';
import { Client, type ClientAddress, type ClientBuffers, REPLY_ON } from '../core/client.ts';
import { type ClientRegistry, PAUSE_ALL } from '../core/client-registry.ts';
import { type ClientStateHolders, releaseState } from '../core/client-state.ts';
import { typeOf } from '../core/client-type.ts';
import type { BlockedClients } from '../dispatch/blocking/blocked-clients.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { PinnedPiece } from '../protocol/large-argument.ts';
import { PartList } from '../protocol/part-list.ts';
import type { ReplyPart } from '../protocol/reply.ts';
import { handleOf } from './node-internals.ts';
import { openOutput } from './output.ts';
import { OutputLimit } from './output-limits.ts';
import { PacedOutput } from './paced-output.ts';
import type { PipelineHost } from './pipeline-host.ts';
import type { Recipient } from './reply-queue.ts';
import { RequestPipeline } from './request-pipeline.ts';

/** What a connection takes at most of the heap and outside it, beside its buffers and its state, in bytes. */
const CONNECTION_HEAP_BYTES = 4096;
const CONNECTION_OUTSIDE_BYTES = 6144;

/** What a connection needs of the server around it. */
export interface ConnectionHost extends PipelineHost, ClientStateHolders {
  readonly blocking: BlockedClients;
  readonly keyspace: Keyspace;
  readonly clients: ClientRegistry;
}

/** A connected client; see the head of this file. */
export class Connection extends Client implements Recipient {
  /** Receives and runs its requests. */
  readonly requests: RequestPipeline;
  readonly #socket: Socket;
  readonly #output: PacedOutput;
  readonly #host: ConnectionHost;
  readonly #limit = new OutputLimit();
  /** The peer sends no more. What it asked before is still run and answered. */
  #ended = false;
  firstEntry = -1;
  lastEntry = -1;
  requiredOffset = 0;
  queuedBytes = 0;
  heldBytes = 0;
  heldPinnedBytes = 0;
  /** It is to be closed as soon as what the log holds back of it has left. */
  #finishesWhenReleased = false;
  /** What `account` counted last, and of this what lies in large arguments, or is pinned. */
  #accountedBytes = 0;
  #accountedLarge = 0;

  /**
   * @param isTrusted whether it needs no password
   * @param onClosed called when its socket is closed, and nothing is left of it
   */
  constructor(
    socket: Socket,
    host: ConnectionHost,
    id: number,
    address: ClientAddress,
    isTrusted: boolean,
    onClosed: () => void,
  ) {
    const [db] = host.keyspace.databases;
    super(id, address, db, Date.now(), isTrusted, host.clientMemory);
    this.charge(CONNECTION_HEAP_BYTES, CONNECTION_OUTSIDE_BYTES);
    this.#socket = socket;
    this.#host = host;
    this.requests = new RequestPipeline(this, socket, host);
    const open = (drained: () => void) => openOutput(socket, drained);
    this.#output = new PacedOutput(open, host.pace, () => this.#drained());
    socket.on('error', (err) => {
      host.log.verbose({ client: id, err }, 'Reading from client id={client}');
    });
    socket.on('end', () => {
      this.#ended = true;
      this.finishIfEnded();
    });
    socket.on('close', () => {
      host.replies.forget(this);
      this.#drop();
      releaseState(host, this);
      onClosed();
    });
  }

  override block(): void {
    super.block();
    this.requests.hold();
  }

  override unblock(): void {
    super.unblock();
    // Not here and now: this happens within the command of another client.
    if (this.requests.isEmpty) this.requests.resume();
    else this.requests.postpone();
  }

  override buffers(): ClientBuffers {
    const { queryBytes, freeBytes, argumentBytes } = this.requests;
    return {
      query: queryBytes,
      queryFree: freeBytes,
      arguments: argumentBytes,
      output: this.outputBytes + this.queuedBytes,
    };
  }

  override descriptor(): number {
    return handleOf(this.#socket)?.fd ?? -1;
  }

  /** Closes it at once; resolves when the socket is closed. */
  close(): Promise<void> {
    return new Promise((done) => {
      if (this.#socket.closed) done();
      else this.#socket.once('close', () => done());
      this.kill();
    });
  }

  override kill(): void {
    this.closing = true;
    // At once, and not when the socket is closed: PUBLISH counts those who are to get a message, and
    // no element must be given to one who is gone.
    releaseState(this.#host, this);
    this.#host.replies.forget(this);
    this.#socket.destroy();
    this.#drop();
  }

  /** Nothing that was received or is to be sent is needed any more. */
  #drop(): void {
    this.requests.clear();
    this.#output.close();
    this.dismiss();
  }

  override send(bytes: Buffer): void {
    if (this.closing) return;
    if (this.requests.isRunning) this.#insert(bytes);
    else if (this.#isAnswered()) this.#host.reply.raw(bytes);
    else this.#host.replies.takeMessage(this, bytes, this.#host.dispatcher.requiredByMessages);
  }

  override sendParts(parts: readonly ReplyPart[]): void {
    for (const part of parts) {
      if (Buffer.isBuffer(part)) this.send(part);
      else this.sendPinned(part);
    }
  }

  /** As `send`, for pinned bytes, which are released then. */
  sendPinned(piece: PinnedPiece): void {
    if (this.closing) piece.release();
    else if (this.requests.isRunning) this.#insert(piece);
    else if (this.#isAnswered()) this.#host.reply.pinned(piece);
    else this.#host.replies.takePinned(this, piece, this.#host.dispatcher.requiredByMessages);
  }

  override deliver(buffer: Buffer, start: number, end: number): void {
    if (this.closing) return;
    if (this.requests.isRunning) this.#insert(buffer.subarray(start, end));
    else if (this.#isAnswered()) this.#host.reply.raw(buffer.subarray(start, end));
    else {
      const needed = this.#host.dispatcher.requiredByMessages;
      this.#host.replies.takeShared(this, buffer, start, end, needed);
    }
  }

  /** Bytes that were sent and that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#output.unsentBytes;
  }

  /** Output that has not left: the kernel has not taken it, or it waits for the log. */
  get outputBytes(): number {
    return this.#output.unsentBytes + this.heldBytes;
  }

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
    this.bytesOut += bytes;
  }

  #checkSent(): void {
    if (this.#output.unsentBytes > 0) this.checkOutputLimit();
    this.requests.holdIfFull();
  }

  /** Closes the client if it leaves more unsent than its class may. */
  checkOutputLimit(): void {
    const unsent = this.outputBytes;
    this.account();
    if (unsent === 0 && !this.#limit.counting) return;
    const counted = this.replyBuffer.listBytes(unsent);
    if (this.#limit.exceeded(this.#outputLimit(), counted, Date.now())) this.overflow(unsent);
  }

  takesQueued(): boolean {
    if (this.#socket.destroyed || !this.takes(0)) return false;
    this.replyBuffer.note(this.outputBytes + this.queuedBytes);
    return true;
  }

  /** Whether it may get so many bytes of replies besides; closes it if not. */
  takes(replyBytes: number): boolean {
    const newBytes = this.queuedBytes + replyBytes;
    const bytes = this.outputBytes + newBytes;
    const { hardBytes } = this.#outputLimit();
    const isTooMuch = hardBytes > 0 && this.replyBuffer.listBytes(bytes) >= hardBytes;
    if (!isTooMuch && this.#host.clientMemory.hasRoomFor(newBytes)) return true;
    this.overflow(bytes);
    return false;
  }

  /** Bytes of replies which it may get whatever its limit is. */
  get easyReplyBytes(): number {
    return this.#outputLimit().hardBytes > 0
      ? this.replyBuffer.sizeBytes
      : Number.POSITIVE_INFINITY;
  }

  /** Bytes above which a reply to it is given up while it is made: it will be closed without an answer. */
  get mostReplyBytes(): number {
    const { hardBytes } = this.#outputLimit();
    const allowed =
      hardBytes > 0 ? hardBytes + this.replyBuffer.sizeBytes : Number.POSITIVE_INFINITY;
    return Math.min(allowed, this.#host.clientMemory.roomBytes);
  }

  /** Closes it as it would leave too much unsent. */
  overflow(unsentBytes: number): void {
    this.#host.log.warn(
      { client: this.id, address: this.address.remote, details: { unsentBytes } },
      'Client id={client} addr={address} scheduled to be closed ASAP for overcoming of output buffer limits.',
    );
    this.kill();
  }

  /** `client-output-buffer-limit` of its class. */
  #outputLimit(): BufferLimit {
    const type = typeOf(this);
    return this.#host.limits.output[type === 'master' ? 'replica' : type];
  }

  /** Whether the answer to its request that waited is encoded now, which it will get. */
  #isAnswered(): boolean {
    return this.#host.reply.replyTarget === this && this.replyMode === REPLY_ON;
  }

  /** Puts a message between the replies, where it belongs: one of its own requests caused it. */
  #insert(part: ReplyPart): void {
    const { reply } = this.#host;
    if (this.replyMode === REPLY_ON && reply.replyTarget === undefined) {
      reply.part(part);
    } else {
      // Dispatch takes back what is not to be answered, or is for another who waited; messages come
      // anyway, and after that.
      this.pendingPushes ??= new PartList();
      this.pendingPushes.addCopy(part);
    }
  }

  /** Closes the socket as soon as all replies are sent. */
  finish(): void {
    this.closing = true;
    this.#host.blocking.forget(this);
    this.#host.replies.flush();
    if (this.#host.replies.isHolding(this)) this.#finishesWhenReleased = true;
    else this.#output.end(() => this.#socket.destroySoon());
  }

  held(): void {
    this.checkOutputLimit();
    this.requests.holdIfFull();
  }

  released(): void {
    if (this.#finishesWhenReleased) {
      this.#output.end(() => this.#socket.destroySoon());
      return;
    }
    this.checkOutputLimit();
    // Not here and now: the replies of others are being sent.
    const mayGoOn = this.requests.isHeld && !this.blocked && !this.closing;
    if (mayGoOn && this.#mayRun) this.requests.postpone();
  }

  /**
   * The same when the peer has ended its side and no request of it waits for a later turn, or for
   * output to drain. Those that wait for a key or that CLIENT PAUSE suspends are dropped, as by Redis:
   * the peer may have tried again elsewhere.
   */
  finishIfEnded(): void {
    if (this.#ended && !this.requests.isToGoOn && !this.closing) this.finish();
  }

  /** Whether no pause keeps it from running requests, whatever these are. */
  get #mayRun(): boolean {
    return this.#host.clients.pauseMode !== PAUSE_ALL;
  }

  #drained(): void {
    this.lastActiveMs = Date.now();
    this.checkOutputLimit();
    if (this.#mayRun) this.requests.resume();
  }

  /** Keeps right what its buffers count. */
  account(): void {
    const { sizeBytes } = this.requests;
    const bytes = this.outputBytes + sizeBytes;
    const pinnedBytes = this.#output.pinnedBytes + this.heldPinnedBytes;
    const largeBytes = this.requests.largeBytes + pinnedBytes;
    if (bytes !== this.#accountedBytes) {
      this.charge(0, bytes - this.#accountedBytes);
      this.#accountedBytes = bytes;
    }
    if (largeBytes !== this.#accountedLarge) {
      this.countLarge(largeBytes - this.#accountedLarge);
      this.#accountedLarge = largeBytes;
    }
  }
}
