// `activedefrag`: has sparse pages emptied in the background (keyspace/defragmentation.ts) while more memory is lost
// between values than the thresholds allow. As in Redis, its share of the time grows from `active-defrag-cycle-min`
// to `-max` while the loss grows from the lower threshold to the upper one. It works in slices of half a
// millisecond, and leaves as much time between them as its share wants.
import { Defragmentation } from '../keyspace/defragmentation.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';

const SLICE_MS = 0.5;
/** Timers are no finer: less is left to the event loop alone. */
const TIMER_MS = 1;

/** The directives: bytes, and shares in per cent. */
export interface DefragSettings {
  readonly activedefrag: boolean;
  readonly 'active-defrag-ignore-bytes': number;
  readonly 'active-defrag-threshold-lower': number;
  readonly 'active-defrag-threshold-upper': number;
  readonly 'active-defrag-cycle-min': number;
  readonly 'active-defrag-cycle-max': number;
  readonly 'active-defrag-max-scan-fields': number;
}

/** What it works on. */
export interface DefragHost {
  readonly keyspace: Keyspace;
  readonly stats: ServerStats;
  readonly log: Logger;
}

/** Defragments in the background; see the head of this file. */
export class ActiveDefrag {
  /** Its share of the time now, in per cent; 0 while it does not run. */
  effort = 0;
  readonly #host: DefragHost;
  readonly #cycle: Defragmentation;
  #settings: DefragSettings | undefined;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** Time that is to be left to others before the next slice. */
  #owedMs = 0;
  /** Of the cycle under way: when it began, and what was moved before. */
  #startMs = 0;
  #hitsBefore = 0;

  constructor(host: DefragHost) {
    this.#host = host;
    this.#cycle = new Defragmentation(host.keyspace);
  }

  /** Changes the settings; they count at once. */
  configure(settings: DefragSettings): void {
    this.#settings = settings;
    this.#cycle.maxElements = settings['active-defrag-max-scan-fields'];
    if (!settings.activedefrag) this.stop();
  }

  /** To be called once a second: begins a cycle when it is time, or works harder in the one under way. */
  tick(): void {
    const settings = this.#settings;
    if (settings?.activedefrag !== true || this.#host.keyspace.isLoading) return;
    const { lostBytes, lostPercent } = this.#loss();
    const isRunning = this.effort > 0;
    if (!isRunning && lostPercent < settings['active-defrag-threshold-lower']) return;
    if (!isRunning && lostBytes < settings['active-defrag-ignore-bytes']) return;
    this.effort = Math.max(this.effort, effortFor(lostPercent, settings));
    if (!isRunning) this.#begin();
  }

  /** Ends the cycle under way. */
  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    if (this.effort === 0) return;
    this.#cycle.end();
    this.effort = 0;
    this.#host.stats.defragEnded(performance.now());
  }

  /** What the keyspace's arena loses between blocks. */
  #loss(): { lostBytes: number; lostPercent: number } {
    const { usedBytes, activeBytes } = this.#host.keyspace.arena;
    const lostBytes = activeBytes - usedBytes;
    return { lostBytes, lostPercent: usedBytes === 0 ? 0 : (lostBytes / usedBytes) * 100 };
  }

  #begin(): void {
    if (!this.#cycle.begin()) {
      this.effort = 0;
      return;
    }
    const { keyspace, log, stats } = this.#host;
    const { lostBytes, lostPercent } = this.#loss();
    log.verbose(
      { frag: Math.round(lostPercent), fragBytes: lostBytes, cpu: this.effort },
      'Starting active defrag, frag={frag}%, frag_bytes={fragBytes}, cpu={cpu}%',
    );
    this.#startMs = performance.now();
    this.#hitsBefore = keyspace.stats.defragHits;
    this.#owedMs = 0;
    stats.defragBegan(this.#startMs);
    this.#slice();
  }

  /** One slice; another follows as long as there is more to do. */
  #slice(): void {
    const startMs = performance.now();
    let isMore = true;
    let nowMs = startMs;
    while (isMore && nowMs < startMs + SLICE_MS) {
      isMore = this.#host.keyspace.isLoading || this.#cycle.step();
      nowMs = performance.now();
    }
    if (isMore) this.#continueLater(nowMs - startMs);
    else this.#done(nowMs);
  }

  #continueLater(tookMs: number): void {
    this.#owedMs += tookMs * (100 / this.effort - 1);
    if (this.#owedMs < TIMER_MS) {
      this.#immediate = setImmediate(() => this.#slice());
      return;
    }
    this.#timer = setTimeout(() => this.#slice(), this.#owedMs);
    this.#owedMs = 0;
  }

  #done(nowMs: number): void {
    const { keyspace, log } = this.#host;
    const { lostBytes, lostPercent } = this.#loss();
    log.verbose(
      {
        ms: Math.round(nowMs - this.#startMs),
        moved: Math.max(0, keyspace.stats.defragHits - this.#hitsBefore),
        frag: Math.round(lostPercent),
        fragBytes: lostBytes,
      },
      'Active defrag done in {ms}ms, reallocated={moved}, frag={frag}%, frag_bytes={fragBytes}',
    );
    this.stop();
  }
}

/** The share of the time for a loss, in per cent: between the thresholds it grows with it. */
function effortFor(lostPercent: number, settings: DefragSettings): number {
  const lower = settings['active-defrag-threshold-lower'];
  const upper = settings['active-defrag-threshold-upper'];
  const least = settings['active-defrag-cycle-min'];
  const most = settings['active-defrag-cycle-max'];
  const share = upper === lower ? 1 : (lostPercent - lower) / (upper - lower);
  return Math.floor(Math.min(most, Math.max(least, least + share * (most - least))));
}
