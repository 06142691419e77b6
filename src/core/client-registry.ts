// All connected clients, and what concerns them together: MONITOR, and what suspends their requests.
//
// That is CLIENT PAUSE, which clients begin and end, and commands that work on the data while the
// event loop goes on (MIGRATE): they hold writes back until they are done. What is in force is the
// stricter of both, and neither ends the other.
import type { Client } from './client.ts';
import { MONITORED, PAUSED, Restrictions } from './restrictions.ts';

/** What CLIENT PAUSE suspends. */
export const PAUSE_NONE = 0;
export const PAUSE_WRITES = 1;
export const PAUSE_ALL = 2;

/** Longest time that a timer takes, in ms: some 24.8 days. */
const MAX_TIMER_MS = 0x7fffffff;

/** The connected clients; see the head of this file. */
export class ClientRegistry {
  readonly #byId = new Map<number, Client>();
  /** Clients whose next request waits for the end of a pause, in the order in which they came. */
  readonly held = new Set<Client>();
  /** What is suspended now: PAUSE_NONE, PAUSE_WRITES or PAUSE_ALL. */
  pauseMode = PAUSE_NONE;
  /** Whether a command holds writes back. */
  isHoldingWrites = false;
  /** Called after less is suspended than before, so that suspended clients go on; never while a command runs. */
  onResume: () => void = () => {};

  /** What CLIENT PAUSE suspends. */
  #pauseMode = PAUSE_NONE;
  /** Whether the server ends: nothing is run any more, whoever ends a pause. */
  #isEnding = false;
  /** Unix time at which that ends, in ms. */
  #pauseUntilMs = 0;
  #lastId = 0;
  readonly #monitors = new Set<Client>();
  readonly #restrictions: Restrictions;
  #pauseTimer: NodeJS.Timeout | undefined;
  #resumption: NodeJS.Immediate | undefined;

  /** @param restrictions where it says whether clients are suspended or monitored */
  constructor(restrictions = new Restrictions()) {
    this.#restrictions = restrictions;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** A number that no client had before. */
  nextId(): number {
    return ++this.#lastId;
  }

  add(client: Client): void {
    this.#byId.set(client.id, client);
  }

  remove(client: Client): void {
    this.#byId.delete(client.id);
    this.removeMonitor(client);
    this.held.delete(client);
  }

  /** Clients that get a line for every command. */
  get monitors(): ReadonlySet<Client> {
    return this.#monitors;
  }

  addMonitor(client: Client): void {
    this.#monitors.add(client);
    this.#restrictions.set(MONITORED, true);
  }

  removeMonitor(client: Client): void {
    this.#monitors.delete(client);
    this.#restrictions.set(MONITORED, this.#monitors.size > 0);
  }

  get(id: number): Client | undefined {
    return this.#byId.get(id);
  }

  /** In the order in which they connected. */
  all(): IterableIterator<Client> {
    return this.#byId.values();
  }

  /**
   * Suspends clients. A pause in force is only ever made longer and stricter by another one, as in
   * Redis.
   */
  pause(mode: typeof PAUSE_WRITES | typeof PAUSE_ALL, durationMs: number, nowMs: number): void {
    if (mode > this.#pauseMode) this.#pauseMode = mode;
    this.#pauseUntilMs = Math.max(this.#pauseUntilMs, nowMs + durationMs);
    this.#awaitEnd(nowMs);
    this.#update();
  }

  /** Has the pause end in time, however many timers that takes. */
  #awaitEnd(nowMs: number): void {
    clearTimeout(this.#pauseTimer);
    const leftMs = Math.max(0, this.#pauseUntilMs - nowMs);
    this.#pauseTimer =
      leftMs > MAX_TIMER_MS
        ? setTimeout(() => this.#awaitEnd(Date.now()), MAX_TIMER_MS)
        : setTimeout(() => this.resume(), leftMs);
  }

  /** Ends the pause. Suspended clients go on when the present work is done. */
  resume(): void {
    clearTimeout(this.#pauseTimer);
    this.#pauseMode = PAUSE_NONE;
    this.#pauseUntilMs = 0;
    this.#update();
  }

  /**
   * Suspends writes for a command that works on the data while the event loop goes on, until
   * `releaseWrites`. There is one such command at a time, as those that do so are writes too.
   */
  holdWrites(): void {
    this.isHoldingWrites = true;
    this.#update();
  }

  /** The command is done. Suspended clients go on when the present work is done. */
  releaseWrites(): void {
    this.isHoldingWrites = false;
    this.#update();
  }

  /**
   * Suspends all clients for good. What they send is left without an answer: the data is saved by now, and
   * what came later would be gone though it was acknowledged.
   */
  suspendForGood(): void {
    this.#isEnding = true;
    this.#update();
  }

  #update(): void {
    const before = this.pauseMode;
    const held = this.isHoldingWrites ? PAUSE_WRITES : PAUSE_NONE;
    this.pauseMode = this.#isEnding ? PAUSE_ALL : Math.max(this.#pauseMode, held);
    this.#restrictions.set(PAUSED, this.pauseMode !== PAUSE_NONE);
    if (this.pauseMode >= before) return;
    this.#resumption ??= setImmediate(() => {
      this.#resumption = undefined;
      this.onResume();
    });
  }

  /** Ends what would keep the process alive. */
  close(): void {
    clearTimeout(this.#pauseTimer);
    clearImmediate(this.#resumption);
  }
}
