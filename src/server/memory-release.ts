// Gives memory back to the system that nothing needs any more, within seconds and in slices:
//
//   - pages of the arenas without a block in use, once they have been idle for some seconds;
//   - what else the process holds (release-policy.ts), mostly garbage that V8 has not collected, as nothing
//     made it: buffers of clients that are gone, above all.
//
// Only a program that has the process to itself does the second: a library leaves it to the program around it.
import type { MemoryPurge, MemoryUse, ServerProcess } from '../core/services.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Arena } from '../memory/arena.ts';
import { collectGarbage } from '../memory/collector.ts';
import { type ReleaseAction, ReleasePolicy } from '../memory/release-policy.ts';
import { type SystemMemory, systemMemory } from '../memory/system-memory.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import type { Tracking } from '../tracking/tracking.ts';

const MIB = 1024 * 1024;
/** Seconds between two looks at which pages were not needed. */
const AGING_SECONDS = 2;
/** Fewer idle bytes are not worth loading what gives back pages. */
const WORTHWHILE_BYTES = 4 * MIB;
/** With fewer commands in a second a pause concerns next to nobody. */
const IDLE_COMMANDS = 1000;
/** Collecting a larger JavaScript heap takes too long. */
const MAX_HEAP_BYTES = 128 * MIB;

/**
 * Between two collections that `purge` makes: each stops everybody for some ten milliseconds, and any client may ask
 * for them again and again.
 */
const PURGE_INTERVAL_MS = 1000;

/** What memory is given back of. */
export interface ReleaseHost {
  readonly keyspace: Keyspace;
  readonly tracking: Tracking;
  readonly stats: ServerStats;
  readonly memory: MemoryUse;
  readonly process: Pick<ServerProcess, 'isOwn'>;
  readonly wal: {
    /** Gives up buffers that are kept to be used again, and are not in use. */
    releaseSpares(): void;
  };
}

/** Gives memory back; see the head of this file. */
export class MemoryRelease implements MemoryPurge {
  readonly #host: ReleaseHost;
  readonly #policy: ReleasePolicy | undefined;
  #seconds = 0;
  #commands = 0;
  /** Whether there may be something for `work`. */
  #isWorking = false;
  /** What gives pages back, once there was enough to give. */
  #system: SystemMemory | undefined;
  /** When `purge` had garbage collected last, by performance.now(), and whether it is to be done once more. */
  #purgedMs = Number.NEGATIVE_INFINITY;
  #isPurgeDue = false;

  constructor(host: ReleaseHost) {
    this.#host = host;
    this.#policy = host.process.isOwn ? new ReleasePolicy(this.#ownBytes()) : undefined;
  }

  /** To be called once a second; returns whether there is something for `work`. */
  tick(): boolean {
    const { commandsProcessed } = this.#host.stats;
    const isIdle = commandsProcessed - this.#commands < IDLE_COMMANDS;
    this.#commands = commandsProcessed;
    if (++this.#seconds % AGING_SECONDS === 0) this.#age();
    if (this.#isPurgeDue) this.#collect();
    if (this.#policy !== undefined) this.#act(this.#policy.next(this.#ownBytes(), isIdle));
    return this.#isWorking;
  }

  /** Gives idle pages back until the deadline (by performance.now()); returns whether there is more. */
  work(deadline: number): boolean {
    if (!this.#isWorking) return false;
    for (const arena of this.#arenas()) {
      while (arena.releaseStep(this.#system)) if (performance.now() >= deadline) return true;
    }
    this.#isWorking = false;
    return false;
  }

  /** Gives back all that is not in use: at once, or garbage within a second where that was just done. */
  purge(): void {
    this.#host.keyspace.reclaim(Number.POSITIVE_INFINITY);
    this.#host.wal.releaseSpares();
    this.#system = systemMemory();
    for (const arena of this.#arenas()) {
      arena.ageAllFreePages();
      while (arena.releaseStep(this.#system));
    }
    if (this.#policy === undefined) return;
    if (performance.now() - this.#purgedMs < PURGE_INTERVAL_MS) this.#isPurgeDue = true;
    else this.#collect();
  }

  #collect(): void {
    this.#isPurgeDue = false;
    this.#purgedMs = performance.now();
    // What the first has found is freed by the second at the latest.
    collectGarbage();
    collectGarbage();
    this.#system?.trim();
  }

  #arenas(): Arena[] {
    const { keyspace, tracking } = this.#host;
    const { arena } = tracking.table;
    return arena === undefined ? [keyspace.arena] : [keyspace.arena, arena];
  }

  #age(): void {
    let idleBytes = 0;
    for (const arena of this.#arenas()) {
      arena.ageFreePages();
      idleBytes += arena.idleBytes;
    }
    if (idleBytes > 0) this.#isWorking = true;
    if (idleBytes >= WORTHWHILE_BYTES) this.#system = systemMemory();
  }

  #act(action: ReleaseAction): void {
    if (action === 'trim') systemMemory()?.trimAside();
    if (action !== 'collect') return;
    this.#host.wal.releaseSpares();
    if (process.memoryUsage().heapUsed <= MAX_HEAP_BYTES) collectGarbage();
  }

  /** Resident memory that is neither data nor a client's. */
  #ownBytes(): number {
    let dataBytes = this.#host.memory.usedBytes;
    for (const arena of this.#arenas()) dataBytes += arena.residentBytes - arena.usedBytes;
    return process.memoryUsage.rss() - dataBytes;
  }
}
