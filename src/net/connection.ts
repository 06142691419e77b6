// A client on a socket: collects its bytes, runs the requests in them, sends the replies.
//
// While a read is being worked on, its requests are views on the shared read buffer, and replies
// gather in the shared reply buffer; both are free again when `receive` returns. Only what cannot
// be finished is kept per connection: the bytes of an incomplete or held request, and output that
// the socket did not take.
//
//   running ──request incomplete──▶ running (tail kept)
//   running ──CLIENT PAUSE──▶ held until the pause ends
//   running ──too much output unsent──▶ held until it drains
//   running ──the turn's time is up──▶ held until a later turn (turn.ts)
//   running ──waits for a key (blocked)──▶ held until it is answered, and then for a later turn
// A held connection keeps reading, up to `client-query-buffer-limit`, so a peer that writes a whole
// pipeline before it reads anything is never blocked; it only stops running requests, so that a
// peer that never reads makes no more memory grow.
import type { Socket } from 'node:net';
import { Client, type ClientAddress, type ClientBuffers, REPLY_ON } from '../commands/client.ts';
import { typeOf } from '../commands/client-type.ts';
import type { BufferLimit } from '../config/kinds/lists.ts';
import { COMPLETE, type DecodeResult, INVALID, type PartialRequest } from '../protocol/decoder.ts';
import type { ConnectionHost } from './host.ts';
import { handleOf } from './node-internals.ts';
import { type Output, openOutput } from './output.ts';
import { OutputLimit } from './output-limits.ts';
import type { Recipient } from './reply-queue.ts';

/** Unsent output above which a connection is held, in bytes. */
const HOLD_OUTPUT_BYTES = 4 * 1024 * 1024;
/** Replies above this are sent before the next request is run, in bytes. */
const FLUSH_BYTES = 1024 * 1024;
/** Smallest buffer for bytes that are kept. */
const MIN_PENDING_BYTES = 1024;
/** A kept buffer larger than this is dropped as soon as it is empty. */
const MAX_SPARE_BYTES = 64 * 1024;

/** What a connection takes at most of the heap and outside it, beside its buffers and its state, in bytes. */
const CONNECTION_HEAP_BYTES = 4096;
const CONNECTION_OUTSIDE_BYTES = 6144;

/** A connected client; see the head of this file. */
export class Connection extends Client implements Recipient {
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #host: ConnectionHost;
  readonly #limit = new OutputLimit();
  /** Bytes kept for later: [0, #pendingLength) of #pending. */
  #pending: Buffer | undefined;
  #pendingLength = 0;
  /** The beginning of an incomplete request that #pending starts with, decoded. */
  #partial: PartialRequest | undefined;
  /** Waits for the end of a pause, for a key, for its output to drain, or for a later turn. */
  #held = false;
  /** Of these, the last: its requests are run soon, whatever else happens. */
  #postponed = false;
  /** Its requests are run now though its output does not drain; see `#press`. */
  #pressed = false;
  /** The peer sends no more. What it asked before is still run and answered. */
  #ended = false;
  #running = false;
  /** Where this connection's replies begin in the shared reply buffer, while its requests run. */
  #replyStart = 0;
  firstEntry = -1;
  lastEntry = -1;
  neededOffset = 0;
  heldBytes = 0;
  /** It is to be closed as soon as what the log holds back of it has left. */
  #finishesWhenReleased = false;
  /** What `#account` counted last. */
  #accountedBytes = 0;

  constructor(socket: Socket, host: ConnectionHost, id: number, address: ClientAddress) {
    const [db] = host.keyspace.databases;
    super(id, address, db, Date.now(), host.trustsNewClients(), host.clientMemory);
    this.charge(CONNECTION_HEAP_BYTES, CONNECTION_OUTSIDE_BYTES);
    this.#socket = socket;
    this.#host = host;
    this.#output = openOutput(socket, () => this.#drained());
    socket.on('error', (error) => host.connectionFailed(this, error));
    socket.on('end', () => {
      this.#ended = true;
      this.#finishIfEnded();
    });
    socket.on('close', () => {
      host.replies.forget(this);
      this.dismiss();
      host.connectionClosed(this);
    });
  }

