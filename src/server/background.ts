// The work that no request asks for: expiry, giving memory back, statistics, idle clients. It runs
// from one timer, `hz` times a second, and in slices of one to two milliseconds, with the event loop
// going on in between, so it never holds requests up.

import type { ClientMemory } from '../core/client-memory.ts';
import type { DebugSwitches } from '../core/debug-switches.ts';
import type { MemoryUse } from '../core/services.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { ClientRounds } from '../net/client-rounds.ts';
import type { LatencyMonitor } from '../telemetry/latency-monitor.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import { unixTimeMsAt, unixTimeUs } from '../telemetry/wall-clock.ts';
import type { Tracking } from '../tracking/tracking.ts';
import type { ActiveDefrag } from './active-defrag.ts';
import type { MemoryLimit } from './memory-limit.ts';
import type { MemoryRelease } from './memory-release.ts';

/** Time that each kind of background work takes at most in a slice, in ms. */
const SLICE_MS = 1;
/** What each step of `active-expire-effort` above 1 adds to the slices of expiry, in ms. */
const EFFORT_STEP_MS = 0.1;
/** Rest between two slices of unfinished work, in ms: leaves most of the time to requests. */
const REST_MS = 2;
/** Longest slice in which memory is freed, if much of it waits. */
const MAX_RECLAIM_MS = 25;
const SAMPLE_MS = 100;

/** What background work is done on, and its settings. */
export interface BackgroundHost {
  readonly keyspace: Keyspace;
  readonly stats: ServerStats;
  readonly latency: LatencyMonitor;
  readonly tracking: Tracking;
  readonly release: MemoryRelease;
  readonly defrag: ActiveDefrag;
  /** Whether due keys are looked for. */
  readonly debug: DebugSwitches;
  readonly memory: MemoryUse;
  readonly memoryLimit: MemoryLimit;
  readonly clientMemory: ClientMemory;
  readonly rounds: ClientRounds;
  /** Begins snapshots that are due. */
  readonly snapshotScheduler: { tick(): void };
  /** Looks after the log. */
  readonly wal: { tick(): void };
}

/** Runs the background work of a server. */
export class Background {
  /** `active-expire-effort`, 1 … 10: how much time due keys may take. */
  expiryEffort = 1;
  readonly #host: BackgroundHost;
  #frequency = 10;
  #timer: NodeJS.Timeout | undefined;
  #slice: NodeJS.Timeout | undefined;
  /** When the next slice was asked for. */
  #wokenMs = 0;
  #lastSampleMs = 0;
  #lastSecond = 0;

  constructor(host: BackgroundHost) {
    this.#host = host;
  }

  /** Begins. */
  start(): void {
    this.#timer = setInterval(() => this.#tick(), 1000 / this.#frequency);
  }

  /** Sets how often the timer runs (`hz`): 1 … 500 times a second. */
  setFrequency(hz: number): void {
    this.#frequency = hz;
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.start();
  }

  /** Ends; nothing is left that keeps the process alive. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#slice);
    this.#host.defrag.stop();
  }

  /** Has unfinished work (memory to give back, keys to evict) done soon. */
  wake(): void {
    if (this.#slice !== undefined) return;
    this.#wokenMs = performance.now();
    this.#slice = setTimeout(() => this.#runSlice(), REST_MS);
  }

  #tick(): void {
    const { clientMemory, debug, keyspace, memory, rounds, stats, tracking, release } = this.#host;
    // Keeps the clock that requests are timed by equal to the system's.
    const nowMs = Math.floor(unixTimeUs() / 1000);
    keyspace.tick(nowMs);
    clientMemory.checkHeap(nowMs);
    clientMemory.check();
    if (clientMemory.isOver) clientMemory.evict();
    if (!debug.worksInBackground) return;
    stats.peakUsedBytes = Math.max(stats.peakUsedBytes, memory.usedBytes);
    if (nowMs - this.#lastSampleMs >= SAMPLE_MS) {
      this.#lastSampleMs = nowMs;
      this.#host.wal.tick();
      this.#host.snapshotScheduler.tick();
      stats.opsPerSecond.sample(stats.commandsProcessed, nowMs);
      stats.bytesInPerSecond.sample(stats.bytesIn, nowMs);
      stats.bytesOutPerSecond.sample(stats.bytesOut, nowMs);
    }
    rounds.tick(nowMs, this.#frequency);
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#lastSecond) {
      this.#lastSecond = second;
      this.#host.defrag.tick();
      if (release.tick()) this.wake();
    }
    tracking.limitKeys();
    if (this.#slice === undefined) this.#runSlice();
  }

  /** One slice; comes again soon if there is more to do. */
  #runSlice(): void {
    this.#slice = undefined;
    const { keyspace, memoryLimit, release } = this.#host;
    keyspace.tick(unixTimeMsAt(performance.now()));
    const expiryLeft = this.#expire();
    const memoryLeft = keyspace.reclaim(performance.now() + this.#reclaimMs());
    const evictionLeft = memoryLimit.continueEviction();
    const releaseLeft = release.work(performance.now() + SLICE_MS);
    if (expiryLeft || memoryLeft || evictionLeft || releaseLeft) this.wake();
  }

  /**
   * How long memory may be freed: usually a moment, but where commands replace large values faster than that frees
   * them, as long as everything else took since the last slice.
   */
  #reclaimMs(): number {
    if (!this.#host.keyspace.isCrowded) return SLICE_MS;
    const elsewhereMs = performance.now() - this.#wokenMs;
    return Math.min(Math.max(elsewhereMs, SLICE_MS), MAX_RECLAIM_MS);
  }

  #expire(): boolean {
    const { keyspace, stats, latency, debug } = this.#host;
    if (!debug.expiresActively || keyspace.expiryPaused) return false;
    const startMs = performance.now();
    const left = keyspace.expireDue(startMs + SLICE_MS + EFFORT_STEP_MS * (this.expiryEffort - 1));
    const tookMs = performance.now() - startMs;
    stats.expiryCycleMs += tookMs;
    latency.add('expire-cycle', tookMs);
    return left;
  }
}
