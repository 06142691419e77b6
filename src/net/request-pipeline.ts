// The requests of a connection, from the bytes that its socket receives to their running, one after another.
//
// While a read is being worked on, its requests are views on the shared read buffer, which is free again when
// `receive` returns. Only what cannot be finished is kept: the bytes of an incomplete or held request
// (input.ts). The bytes of a large argument are received where they will stay.
//
//   running ──request incomplete──▶ running (tail kept)
//   running ──CLIENT PAUSE──▶ held until the pause ends
//   running ──too much output unsent──▶ held until it drains
//   running ──the turn's time is up──▶ held until a later turn (turn.ts)
//   running ──waits for a key (blocked)──▶ held until it is answered, and then for a later turn
// A held connection keeps reading, up to `client-query-buffer-limit`, so a peer that writes a whole
// pipeline before it reads anything is never blocked; it only stops running requests, so that a
// peer that never reads makes no more memory grow. Reading pauses only for what runs anyway, later.
import type { Socket } from 'node:net';
import type { Client } from '../core/client.ts';
import { isOutOfMemory } from '../memory/out-of-memory.ts';
import { COMPLETE, type DecodeResult, INVALID } from '../protocol/decoder.ts';
import type { Request } from '../protocol/request.ts';
import type { Receiver } from './accept.ts';
import { Input } from './input.ts';
import type { Paced } from './pace.ts';
import type { PipelineHost } from './pipeline-host.ts';
import type { Recipient } from './reply-queue.ts';
import type { Runner } from './turn.ts';

/** Unsent output above which a connection is held, in bytes. */
const HOLD_OUTPUT_BYTES = 4 * 1024 * 1024;
/** Bytes that are received at a time, at most. */
const RECEIVED_BYTES = 64 * 1024;
/** Replies above this are sent before the next request is run, in bytes. */
const FLUSH_BYTES = 1024 * 1024;

/** The client whose requests they are, with its output. */
export interface Requester extends Client, Recipient {
  /** Output that has not left, in bytes. */
  readonly outputBytes: number;
  /** Bytes of replies which it may get whatever its limit is. */
  readonly easyReplyBytes: number;
  /** Bytes above which a reply to it is given up while it is made. */
  readonly mostReplyBytes: number;
  /** Keeps right what its buffers count. */
  account(): void;
  /** Whether it may get so many bytes of replies besides; closes it if not. */
  takes(replyBytes: number): boolean;
  /** Closes it as it would leave too much unsent. */
  overflow(unsentBytes: number): void;
  /** Closes the socket as soon as all replies are sent. */
  finish(): void;
  /** The same, if the peer has ended its side and nothing it asked for is still to be run. */
  finishIfEnded(): void;
}

/** Receives and runs requests; see the head of this file. */
export class RequestPipeline implements Receiver, Paced, Runner {
  /** Whether requests are being run just now. */
  isRunning = false;
  readonly #connection: Requester;
  readonly #socket: Socket;
  readonly #host: PipelineHost;
  readonly #input: Input;
  /** Waits for the end of a pause, for a key, for its output to drain, or for a later turn. */
  #held = false;
  /** Of these, the last: its requests are run soon, whatever else happens. */
  #postponed = false;
  /** Its requests are run though its output does not drain; see `#press`. */
  #pressed = false;
  /** Nothing is read from the socket until what was read is run, or others were served. */
  #isReadingPaused = false;
  /** Where this connection's replies begin in the shared reply buffer, while its requests run. */
  #replyStart = 0;
  /** Bytes in that buffer above which they are held against the limit of the connection. */
  #checkedAbove = 0;
  /** Bytes that are run now, where they were received: the buffer that all connections share. */
  #runningBytes = 0;

  constructor(connection: Requester, socket: Socket, host: PipelineHost) {
    this.#connection = connection;
    this.#socket = socket;
    this.#host = host;
    this.#input = new Input(host.keyspace.arena.external);
  }

  /** Bytes that wait to be run, or are just run, without the large arguments of the first request. */
  get queryBytes(): number {
    return this.#input.length + this.#runningBytes;
  }

  /** Room for more in the buffers that they are in. */
  get freeBytes(): number {
    const { length, sizeBytes, argumentBytes } = this.#input;
    const isShared = this.#runningBytes > 0 && this.#runningBytes < RECEIVED_BYTES;
    const shared = isShared ? RECEIVED_BYTES - this.#runningBytes : 0;
    return shared + Math.max(0, sizeBytes - length - argumentBytes);
  }

