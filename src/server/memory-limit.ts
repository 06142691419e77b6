// `maxmemory`: keys are evicted while more is used than that. Before a command for a bounded time, which grows
// with `maxmemory-eviction-tenacity`; what is left goes on in the background.
import { MEMORY_LIMITED, type Restrictions } from '../core/restrictions.ts';
import type { MemoryUse } from '../core/services.ts';
import type { MemoryGuard } from '../dispatch/requirements.ts';
import {
  EVICTED_ENOUGH,
  EVICTION_IMPOSSIBLE,
  EVICTION_UNFINISHED,
  Eviction,
  evictionLimitMs,
} from '../keyspace/eviction.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import type { LatencyMonitor } from '../telemetry/latency-monitor.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';

/** What the limit needs of the server. */
export interface MemoryLimitHost {
  readonly keyspace: Keyspace;
  readonly memory: MemoryUse;
  readonly stats: ServerStats;
  readonly latency: LatencyMonitor;
  readonly log: Logger;
  readonly restrictions: Restrictions;
}

/** The memory limit; see the head of this file. */
export class MemoryLimit implements MemoryGuard {
  limited = false;
  /** `maxmemory-eviction-tenacity`, 0 … 100. */
  tenacity = 10;
  /** Chooses what is evicted. */
  readonly eviction: Eviction;
  readonly #host: MemoryLimitHost;
  /** Has `continueEviction` called soon. */
  readonly #wake: () => void;
  #limitBytes = 0;
  readonly #isOver = (): boolean => this.#host.memory.usedBytes > this.#limitBytes;

  /** @param wake to be called when there is something for `continueEviction` */
  constructor(host: MemoryLimitHost, wake: () => void) {
    this.#host = host;
    this.#wake = wake;
    this.eviction = new Eviction(host.keyspace);
  }

  /** Sets `maxmemory` in bytes, 0 for no limit, and begins to make room if it is exceeded. */
  set limitBytes(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.limited = limitBytes > 0;
    this.#host.restrictions.set(MEMORY_LIMITED, this.limited);
    if (!this.limited || !this.#isOver()) return;
    this.#host.log.warn(
      { limit: limitBytes, used: this.#host.memory.usedBytes },
      'WARNING: the new maxmemory value set via CONFIG SET ({limit}) is smaller than the current memory usage ({used}). This will result in key eviction and/or the inability to accept new write commands depending on the maxmemory-policy.',
    );
    this.#wake();
  }

  makeRoom(): boolean {
    if (!this.#isOver()) {
      const { stats } = this.#host;
      if (stats.exceededSinceMs !== 0) stats.noteMemoryLimit(false, performance.now());
      return true;
    }
    const result = this.#evict();
    if (result === EVICTION_UNFINISHED) this.#wake();
    return result !== EVICTION_IMPOSSIBLE;
  }

  /** Evicts keys in the background if the limit is exceeded; returns whether more remains to be evicted. */
  continueEviction(): boolean {
    return this.limited && this.#isOver() && this.#evict() === EVICTION_UNFINISHED;
  }

  #evict(): number {
    const { stats, latency } = this.#host;
    const startMs = performance.now();
    const result = this.eviction.run(this.#isOver, startMs + evictionLimitMs(this.tenacity));
    const endMs = performance.now();
    stats.noteMemoryLimit(result !== EVICTED_ENOUGH, endMs);
    latency.add('eviction-cycle', endMs - startMs);
    return result;
  }
}
