// The composition root: builds the parts of a server, connects them, and is what they see of each
// other (Services for commands, ConnectionHost for connections, BackgroundHost for the timer).
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import { systemMessage } from '../config/error.ts';
import type { MemoryShare } from '../config/kinds/numbers.ts';
import type { Client } from '../core/client.ts';
import { ClientMemory } from '../core/client-memory.ts';
import { ClientPeaks } from '../core/client-peaks.ts';
import { ClientRegistry, PAUSE_ALL, PAUSE_NONE } from '../core/client-registry.ts';
import type { CommandTable } from '../core/command-table.ts';
import { DebugSwitches } from '../core/debug-switches.ts';
import { DetachedClient } from '../core/detached-client.ts';
import { ReplyBufferSettings } from '../core/reply-buffer.ts';
import { MEMORY_LIMITED, Restrictions, TRACKING } from '../core/restrictions.ts';
import type { ServerIdentity, Services, ShutdownOptions } from '../core/services.ts';
import type { LoadProgress } from '../core/snapshots.ts';
import type { BlockedClients } from '../dispatch/blocking/blocked-clients.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { EffectRecorder } from '../dispatch/effect-recorder.ts';
import type { MemoryGuard, ProtectedCheck } from '../dispatch/requirements.ts';
import {
  EVICTED_ENOUGH,
  EVICTION_IMPOSSIBLE,
  EVICTION_UNFINISHED,
  Eviction,
  evictionLimitMs,
} from '../keyspace/eviction.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import { receiveInto } from '../net/accept.ts';
import { Connection } from '../net/connection.ts';
import type { ConnectionHost } from '../net/host.ts';
import { Listener, type ListenHost, type ListenOptions } from '../net/listener.ts';
import type { OutputLimits } from '../net/output-limits.ts';
import { Pace } from '../net/pace.ts';
import { clientAddress, isLoopback, PROTECTED_MODE_ERROR } from '../net/peer.ts';
import { refuseProtected } from '../net/protected-commands.ts';
import { RemoteServers } from '../net/remote-servers.ts';
import { ReplyQueue } from '../net/reply-queue.ts';
import { RequestBatch } from '../net/request-batch.ts';
import { Turn } from '../net/turn.ts';
import { LogKeeper, type LogKeeperHost } from '../persistence/log/log-keeper.ts';
import { SnapshotKeeper } from '../persistence/snapshots/snapshot-keeper.ts';
import { SnapshotScheduler } from '../persistence/snapshots/snapshot-scheduler.ts';
import { RequestDecoder } from '../protocol/decoder.ts';
import { Reply } from '../protocol/reply.ts';
import { PubSub } from '../pubsub/pubsub.ts';
import { CommandStream } from '../replication/command-stream.ts';
import { LatencyMonitor } from '../telemetry/latency-monitor.ts';
import { ServerStats } from '../telemetry/server-stats.ts';
import { SlowLog } from '../telemetry/slow-log.ts';
import { Tracking } from '../tracking/tracking.ts';
import { valueTypes } from '../types/index.ts';
import { ActiveDefrag } from './active-defrag.ts';
import { Background, type BackgroundHost } from './background.ts';
import { MemoryRelease, type ReleaseHost } from './memory-release.ts';

/** Bytes that one read of a socket takes at most. */
const READ_BYTES = 64 * 1024;
const SHUTDOWN_FAILED = 'ERR Errors trying to SHUTDOWN. Check logs.';
const TOO_MANY_CLIENTS = '-ERR max number of clients reached\r\n';

