// How long a group of the log waits under `always` for others to share its sync. Those whom the last
// sync has released send again within some 100 µs, and whoever misses a sync waits for two. So a group
// waits until as many have come as were released, or until its time is up: databases know this as
// group commit with a commit delay (PostgreSQL's `commit_delay`), here measured instead of configured.

/** The longest delay, as a share of what the last sync took: never is it the larger part of the wait. */
const MAX_SHARE = 0.5;
/** The longest delay of all. Timers are no finer. */
const MAX_MS = 1;

/** Tells when a group is to be written and synced. */
export class CommitDelay {
  readonly #onOver: () => void;
  #expected = 0;
  #deadlineMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onOver called when the time is up, if someone asked before it was */
  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /**
   * A sync has ended.
   * @param expected how many it has released, and how many wait for the next one already
   * @param syncUs what it took
   */
  restart(expected: number, syncUs: number): void {
    this.#expected = expected;
    this.#deadlineMs = performance.now() + Math.min(MAX_MS, (MAX_SHARE * syncUs) / 1000);
  }

  /** Whether the group of `waiting` clients should wait no longer. */
  isOver(waiting: number): boolean {
    if (waiting >= this.#expected || performance.now() >= this.#deadlineMs) return true;
    // Whoever comes asks again; this is for when nobody does.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onOver();
    }, MAX_MS);
    return false;
  }

  /** Ends what it may have begun. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
