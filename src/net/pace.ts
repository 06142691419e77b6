// Bounds what large arguments and large replies take of one iteration of the event loop, for all
// connections together: bytes are moved for so long, and then it is everybody else's turn. Time is what
// counts, as a megabyte takes from a tenth of a millisecond to five: the kernel copies it, and finds new
// memory for it, beside whatever else the machine does.

/** From the first transfer of an iteration on; one that has begun then is finished. */
const TURN_MS = 1;
/** Bytes received and sent in one iteration at most, however fast. */
const TURN_BYTES = 4 * 1024 * 1024;

/**
 * Connections that begin to receive again in one iteration, at most. What each of them reads first is counted
 * only when it is there: a hundred that are ready at once would make an iteration of a hundred reads.
 */
const MOST_RECEIVERS = 2;

/** Moves bytes, and goes on in a later iteration when there were enough for now. */
export interface Paced {
  /** @returns whether it is going to receive in this iteration, which is not counted yet */
  goOn(): boolean;
}

/** The pace of large transfers; see the head of this file. */
export class Pace {
  readonly #now: () => number;
  #leftBytes = TURN_BYTES;
  /** When the first transfer of this iteration was counted; undefined: none was. */
  #since: number | undefined;
  #isScheduled = false;
  /** In the order in which they go on. */
  readonly #waiting = new Set<Paced>();

  /** @param now milliseconds of a clock that does not jump */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts bytes that were moved; returns whether more may be moved in this iteration. */
  take(bytes: number): boolean {
    this.#leftBytes -= bytes;
    this.#since ??= this.#now();
    if (!this.#isScheduled) this.#schedule();
    return this.mayMove;
  }

  /** Has somebody go on in a later iteration. */
  wait(paced: Paced): void {
    this.#waiting.add(paced);
    if (!this.#isScheduled) this.#schedule();
  }

  /** Whether bytes may be moved in this iteration. */
  get mayMove(): boolean {
    return (
      this.#leftBytes > 0 && (this.#since === undefined || this.#now() - this.#since < TURN_MS)
    );
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => this.#renew());
  }

  /** An iteration begins. */
  #renew(): void {
    this.#isScheduled = false;
    this.#leftBytes = TURN_BYTES;
    this.#since = undefined;
    let receivers = 0;
    for (const paced of this.#waiting) {
      if (!this.mayMove || receivers === MOST_RECEIVERS) break;
      this.#waiting.delete(paced);
      if (paced.goOn()) receivers++;
    }
    if (this.#waiting.size > 0 && !this.#isScheduled) this.#schedule();
  }
}
