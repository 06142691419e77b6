// The requests of a connection, from the bytes that its socket receives to their running, one after another.
//
// While a read is being worked on, its requests are views on the shared read buffer, which is free again when
// `receive` returns. Only what cannot be finished is kept: the bytes of an incomplete or paused request
// (input.ts). The bytes of a large argument are received where they will stay.
//
//   running ──request incomplete──────────────────────▶ running (tail kept)
//   running ──waits for a key (BLOCKED)───────────────▶ paused until it is answered, and then for a later iteration
//   running ──CLIENT PAUSE (SUSPENDED)────────────────▶ paused until that ends
//   running ──too much output unsent (OUTPUT_FULL)────▶ paused until it drains
//   running ──the iteration's time is up (YIELDED)────▶ paused until a later iteration (iteration-budget.ts)
// A connection may be paused for several reasons, and goes on when the last one is over. Meanwhile it keeps
// reading, up to `client-query-buffer-limit`, so a peer that writes a whole pipeline before it reads anything is
// never blocked; it only stops running requests, so that a peer that never reads makes no more memory grow.
// Reading pauses only for what runs anyway, later.
import type { Socket } from 'node:net';
import type { Client } from '../core/client.ts';
import { COMPLETE, type DecodeResult, INVALID } from '../protocol/decoder.ts';
import type { Request } from '../protocol/request.ts';
import type { Receiver } from './accept.ts';
import { killForInput, killForMemory } from './closed-clients.ts';
import type { ConnectionOutput, OutputObserver } from './connection-output.ts';
import { Input } from './input.ts';
import type { Runner } from './iteration-budget.ts';
import type { Paced } from './pace.ts';
import type { PipelineHost } from './pipeline-host.ts';

// Why a connection is paused: bits.
const BLOCKED = 1;
const SUSPENDED = 2;
const OUTPUT_FULL = 4;
const YIELDED = 8;

/** Unsent output above which a connection is paused, in bytes. */
const FULL_OUTPUT_BYTES = 4 * 1024 * 1024;
/** Bytes that are received at a time, at most. */
const RECEIVED_BYTES = 64 * 1024;
/** Replies above this are sent before the next request is run, in bytes. */
const FLUSH_BYTES = 1024 * 1024;

/** The client whose requests they are. */
export interface Requester extends Client {
  /** Where the replies go. */
  readonly output: ConnectionOutput;
  /** Counts what its buffers take by now. */
  account(): void;
  /** Closes the socket as soon as all replies are sent. */
  finish(): void;
  /** The same, if the peer has ended its side and nothing it asked for is still to be run. */
  finishIfEnded(): void;
}

/** Receives and runs requests; see the head of this file. */
export class RequestPipeline implements Receiver, Paced, Runner, OutputObserver {
  /** Whether requests are being run just now. */
  isRunning = false;
  readonly #connection: Requester;
  readonly #socket: Socket;
  readonly #host: PipelineHost;
  readonly #input: Input;
  /** Why no requests are run; 0 while they are. */
  #paused = 0;
  /** Its requests are run though its output does not drain; see `#drainInput`. */
  #isDrainingInput = false;
  /** Nothing is read from the socket until what was read is run, or others were served. */
  #isReadingPaused = false;
  /** Where this connection's replies begin in the shared reply buffer, while its requests run. */
  #replyStart = 0;
  /** Bytes in that buffer above which they are compared with the limit of the connection. */
  #checkedAbove = 0;
  /** Bytes that are run now, where they were received: the buffer that all connections share. */
  #runningBytes = 0;

