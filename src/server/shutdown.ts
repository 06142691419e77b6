// How a server ends: by SHUTDOWN or a signal, which save the data first and may fail at that, or closed by the
// program around it.
//
//   begin ──▶ data saved ──▶ close ──▶ clients suspended, no background work, replies sent
//     └─ cannot: goes on                ──▶ log written and synced, what waits for it answered
//                                       ──▶ listener, connections and snapshots closed ──▶ log closed
import type { ClientPause } from '../core/client-pause.ts';
import type { ShutdownControl, ShutdownOptions } from '../core/services.ts';
import type { Logger } from '../logging/logger.ts';
import type { Connections } from '../net/connections.ts';
import type { Listener } from '../net/listener.ts';
import type { RemoteServers } from '../net/remote-servers.ts';
import type { ReplyQueue } from '../net/reply-queue.ts';
import type { LogKeeper } from '../persistence/log/log-keeper.ts';
import type { SnapshotKeeper } from '../persistence/snapshots/snapshot-keeper.ts';
import type { SnapshotScheduler } from '../persistence/snapshots/snapshot-scheduler.ts';
import type { Background } from './background.ts';
import type { ColdTier } from './cold-tier.ts';

const SHUTDOWN_FAILED = 'ERR Errors trying to SHUTDOWN. Check logs.';

/** What is ended, and what has a say in it. */
export interface ShutdownHost {
  readonly log: Logger;
  readonly pause: ClientPause;
  readonly background: Background;
  readonly snapshotScheduler: SnapshotScheduler;
  readonly snapshots: SnapshotKeeper;
  readonly replies: ReplyQueue;
  readonly remotes: RemoteServers;
  readonly wal: LogKeeper;
  readonly coldTier: ColdTier;
  readonly listener: Listener;
  readonly connections: Connections;
}

/** The end of a server; see the head of this file. */
export class Shutdown implements ShutdownControl {
  readonly #host: ShutdownHost;
  readonly #onClosed: (options: ShutdownOptions | undefined) => void;
  #closing: Promise<void> | undefined;

  /** @param onClosed called once the server has closed; is given how it was asked to, if by `begin` */
  constructor(host: ShutdownHost, onClosed: (options: ShutdownOptions | undefined) => void) {
    this.#host = host;
    this.#onClosed = onClosed;
  }

  begin(options: ShutdownOptions): string | undefined {
    const { log, pause, snapshots } = this.#host;
    log.warn({ details: options }, 'User requested shutdown...');
    if (!snapshots.saveAtEnd(options.save)) {
      if (!options.force) {
        log.warn("Error trying to save the DB, can't exit.");
        log.warn('Errors trying to shut down the server. Check the logs for more information.');
        return SHUTDOWN_FAILED;
      }
      log.warn('Error trying to save the DB. Exit anyway.');
    }
    pause.suspendForGood();
    setImmediate(() => {
      this.close(options).catch((error: unknown) => log.error({ err: error }, 'Shutdown'));
    });
    return undefined;
  }

  /** Nothing makes a shutdown wait yet, so there is never one to take back. */
  abort(): boolean {
    return false;
  }

  /** Whether the server closes, or has closed. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** As `close`, after saving the data if there are save points; what fails is logged. */
  end(): Promise<void> {
    if (this.#closing === undefined) this.#host.snapshots.saveAtEnd('default');
    return this.close();
  }

  /** Closes every client and stops listening; resolves when nothing is left open. */
  close(options?: ShutdownOptions): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async #close(options: ShutdownOptions | undefined): Promise<void> {
    const { background, connections, listener, log } = this.#host;
    const { coldTier, pause, remotes, replies, snapshotScheduler, wal } = this.#host;
    pause.suspendForGood();
    background.stop();
    const snapshotsClosed = snapshotScheduler.close();
    replies.flush();
    pause.close();
    remotes.close();
    // What waits for the log is still answered; what comes meanwhile is not run.
    if (wal.isOn) log.info('Calling fsync() on the AOF file.');
    await wal.flush();
    await Promise.all([listener.close(), snapshotsClosed, connections.close()]);
    await Promise.all([wal.close(), coldTier.close()]);
    this.#onClosed(options);
  }
}
