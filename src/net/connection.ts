// A client on a socket, from its connecting to its end. Its requests are run by a pipeline
// (request-pipeline.ts), its output leaves by one of its own (connection-output.ts); what is here is what is
// neither: where a message goes that answers no request, what its buffers take, and how it ends.
import type { Socket } from 'node:net';
import { Client, type ClientAddress, type ClientBuffers, REPLY_ON } from '../core/client.ts';
import { type ClientStateHolders, releaseState } from '../core/client-state.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { PinnedPiece } from '../protocol/large-argument.ts';
import { PartList } from '../protocol/part-list.ts';
import type { ReplyPart } from '../protocol/reply.ts';
import { ConnectionOutput, type OutputOwner } from './connection-output.ts';
import { handleOf } from './node-internals.ts';
import type { PipelineHost } from './pipeline-host.ts';
import { RequestPipeline } from './request-pipeline.ts';

/** What a connection takes at most of the heap and off it, beside its buffers and its state, in bytes. */
const CONNECTION_HEAP_BYTES = 4096;
const CONNECTION_OFF_HEAP_BYTES = 6144;

/** What a connection needs of the server around it. */
export interface ConnectionHost extends PipelineHost, ClientStateHolders {
  readonly keyspace: Keyspace;
}

/** A connected client; see the head of this file. */
export class Connection extends Client implements OutputOwner {
  /** Receives and runs its requests. */
  readonly requests: RequestPipeline;
  readonly output: ConnectionOutput;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  /** The peer sends no more. What it asked before is still run and answered. */
  #ended = false;
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
    this.charge(CONNECTION_HEAP_BYTES, CONNECTION_OFF_HEAP_BYTES);
    this.#socket = socket;
    this.#host = host;
    this.requests = new RequestPipeline(this, socket, host);
    this.output = new ConnectionOutput(this, this.requests, socket, host);
    socket.on('error', (err) => {
      host.log.verbose({ client: id, err }, 'Reading from client id={client}');
    });
    socket.on('end', () => {
      this.#ended = true;
      this.finishIfEnded();
    });
    socket.on('close', () => {
      this.#drop();
      onClosed();
    });
  }

  override descriptor(): number {
    return handleOf(this.#socket)?.fd ?? -1;
  }

  // ── Waiting ─────────────────────────────────────────────────────────────────────────────────

  override block(): void {
    super.block();
    this.requests.block();
  }

  override unblock(): void {
    super.unblock();
    this.requests.unblock();
  }

  override resume(): void {
    this.requests.unsuspend();
  }

  // ── Messages: what answers no request ───────────────────────────────────────────────────────

  override send(bytes: Buffer): void {
    if (this.closing) return;
    if (this.requests.isRunning) this.#insert(bytes);
    else if (this.#isAnswered()) this.#host.reply.raw(bytes);
    else this.#host.replies.takeMessage(this.output, bytes, this.#requiredOffset);
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
    else this.#host.replies.takePinned(this.output, piece, this.#requiredOffset);
  }

  override deliver(buffer: Buffer, start: number, end: number): void {
    if (this.closing) return;
    if (this.requests.isRunning) this.#insert(buffer.subarray(start, end));
    else if (this.#isAnswered()) this.#host.reply.raw(buffer.subarray(start, end));
    else this.#host.replies.takeShared(this.output, buffer, start, end, this.#requiredOffset);
  }

  /** What of the log a message waits for that is sent now. */
  get #requiredOffset(): number {
    return this.#host.dispatcher.requiredByMessages;
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

  // ── Buffers ─────────────────────────────────────────────────────────────────────────────────

  override buffers(): ClientBuffers {
    const { queryBytes, freeBytes, argumentBytes } = this.requests;
    return {
      query: queryBytes,
      queryFree: freeBytes,
      arguments: argumentBytes,
      output: this.output.pendingBytes + this.output.queuedBytes,
    };
  }

  account(): void {
    const { sizeBytes, largeBytes } = this.requests;
    const { pendingBytes, pinnedBytes } = this.output;
    const bytes = pendingBytes + sizeBytes;
    const large = largeBytes + pinnedBytes;
    if (bytes !== this.#accountedBytes) {
      this.charge(0, bytes - this.#accountedBytes);
      this.#accountedBytes = bytes;
    }
    if (large !== this.#accountedLarge) {
      this.countLarge(large - this.#accountedLarge);
      this.#accountedLarge = large;
    }
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────

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
    this.#socket.destroy();
    // At once, and not when the socket is closed: PUBLISH counts those who are to get a message, and
    // no element must be given to one who is gone.
    this.#drop();
  }

  /** Nothing that is kept for it, was received or is to be sent is needed any more. */
  #drop(): void {
    releaseState(this.#host, this);
    this.#host.replies.forget(this.output);
    this.requests.clear();
    this.output.close();
    this.dismiss();
  }

  /** Closes the socket as soon as all replies are sent. */
  finish(): void {
    this.closing = true;
    this.#host.blocking.forget(this);
    this.#host.replies.flush();
    this.output.end();
  }

  /**
   * The same when the peer has ended its side and no request of it waits for a later iteration, or for
   * output to drain. Those that wait for a key or that CLIENT PAUSE suspends are dropped, as by Redis:
   * the peer may have tried again elsewhere.
   */
  finishIfEnded(): void {
    if (this.#ended && !this.requests.isToGoOn && !this.closing) this.finish();
  }
}
