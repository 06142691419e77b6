// A client that knows only bytes: what it is given goes out unchanged, what comes in is handed
// back reply by reply with its exact bytes. Replies to commands come in the order of the commands;
// a RESP3 push that arrives between them is delivered in its place and not counted.

import { connect, type Socket } from 'node:net';
import { encodeCommand, escapeBytes, showCommand } from './command-line.ts';
import { MalformedReplyError, parseReply, type Reply } from './reply-frames.ts';

const REPLY_TIMEOUT_MS = 12_000;
const SHOWN_BYTES = 400;

/** What `read` got: `closed` when the server hung up before all replies had arrived. */
export interface ReadResult {
  readonly replies: readonly Reply[];
  readonly closed: boolean;
}

export class RawClient {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  /** What came and was not read yet, at the beginning of a place with room for more. */
  #received: Buffer = Buffer.alloc(0);
  #place: Buffer = this.#received;
  #closed = false;
  #wake: (() => void) | undefined;
  /** What was sent and not yet read the reply of, readable, for the message of a timeout. */
  #unanswered: string[] = [];

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#append(chunk);
      this.#wake?.();
    });
    // An error (a reset, for one) always ends in 'close', and that is what readers are told.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /**
   * Opens a connection to 127.0.0.1.
   *
   * @throws Error when nobody listens there.
   */
  static connect(port: number, timeoutMs: number = REPLY_TIMEOUT_MS): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket, timeoutMs));
      });
    });
  }

  /** True once the server (or `close`) has ended the connection. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends bytes as they are; `description` is what a timeout shows for them. */
  send(bytes: Buffer, description: string = escapeBytes(bytes.subarray(0, SHOWN_BYTES))): void {
    this.#unanswered.push(description);
    if (!this.#closed) this.#socket.write(bytes);
  }

  /** Sends one command as an array of bulk strings. */
  sendCommand(args: readonly (string | Buffer)[]): void {
    this.send(encodeCommand(args), showCommand(args));
  }

  /**
   * Waits for `count` replies, pushes not counted unless `countPushes` is set: then a push is as
   * good as a reply, which is how a subscriber is answered in RESP3.
   *
   * @returns fewer than `count` only when the server closed the connection.
   * @throws Error when they do not arrive in time, naming what was waited for.
   */
  async read(count = 1, countPushes = false): Promise<ReadResult> {
    const replies: Reply[] = [];
    let missing = count;
    const deadlineMs = Date.now() + this.#timeoutMs;
    while (missing > 0) {
      const reply = this.#takeReply();
      if (reply !== undefined) {
        replies.push(reply);
        if (countPushes || reply.type !== '>') missing--;
      } else if (this.#closed) {
        this.#unanswered = [];
        return { replies, closed: true };
      } else {
        await this.#moreBefore(deadlineMs, `${missing} of ${count} replies`);
      }
    }
    this.#unanswered = [];
    return { replies, closed: false };
  }

  /**
   * Waits for replies and pushes, up to the first that contains the bytes.
   *
   * @throws Error when it does not arrive in time.
   */
  async readUntil(text: Buffer): Promise<ReadResult> {
    const replies: Reply[] = [];
    const deadlineMs = Date.now() + this.#timeoutMs;
    while (replies.at(-1)?.bytes.includes(text) !== true) {
      const reply = this.#takeReply();
      if (reply !== undefined) replies.push(reply);
      else if (this.#closed) return { replies, closed: true };
      else await this.#moreBefore(deadlineMs, `reply with ${escapeBytes(text)} in it`);
    }
    return { replies, closed: false };
  }

  /**
   * Waits until the server closes the connection.
   *
   * @returns everything that it sent before.
   * @throws Error when it stays open.
   */
  async readUntilClose(): Promise<Buffer> {
    const deadlineMs = Date.now() + this.#timeoutMs;
    while (!this.#closed) await this.#moreBefore(deadlineMs, 'the end of the connection');
    const bytes = this.#received;
    this.#received = Buffer.alloc(0);
    this.#unanswered = [];
    return bytes;
  }

  /**
   * Sends a command and reads its one reply.
   *
   * @throws Error when the server closes the connection instead, or does not answer in time.
   */
  async command(...args: (string | Buffer)[]): Promise<Reply> {
    this.sendCommand(args);
    const { replies, closed } = await this.read(1);
    const reply = replies.at(-1);
    if (closed || reply === undefined) {
      throw new Error(`the server closed the connection instead of answering ${showCommand(args)}`);
    }
    return reply;
  }

  /** Ends the connection; resolves when it is gone. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }

  /** Copies what there is only now and then, however long a reply is. */
  #append(chunk: Buffer): void {
    const start = this.#received.byteOffset - this.#place.byteOffset;
    const end = start + this.#received.length;
    const isInPlace = this.#received.buffer === this.#place.buffer && start >= 0;
    if (isInPlace && end + chunk.length <= this.#place.length) {
      chunk.copy(this.#place, end);
      this.#received = this.#place.subarray(start, end + chunk.length);
    } else if (this.#received.length === 0) {
      this.#received = chunk;
    } else {
      const length = this.#received.length + chunk.length;
      this.#place = Buffer.allocUnsafeSlow(2 * length);
      this.#received.copy(this.#place);
      chunk.copy(this.#place, this.#received.length);
      this.#received = this.#place.subarray(0, length);
    }
  }

  #takeReply(): Reply | undefined {
    try {
      const parsed = parseReply(this.#received, 0);
      if (parsed === undefined) return undefined;
      this.#received = this.#received.subarray(parsed.end);
      return parsed.reply;
    } catch (error) {
      if (!(error instanceof MalformedReplyError)) throw error;
      throw new Error(`${error.message}; ${this.#pending()}`);
    }
  }

  #moreBefore(deadlineMs: number, awaited: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#wake = undefined;
          reject(new Error(`no ${awaited} within ${this.#timeoutMs} ms; ${this.#pending()}`));
        },
        Math.max(1, deadlineMs - Date.now()),
      );
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #pending(): string {
    const received = escapeBytes(this.#received.subarray(0, SHOWN_BYTES));
    const sent = this.#unanswered.slice(-5).join(' | ');
    return `unanswered: ${sent || 'nothing'}; received and not a whole reply: "${received}"`;
  }
}