/** A server; see the head of this file. */
export class Server
  implements
    Services,
    ConnectionHost,
    ListenHost,
    BackgroundHost,
    MemoryGuard,
    LogKeeperHost,
    ReleaseHost
{
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly commands: CommandTable;
  readonly restrictions = new Restrictions();
  readonly clients = new ClientRegistry(this.restrictions);
  readonly stats = new ServerStats();
  readonly clientMemory: ClientMemory;
  readonly clientPeaks = new ClientPeaks();
  readonly replyBuffers = new ReplyBufferSettings();
  readonly slowLog = new SlowLog();
  readonly latency = new LatencyMonitor();
  readonly reply = new Reply();
  readonly decoder = new RequestDecoder();
  readonly batch = new RequestBatch();
  readonly pubsub = new PubSub();
  readonly stream = new CommandStream();
  readonly effects = new EffectRecorder(this.stream);
  readonly replies = new ReplyQueue(this.reply, this.stream, this.pubsub.areas);
  readonly turn = new Turn(this.replies);
  readonly pace = new Pace();
  readonly remotes = new RemoteServers();
  readonly tracking: Tracking;
  readonly snapshotScheduler = new SnapshotScheduler();
  readonly snapshots: SnapshotKeeper;
  readonly wal: LogKeeper;
  readonly dispatcher: Dispatcher;
  readonly eviction: Eviction;
  readonly release: MemoryRelease;
  readonly defrag: ActiveDefrag;
  readonly background: Background;

  // Settings that are read often; settings.ts keeps them equal to the configuration.
  maxMemoryBytes = 0;
  evictionTenacity = 10;
  queryLimitBytes = 1024 * 1024 * 1024;
  outputLimits: OutputLimits;
  idleTimeoutMs = 0;
  expiryEffort = 1;

  limited = false;

  readonly #listener: Listener;
  readonly #connections = new Set<Connection>();
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #isOver = (): boolean => this.usedMemoryBytes() > this.maxMemoryBytes;
  readonly isProtected: ProtectedCheck = (client, command) =>
    refuseProtected(this.config, client, command);
  readonly #identity: ServerIdentity;
  #closing: Promise<void> | undefined;
  readonly #onClosed: (options: ShutdownOptions | undefined) => void;
  readonly interruptible: (task: () => void) => boolean;
  readonly debug = new DebugSwitches();
  readonly crash: Services['crash'];

  constructor(parts: {
    config: Config;
    log: Logger;
    version: string;
    outputLimits: OutputLimits;
    commands: CommandTable;
    databases: number;
    /** Whether nothing but this server is in the process; by itself it is not. */
    ownsProcess?: boolean;
    /** Called once the server has closed, whoever asked for it. */
    onClosed: (options: ShutdownOptions | undefined) => void;
    interruptible?: ((task: () => void) => boolean) | undefined;
    /** Ends the process as a defect would, if that is the server's own. */
    crash?: Services['crash'];
  }) {
    this.config = parts.config;
    this.log = parts.log;
    this.clientMemory = new ClientMemory(this.clients, this.stats, this.log);
    this.outputLimits = parts.outputLimits;
    this.#onClosed = parts.onClosed;
    this.interruptible = parts.interruptible ?? runToItsEnd;
    this.crash = parts.crash;
    this.keyspace = new Keyspace(valueTypes, parts.databases);
    this.keyspace.events.publisher = this.pubsub;
    this.keyspace.observeRemovals(this.effects);
    this.stream.onProgress((durableOffset) => this.replies.release(durableOffset));
    this.reply.pinner = this.keyspace.arena.external;
    this.tracking = new Tracking(this.keyspace.seed, {
      find: (id) => {
        const client = this.clients.get(id);
        return client?.closing ? undefined : client;
      },
      observe: (observer) => this.keyspace.observe(observer),
      activated: (isActive) => this.restrictions.set(TRACKING, isActive),
      schedule: (task) => setImmediate(task),
    });
    this.snapshots = new SnapshotKeeper(this);
    this.wal = new LogKeeper(this);
    this.commands = parts.commands;
    this.eviction = new Eviction(this.keyspace);
    this.#identity = {
      version: parts.version,
      runId: randomBytes(20).toString('hex'),
      startedMs: Date.now(),
      port: 0,
    };
    const nobody = new DetachedClient(this.keyspace);
    this.dispatcher = new Dispatcher(
      this.reply,
      this,
      this,
      this.isProtected,
      nobody,
      parts.commands,
      this.effects,
    );
    this.defrag = new ActiveDefrag(this);
    this.release = new MemoryRelease(this, parts.ownsProcess ?? false);
    this.background = new Background(this);
    this.keyspace.onReclaimable = () => this.background.wake();
    this.#listener = new Listener(this);
    this.clients.onResume = () => this.#resumeClients();
  }

  detachedClient(): Client {
    return new DetachedClient(this.keyspace);
  }

  loading(progress: LoadProgress | undefined): void {
    this.snapshots.isLoading = progress !== undefined;
    this.snapshots.loading = progress;
    this.keyspace.tick(Date.now());
  }

  loaded(): void {
    this.keyspace.dirty = 0;
    this.keyspace.resetStats();
  }

  logFailed(error: Error | undefined): void {
    const reason = error === undefined ? undefined : systemMessage(error);
    this.dispatcher.admission.logFailure = reason;
  }

  get blocking(): BlockedClients {
    return this.dispatcher.blocking;
  }

  get identity(): ServerIdentity {
    return { ...this.#identity, port: this.port };
  }

  /** TCP port that it listens on, or 0. */
  get port(): number {
    return this.#listener.port;
  }

  /** Begins to listen. @throws the system's error when an address cannot be had */
  async listen(options: ListenOptions): Promise<void> {
    await this.#listener.open(options);
    this.background.start();
  }

  /**
   * Listens on other TCP addresses instead (CONFIG SET bind, port); clients stay connected.
   * @returns whether it does; otherwise everything is as it was
   */
  moveTo(port: number, addresses: readonly string[]): boolean {
    try {
      this.#listener.move(port, addresses);
      return true;
    } catch (error) {
      this.log.warn({ err: error, port, addresses }, 'Cannot listen on other addresses');
      return false;
    }
  }

  /** Whether it closes, or has closed. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Closes every client and stops listening; resolves when nothing is left open. */
  close(options?: ShutdownOptions): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** As `close`, after saving the data if there are save points; what fails is logged. */
  end(): Promise<void> {
    if (this.#closing === undefined) this.snapshots.saveAtEnd('default');
    return this.close();
  }

  async #close(options: ShutdownOptions | undefined): Promise<void> {
    this.clients.suspendForGood();
    this.background.stop();
    const snapshotsClosed = this.snapshotScheduler.close();
    this.replies.flush();
    this.clients.close();
    this.remotes.close();
    // What waits for the log is still answered; what comes meanwhile is not run.
    if (this.wal.isOn) this.log.info('Calling fsync() on the AOF file.');
    await this.wal.flush();
    const listenerClosed = this.#listener.close();
    const gone = [...this.#connections].map((connection) => connection.close());
    await Promise.all([listenerClosed, snapshotsClosed, ...gone]);
    await this.wal.close();
    this.#onClosed(options);
  }

  // ── For commands ────────────────────────────────────────────────────────────────────────────

  usedMemoryBytes(): number {
    return (
      this.keyspace.usedBytes +
      this.clientMemory.apartBytes +
      this.tracking.table.usedBytes +
      this.slowLog.sizeBytes
    );
  }

  reclaimNow(): void {
    this.keyspace.reclaim(Number.POSITIVE_INFINITY);
  }

  purgeMemory(): void {
    this.reclaimNow();
    this.release.purge();
  }

  releaseSpares(): void {
    this.wal.releaseSpares();
  }

  reclaimSoon(): void {
    this.background.wake();
  }

  shutdown(options: ShutdownOptions): string | undefined {
    this.log.warn({ details: options }, 'User requested shutdown...');
    if (!this.snapshots.saveAtEnd(options.save)) {
      if (!options.force) {
        this.log.warn("Error trying to save the DB, can't exit.");
        this.log.warn(
          'Errors trying to shut down the server. Check the logs for more information.',
        );
        return SHUTDOWN_FAILED;
      }
      this.log.warn('Error trying to save the DB. Exit anyway.');
    }
    this.clients.suspendForGood();
    setImmediate(() => {
      this.close(options).catch((error: unknown) => this.log.error({ err: error }, 'Shutdown'));
    });
    return undefined;
  }

  /** Nothing makes a shutdown wait yet, so there is never one to take back. */
  abortShutdown(): boolean {
    return false;
  }

  // ── Settings that concern more than a field ─────────────────────────────────────────────────

  /** Sets `maxmemory`, 0 for no limit, and begins to make room if it is exceeded. */
  setMaxMemory(limitBytes: number): void {
    this.maxMemoryBytes = limitBytes;
    this.limited = limitBytes > 0;
    this.restrictions.set(MEMORY_LIMITED, this.limited);
    if (this.limited && this.#isOver()) {
      this.log.warn(
        { limit: limitBytes, used: this.usedMemoryBytes() },
        'WARNING: the new maxmemory value set via CONFIG SET ({limit}) is smaller than the current memory usage ({used}). This will result in key eviction and/or the inability to accept new write commands depending on the maxmemory-policy.',
      );
      this.background.wake();
    }
  }

  /** Sets `maxmemory-clients`, 0 for no limit. */
  setMaxClientMemory(limit: MemoryShare, maxMemoryBytes: number): void {
    const { isPercent, amount } = limit;
    this.clientMemory.limitBytes = isPercent ? (maxMemoryBytes * amount) / 100 : amount;
  }

  // ── Memory ──────────────────────────────────────────────────────────────────────────────────

  makeRoom(): boolean {
    if (!this.#isOver()) {
      if (this.stats.exceededSinceMs !== 0) this.stats.noteMemoryLimit(false, performance.now());
      return true;
    }
    const result = this.#evict();
    if (result === EVICTION_UNFINISHED) this.background.wake();
    return result !== EVICTION_IMPOSSIBLE;
  }

  continueEviction(): boolean {
    return this.limited && this.#isOver() && this.#evict() === EVICTION_UNFINISHED;
  }

  #evict(): number {
    const startMs = performance.now();
    const result = this.eviction.run(
      this.#isOver,
      startMs + evictionLimitMs(this.evictionTenacity),
    );
    const endMs = performance.now();
    this.stats.noteMemoryLimit(result !== EVICTED_ENOUGH, endMs);
    this.latency.add('eviction-cycle', endMs - startMs);
    return result;
  }

  // ── For connections ─────────────────────────────────────────────────────────────────────────

  connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  trustsNewClients(): boolean {
    return this.config.values.requirepass.length === 0;
  }

  mayRun(): boolean {
    return this.clients.pauseMode !== PAUSE_ALL;
  }

  connectionFailed(connection: Client, error: Error): void {
    this.log.verbose({ client: connection.id, err: error }, 'Reading from client id={client}');
  }

  connectionClosed(connection: Client): void {
    if (this.log.writes('verbose')) {
      const { id, address, name } = connection;
      this.log.verbose(
        { id, address: address.remote, name },
        'Client closed connection id={id} addr={address} name={name}',
      );
    }
    if (connection instanceof Connection) this.#connections.delete(connection);
    this.clients.remove(connection);
    this.releaseState(connection);
  }

  releaseState(client: Client): void {
    client.endTransaction();
    this.keyspace.forgetWatches(client);
    this.blocking.forget(client);
    this.keyspace.finishInSteps(this.pubsub.forget(client));
    this.keyspace.finishInSteps(this.tracking.forget(client));
  }

  accepted(accepted: Socket, unixSocket: boolean): void {
    const { values } = this.config;
    this.stats.connectionsReceived++;
    if (this.#connections.size >= values.maxclients) {
      this.#turnAway(accepted, TOO_MANY_CLIENTS);
      return;
    }
    if (
      values['protected-mode'] &&
      this.trustsNewClients() &&
      !unixSocket &&
      !isLoopback(accepted)
    ) {
      this.#turnAway(accepted, PROTECTED_MODE_ERROR);
      return;
    }
    const keepAliveSeconds = values['tcp-keepalive'];
    if (keepAliveSeconds > 0 && !unixSocket) accepted.setKeepAlive(true, keepAliveSeconds * 1000);
    this.turn.accepted();
    receiveInto(accepted, this.#readBuffer, (socket) => {
      const address = clientAddress(socket, unixSocket ? values.unixsocket : '');
      const connection = new Connection(socket, this, this.clients.nextId(), address);
      this.#connections.add(connection);
      this.clients.add(connection);
      if (this.log.writes('verbose')) this.log.verbose(`Accepted ${address.remote}`);
      return connection.requests;
    });
  }

  acceptFailed(error: Error): void {
    this.log.warn({ err: error }, 'Accepting client connection');
  }

  /** Tells a socket why it is not wanted, and closes it. */
  #turnAway(accepted: Socket, error: string): void {
    this.stats.connectionsRejected++;
    // The peer may be gone already: there is nobody left to be told then.
    accepted.on('error', () => {});
    accepted.write(error);
    accepted.destroySoon();
  }

  #resumeClients(): void {
    this.keyspace.expiryPaused = this.clients.pauseMode !== PAUSE_NONE;
    const held = [...this.clients.held];
    this.clients.held.clear();
    for (const client of held) if (client instanceof Connection) client.requests.resume();
    // Those as well whose output drained during the pause.
    for (const connection of this.#connections) connection.requests.resume();
  }
}

/** Where nobody may interrupt: in a library, whose signals are its program's. */
function runToItsEnd(task: () => void): boolean {
  task();
  return true;
}
