// The connections of a server: who is connected, from the accepted socket to its close. What a client is, and
// what of it others may ask for, is the client registry's (core/client-registry.ts).
import type { Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import { needsPassword } from '../core/authentication.ts';
import type { ClientAddress } from '../core/client.ts';
import type { ClientRegistry } from '../core/client-registry.ts';
import { Connection, type ConnectionHost } from './connection.ts';

/** What connections need of the server around them. */
export interface ConnectionsHost extends ConnectionHost {
  readonly config: Config;
  readonly clients: ClientRegistry;
}

/** See the head of this file. */
export class Connections {
  readonly #host: ConnectionsHost;
  readonly #all = new Set<Connection>();

  constructor(host: ConnectionsHost) {
    this.#host = host;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** In the order in which they connected; it may go on while they come and go. */
  values(): IterableIterator<Connection> {
    return this.#all.values();
  }

  /** Makes a connection of a socket that was accepted; it is there until the socket is closed. */
  add(socket: Socket, address: ClientAddress): Connection {
    const host = this.#host;
    const id = host.clients.nextId();
    const isTrusted = !needsPassword(host);
    const connection = new Connection(socket, host, id, address, isTrusted, () =>
      this.#remove(connection),
    );
    this.#all.add(connection);
    host.clients.add(connection);
    if (host.log.writes('verbose')) host.log.verbose(`Accepted ${address.remote}`);
    return connection;
  }

  #remove(connection: Connection): void {
    const { clients, log } = this.#host;
    if (log.writes('verbose')) {
      const { id, address, name } = connection;
      log.verbose(
        { id, address: address.remote, name },
        'Client closed connection id={id} addr={address} name={name}',
      );
    }
    this.#all.delete(connection);
    clients.remove(connection);
  }

  /** Closes all at once; resolves when their sockets are closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }
}