  constructor(connection: Requester, socket: Socket, host: PipelineHost) {
    this.#connection = connection;
    this.#socket = socket;
    this.#host = host;
    this.#input = new Input(host.keyspace.arena.overflow);
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
    if (this.#mayGoOn()) {
      this.#take(buffer, from, end);
      return true;
    }
    const input = this.#input;
    this.#connection.lastActiveMs = Date.now();
    this.#orKill(() => input.queue(buffer, from, end));
    if (this.#connection.closing) return true;
    this.#connection.account();
    if ((this.#paused & YIELDED) !== 0) {
      // It is not the peer's fault that this grows; the limit is for what is left afterwards.
      this.#isReadingPaused = input.hasChunks;
      return !input.hasChunks;
    }
    const isAboveLimit = input.length > this.#host.limits.queryBytes;
    if (this.#paused === OUTPUT_FULL && isAboveLimit) this.#drainInput();
    else this.#checkQueryLimit();
    return true;
  }

  /** Whether requests may be run now: nothing pauses the connection, and the iteration has time left. */
  #mayGoOn(): boolean {
    if (this.#paused !== 0) return false;
    const { budget, dispatcher } = this.#host;
    if (budget.admits(this, dispatcher.timer.clockMs)) return true;
    this.#paused = YIELDED;
    return false;
  }

  /** The connection is not paused: runs what [from, end) completes. */
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
      killForMemory(this.#connection, this.#host.log, error);
      return undefined;
    }
  }

  // ── Being paused ────────────────────────────────────────────────────────────────────────────

  /** Its command waits: for a key, or for an answer that is deferred. */
  block(): void {
    this.#paused |= BLOCKED;
  }

  /** That command is answered, within the command of another client: what came since is run later. */
  unblock(): void {
    this.#paused &= ~BLOCKED;
    if (this.#input.isEmpty) this.#goOn();
    else this.#yield();
  }

  /** The pause that suspended its next request is over. */
  unsuspend(): void {
    this.#paused &= ~SUSPENDED;
    this.#goOn();
  }

  /** A later iteration of the event loop has begun. */
  resume(): void {
    this.#paused &= ~YIELDED;
    this.#goOn();
  }

  outputGrown(): void {
    if (this.#isOutputFull && !this.#isDrainingInput) this.#paused |= OUTPUT_FULL;
  }

  outputDrained(): void {
    if (this.#endOutputFull()) this.#goOn();
  }

  outputReleased(): void {
    // Not here and now: the replies of others are being sent.
    if (this.#endOutputFull() && this.#paused === 0) this.#yield();
  }

  /** Takes that reason away if it is over; returns whether it was one. */
  #endOutputFull(): boolean {
    if ((this.#paused & OUTPUT_FULL) === 0 || this.#isOutputFull) return false;
    this.#paused &= ~OUTPUT_FULL;
    return true;
  }

  get #isOutputFull(): boolean {
    return this.#connection.output.pendingBytes > FULL_OUTPUT_BYTES;
  }

  /** Goes on in a later iteration. */
  #yield(): void {
    this.#paused |= YIELDED;
    this.#host.budget.yield(this);
  }

  /** A reason to pause is over. */
  #goOn(): void {
    const connection = this.#connection;
    if (connection.closing) return;
    if (this.#paused === 0) {
      this.#runKept();
      connection.finishIfEnded();
    } else if ((this.#paused & YIELDED) === 0) {
      // It waits for something else now: that its peer is gone, it must notice.
      this.#resumeReading();
    }
  }

  /**
   * Runs all whole requests though the replies to earlier ones were not read: to keep more of them
   * would exceed the limit, which is for single requests. What grows then is the output, which has a
   * limit of its own.
   */
  #drainInput(): void {
    this.#isDrainingInput = true;
    this.#paused = 0;
    this.#runKept();
  }

  /**
   * Whether requests wait for a later iteration, or for output to drain; those that wait for a key or that
   * CLIENT PAUSE suspends are others.
   */
  get isToGoOn(): boolean {
    if (this.#paused === 0) return this.#input.hasChunks;
    return (this.#paused & YIELDED) !== 0 || this.#paused === OUTPUT_FULL;
  }

  /** Drops everything. */
  clear(): void {
    this.#input.clear();
  }

  /** Runs what was kept while the connection was paused, a chunk at a time, as far as the iteration has time. */
  #runKept(): void {
    const input = this.#input;
    if (input.headLength > 0 && input.isReady) this.#processHead();
    while (input.hasChunks && !this.#connection.closing && this.#mayGoOn()) {
      const chunk = input.takeChunk();
      this.#take(chunk, 0, chunk.length);
    }
    if (this.#connection.closing) return;
    const hasYielded = (this.#paused & YIELDED) !== 0;
    if (!hasYielded) this.#resumeReading();
    if (!this.#isDrainingInput || hasYielded) return;
    this.#isDrainingInput = false;
    this.outputGrown();
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
    while (result === COMPLETE && this.#paused === 0 && !connection.closing) {
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
    } else if (this.#paused !== 0) {
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
    replies.takeReplies(connection.output, this.#replyStart, dispatcher.requiredOffset);
    replies.flushMessages();
    if (connection.closing) connection.finish();
    else connection.finishIfEnded();
  }

  /** The replies of the connection begin here. */
  #beginReplies(): void {
    const { reply } = this.#host;
    const { output } = this.#connection;
    this.#replyStart = reply.position;
    reply.limit(output.mostReplyBytes);
    this.#checkedAbove = this.#replyStart + output.easyReplyBytes;
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
      killForMemory(this.#connection, this.#host.log, error);
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
        this.#paused |= SUSPENDED;
        if (request.large !== undefined) this.#keepRequest(request, from, ends[i]);
        break;
      }
      from = ends[i];
      if (request.large !== undefined) request.releaseLarge();
      if (clientMemory.isOver) clientMemory.evict();
      if (reply.isOverflowing) connection.output.overflow(reply.pendingBytes);
      else if (reply.pendingBytes > this.#checkedAbove) {
        connection.output.takes(reply.pendingBytes - this.#replyStart);
      }
      if (connection.closing || this.#paused !== 0) break;
      if (reply.chunks.length > 0 && reply.pendingBytes > FLUSH_BYTES) {
        replies.takeReplies(connection.output, this.#replyStart, dispatcher.requiredOffset);
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
    if (bytes <= this.#host.limits.queryBytes || (this.#paused === 0 && this.#input.hasChunks))
      return;
    killForInput(this.#connection, this.#host.log, bytes);
  }
}