  /** Bytes of these arguments. */
  get argumentBytes(): number {
    return this.#input.argumentBytes;
  }

  /** Bytes of the buffers that all of it is in, and of large arguments among them. */
  get sizeBytes(): number {
    return this.#input.sizeBytes;
  }

  get largeBytes(): number {
    return this.#input.largeBytes;
  }

  get target(): Buffer | undefined {
    return this.#input.target;
  }

  receive(buffer: Buffer, length: number): boolean {
    const { stats } = this.#host;
    stats.bytesIn += length;
    stats.readsProcessed++;
    this.#connection.bytesIn += length;
    if (this.#connection.closing) return true;
    if (this.#input.isFilling) return this.#receiveLarge(buffer, length);
    return this.#accept(buffer, 0, length);
  }

  /** Runs the requests in [from, end), or keeps them; returns whether more may be received. */
  #accept(buffer: Buffer, from: number, end: number): boolean {
    if (!this.#held && !this.#host.turn.admits(this, this.#host.dispatcher.clockMs)) {
      this.#held = true;
      this.#postponed = true;
    }
    if (!this.#held) {
      this.#take(buffer, from, end);
      return true;
    }
    const input = this.#input;
    this.#connection.lastActiveMs = Date.now();
    this.#orKill(() => input.queue(buffer, from, end));
    if (this.#connection.closing) return true;
    this.#connection.account();
    if (this.#postponed) {
      // It is not the peer's fault that this grows; the limit is for what is left afterwards.
      this.#isReadingPaused = input.hasChunks;
      return !input.hasChunks;
    }
    const isHeldByOutput = this.#isOutputFull && !this.#connection.blocked;
    if (isHeldByOutput && input.length > this.#host.limits.queryBytes) this.#press();
    else this.#checkQueryLimit();
    return true;
  }

  /** The connection is not held: runs what [from, end) completes. */
  #take(buffer: Buffer, from: number, end: number): void {
    const input = this.#input;
    const at = input.large === undefined ? from : this.#fillLarge(buffer, from, end);
    if (input.headLength === 0) {
      this.#process(buffer, at, end);
      return;
    }
    if (at < end) this.#orKill(() => input.keep(buffer, at, end));
    if (this.#connection.closing) return;
    if (input.isReady) this.#processHead();
    else this.#checkQueryLimit();
  }

  // ── Large arguments ─────────────────────────────────────────────────────────────────────────

  #receiveLarge(buffer: Buffer, length: number): boolean {
    const { pace } = this.#host;
    this.#connection.lastActiveMs = Date.now();
    const at = this.#fillLarge(buffer, 0, length);
    if (this.#connection.closing) return true;
    if (this.#input.large === undefined) return this.#accept(buffer, at, length);
    this.#checkQueryLimit();
    if (pace.take(length)) return true;
    this.#isReadingPaused = true;
    pace.wait(this);
    return false;
  }

  /** Others were served meanwhile: goes on receiving. */
  goOn(): boolean {
    return this.#resumeReading();
  }

  /** Receives again, if it does not; returns whether it begins to. */
  #resumeReading(): boolean {
    if (!this.#isReadingPaused || this.#connection.closing) return false;
    this.#isReadingPaused = false;
    this.#socket.resume();
    return true;
  }

  #beginLarge(buffer: Buffer, end: number): void {
    const { decoder } = this.#host;
    const { position, largeAt } = decoder;
    this.#orKill(() => this.#input.beginLarge(decoder, buffer, end));
    if (!this.#connection.closing) this.#retain(buffer, position, largeAt);
  }

  /** Takes what belongs to the large argument of [from, end); returns where that ends. */
  #fillLarge(buffer: Buffer, from: number, end: number): number {
    const at = this.#orKill(() => this.#input.fillLarge(buffer, from, end)) ?? end;
    this.#connection.account();
    return at;
  }

  /** Does what needs much memory; closes the connection when there is none. */
  #orKill<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#killForMemory(error);
      return undefined;
    }
  }

  #killForMemory(error: unknown): void {
    if (!isOutOfMemory(error)) throw error;
    this.#host.log.warn(
      { client: this.#connection.id, address: this.#connection.address.remote, err: error },
      'Closing client for which there is no memory: id={client} addr={address}',
    );
    this.#connection.kill();
  }

