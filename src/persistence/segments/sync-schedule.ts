// When the log is forced to disk: `fdatasync` runs on another thread, at most one at a time, as
// often as the policy says; what is written while it runs belongs to the next one.

import type { Histogram } from '../../telemetry/histogram.ts';

/** `appendfsync`, and the interval for what lies between `always` and `everysec`. */
export interface SyncPolicy {
  readonly mode: 'always' | 'periodic' | 'no';
  /** Between the beginnings of two syncs when `periodic`: 1,000 is Redis's `everysec`. */
  readonly intervalMs: number;
}

/** What the schedule drives. */
export interface SyncTarget {
  /** Whether there is anything that is not on disk. */
  hasUnsynced(): boolean;
  /** Starts the sync of the oldest file; calls back once, with whether it worked. */
  startSync(done: (succeeded: boolean) => void): void;
}

/** The schedule of syncs; see the head of this file. */
export class SyncSchedule {
  readonly #target: SyncTarget;
  readonly #latency: Histogram;
  readonly #retryMs: number;
  #policy: SyncPolicy;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  /** Whether the last one failed: it is tried again, whatever the policy. */
  #hasFailed = false;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  /** Callers of `flush`, which wait for everything to be on disk. */
  #waiting: (() => void)[] = [];
  #isStopped = false;
  #stopped: (() => void) | undefined;
  lastLatencyUs = 0;

  constructor(target: SyncTarget, latency: Histogram, policy: SyncPolicy, retryMs: number) {
    this.#target = target;
    this.#latency = latency;
    this.#policy = policy;
    this.#retryMs = retryMs;
  }

  get policy(): SyncPolicy {
    return this.#policy;
  }

  set policy(policy: SyncPolicy) {
    this.#policy = policy;
    if (this.#hasFailed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.written();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Called after each group, and when the disk works again. */
  written(): void {
    if (this.#isRunning || this.#timer !== undefined || this.#isStopped) return;
    if (!this.#target.hasUnsynced()) return;
    const { mode, intervalMs } = this.#policy;
    if (mode === 'always') this.#start();
    else if (mode === 'periodic') {
      this.#startAfter(Math.max(0, this.#lastStartMs + intervalMs - performance.now()));
    }
  }

  /** Resolves when everything written by now, and whatever came meanwhile, is on disk. */
  flush(): Promise<void> {
    if (!this.#target.hasUnsynced() && !this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.startNow();
    });
  }

  /** Starts a sync that the policy has not asked for yet. */
  startNow(): void {
    if (this.#isRunning || this.#isStopped || !this.#target.hasUnsynced()) return;
    clearTimeout(this.#timer);
    this.#start();
  }

  /** Starts no further sync, and ends the waiting for one; resolves when none runs any more. */
  stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#release();
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stopped = resolve;
    });
  }

  #startAfter(delayMs: number): void {
    this.#timer = setTimeout(() => this.#start(), delayMs);
    this.#timer.unref();
  }

  #start(): void {
    this.#timer = undefined;
    this.#isRunning = true;
    const startMs = performance.now();
    this.#lastStartMs = startMs;
    this.#target.startSync((succeeded) => {
      this.#isRunning = false;
      this.#hasFailed = !succeeded;
      this.lastLatencyUs = (performance.now() - startMs) * 1000;
      if (succeeded) this.#latency.record(this.lastLatencyUs);
      this.#ended(succeeded);
    });
  }

  #ended(succeeded: boolean): void {
    if (this.#isStopped) this.#stopped?.();
    else if (!succeeded) this.#startAfter(this.#retryMs);
    else if (this.#target.hasUnsynced() && this.#waiting.length > 0) this.#start();
    else {
      this.#release();
      this.written();
    }
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