  /** Takes bytes that the socket received: [0, length) of a buffer that is free again afterwards. */
  receive(buffer: Buffer, length: number): void {
    const { stats } = this.#host;
    stats.bytesIn += length;
    stats.readsProcessed++;
    this.bytesIn += length;
    if (this.closing) return;
    if (!this.#held && !this.#host.turn.admits(this, this.#host.dispatcher.clockMs)) {
      this.#held = true;
      this.#postponed = true;
    }
    if (this.#pendingLength === 0 && !this.#held) {
      this.#process(buffer, length);
      return;
    }
    this.lastActiveMs = Date.now();
    this.#keep(buffer, 0, length);
    if (this.#postponed) {
      // It is not the peer's fault that this grows; the limit is for what is left afterwards.
    } else if (this.#isHeldByOutput() && this.#pendingLength > this.#host.queryLimitBytes) {
      this.#press();
    } else if (this.#held || this.#pendingLength < (this.#partial?.neededBytes ?? 0)) {
      this.#checkQueryLimit();
    } else {
      this.#processPending();
    }
  }

  #isHeldByOutput(): boolean {
    return this.#held && !this.blocked && this.#waitingBytes > HOLD_OUTPUT_BYTES;
  }

  /**
   * Runs all whole requests though the replies to earlier ones were not read: to keep more of them
   * would exceed the limit, which is for single requests. What grows then is the output, which has a
   * limit of its own.
   */
  #press(): void {
    this.#pressed = true;
    this.#held = false;
    this.#processPending();
    this.#pressed = false;
    if (this.closing) return;
    if (this.#waitingBytes > HOLD_OUTPUT_BYTES) this.#held = true;
    this.#checkQueryLimit();
  }

  /** Goes on, if what it was held for is over. */
  resume(): void {
    this.#postponed = false;
    if (!this.#held || this.blocked || this.closing) return;
    if (this.#waitingBytes > HOLD_OUTPUT_BYTES) return;
    this.#held = false;
    if (this.#pendingLength > 0) this.#processPending();
    else this.#finishIfEnded();
  }

  override block(): void {
    super.block();
    this.#held = true;
  }

  override unblock(): void {
    super.unblock();
    // Not here and now: this happens within the command of another client.
    if (this.#pendingLength > 0) this.#postpone();
    else this.resume();
  }

  #postpone(): void {
    this.#postponed = true;
    this.#host.turn.postpone(this);
  }

  override buffers(): ClientBuffers {
    const capacity = this.#pending?.length ?? 0;
    return {
      query: this.#pendingLength,
      queryFree: capacity - this.#pendingLength,
      arguments: 0,
      output: this.#waitingBytes,
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
    this.#host.releaseState(this);
    this.#host.replies.forget(this);
    this.#socket.destroy();
    this.dismiss();
  }

  override send(bytes: Buffer): void {
    if (this.closing) return;
    if (this.#running) this.#insert(bytes);
    else if (this.#isAnswered()) this.#host.reply.raw(bytes);
    else this.#host.replies.takeMessage(this, bytes, this.#host.dispatcher.neededByMessages);
  }

  override deliver(buffer: Buffer, start: number, end: number): void {
    if (this.closing) return;
    if (this.#running) this.#insert(buffer.subarray(start, end));
    else if (this.#isAnswered()) this.#host.reply.raw(buffer.subarray(start, end));
    else {
      const needed = this.#host.dispatcher.neededByMessages;
      this.#host.replies.takeShared(this, buffer, start, end, needed);
    }
  }

  /** Bytes that were sent and that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#output.unsentBytes;
  }

  /** Output that has not left: the kernel has not taken it, or it waits for the log. */
  get #waitingBytes(): number {
    return this.#output.unsentBytes + this.heldBytes;
  }

  /** Hands bytes to the socket; they stay as they are until `unsentBytes` is 0. */
  transmit(bytes: Buffer): void {
    const { stats } = this.#host;
    stats.bytesOut += bytes.length;
    stats.writesProcessed++;
    this.bytesOut += bytes.length;
    this.#output.write(bytes);
    if (this.#output.unsentBytes > 0) this.checkOutputLimit();
    if (this.#waitingBytes > HOLD_OUTPUT_BYTES && !this.#pressed) this.#held = true;
  }

  /** Closes the client if it leaves more unsent than its class may. */
  checkOutputLimit(): void {
    const unsent = this.#waitingBytes;
    this.#account(unsent);
    if (unsent === 0 && !this.#limit.counting) return;
    if (this.#limit.exceeded(this.#outputLimit(), unsent, Date.now())) {
      this.#host.log.warn(
        { client: this.id, address: this.address.remote, details: { unsentBytes: unsent } },
        'Client id={client} addr={address} scheduled to be closed ASAP for overcoming of output buffer limits.',
      );
      this.kill();
    }
  }

  /** `client-output-buffer-limit` of its class. */
  #outputLimit(): BufferLimit {
    const type = typeOf(this);
    return this.#host.outputLimits[type === 'master' ? 'replica' : type];
  }

  /** Whether the answer to its request that waited is encoded now, which it will get. */
  #isAnswered(): boolean {
    return this.#host.reply.borrower === this && this.replyMode === REPLY_ON;
  }

  /** Puts a message between the replies, where it belongs: one of its own requests caused it. */
  #insert(bytes: Buffer): void {
    const { reply } = this.#host;
    if (this.replyMode === REPLY_ON && reply.borrower === undefined) {
      reply.raw(bytes);
    } else {
      // Dispatch takes back what is not to be answered, or is for another who waited; messages come
      // anyway, and after that.
      this.insertions ??= [];
      this.insertions.push(Buffer.from(bytes));
    }
  }

  #processPending(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const length = this.#pendingLength;
    this.#pendingLength = 0;
    this.#process(pending, length);
  }

  /** Runs the requests in [0, end) and keeps what is left. */
  #process(buffer: Buffer, end: number): void {
    const { decoder, dispatcher, reply, replies } = this.#host;
    dispatcher.begin(this);
    this.#running = true;
    decoder.unauthenticated = !this.authenticated;
    decoder.request = this.#host.batch.requests[0];
    decoder.reset(buffer, 0, end, this.#partial);
    this.#partial = undefined;
    this.#replyStart = reply.position;
    let from = 0;
    let result: DecodeResult = COMPLETE;
    while (result === COMPLETE && !this.#held && !this.closing) {
      const start = decoder.position;
      result = this.#decodeBatch();
      from = this.#runBatch(start);
    }
    if (this.insertions !== undefined) this.insertInto(reply);
    this.#running = false;
    dispatcher.end();
    if (this.closing) {
      // What follows a request that ends the connection is not run.
    } else if (this.#held) {
      this.#retain(buffer, from, end);
    } else if (result === INVALID) {
      this.#refuse(decoder.error);
    } else {
      if (decoder.position < end) this.#partial = decoder.suspend();
      this.#retain(buffer, decoder.position, end);
    }
    // One who was evicted is answered nothing.
    if (this.#socket.destroyed) reply.rewind({ chunks: 0, position: this.#replyStart });
    replies.takeReplies(this, this.#replyStart, dispatcher.needed);
    replies.flushMessages();
    if (this.closing) this.#finish();
    else this.#finishIfEnded();
  }

  /** Closes the socket as soon as all replies are sent. */
  #finish(): void {
    this.closing = true;
    this.#host.blocking.forget(this);
    this.#host.replies.flush();
    if (this.#host.replies.isHolding(this)) this.#finishesWhenReleased = true;
    else this.#socket.destroySoon();
  }

  held(): void {
    this.checkOutputLimit();
    if (this.#waitingBytes > HOLD_OUTPUT_BYTES && !this.#pressed) this.#held = true;
  }

  released(): void {
    if (this.#finishesWhenReleased) {
      this.#socket.destroySoon();
      return;
    }
    this.checkOutputLimit();
    // Not here and now: the replies of others are being sent.
    const mayGoOn = this.#held && !this.blocked && !this.closing;
    if (mayGoOn && this.#host.mayRun(this)) this.#postpone();
  }

  /**
   * The same when the peer has ended its side and no request of it waits for a later turn, or for
   * output to drain. Those that wait for a key or that CLIENT PAUSE suspends are dropped, as by Redis:
   * the peer may have tried again elsewhere.
   */
  #finishIfEnded(): void {
    const waits = this.#held && !this.blocked && this.#waitingBytes > 0;
    if (this.#ended && !waits && !this.#postponed && !this.closing) this.#finish();
  }

  /**
   * Decodes requests ahead, and has the memory that they will likely touch read before the first
   * of them runs: the reads wait for memory side by side instead of one after another.
   */
  #decodeBatch(): DecodeResult {
    const { decoder, batch } = this.#host;
    const { requests, ends } = batch;
    // A client that must authenticate first is decoded one by one: AUTH changes the limits.
    const most = this.authenticated ? requests.length : 1;
    decoder.unauthenticated = !this.authenticated;
    let count = 0;
    let result: DecodeResult = COMPLETE;
    while (count < most) {
      decoder.request = requests[count];
      result = decoder.next();
      if (result !== COMPLETE) break;
      ends[count++] = decoder.position;
    }
    batch.count = count;
    if (count > 1) batch.warm(this.db);
    return result;
  }

  /**
   * Runs the decoded requests.
   * @param start where the first of them begins
   * @returns where the first request begins that was not run
   */
  #runBatch(start: number): number {
    const { clientMemory, dispatcher, batch, reply, replies } = this.#host;
    const { requests, ends, count } = batch;
    let from = start;
    for (let i = 0; i < count; i++) {
      const request = requests[i];
      if (request.count > 0 && !dispatcher.execute(this, request)) {
        this.#held = true;
        break;
      }
      from = ends[i];
      if (clientMemory.isOver) clientMemory.evict();
      if (reply.chunks.length > 0 && reply.pendingBytes > FLUSH_BYTES) {
        replies.takeReplies(this, this.#replyStart, dispatcher.needed);
        this.#replyStart = reply.position;
      }
      if (this.closing || this.#held) break;
    }
    return from;
  }

  #refuse(error: string): void {
    this.#host.log.verbose(
      { client: this.id, address: this.address.remote, error },
      'Protocol error ({error}) from client: id={client} addr={address}',
    );
    this.#host.reply.error(`ERR Protocol error: ${error}`);
    this.#host.stats.countError('ERR');
    this.closing = true;
  }

  #drained(): void {
    this.lastActiveMs = Date.now();
    this.checkOutputLimit();
    if (this.#host.mayRun(this)) this.resume();
  }

  /** Keeps [from, end) as the beginning of what comes next; the bytes may be #pending's own. */
  #retain(buffer: Buffer, from: number, end: number): void {
    if (buffer === this.#pending) {
      buffer.copyWithin(0, from, end);
      this.#pendingLength = end - from;
      if (end === from && buffer.length > MAX_SPARE_BYTES) this.#pending = undefined;
      this.#account(this.#waitingBytes);
      return;
    }
    if (from < end) this.#keep(buffer, from, end);
    this.#checkQueryLimit();
  }

  /** Appends [from, end) to the kept bytes. Capacity grows with what arrived, not with promises. */
  #keep(buffer: Buffer, from: number, end: number): void {
    const length = this.#pendingLength + end - from;
    if (this.#pending === undefined || this.#pending.length < length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(MIN_PENDING_BYTES, length * 2));
      this.#pending?.copy(larger, 0, 0, this.#pendingLength);
      this.#pending = larger;
    }
    buffer.copy(this.#pending, this.#pendingLength, from, end);
    this.#pendingLength = length;
    this.#account(this.#waitingBytes);
  }

  #checkQueryLimit(): void {
    if (this.#pendingLength <= this.#host.queryLimitBytes) return;
    this.#host.log.warn(
      { client: this.id, address: this.address.remote, bytes: this.#pendingLength },
      'Closing client that reached max query buffer length: id={client} addr={address} qbuf={bytes}',
    );
    this.kill();
  }

  /** Keeps right what its buffers count. */
  #account(unsentBytes: number): void {
    const bytes = unsentBytes + (this.#pending?.length ?? 0);
    if (bytes === this.#accountedBytes) return;
    this.charge(0, bytes - this.#accountedBytes);
    this.#accountedBytes = bytes;
  }
}
