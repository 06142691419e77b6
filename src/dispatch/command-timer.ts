// Counts commands and measures how long they take. Reading the clock costs as much as a tenth of a GET: commands
// that are quick whatever the data (`Command.quickUpTo`) are counted and timed together when they come in a
// pipeline, each for its share; runs of the same command are recorded in one go.
import { performance } from 'node:perf_hooks';
import type { Command, CommandStats } from '../core/command.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';

/** Quick commands that are timed together at most. */
const MAX_TOGETHER = 16;

/** See the head of this file. */
export class CommandTimer {
  /** When the clock was read last, by performance.now(): where the next command's time begins. */
  clockMs = 0;
  /** Whether durations go into histograms (`latency-tracking`). */
  recordsEach = true;

  readonly #stats: ServerStats;
  /** Commands that ran since then, by runs of the same one. */
  readonly #commands: Command[] = [];
  readonly #lengths = new Int32Array(MAX_TOGETHER);
  #runs = 0;
  #last: Command | undefined;
  /** How many they are, and may be. */
  #count = 0;
  #mostTogether = MAX_TOGETHER;

  constructor(stats: ServerStats) {
    this.#stats = stats;
  }

  /** Whether every command is timed by itself: what short thresholds need (`slowlog-log-slower-than`). */
  set timesEach(value: boolean) {
    this.#mostTogether = value ? 1 : MAX_TOGETHER;
  }

  /** Reads the clock: what runs next is timed from here on. */
  begin(): void {
    this.clockMs = performance.now();
  }

  /**
   * Counts a quick command that ran.
   * @returns whether so many have gathered that they are to be settled
   */
  ran(command: Command): boolean {
    if (command === this.#last) {
      this.#lengths[this.#runs - 1]++;
    } else {
      this.#last = command;
      this.#commands[this.#runs] = command;
      this.#lengths[this.#runs++] = 1;
    }
    return ++this.#count >= this.#mostTogether;
  }

  /**
   * Ends the timing of the commands that ran since the clock was last read: each took its share.
   * @returns that share, in µs; 0 when there were none
   */
  settle(): number {
    const count = this.#count;
    if (count === 0) return 0;
    const endMs = performance.now();
    const shareUs = ((endMs - this.clockMs) * 1000) / count;
    this.clockMs = endMs;
    this.#count = 0;
    this.#stats.commandsProcessed += count;
    for (let i = 0; i < this.#runs; i++) {
      const { stats } = this.#commands[i];
      const length = this.#lengths[i];
      stats.calls += length;
      stats.totalUs += shareUs * length;
      if (this.recordsEach) stats.histogram.record(shareUs, length);
    }
    this.#runs = 0;
    this.#last = undefined;
    return shareUs;
  }

  /**
   * Ends the timing of one command that ran by itself since `startMs`.
   * @returns how long it took, in µs
   */
  end(startMs: number): number {
    // The commands that this one ran (EXEC) count for themselves and as a part of it.
    this.settle();
    this.clockMs = performance.now();
    return (this.clockMs - startMs) * 1000;
  }

  /** Counts a command that ran by itself. */
  count({ stats }: Command): void {
    stats.calls++;
    this.#stats.commandsProcessed++;
  }

  /** Counts what it took, in µs. */
  account({ stats }: Command, durationUs: number): void {
    stats.totalUs += durationUs;
    if (this.recordsEach) stats.histogram.record(durationUs, 1);
  }

  /** Counts a command that waited, at its end: `tookUs` is counted already of the time it took. */
  accountUnblocked(stats: CommandStats, tookUs: number, totalUs: number): void {
    stats.totalUs += totalUs - tookUs;
    if (this.recordsEach) stats.histogram.record(totalUs, 1);
  }
}
