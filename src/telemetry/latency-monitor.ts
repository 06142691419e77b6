// The latency monitor: what blocked the event loop, by kind of event, at least
// `latency-monitor-threshold` long. Each event keeps its newest 160 samples, at most one a second:
// of several in the same second the worst.
// Source: https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency-monitor/

/** Samples kept of an event. */
const HISTORY = 160;

/** The events that the server reports. */
export type LatencyEventName = 'command' | 'fast-command' | 'expire-cycle' | 'eviction-cycle';

/** The longest latency of an event in one second. */
export interface LatencySample {
  /** Seconds since the epoch. */
  readonly timeSeconds: number;
  readonly latencyMs: number;
}

/** The samples of an event. */
export interface LatencyEvent {
  readonly name: string;
  /** Oldest first; never empty. */
  readonly samples: readonly LatencySample[];
  /** The worst ever, since the event was reset. */
  readonly maxMs: number;
}

interface Series {
  readonly name: string;
  readonly samples: LatencySample[];
  maxMs: number;
}

/** The latency monitor of a server; see the head of this file. */
export class LatencyMonitor {
  /** `latency-monitor-threshold`; 0 switches the monitor off. */
  thresholdMs = 0;
  readonly #events = new Map<string, Series>();

  /** Records an event if its duration reaches the threshold. */
  add(event: LatencyEventName, durationMs: number): void {
    if (this.thresholdMs > 0 && durationMs >= this.thresholdMs) {
      this.record(event, durationMs, Math.floor(Date.now() / 1000));
    }
  }

  /** Records an event whatever the threshold says. Fractions of a millisecond are dropped. */
  record(event: string, durationMs: number, timeSeconds: number): void {
    const latencyMs = Math.floor(durationMs);
    let series = this.#events.get(event);
    if (series === undefined) {
      series = { name: event, samples: [], maxMs: 0 };
      this.#events.set(event, series);
    }
    series.maxMs = Math.max(series.maxMs, latencyMs);
    const { samples } = series;
    const last = samples.at(-1);
    if (last?.timeSeconds === timeSeconds) {
      if (latencyMs > last.latencyMs) samples[samples.length - 1] = { timeSeconds, latencyMs };
      return;
    }
    samples.push({ timeSeconds, latencyMs });
    if (samples.length > HISTORY) samples.shift();
  }

  /** All events that have samples, in the order in which they were first seen. */
  events(): LatencyEvent[] {
    return [...this.#events.values()];
  }

  /** The event of this name, if it has samples. */
  event(name: string): LatencyEvent | undefined {
    return this.#events.get(name);
  }

  /**
   * Forgets an event, or all when no name is given.
   * @returns number of events forgotten
   */
  reset(name?: string): number {
    if (name !== undefined) return this.#events.delete(name) ? 1 : 0;
    const count = this.#events.size;
    this.#events.clear();
    return count;
  }
}
