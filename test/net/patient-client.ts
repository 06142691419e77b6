// A client that reads only when it is told to: until then what the server sends fills the buffers of
// the system, and then the server's own.

import { connect, type NetConnectOpts, type Socket } from 'node:net';

export class PatientClient {
  /** For what only a socket can do: end, resetAndDestroy. */
  readonly socket: Socket;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#received.push(chunk);
      this.#receivedBytes += chunk.length;
      this.#wake();
    });
    // `data` listeners make a socket flow; this one waits to be told.
    socket.pause();
    // An error always ends in 'close', and that is what readers are told.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static connect(where: NetConnectOpts): Promise<PatientClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(where);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new PatientClient(socket));
      });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends bytes; resolves when the system has taken all of them, or the connection is closed. */
  write(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  /** Reads until so many bytes have come, or the server has closed the connection. */
  async read(bytes: number): Promise<Buffer> {
    this.socket.resume();
    while (this.#receivedBytes < bytes && !this.#closed) await this.#change();
    this.socket.pause();
    const received = Buffer.concat(this.#received);
    this.#received = [];
    this.#receivedBytes = 0;
    return received;
  }

  /** Reads until the server closes the connection. */
  readToEnd(): Promise<Buffer> {
    return this.read(Number.POSITIVE_INFINITY);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.destroy();
    });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
