// Other servers, as the commands see them that talk to some: a connection to each, over which commands
// go out as bytes and replies of one line come back. The net layer has the sockets
// (net/remote-servers.ts).

/** A connection to another server, taken for one piece of work. Once anything failed, all that is left
 * is to read what had arrived. */
export interface Remote {
  /** The database that is selected there; undefined when that is not known. */
  database: string | undefined;
  /**
   * Sends bytes; resolves when the system has taken them all.
   * @param timeoutMs how long each 64 KiB of them may take
   * @throws RemoteError
   */
  write(bytes: Uint8Array, timeoutMs: number): Promise<void>;
  /**
   * The next line that the server sent, without its end, one character a byte.
   * @throws RemoteError when there is none within the time, or will not be
   */
  readLine(timeoutMs: number): Promise<string>;
  /** Gives it back: it is used again, or closed when it is not needed for some seconds. */
  release(): void;
  /** Closes it. */
  close(): void;
}

/** The connections to other servers. */
export interface Remotes {
  /** How many there are, in use or kept. */
  readonly size: number;
  /**
   * A connection to a server: one that was kept, or a new one. There must be one user of it at a time.
   * @param port in decimal, as a client wrote it
   * @throws RemoteError when there is none within the time
   */
  connect(host: string, port: string, timeoutMs: number): Promise<Remote>;
}

/** How it failed: nobody listens there; it took too long; anything else. */
export type RemoteFailure = 'refused' | 'timeout' | 'broken';

/** What a server was to do, it did not. */
export class RemoteError extends Error {
  readonly failure: RemoteFailure;

  constructor(message: string, failure: RemoteFailure) {
    super(message);
    this.failure = failure;
  }
}
