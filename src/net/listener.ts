// Listens on TCP addresses and a unix socket, and hands accepted sockets on.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Where to listen. */
export interface ListenOptions {
  /** 0 picks a free port (the same for all addresses). */
  readonly port: number;
  /** Addresses as the directive `bind` has them: "*", "-::1" (skipped if not available) … */
  readonly addresses: readonly string[];
  readonly backlog: number;
  /** Path of a unix socket, or ''. */
  readonly unixSocket: string;
  /** Its permissions, or 0 to leave them to the umask. */
  readonly unixSocketMode: number;
  /** `tcp-keepalive`, in seconds; 0 for none. */
  readonly keepAliveSeconds: number;
  /** Whether to listen on TCP at all (`port 0` in a configuration means no). */
  readonly tcp: boolean;
}

/** Takes an accepted socket that nobody reads from yet. */
export type AcceptHandler = (socket: Socket, unixSocket: boolean) => void;

/** Errors of an address that a leading '-' excuses. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTSUP']);

/** The listening sockets of a server. */
export class Listener {
  /** The TCP port, once listening; 0 without TCP. */
  port = 0;
  readonly #servers: Server[] = [];
  readonly #accept: AcceptHandler;

  constructor(accept: AcceptHandler) {
    this.#accept = accept;
  }

  /**
   * Begins to listen on everything named.
   * @throws the system's error when an address cannot be had; nothing listens then
   */
  async open(options: ListenOptions): Promise<void> {
    try {
      if (options.tcp) await this.#openTcp(options);
      if (options.unixSocket !== '') await this.#openUnix(options);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Stops listening. Accepted sockets are not touched. */
  async close(): Promise<void> {
    const servers = this.#servers.splice(0);
    await Promise.all(
      servers.map((server) => new Promise<void>((done) => server.close(() => done()))),
    );
  }

  async #openTcp(options: ListenOptions): Promise<void> {
    this.port = options.port;
    let opened = 0;
    for (const address of options.addresses) {
      const optional = address.startsWith('-');
      const name = optional ? address.slice(1) : address;
      const host = name === '*' ? '0.0.0.0' : name === '::*' ? '::' : name;
      try {
        const server = this.#create(options, false);
        await listen(server, { host, port: this.port, backlog: options.backlog, ipv6Only: true });
        this.port = (server.address() as AddressInfo).port;
        opened++;
      } catch (error) {
        if (!(optional && UNAVAILABLE.has(codeOf(error)))) throw error;
      }
    }
    if (opened === 0 && options.addresses.length > 0) {
      throw new Error('none of the addresses to bind is available');
    }
  }

  async #openUnix(options: ListenOptions): Promise<void> {
    removeStaleSocket(options.unixSocket);
    const server = this.#create(options, true);
    await listen(server, { path: options.unixSocket, backlog: options.backlog });
    if (options.unixSocketMode !== 0) chmodSync(options.unixSocket, options.unixSocketMode);
  }

  #create(options: ListenOptions, unixSocket: boolean): Server {
    const server = createServer(
      {
        pauseOnConnect: true,
        noDelay: true,
        keepAlive: options.keepAliveSeconds > 0,
        keepAliveInitialDelay: options.keepAliveSeconds * 1000,
      },
      (socket) => this.#accept(socket, unixSocket),
    );
    this.#servers.push(server);
    return server;
  }
}

/** Removes what a server that was killed left behind; anything but a socket stays. */
function removeStaleSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function listen(server: Server, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
