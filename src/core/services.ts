// The server as commands see it. The composition root (server.ts) builds the parts.

import type { Config } from '../config/config.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import type { PubSub } from '../pubsub/pubsub.ts';
import type { LatencyMonitor } from '../telemetry/latency-monitor.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import type { SlowLog } from '../telemetry/slow-log.ts';
import type { Tracking } from '../tracking/tracking.ts';
import type { ClientMemory } from './client-memory.ts';
import type { ClientPause } from './client-pause.ts';
import type { ClientPeaks } from './client-peaks.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { CommandCatalog } from './command.ts';
import type { DebugSwitches } from './debug-switches.ts';
import type { Effects } from './effects.ts';
import type { LoadState } from './load-state.ts';
import type { Remotes } from './remotes.ts';
import type { ReplyBufferSettings } from './reply-buffer.ts';
import type { Restrictions } from './restrictions.ts';
import type { Snapshots } from './snapshots.ts';
import type { WaitingClients } from './waiting.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

/** How SHUTDOWN was asked for. */
export interface ShutdownOptions {
  readonly reason: string;
  /** Save, do not save, or as the configuration says. */
  readonly save: 'save' | 'nosave' | 'default';
  /** Do not wait for replicas. */
  readonly now: boolean;
  /** Go on even when saving fails. */
  readonly force: boolean;
}

/** Facts that do not change while the server runs. */
export interface ServerIdentity {
  /** Version of Synap. */
  readonly version: string;
  /** 40 hexadecimal digits, drawn anew at each start. */
  readonly runId: string;
  /** Unix time of the start, in ms. */
  readonly startedMs: number;
  /** TCP port that it listens on, or 0. */
  readonly port: number;
}

/** Active defragmentation, as INFO shows it. */
export interface Defrag {
  /** Its share of the time now, in per cent; 0 while it does not run. */
  readonly effort: number;
}

/** How much memory is used. */
export interface MemoryUse {
  /** Bytes of data and of clients' buffers: what `maxmemory` limits, and INFO shows as used_memory. */
  readonly usedBytes: number;
}

/** Gives memory back. */
export interface MemoryPurge {
  /** Gives back to the system all memory that is not in use, at once. */
  purge(): void;
}

/** Begins and takes back shutdowns. */
export interface ShutdownControl {
  /** Begins to shut down. Returns an error reply's text when it cannot, or undefined. */
  begin(options: ShutdownOptions): string | undefined;
  /** Takes back a shutdown that still waits; false when there is none. */
  abort(): boolean;
}

/** The process that a server runs in, as far as the server may act on it. */
export interface ServerProcess {
  /** Whether nothing but the server is in it. */
  readonly isOwn: boolean;
  /**
   * Runs long work that a signal to the process may interrupt, and only what may be left half done.
   * @returns whether it ended by itself
   */
  interruptible(task: () => void): boolean;
  /** Ends it as a defect would; undefined where it is not the server's own. */
  readonly crash: ((signal: 'SIGSEGV' | 'SIGABRT', reason: string) => void) | undefined;
}

/** What commands can reach. */
export interface Services {
  readonly identity: ServerIdentity;
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly pubsub: PubSub;
  readonly clients: ClientRegistry;
  readonly pause: ClientPause;
  /** What of the server's state admission must look at. */
  readonly restrictions: Restrictions;
  /** What clients take, and how much more they may. */
  readonly clientMemory: ClientMemory;
  /** The largest buffers that clients had lately. */
  readonly clientPeaks: ClientPeaks;
  /** How their shares of the buffers for replies are resized. */
  readonly replyBuffers: ReplyBufferSettings;
  readonly commands: CommandCatalog;
  readonly tracking: Tracking;
  readonly blocking: WaitingClients;
  readonly stats: ServerStats;
  /** Where changes are told of that are to be repeated. */
  readonly effects: Effects;
  /** The log where changes go. */
  readonly wal: WriteAheadLog;
  readonly snapshots: Snapshots;
  readonly loading: LoadState;
  /** Other servers. */
  readonly remotes: Remotes;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly log: Logger;
  readonly memory: MemoryUse;
  readonly release: MemoryPurge;
  /** What moves data to close gaps between it. */
  readonly defrag: Defrag;
  /** What DEBUG has switched off. */
  readonly debug: DebugSwitches;
  readonly process: ServerProcess;
  readonly shutdown: ShutdownControl;
}
