// A connection to another server: commands go out as bytes, replies come back line by line, and each
// step has its time. A failure is final: the socket is closed, and only lines that had arrived before
// can still be read.
import { connect, type Socket } from 'node:net';
import { type Remote, RemoteError, type RemoteFailure } from '../core/remotes.ts';

/** Bytes that are given to the system at a time: each has its time. */
const CHUNK_BYTES = 64 * 1024;
/** A longer line is no reply of a server that is meant. */
const MAX_LINE_BYTES = 64 * 1024;
/** Longest time that a timer takes, in ms. */
const MAX_TIMER_MS = 0x7fffffff;
const LF = 10;

/** Who keeps the connections. */
export interface RemoteOwner {
  /** A connection is not needed at present. */
  released(connection: RemoteConnection): void;
  /** A connection is closed, or about to be. */
  closed(connection: RemoteConnection): void;
}

/** See the head of this file. */
export class RemoteConnection implements Remote {
  database: string | undefined = undefined;
  readonly #owner: RemoteOwner;
  readonly #socket: Socket;
  /** Those from `#nextLine` on are to be read. */
  #lines: string[] = [];
  #nextLine = 0;
  /** The beginning of a line that is not all there. */
  #rest: Buffer = Buffer.alloc(0);
  #isConnected = false;
  #failure: RemoteError | undefined;
  /** Something has happened; for the one who waits. */
  #wake: () => void = () => {};

  /** Begins to connect to a server; `connected` resolves when it is. */
  constructor(owner: RemoteOwner, host: string, port: number) {
    this.#owner = owner;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('connect', () => {
      this.#isConnected = true;
      this.#wake();
    });
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    this.#socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#fail(error.message, error.code === 'ECONNREFUSED' ? 'refused' : 'broken'),
    );
    this.#socket.on('end', () => this.#fail('the server closed the connection'));
    this.#socket.on('close', () => this.#fail('the connection was closed'));
  }

  /** Waits for the connection. @throws RemoteError */
  connected(timeoutMs: number): Promise<void> {
    return this.#until(() => this.#isConnected, timeoutMs);
  }

  async write(bytes: Uint8Array, timeoutMs: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      let isTaken = false;
      this.#socket.write(bytes.subarray(at, at + CHUNK_BYTES), (error) => {
        isTaken = error == null;
        this.#wake();
      });
      await this.#until(() => isTaken, timeoutMs);
    }
  }

  async readLine(timeoutMs: number): Promise<string> {
    await this.#until(() => this.#nextLine < this.#lines.length, timeoutMs);
    const line = this.#lines[this.#nextLine++];
    if (this.#nextLine === this.#lines.length) {
      this.#lines = [];
      this.#nextLine = 0;
    }
    return line;
  }

  release(): void {
    if (this.#failure === undefined) this.#owner.released(this);
  }

  close(): void {
    this.#fail('the connection is not needed any more');
  }

  /** Waits until something is so. @throws RemoteError when it is not in time, or cannot become so */
  async #until(isSo: () => boolean, timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!isSo()) {
      if (this.#failure !== undefined) throw this.#failure;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw this.#fail('it took too long', 'timeout');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(Math.ceil(leftMs), MAX_TIMER_MS));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #fail(reason: string, failure: RemoteFailure = 'broken'): RemoteError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = new RemoteError(reason, failure);
    this.#owner.closed(this);
    this.#socket.destroy();
    this.#wake();
    return this.#failure;
  }

  #receive(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let from = 0;
    for (let end = all.indexOf(LF); end >= 0; end = all.indexOf(LF, from)) {
      this.#lines.push(all.toString('latin1', from, end).replace(/\r$/, ''));
      from = end + 1;
    }
    this.#rest = all.subarray(from);
    if (this.#rest.length > MAX_LINE_BYTES) this.#fail('the reply is not one line');
    this.#wake();
  }
}
