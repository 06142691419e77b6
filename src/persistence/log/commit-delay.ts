// How long a group of the log waits under `always` for others to share its sync. Clients released by the last sync
// send again within some 100 µs, and a client that misses a sync waits for two. So a group waits until as many have
// come as were released, or until its time is up: databases know this as group commit with a commit delay
// (PostgreSQL's `commit_delay`), here measured instead of configured.

/** The longest delay, as a share of the duration of the last sync. */
const MAX_SHARE = 0.5;
/** The longest delay of all. Timers are no finer. */
const MAX_MS = 1;

/** Decides when a group is written and synced. */
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
   * @param expected number of clients that it has released, plus those that already wait for the next one
   * @param syncUs what it took
   */
  restart(expected: number, syncUs: number): void {
    this.#expected = expected;
    this.#deadlineMs = performance.now() + Math.min(MAX_MS, (MAX_SHARE * syncUs) / 1000);
  }

  /** Whether the group of `waiting` clients should wait no longer. */
  isOver(waiting: number): boolean {
    if (waiting >= this.#expected || performance.now() >= this.#deadlineMs) return true;
    // Each further client asks again; the timer is for the case that none comes.
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
