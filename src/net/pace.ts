// Bounds what large arguments and large replies take of one iteration of the event loop, for all
// connections together: bytes are moved for so long, and then it is everybody else's turn. Time is what
// counts, as a megabyte takes from a tenth of a millisecond to five: the kernel copies it, and finds new
// memory for it, beside whatever else the machine does.

/** From the first transfer of an iteration on; one that has begun then is finished. */
const TURN_MS = 1;
/** Bytes received and sent in one iteration at most, however fast. */
const TURN_BYTES = 4 * 1024 * 1024;

/** Moves bytes, and goes on in a later iteration when there were enough for now. */
export interface Paced {
  goOn(): void;
}

/** The pace of large transfers; see the head of this file. */
export class Pace {
  readonly #now: () => number;
  #leftBytes = TURN_BYTES;
  /** When the first transfer of this iteration was counted; undefined: none was. */
  #since: number | undefined;
  #isScheduled = false;
  #waiting: Paced[] = [];

  /** @param now milliseconds of a clock that does not jump */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts bytes that were moved; returns whether more may be moved in this iteration. */
  take(bytes: number): boolean {
    this.#leftBytes -= bytes;
    this.#since ??= this.#now();
    if (!this.#isScheduled) this.#schedule();
    return this.#mayGoOn;
  }

  /** Has somebody go on in a later iteration: at most once until then. */
  wait(paced: Paced): void {
    this.#waiting.push(paced);
    if (!this.#isScheduled) this.#schedule();
  }

  get #mayGoOn(): boolean {
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
    const waiting = this.#waiting;
    this.#waiting = [];
    let i = 0;
    while (i < waiting.length && this.#mayGoOn) waiting[i++].goOn();
    if (i === waiting.length) return;
    this.#waiting = [...waiting.slice(i), ...this.#waiting];
    if (!this.#isScheduled) this.#schedule();
  }
}
