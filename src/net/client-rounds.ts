// What is looked at for each client from time to time: whether it is idle for too long, or has had too
// much unsent for too long, and what its buffers take. All clients are seen within a second, a few of them
// in each tick, so that ten thousand are no pause for anybody.

import { type ClientPause, PAUSE_NONE } from '../core/client-pause.ts';
import type { ClientPeaks } from '../core/client-peaks.ts';
import type { ReplyBufferSettings } from '../core/reply-buffer.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';

/** Clients seen in a tick at least, if there are so many. */
const MIN_PER_TICK = 5;

/** What the rounds need of the server. */
export interface RoundsHost {
  readonly pause: ClientPause;
  readonly clientPeaks: ClientPeaks;
  readonly replyBuffers: ReplyBufferSettings;
  readonly connections: Connections;
}

/** See the head of this file. */
export class ClientRounds {
  /** `timeout`: idle clients are closed after so long; 0 never. */
  idleTimeoutMs = 0;
  readonly #host: RoundsHost;
  #round: Iterator<Connection> | undefined;

  constructor(host: RoundsHost) {
    this.#host = host;
  }

  /** Sees the next clients. @param nowMs Unix time, in ms */
  tick(nowMs: number, ticksPerSecond: number): void {
    const { clientPeaks, connections } = this.#host;
    const { size } = connections;
    clientPeaks.advance(nowMs);
    let left = Math.min(size, Math.max(MIN_PER_TICK, Math.ceil(size / ticksPerSecond)));
    for (; left > 0; left--) {
      this.#round ??= connections.values();
      const { done, value } = this.#round.next();
      if (done === true) this.#round = undefined;
      else this.#see(value, nowMs);
    }
  }

  #see(connection: Connection, nowMs: number): void {
    const { idleTimeoutMs } = this;
    const { clientPeaks, replyBuffers } = this.#host;
    const { query, queryFree, arguments: argumentBytes, output } = connection.buffers();
    const inputBytes = query + queryFree + argumentBytes + connection.waitingBytes;
    clientPeaks.note(inputBytes, connection.replyBuffer.listBytes(output));
    const idleMs = nowMs - connection.lastActiveMs;
    if (idleTimeoutMs > 0 && idleMs > idleTimeoutMs && this.#mayBeIdle(connection, query)) {
      connection.kill();
      return;
    }
    connection.output.checkLimit();
    connection.resizeReplyBuffer(replyBuffers, output, nowMs);
  }

  /**
   * Monitors and subscribers have nothing to send, and one whose request waits, for a key or for the
   * end of CLIENT PAUSE, is not idle.
   */
  #mayBeIdle(connection: Connection, queryBytes: number): boolean {
    if (connection.monitor || connection.blocked) return false;
    if (connection.subscriptions !== undefined) return false;
    return this.#host.pause.mode === PAUSE_NONE || queryBytes === 0;
  }
}
