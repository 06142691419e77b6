// When a process gives back what it holds besides its data: garbage, and memory that the C library keeps. How
// much that is cannot be asked for. But what a process takes in quiet times is known, and what exceeds that
// for some seconds is probably such memory. An attempt to give it back is a collection and, a second later,
// when all that it found is freed, a trim; and the same again after five seconds if that was not enough: V8
// gives up parts of its heap when it has seen that little was allocated for so long.
//
//   own memory      ┌──┐ attempt                      ┌──────── in vain: the new level
//   ── level ───────┘  └─────────────────── ──────────┘   … until a minute later it is tried again

const MIB = 1024 * 1024;
/** What exceeds the level by so much is given back when it has been quiet for some seconds, … */
const QUIET_EXCESS_BYTES = 8 * MIB;
const QUIET_SECONDS = 2;
/** … and by so much, for so long, at any time. */
const BUSY_EXCESS_BYTES = 64 * MIB;
const BUSY_SECONDS = 15;
/** A second in which it changes by more is not a quiet one: something goes on. */
const STEADY_BYTES = 2 * MIB;
const RETRY_SECONDS = 60;

/** What to do now. */
export type ReleaseAction = 'nothing' | 'collect' | 'trim';

/** An attempt, second by second. */
const ATTEMPT: readonly ReleaseAction[] = [
  ...(['collect', 'trim', 'nothing', 'nothing', 'nothing'] as const),
  ...(['collect', 'trim', 'nothing'] as const),
];
/** Here it ends if what was given back is enough. */
const SECOND_HALF = 5;

/** Decides when memory is given back; see the head of this file. */
export class ReleasePolicy {
  /** What the process is known to need besides its data, in bytes: an attempt did not get it lower. */
  #level: number;
  #least: number;
  #lastOwnBytes: number;
  /** For so many seconds it has been quiet; and there has been so much that it must go at any time. */
  #quietSeconds = 0;
  #busySeconds = 0;
  /** Next step of the attempt under way; ATTEMPT.length when there is none. */
  #step = ATTEMPT.length;
  /** The least since it began. */
  #leastOfAttempt = 0;
  #secondsSinceAttempt = 0;

  /** @param ownBytes what it takes besides its data at the start */
  constructor(ownBytes: number) {
    this.#level = ownBytes;
    this.#least = ownBytes;
    this.#lastOwnBytes = ownBytes;
  }

  /**
   * To be called once a second.
   * @param ownBytes what the process takes besides its data
   * @param isIdle whether it has next to nothing to do
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

  /** What came during an attempt is the next one's. */
  #end(): void {
    this.#level = this.#leastOfAttempt;
    this.#quietSeconds = 0;
    this.#busySeconds = 0;
    this.#secondsSinceAttempt = 0;
  }
}
