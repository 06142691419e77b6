// When to release memory that the process holds besides its data: garbage, and memory that the C library keeps. Its
// amount cannot be measured. But the amount that the process needs in quiet times is known, and an excess over it
// that lasts some seconds is probably such memory. An attempt to release it is a garbage collection and, a second
// later, when its garbage is freed, a trim; both again after five seconds if that was not enough, because V8 shrinks
// its heap only when little was allocated for that long.
//
//   own memory      ┌──┐ attempt                      ┌──────── in vain: the new level
//   ── level ───────┘  └─────────────────── ──────────┘   … until a minute later it is tried again

const MIB = 1024 * 1024;
/** An excess over the level of this size is released after some quiet seconds, … */
const QUIET_EXCESS_BYTES = 8 * MIB;
const QUIET_SECONDS = 2;
/** … and one of this size, after this time, even while the server is busy. */
const BUSY_EXCESS_BYTES = 64 * MIB;
const BUSY_SECONDS = 15;
/** A second in which the amount changes by more does not count as quiet. */
const STEADY_BYTES = 2 * MIB;
const RETRY_SECONDS = 60;

/** What to do now. */
export type ReleaseAction = 'nothing' | 'collect' | 'trim';

/** An attempt, second by second. */
const ATTEMPT: readonly ReleaseAction[] = [
  ...(['collect', 'trim', 'nothing', 'nothing', 'nothing'] as const),
  ...(['collect', 'trim', 'nothing'] as const),
];
/** Step at which the attempt ends if enough was released. */
const SECOND_HALF = 5;

/** Decides when memory is given back; see the head of this file. */
export class ReleasePolicy {
  /** Bytes that the process needs besides its data: an attempt did not get below that. */
  #level: number;
  #least: number;
  #lastOwnBytes: number;
  /** Number of quiet seconds so far; and of seconds with an excess of BUSY_EXCESS_BYTES. */
  #quietSeconds = 0;
  #busySeconds = 0;
  /** Next step of the attempt under way; ATTEMPT.length when there is none. */
  #step = ATTEMPT.length;
  /** The smallest amount since the attempt began. */
  #leastOfAttempt = 0;
  #secondsSinceAttempt = 0;

  /** @param ownBytes bytes that the process takes besides its data at the start */
  constructor(ownBytes: number) {
    this.#level = ownBytes;
    this.#least = ownBytes;
    this.#lastOwnBytes = ownBytes;
  }

  /**
   * To be called once a second.
   * @param ownBytes what the process takes besides its data
   * @param isIdle whether the server has almost nothing to do
   */
  next(ownBytes: number, isIdle: boolean): ReleaseAction {
    const isQuiet = isIdle && Math.abs(ownBytes - this.#lastOwnBytes) <= STEADY_BYTES;
    this.#lastOwnBytes = ownBytes;
    this.#least = Math.min(this.#least, ownBytes);
    this.#level = Math.min(this.#level, ownBytes);
    if (this.#step < ATTEMPT.length) return this.#continue(ownBytes);
    if (++this.#secondsSinceAttempt === RETRY_SECONDS) this.#level = this.#least;
    if (!this.#isDue(ownBytes - this.#level, isQuiet)) return 'nothing';
    this.#step = 0;
    this.#leastOfAttempt = ownBytes;
    return this.#continue(ownBytes);
  }

  #isDue(excessBytes: number, isQuiet: boolean): boolean {
    this.#quietSeconds = isQuiet ? this.#quietSeconds + 1 : 0;
    this.#busySeconds = excessBytes < BUSY_EXCESS_BYTES ? 0 : this.#busySeconds + 1;
    if (this.#busySeconds >= BUSY_SECONDS) return true;
    return excessBytes >= QUIET_EXCESS_BYTES && this.#quietSeconds >= QUIET_SECONDS;
  }

  #continue(ownBytes: number): ReleaseAction {
    this.#leastOfAttempt = Math.min(this.#leastOfAttempt, ownBytes);
    const isEnough = ownBytes - this.#level < QUIET_EXCESS_BYTES;
    if (this.#step === SECOND_HALF && isEnough) this.#step = ATTEMPT.length - 1;
    const action = ATTEMPT[this.#step++];
    if (this.#step === ATTEMPT.length) this.#end();
    return action;
  }

  /** Excess that arises during an attempt is left to the next one. */
  #end(): void {
    this.#level = this.#leastOfAttempt;
    this.#quietSeconds = 0;
    this.#busySeconds = 0;
    this.#secondsSinceAttempt = 0;
  }
}
