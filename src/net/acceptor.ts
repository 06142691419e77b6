// Admits clients: what of the accepted sockets becomes a connection, and what is turned away with a line that
// says why (`maxclients`, protected mode).
import type { Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import { needsPassword } from '../core/authentication.ts';
import type { Logger } from '../logging/logger.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import { receiveInto } from './accept.ts';
import type { Connections } from './connections.ts';
import type { IterationBudget } from './iteration-budget.ts';
import type { ListenHost } from './listener.ts';
import { clientAddress, isLoopback, PROTECTED_MODE_ERROR } from './peer.ts';

/** Bytes that one read of a socket takes at most. */
const READ_BYTES = 64 * 1024;
const TOO_MANY_CLIENTS = '-ERR max number of clients reached\r\n';

/** What admitting clients needs of the server. */
export interface AcceptorHost {
  readonly config: Config;
  readonly log: Logger;
  readonly stats: ServerStats;
  readonly budget: IterationBudget;
  readonly connections: Connections;
}

/** Makes connections of accepted sockets; see the head of this file. */
export class Acceptor implements ListenHost {
  readonly #host: AcceptorHost;
  /** What all sockets read into: it is free again when what was read has been looked at. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

  constructor(host: AcceptorHost) {
    this.#host = host;
  }

  accepted(accepted: Socket, unixSocket: boolean): void {
    const { budget, config, connections, stats } = this.#host;
    const { values } = config;
    stats.connectionsReceived++;
    const refusal = this.#refusal(accepted, unixSocket);
    if (refusal !== undefined) {
      this.#turnAway(accepted, refusal);
      return;
    }
    const keepAliveSeconds = values['tcp-keepalive'];
    if (keepAliveSeconds > 0 && !unixSocket) accepted.setKeepAlive(true, keepAliveSeconds * 1000);
    budget.accepted();
    receiveInto(accepted, this.#readBuffer, (socket) => {
      const address = clientAddress(socket, unixSocket ? values.unixsocket : '');
      return connections.add(socket, address).requests;
    });
  }

  acceptFailed(error: Error): void {
    this.#host.log.warn({ err: error }, 'Accepting client connection');
  }

  /** Why a client may not connect, as it is answered; undefined when it may. */
  #refusal(accepted: Socket, unixSocket: boolean): string | undefined {
    const { config, connections } = this.#host;
    const { values } = config;
    if (connections.size >= values.maxclients) return TOO_MANY_CLIENTS;
    const isOpen = values['protected-mode'] && !needsPassword(this.#host);
    return isOpen && !unixSocket && !isLoopback(accepted) ? PROTECTED_MODE_ERROR : undefined;
  }

  /** Sends the reason, and closes the socket. */
  #turnAway(accepted: Socket, error: string): void {
    this.#host.stats.connectionsRejected++;
    // The peer may be gone already: nobody is left to read it then.
    accepted.on('error', () => {});
    accepted.write(error);
    accepted.destroySoon();
  }
}
