// Bounds what large arguments and large replies take of one iteration of the event loop, for all
// connections together: so many bytes are moved, and then it is everybody else's turn.

/** Bytes received and sent in one iteration: one to three milliseconds. */
const BYTES = 4 * 1024 * 1024;

/** Moves bytes, and goes on in a later iteration when there were enough for now. */
export interface Paced {
  goOn(): void;
}

/** The pace of large transfers; see the head of this file. */
export class Pace {
  #leftBytes = BYTES;
  #isScheduled = false;
  #waiting: Paced[] = [];

  /** Counts bytes that were moved; returns whether more may be moved in this iteration. */
  take(bytes: number): boolean {
    this.#leftBytes -= bytes;
    if (!this.#isScheduled) this.#schedule();
    return this.#leftBytes > 0;
  }

  /** Has somebody go on in a later iteration: at most once until then. */
  wait(paced: Paced): void {
    this.#waiting.push(paced);
    if (!this.#isScheduled) this.#schedule();
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => this.#renew());
  }

  /** An iteration begins. */
  #renew(): void {
    this.#isScheduled = false;
    this.#leftBytes = BYTES;
    const waiting = this.#waiting;
    this.#waiting = [];
    let i = 0;
    while (i < waiting.length && this.#leftBytes > 0) waiting[i++].goOn();
    if (i === waiting.length) return;
    this.#waiting = [...waiting.slice(i), ...this.#waiting];
    if (!this.#isScheduled) this.#schedule();
  }
}
