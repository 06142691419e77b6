// Listens on TCP addresses and a unix socket, and hands accepted sockets on. The addresses can be
// changed while it runs: all of them or none, and clients stay connected.
import { chmodSync, existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { bindNow, checkBindNow } from './bind-now.ts';
import { isSocketAt, removeStaleSocket } from './stale-socket.ts';

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
  /** Whether to listen on TCP at all (`port 0` in a configuration means no). */
  readonly tcp: boolean;
}

/** What accepted sockets and troubles go to. */
export interface ListenHost {
  /** Takes an accepted socket that nobody reads from yet. */
  accepted(socket: Socket, unixSocket: boolean): void;
  /** A connection could not be accepted, such as for want of file descriptors. */
  acceptFailed(error: Error): void;
}

/** A server on one of the addresses. */
interface Bound {
  /** As `bind` has it, and what came of it: names are looked up. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly server: Server;
}

/** Longest path of a unix socket, in bytes: `sun_path` without its NUL. Node cuts off the rest. */
const MAX_UNIX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
/** Errors of an address that a leading '-' excuses. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTSUP']);

/** The listening sockets of a server. */
export class Listener {
  /** The TCP port; 0 without TCP. */
  port = 0;
  #backlog = 0;
  #tcp: Bound[] = [];
  #unix: Server | undefined;
  readonly #host: ListenHost;

  constructor(host: ListenHost) {
    this.#host = host;
  }

  /**
   * Begins to listen on everything named.
   * @throws the system's error when an address cannot be had, and an error without a code when
   *   there is none; nothing listens then
   */
  async open(options: ListenOptions): Promise<void> {
    this.#backlog = options.backlog;
    try {
      if (options.tcp) await this.#openTcp(options);
      if (options.unixSocket !== '') await this.#openUnix(options);
      if (this.#tcp.length === 0 && this.#unix === undefined) {
        throw new Error('there is neither a TCP address nor a unix socket to listen on');
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Listens on other TCP addresses instead. What is to be listened on before and after is not
   * interrupted.
   * @param port 0 for no TCP
   * @throws the system's error when an address cannot be had; all is as it was then
   */
  move(port: number, addresses: readonly string[]): void {
    const wanted = port === 0 ? [] : addresses;
    const before = this.#tcp;
    const kept = before.filter((one) => one.port === port && wanted.includes(one.address));
    const leaving = before.filter((one) => !kept.includes(one));
    const missing = [...wanted];
    for (const { address } of kept) missing.splice(missing.indexOf(address), 1);
    for (const address of missing) checkBindNow(hostOf(address));
    // On another port the new ones are opened first. On the same port they may overlap with those
    // that leave ('*' with any address), which therefore go first and come back on failure.
    const overlapping = leaving.filter((one) => one.port === port);
    for (const { server } of overlapping) server.close();
    const opened: Bound[] = [];
    try {
      for (const address of missing) this.#bindNow(opened, address, hostOf(address), port);
    } catch (error) {
      for (const { server } of opened) server.close();
      this.#tcp = before.filter((one) => !overlapping.includes(one));
      for (const one of overlapping) this.#bindNow(this.#tcp, one.address, one.host, one.port);
      throw error;
    }
    for (const { server } of leaving) if (server.listening) server.close();
    this.#tcp = [...kept, ...opened];
    this.port = port;
  }

  /** Stops listening. Accepted sockets are not touched. */
  async close(): Promise<void> {
    const servers = this.#tcp.map(({ server }) => server);
    if (this.#unix !== undefined) servers.push(this.#unix);
    this.#tcp = [];
    this.#unix = undefined;
    await Promise.all(
      servers.map((server) => new Promise<void>((done) => server.close(() => done()))),
    );
  }

  async #openTcp({ port, addresses }: ListenOptions): Promise<void> {
    this.port = port;
    for (const address of addresses) {
      const server = this.#create(false);
      const host = hostOf(address);
      try {
        await listen(server, { host, port: this.port, backlog: this.#backlog, ipv6Only: true });
      } catch (error) {
        if (isExcused(address, error)) continue;
        throw error;
      }
      const bound = server.address() as AddressInfo;
      this.port = bound.port;
      this.#tcp.push({ address, host: bound.address, port: this.port, server });
    }
  }

  #bindNow(bound: Bound[], address: string, host: string, port: number): void {
    const server = this.#create(false);
    try {
      bindNow(server, host, port, this.#backlog);
      bound.push({ address, host, port, server });
    } catch (error) {
      if (!isExcused(address, error)) throw error;
    }
  }

  async #openUnix(options: ListenOptions): Promise<void> {
    const { unixSocket: path, unixSocketMode: mode, backlog } = options;
    if (Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES) {
      const problem = `the path is too long (at most ${MAX_UNIX_PATH_BYTES} bytes): ${path}`;
      throw Object.assign(new Error(problem), { code: 'ENAMETOOLONG' });
    }
    if (isSocketAt(path)) await removeStaleSocket(path);
    const server = this.#create(true);
    const listening =
      mode === 0 ? listen(server, { path, backlog }) : listenUnseen(server, path, backlog);
    await listening.catch((error: unknown) => {
      throw unixError(error, path);
    });
    this.#unix = server;
    if (mode !== 0) chmodSync(path, mode);
  }

  #create(unixSocket: boolean): Server {
    const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true });
    server.on('connection', (socket) => this.#host.accepted(socket, unixSocket));
    server.on('error', (error) => {
      if (server.listening) this.#host.acceptFailed(error);
    });
    return server;
  }
}

/** The address to bind for an entry of `bind`. */
function hostOf(address: string): string {
  const name = address.startsWith('-') ? address.slice(1) : address;
  if (name === '*') return '0.0.0.0';
  return name === '::*' ? '::' : name;
}

/** libuv says EACCES where the folder of a unix socket is not there. */
function unixError(error: unknown, path: string): unknown {
  if (codeOf(error) !== 'EACCES' || existsSync(dirname(path))) return error;
  const place = { code: 'ENOENT', syscall: 'listen', address: path, port: -1 };
  return Object.assign(new Error(`listen ENOENT: no such file or directory ${path}`), place);
}

/** Whether the server goes on without the address. */
function isExcused(address: string, error: unknown): boolean {
  return address.startsWith('-') && UNAVAILABLE.has(codeOf(error));
}

/**
 * Listens on a unix socket that nobody may connect to until it gets its permissions: Node binds it before
 * it returns, and gives no other way to set them in between. A thread cannot change the umask.
 */
function listenUnseen(server: Server, path: string, backlog: number): Promise<void> {
  if (!isMainThread) return listen(server, { path, backlog });
  const umask = process.umask(0o777);
  try {
    return listen(server, { path, backlog });
  } finally {
    process.umask(umask);
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
