// Bounds the time that one iteration of the event loop spends on requests. Sockets that are ready at the
// same time are all read in one iteration; with fifty deep pipelines that alone would keep timers and
// everybody else waiting for ten milliseconds and more. Beyond the budget, what is read is kept, and
// run in the next iterations, in the order in which it came.
import { performance } from 'node:perf_hooks';
import type { ReplyQueue } from './reply-queue.ts';

/** Time for requests in one phase of an iteration, in ms. What one read brought is run to its end. */
const BUDGET_MS = 4;
/** The same while clients connect: of those who wait, libuv accepts one in an iteration. */
const ACCEPTING_BUDGET_MS = 0.5;

/** Has received requests that it may run now, or yields and is resumed in a later iteration. */
export interface Runner {
  resume(): void;
}

/** The budget of the present iteration of the event loop; see the head of this file. */
export class IterationBudget {
  readonly #replies: ReplyQueue;
  #isOpen = false;
  #startMs = 0;
  #budgetMs = BUDGET_MS;
  #hasAccepted = false;
  #waiting: Runner[] = [];

  constructor(replies: ReplyQueue) {
    this.#replies = replies;
  }

  /**
   * Whether there is time for a runner's requests. If not, it is resumed later.
   * @param clockMs a reading of performance.now() that is not older than the last request
   */
  admits(runner: Runner, clockMs: number): boolean {
    if (!this.#isOpen) this.#open();
    else if (clockMs - this.#startMs >= this.#budgetMs) {
      this.#waiting.push(runner);
      return false;
    }
    return true;
  }

  /** A client has connected; there may be more. */
  accepted(): void {
    this.#hasAccepted = true;
    this.#budgetMs = ACCEPTING_BUDGET_MS;
  }

  /** Has a runner resumed in a later iteration. */
  yield(runner: Runner): void {
    if (!this.#isOpen) this.#open();
    this.#waiting.push(runner);
  }

  #open(): void {
    this.#isOpen = true;
    this.#startMs = performance.now();
    setImmediate(() => this.#end());
  }

  /** All ready sockets were read: sends the replies, then goes on with those who wait. */
  #end(): void {
    this.#isOpen = false;
    this.#replies.flush();
    if (!this.#hasAccepted) this.#budgetMs = BUDGET_MS;
    this.#hasAccepted = false;
    if (this.#waiting.length === 0) return;
    const runners = this.#waiting;
    this.#waiting = [];
    this.#open();
    let i = 0;
    while (i < runners.length && performance.now() - this.#startMs < this.#budgetMs)
      runners[i++].resume();
    // Those who could not go on come before those who were turned away meanwhile.
    this.#waiting = runners.slice(i).concat(this.#waiting);
    this.#replies.flush();
  }
}
