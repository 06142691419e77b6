// The connections to other servers that commands open. One is kept for each server and used again, and
// closed when nobody has needed it for some seconds, as in Redis.
import { type Remote, RemoteError, type Remotes } from '../core/remotes.ts';
import { RemoteConnection, type RemoteOwner } from './remote-connection.ts';

/** How long a connection is kept that nobody needs, in ms. */
const KEPT_MS = 10_000;
const MAX_CONNECTIONS = 64;
const MAX_PORT = 65535;

/** See the head of this file. */
export class RemoteServers implements Remotes, RemoteOwner {
  /** Those that are connected, by address. */
  readonly #connections = new Map<string, RemoteConnection>();
  readonly #connecting = new Set<RemoteConnection>();
  /** Of those that nobody needs, the longest idle first. */
  readonly #timers = new Map<RemoteConnection, NodeJS.Timeout>();
  #isClosed = false;

  get size(): number {
    return this.#connections.size;
  }

  async connect(host: string, port: string, timeoutMs: number): Promise<Remote> {
    const address = `${host}:${port}`;
    const kept = this.#connections.get(address);
    if (kept !== undefined) {
      this.#stopTimer(kept);
      return kept;
    }
    const connection = this.#open(host, port);
    this.#connecting.add(connection);
    await connection.connected(timeoutMs);
    this.#connecting.delete(connection);
    if (this.#connections.size === MAX_CONNECTIONS) this.#closeLongestIdle();
    this.#connections.set(address, connection);
    return connection;
  }

  released(connection: RemoteConnection): void {
    this.#timers.set(
      connection,
      setTimeout(() => connection.close(), KEPT_MS),
    );
  }

  closed(connection: RemoteConnection): void {
    this.#stopTimer(connection);
    this.#connecting.delete(connection);
    for (const [address, one] of this.#connections) {
      if (one === connection) this.#connections.delete(address);
    }
  }

  /** Closes all; what is under way fails, and so does what comes. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#connecting, ...this.#connections.values()]) {
      connection.close();
    }
  }

  /** @param port what does not begin with digits is port 0, where nobody listens */
  #open(host: string, port: string): RemoteConnection {
    if (this.#isClosed) throw new RemoteError('this server is closing', 'broken');
    const number = Number.parseInt(port, 10);
    if (host === '' || number < 0) throw new RemoteError('this is no address', 'broken');
    if (!(number > 0 && number <= MAX_PORT)) throw new RemoteError('this is no port', 'refused');
    try {
      return new RemoteConnection(this, host, number);
    } catch (error) {
      // Node refuses some hosts at once, as of 22 those with a NUL.
      throw new RemoteError(error instanceof Error ? error.message : String(error), 'broken');
    }
  }

  #closeLongestIdle(): void {
    for (const connection of this.#timers.keys()) {
      connection.close();
      return;
    }
  }

  #stopTimer(connection: RemoteConnection): void {
    clearTimeout(this.#timers.get(connection));
    this.#timers.delete(connection);
  }
}
