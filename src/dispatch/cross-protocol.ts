// Web pages can make a browser send requests to any address, also to a server behind a firewall, and
// the lines of such a request's body would be run as commands. A request that looks like one of HTTP
// therefore ends the connection, before its body is read.

import type { Client } from '../core/client.ts';
import type { Logger } from '../logging/logger.ts';
import type { Request } from '../protocol/request.ts';

/** The log is told at most once in so long: an attack must not fill the disk. */
const LOG_INTERVAL_MS = 60_000;

/** Ends connections over which HTTP is spoken; see the head of this file. */
export class CrossProtocolGuard {
  readonly #log: Logger;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Closes the client, with nothing answered, if its request is a line of HTTP; returns whether. */
  refuses(client: Client, request: Request): boolean {
    if (!request.is(0, 'post') && !request.is(0, 'host:')) return false;
    client.kill();
    const nowMs = performance.now();
    if (nowMs - this.#loggedMs >= LOG_INTERVAL_MS) {
      this.#loggedMs = nowMs;
      this.#log.warn(
        { details: { client: client.id }, address: client.address.remote },
        'Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis instance. Connection from {address} aborted.',
      );
    }
    return true;
  }
}