  // ── Being held ──────────────────────────────────────────────────────────────────────────────

  get #isOutputFull(): boolean {
    return this.#connection.outputBytes > HOLD_OUTPUT_BYTES;
  }

  /**
   * Runs all whole requests though the replies to earlier ones were not read: to keep more of them
   * would exceed the limit, which is for single requests. What grows then is the output, which has a
   * limit of its own.
   */
  #press(): void {
    this.#pressed = true;
    this.#held = false;
    this.#runKept();
  }

  /** Goes on, if what it was held for is over. */
  resume(): void {
    const connection = this.#connection;
    this.#postponed = false;
    if (!this.#held || connection.closing) return;
    if (connection.blocked || (this.#isOutputFull && !this.#pressed)) {
      // It waits for something else now: that its peer is gone, it must notice.
      this.#resumeReading();
      return;
    }
    this.#held = false;
    this.#runKept();
    connection.finishIfEnded();
  }

  /** To be called when output was added that may be too much. */
  holdIfFull(): void {
    if (this.#isOutputFull && !this.#pressed) this.#held = true;
  }

  /** Runs no more requests until `resume`. */
  hold(): void {
    this.#held = true;
  }

  /** Has its requests run in a later turn. */
  postpone(): void {
    this.#postponed = true;
    this.#host.turn.postpone(this);
  }

  get isHeld(): boolean {
    return this.#held;
  }

  /** Whether there is nothing to be run. */
  get isEmpty(): boolean {
    return this.#input.isEmpty;
  }

  /**
   * Whether requests wait for a later turn, or for output to drain; those that wait for a key or that
   * CLIENT PAUSE suspends are others.
   */
  get isToGoOn(): boolean {
    if (this.#postponed) return true;
    if (!this.#held) return this.#input.hasChunks;
    return !this.#connection.blocked && this.#connection.outputBytes > 0;
  }

  /** Drops everything. */
  clear(): void {
    this.#input.clear();
  }

  /** Runs what was kept while the connection was held, a chunk at a time, as far as the turn allows. */
  #runKept(): void {
    const input = this.#input;
    if (input.headLength > 0 && input.isReady) this.#processHead();
    while (input.hasChunks && !this.#held && !this.#connection.closing) {
      if (this.#host.turn.admits(this, this.#host.dispatcher.clockMs)) {
        const chunk = input.takeChunk();
        this.#take(chunk, 0, chunk.length);
      } else {
        this.#held = true;
        this.#postponed = true;
      }
    }
    if (this.#connection.closing) return;
    if (!this.#postponed) this.#resumeReading();
    if (!this.#pressed || this.#postponed) return;
    this.#pressed = false;
    this.holdIfFull();
    this.#checkQueryLimit();
  }

  #processHead(): void {
    const { head, headLength } = this.#input;
    if (head === undefined) return;
    this.#input.headLength = 0;
    this.#process(head, 0, headLength);
  }

  /** Runs the requests in [start, end) and keeps what is left. */
  #process(buffer: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    const { decoder, dispatcher, reply, replies } = this.#host;
    dispatcher.begin(connection);
    this.isRunning = true;
    this.#runningBytes = end - start;
    decoder.unauthenticated = !connection.authenticated;
    decoder.request = this.#host.batch.requests[0];
    decoder.reset(buffer, start, end, this.#input.takePartial());
    this.#beginReplies();
    let from = start;
    let result: DecodeResult = COMPLETE;
    while (result === COMPLETE && !this.#held && !connection.closing) {
      from = decoder.position;
      result = this.#decodeBatch();
      from = this.#runBatch(from);
    }
    if (connection.pendingPushes !== undefined) connection.addPendingPushesTo(reply);
    this.isRunning = false;
    this.#runningBytes = 0;
    dispatcher.end();
    if (connection.closing) {
      // What follows a request that ends the connection is not run.
      this.#host.batch.requests[0].releaseLarge();
    } else if (this.#held) {
      this.#retain(buffer, from, end);
    } else if (result === INVALID) {
      this.#refuse(decoder.error);
    } else if (decoder.largeLength > 0) {
      this.#beginLarge(buffer, end);
    } else {
      if (decoder.position < end) this.#input.partial = decoder.suspend();
      this.#retain(buffer, decoder.position, end);
    }
    // One who was closed meanwhile is answered nothing.
    if (this.#socket.destroyed) reply.rewind({ chunks: 0, position: this.#replyStart });
    reply.limit(Number.POSITIVE_INFINITY);
    replies.takeReplies(connection, this.#replyStart, dispatcher.requiredOffset);
    replies.flushMessages();
    if (connection.closing) connection.finish();
    else connection.finishIfEnded();
  }

  /** The replies of the connection begin here. */
  #beginReplies(): void {
    const { reply } = this.#host;
    this.#replyStart = reply.position;
    reply.limit(this.#connection.mostReplyBytes);
    this.#checkedAbove = this.#replyStart + this.#connection.easyReplyBytes;
  }

  /**
   * Decodes requests ahead, and has the memory that they will likely touch read before the first
   * of them runs: the reads wait for memory side by side instead of one after another.
   */
  #decodeBatch(): DecodeResult {
    const { decoder, batch } = this.#host;
    const { requests, ends } = batch;
    // A client that must authenticate first is decoded one by one: AUTH changes the limits.
    const most = this.#connection.authenticated ? requests.length : 1;
    decoder.unauthenticated = !this.#connection.authenticated;
    let count = 0;
    let result: DecodeResult = COMPLETE;
    try {
      while (count < most) {
        decoder.request = requests[count];
        result = decoder.next();
        if (result !== COMPLETE) break;
        ends[count++] = decoder.position;
      }
    } catch (error) {
      // Its list of arguments cannot grow: nothing more of it is run.
      this.#killForMemory(error);
      count = 0;
    }
    batch.count = count;
    if (count > 1) batch.prefetch(this.#connection.db);
    return result;
  }

  /**
   * Runs the decoded requests.
   * @param start where the first of them begins
   * @returns where the first request begins that was not run
   */
  #runBatch(start: number): number {
    const connection = this.#connection;
    const { clientMemory, dispatcher, batch, reply, replies } = this.#host;
    const { requests, ends, count } = batch;
    let from = start;
    for (let i = 0; i < count; i++) {
      const request = requests[i];
      if (request.count > 0 && !dispatcher.execute(connection, request)) {
        this.#held = true;
        if (request.large !== undefined) this.#keepRequest(request, from, ends[i]);
        break;
      }
      from = ends[i];
      if (request.large !== undefined) request.releaseLarge();
      if (clientMemory.isOver) clientMemory.evict();
      if (reply.isOverflowing) connection.overflow(reply.pendingBytes);
      else if (reply.pendingBytes > this.#checkedAbove) {
        connection.takes(reply.pendingBytes - this.#replyStart);
      }
      if (connection.closing || this.#held) break;
      if (reply.chunks.length > 0 && reply.pendingBytes > FLUSH_BYTES) {
        replies.takeReplies(connection, this.#replyStart, dispatcher.requiredOffset);
        this.#beginReplies();
      }
    }
    return from;
  }

  /** A request must wait, and cannot be decoded again. */
  #keepRequest(request: Request, start: number, end: number): void {
    this.#input.partial = this.#host.decoder.keep(request, start, end);
  }

  #refuse(error: string): void {
    this.#host.decoder.request.releaseLarge();
    const { id, address } = this.#connection;
    this.#host.log.verbose(
      { client: id, address: address.remote, error },
      'Protocol error ({error}) from client: id={client} addr={address}',
    );
    this.#host.reply.error(`ERR Protocol error: ${error}`);
    this.#host.stats.countError('ERR');
    this.#connection.closing = true;
  }

  /** Keeps [from, end) as the beginning of what comes next; the bytes may be the head's own. */
  #retain(buffer: Buffer, from: number, end: number): void {
    const input = this.#input;
    if (buffer === input.head) {
      input.trimHead(from, end);
      this.#connection.account();
      return;
    }
    if (from < end) {
      this.#orKill(() => input.keep(buffer, from, end));
      if (this.#connection.closing) return;
      this.#connection.account();
    }
    this.#checkQueryLimit();
  }

  /** Closes the client if it sends more than may be kept of it. What is run just now is not kept. */
  #checkQueryLimit(): void {
    const bytes = this.#input.length;
    if (bytes <= this.#host.limits.queryBytes || (!this.#held && this.#input.hasChunks)) return;
    this.#host.log.warn(
      { client: this.#connection.id, address: this.#connection.address.remote, bytes },
      'Closing client that reached max query buffer length: id={client} addr={address} qbuf={bytes}',
    );
    this.#connection.kill();
  }
}
