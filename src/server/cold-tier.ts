// The cold part of streams in a server: opens its folder, lets streams move entries there once all data are loaded, and
// closes it. Files that nothing refers to after the start are deleted.
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import type { ColdError } from '../persistence/cold/cold-error.ts';
import { ColdStore } from '../persistence/cold/cold-store.ts';
import type { FileHold } from '../persistence/snapshots/snapshot-writing.ts';
import { streamsOf } from '../types/stream/values.ts';

/** Folder of the files, in the data directory. */
const FOLDER = 'streams';
/** Snapshots of a kind whose files are kept. */
const KEPT_SNAPSHOTS = 2;
/** What fails again is reported once in so long. */
const REPORT_INTERVAL_MS = 10_000;

/** What it needs from the server. */
export interface ColdTierHost {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly log: Logger;
}

/** See the head of this file. */
export class ColdTier {
  readonly #host: ColdTierHost;
  #store: ColdStore | undefined;
  /** What keeps files of snapshots that a start may load, oldest first: of the log, and others. */
  readonly #logHolds: (() => void)[] = [];
  readonly #saveHolds: (() => void)[] = [];
  #reportedMs = Number.NEGATIVE_INFINITY;

  constructor(host: ColdTierHost) {
    this.#host = host;
  }

  /** Memory that extents take which were read, or are being read, in bytes. */
  get usedBytes(): number {
    if (this.#store === undefined) return 0;
    const { cacheBytes, readingBytes } = this.#store.memory;
    return cacheBytes + readingBytes;
  }

  /** Looks for files of the last run, before data are loaded that may refer to them. */
  async open(): Promise<void> {
    const { config, keyspace, log } = this.#host;
    const streams = streamsOf(keyspace.entries);
    this.#store = await ColdStore.open(join(config.values.dir, FOLDER), {
      onWarning: (error) => log.warn({ err: error }, 'A file of cold stream entries'),
    });
    // What the data are loaded from may refer to all of them.
    const holds = config.values.appendonly ? this.#logHolds : this.#saveHolds;
    holds.push(this.#store.hold());
    streams.cold.store = this.#store;
    streams.spilling.onFailure = (error) => this.#report(error);
  }

  /**
   * Keeps the files that a snapshot refers to which begins now. Once it is whole, those are deleted that only earlier
   * ones refer to, but for the last one: that counts until the log's manifest says otherwise.
   */
  hold(isLogBase: boolean): FileHold {
    const release = this.#store?.hold() ?? (() => {});
    const holds = isLogBase ? this.#logHolds : this.#saveHolds;
    // A start may fall back on older generations of the log.
    const generations = isLogBase ? this.#host.config.values['snapshot-max-count'] : 0;
    return {
      keep() {
        holds.push(release);
        while (holds.length > Math.max(KEPT_SNAPSHOTS, generations)) holds.shift()?.();
      },
      release,
    };
  }

  /** All data are loaded: what they do not refer to is deleted, and entries may be moved from now on. */
  async recovered(): Promise<void> {
    const { log, keyspace } = this.#host;
    const { cold, spilling } = streamsOf(keyspace.entries);
    try {
      this.#reportDamage(await cold.verifyLoaded());
      await this.#store?.sweep(cold.references());
    } catch (error) {
      log.warn({ err: error }, 'Cold stream entries are kept in memory');
      return;
    }
    spilling.enable();
  }

  /** Ends what is being written. */
  async close(): Promise<void> {
    streamsOf(this.#host.keyspace.entries).spilling.isEnabled = false;
    await this.#store?.close();
  }

  /** Names each damaged file once: it may have thousands of extents. */
  #reportDamage(problems: readonly ColdError[]): void {
    for (const file of new Set(problems.map((problem) => problem.file))) {
      const [first, ...others] = problems.filter((problem) => problem.file === file);
      this.#host.log.warn(
        { err: first, file, others: others.length },
        'Entries of a stream cannot be read: {file} has this and {others} more problems',
      );
    }
  }

  #report(error: unknown): void {
    const nowMs = performance.now();
    if (nowMs - this.#reportedMs < REPORT_INTERVAL_MS) return;
    this.#reportedMs = nowMs;
    this.#host.log.warn({ err: error }, 'Entries of a stream cannot be moved to a file');
  }
}
