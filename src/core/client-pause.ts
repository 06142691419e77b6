// What suspends the requests of clients: CLIENT PAUSE, which clients begin and end, and commands that work on
// the data while the event loop goes on (MIGRATE): they suspend writes until they are done. What is in force
// is the stricter of both, and neither ends the other.
import type { Client } from './client.ts';
import { PAUSED, Restrictions } from './restrictions.ts';

/** What is suspended: nothing, requests that write, or all. */
export const PAUSE_NONE = 0;
export const PAUSE_WRITES = 1;
export const PAUSE_ALL = 2;

/** Longest time that a timer takes, in ms: some 24.8 days. */
const MAX_TIMER_MS = 0x7fffffff;

/** What is paused besides: deleting keys that have expired is writing, too. */
export interface ExpirySwitch {
  expiryPaused: boolean;
}

/** The pause of a server's clients; see the head of this file. */
export class ClientPause {
  /** What is suspended now: PAUSE_NONE, PAUSE_WRITES or PAUSE_ALL. */
  mode: typeof PAUSE_NONE | typeof PAUSE_WRITES | typeof PAUSE_ALL = PAUSE_NONE;
  /** Clients whose next request waits for the end of a pause, in the order in which they came. */
  readonly suspended = new Set<Client>();

  /** What suspends writes now, each until it ends. */
  readonly #writeSuspensions = new Set<object>();
  readonly #expiry: ExpirySwitch;
  readonly #restrictions: Restrictions;
  /** What CLIENT PAUSE suspends, and the Unix time at which that ends, in ms. */
  #wanted: typeof this.mode = PAUSE_NONE;
  #untilMs = 0;
  /** Whether the server ends: nothing is run any more, whoever ends a pause. */
  #isEnding = false;
  #timer: NodeJS.Timeout | undefined;
  #resumption: NodeJS.Immediate | undefined;

  /** @param restrictions where it says whether clients are suspended */
  constructor(expiry: ExpirySwitch, restrictions = new Restrictions()) {
    this.#expiry = expiry;
    this.#restrictions = restrictions;
  }

  /**
   * Suspends clients. A pause in force is only ever made longer and stricter by another one, as in
   * Redis.
   */
  begin(mode: typeof PAUSE_WRITES | typeof PAUSE_ALL, durationMs: number, nowMs: number): void {
    if (mode > this.#wanted) this.#wanted = mode;
    this.#untilMs = Math.max(this.#untilMs, nowMs + durationMs);
    this.#awaitEnd(nowMs);
    this.#update();
  }

  /** Has the pause end in time, however many timers that takes. */
  #awaitEnd(nowMs: number): void {
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, this.#untilMs - nowMs);
    this.#timer =
      leftMs > MAX_TIMER_MS
        ? setTimeout(() => this.#awaitEnd(Date.now()), MAX_TIMER_MS)
        : setTimeout(() => this.end(), leftMs);
  }

  /** Ends the pause. Suspended clients go on when the present work is done. */
  end(): void {
    clearTimeout(this.#timer);
    this.#wanted = PAUSE_NONE;
    this.#untilMs = 0;
    this.#update();
  }

  /** Whether anything but CLIENT PAUSE suspends writes. */
  get isSuspendingWrites(): boolean {
    return this.#writeSuspensions.size > 0;
  }

  /**
   * Suspends writes for what works on the data while the event loop goes on. There may be several at a time.
   * @returns ends it; suspended clients go on when nothing suspends them any more and the present work is done
   */
  suspendWrites(): () => void {
    const suspension = {};
    this.#writeSuspensions.add(suspension);
    this.#update();
    return () => {
      this.#writeSuspensions.delete(suspension);
      this.#update();
    };
  }

  /**
   * Suspends all clients for good. What they send is left without an answer: the data is saved by now, and
   * what came later would be gone though it was acknowledged.
   */
  suspendForGood(): void {
    this.#isEnding = true;
    this.#update();
  }

  /** Whether all clients are suspended for good. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Ends what would keep the process alive; nobody goes on any more. */
  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#resumption);
  }

  #update(): void {
    const before = this.mode;
    this.mode = this.#strictest();
    this.#restrictions.set(PAUSED, this.mode !== PAUSE_NONE);
    if (this.mode !== PAUSE_NONE) this.#expiry.expiryPaused = true;
    if (this.mode < before) this.#resumption ??= setImmediate(() => this.#resume());
  }

  #strictest(): typeof this.mode {
    if (this.#isEnding) return PAUSE_ALL;
    return this.isSuspendingWrites && this.#wanted === PAUSE_NONE ? PAUSE_WRITES : this.#wanted;
  }

  /** Less is suspended than before: those go on that waited for it, which may find that they still wait. */
  #resume(): void {
    this.#resumption = undefined;
    this.#expiry.expiryPaused = this.mode !== PAUSE_NONE;
    const clients = [...this.suspended];
    this.suspended.clear();
    for (const client of clients) client.resume();
  }
}
