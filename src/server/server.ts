// The composition root: builds the parts of a server and connects them. Each part asks for what it needs of the
// others by an interface of its own, and the server has them all.
import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { systemMessage } from '../config/error.ts';
import { ClientMemory } from '../core/client-memory.ts';
import { ClientPause } from '../core/client-pause.ts';
import { ClientPeaks } from '../core/client-peaks.ts';
import { ClientRegistry } from '../core/client-registry.ts';
import type { CommandTable } from '../core/command-table.ts';
import { DebugSwitches } from '../core/debug-switches.ts';
import { DetachedClient } from '../core/detached-client.ts';
import { LoadState } from '../core/load-state.ts';
import { ReplyBufferSettings } from '../core/reply-buffer.ts';
import { Restrictions, TRACKING } from '../core/restrictions.ts';
import type { ServerIdentity, ServerProcess, Services, ShutdownOptions } from '../core/services.ts';
import type { BlockedClients } from '../dispatch/blocking/blocked-clients.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { EffectRecorder } from '../dispatch/effect-recorder.ts';
import type { ProtectedCheck } from '../dispatch/requirements.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import { Acceptor } from '../net/acceptor.ts';
import { ClientRounds } from '../net/client-rounds.ts';
import { Connections } from '../net/connections.ts';
import { IterationBudget } from '../net/iteration-budget.ts';
import { Listener } from '../net/listener.ts';
import { Pace } from '../net/pace.ts';
import type { BufferLimits } from '../net/pipeline-host.ts';
import { refuseProtected } from '../net/protected-commands.ts';
import { RemoteServers } from '../net/remote-servers.ts';
import { ReplyQueue } from '../net/reply-queue.ts';
import { RequestBatch } from '../net/request-batch.ts';
import { LogKeeper } from '../persistence/log/log-keeper.ts';
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
import { Background } from './background.ts';
import { ColdTier } from './cold-tier.ts';
import { MemoryLimit } from './memory-limit.ts';
import { MemoryRelease } from './memory-release.ts';
import { ServerMemoryUse } from './memory-use.ts';
import { Shutdown } from './shutdown.ts';

/** What a server is made of, and where. */
export interface ServerParts {
  readonly config: Config;
  readonly log: Logger;
  /** Version of Synap. */
  readonly version: string;
  readonly commands: CommandTable;
  /** By itself the process is somebody else's. */
  readonly process?: ServerProcess | undefined;
  /** Called once the server has closed, whoever asked for it. */
  readonly onClosed?: (options: ShutdownOptions | undefined) => void;
}

/** The process of a program that a server is a part of: its signals, its memory and its end are not the server's. */
const FOREIGN_PROCESS: ServerProcess = {
  isOwn: false,
  interruptible: (task) => {
    task();
    return true;
  },
  crash: undefined,
};

/** A server: its parts; see the head of this file. Settings.ts keeps them equal to the configuration. */
export class Server implements Services {
  readonly config: Config;
  readonly log: Logger;
  readonly process: ServerProcess;
  readonly commands: CommandTable;
  readonly identity: ServerIdentity;

  readonly stats = new ServerStats();
  readonly slowLog = new SlowLog();
  readonly latency = new LatencyMonitor();
  readonly debug = new DebugSwitches();

  readonly keyspace: Keyspace;
  readonly pubsub = new PubSub();
  readonly tracking: Tracking;
  readonly loading: LoadState;
  readonly stream = new CommandStream();
  readonly effects = new EffectRecorder(this.stream);
  readonly snapshotScheduler = new SnapshotScheduler();
  readonly snapshots: SnapshotKeeper;
  readonly wal: LogKeeper;
  readonly coldTier: ColdTier;

  readonly restrictions = new Restrictions();
  readonly clients = new ClientRegistry(this.restrictions);
  readonly pause: ClientPause;
  readonly clientMemory: ClientMemory;
  readonly clientPeaks = new ClientPeaks();
  readonly replyBuffers = new ReplyBufferSettings();

  readonly decoder = new RequestDecoder();
  readonly batch = new RequestBatch();
  readonly reply = new Reply();
  readonly dispatcher: Dispatcher;
  readonly blocking: BlockedClients;
  readonly isProtected: ProtectedCheck = (client, command) =>
    refuseProtected(this.config, client, command);

  readonly replies = new ReplyQueue(this.reply, this.stream, this.pubsub.areas);
  readonly budget = new IterationBudget(this.replies);
  readonly pace = new Pace();
  readonly limits: BufferLimits;
  readonly connections: Connections;
  readonly listener: Listener;
  readonly remotes = new RemoteServers();

  readonly memory: ServerMemoryUse;
  readonly memoryLimit: MemoryLimit;
  readonly release: MemoryRelease;
  readonly defrag: ActiveDefrag;
  readonly rounds: ClientRounds;
  readonly background: Background;
  readonly shutdown: Shutdown;

  constructor(parts: ServerParts) {
    const { config } = parts;
    this.config = config;
    this.log = parts.log;
    this.process = parts.process ?? FOREIGN_PROCESS;
    this.commands = parts.commands;

    this.keyspace = new Keyspace(valueTypes, config.values.databases);
    this.keyspace.events.publisher = this.pubsub;
    this.keyspace.observeRemovals(this.effects);
    this.stream.onProgress((durableOffset) => this.replies.release(durableOffset));
    this.reply.pinner = this.keyspace.arena.overflow;
    this.tracking = this.#newTracking();
    this.loading = new LoadState(this.restrictions);
    this.snapshots = new SnapshotKeeper(this);
    this.wal = new LogKeeper(this);
    this.coldTier = new ColdTier(this);

    this.pause = new ClientPause(this.keyspace, this.restrictions);
    this.clientMemory = new ClientMemory(this.clients, this.stats, this.log);
    this.memory = new ServerMemoryUse(this);
    this.memoryLimit = new MemoryLimit(this, () => this.background.wake());
    this.dispatcher = new Dispatcher(
      this.reply,
      this,
      this.memoryLimit,
      this.isProtected,
      new DetachedClient(this.keyspace),
      this.commands,
      this.effects,
    );
    this.blocking = this.dispatcher.blocking;

    this.limits = {
      queryBytes: config.values['client-query-buffer-limit'],
      output: config.values['client-output-buffer-limit'],
    };
    this.connections = new Connections(this);
    const listener = new Listener(new Acceptor(this));
    this.listener = listener;
    this.identity = {
      version: parts.version,
      runId: randomBytes(20).toString('hex'),
      startedMs: Date.now(),
      get port() {
        return listener.port;
      },
    };

    this.release = new MemoryRelease(this);
    this.defrag = new ActiveDefrag(this);
    this.rounds = new ClientRounds(this);
    this.background = new Background(this);
    this.keyspace.onReclaimable = () => this.background.wake();
    this.shutdown = new Shutdown(this, parts.onClosed ?? (() => {}));
  }

  #newTracking(): Tracking {
    return new Tracking(this.keyspace.seed, {
      find: (id) => {
        const client = this.clients.get(id);
        return client?.closing ? undefined : client;
      },
      observe: (observer) => this.keyspace.observe(observer),
      activated: (isActive) => this.restrictions.set(TRACKING, isActive),
      schedule: (task) => setImmediate(task),
    });
  }

  logFailed(error: Error | undefined): void {
    const reason = error === undefined ? undefined : systemMessage(error);
    this.dispatcher.admission.logFailure = reason;
  }
}
