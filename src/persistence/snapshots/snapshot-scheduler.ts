// Decides which snapshot is taken when. There is one at a time, as all are taken of one keyspace; whoever wants
// one, for whatever purpose, hands in a job (snapshot-job.ts).
//
//   ask, request ──▶ joins a job with the same snapshot ────────────────────┐
//        │                                                                  ▼
//        └──▶ waits, by priority ──nothing under way──▶ under way ──▶ taken, failed, given up
//                  ▲                                        │
//                  └──gives way to one that cannot wait ────┘
//
// Jobs that wait begin at a tick, so never in the middle of a transaction. What was given up may go on ending
// beside the next one; it does not count any more.
import type { SnapshotAnswer, WhenToBegin } from '../../core/snapshots.ts';
import type {
  SnapshotJob,
  SnapshotKind,
  SnapshotOutcome,
  SnapshotSource,
  TakenSnapshot,
} from './snapshot-job.ts';
import type { SnapshotWriting } from './snapshot-writing.ts';

const GIVEN_UP: SnapshotOutcome = { how: 'given up' };

/** Jobs in the order in which they came. */
type Jobs = Set<SnapshotJob>;

/** A job that has begun and not ended. */
interface Run {
  readonly job: SnapshotJob;
  /** The jobs that get its outcome. */
  joined: Jobs;
  isGivenUp: boolean;
  /** Settles when it has ended and its jobs are notified. */
  ended: Promise<void>;
}

/** The snapshots of a server; see the head of this file. */
export class SnapshotScheduler {
  readonly #sources: SnapshotSource[] = [];
  /** In the order in which they came. */
  readonly #waiting: Jobs = new Set();
  /** The one that counts. */
  #current: Run | undefined;
  /** Those that were given up and have not ended are among them. */
  readonly #running = new Set<Run>();
  readonly #reservations = new Set<{ readonly kind: SnapshotKind }>();
  #isClosing = false;
  /** Files that are being written in the background. */
  #writings = 0;
  readonly #writingObservers: ((isWriting: boolean) => void)[] = [];

  /** Has it asked, at each tick, whether a snapshot of its kind is due. */
  addSource(source: SnapshotSource): void {
    this.#sources.push(source);
  }

  /** Whether one that can wait could begin now. */
  get isIdle(): boolean {
    return this.#current === undefined && this.#reservations.size === 0;
  }

  /** Whether one of a kind has begun, or something is under way that will need one. */
  isUnderWay(kind: SnapshotKind): boolean {
    if (this.#current?.job.kind === kind) return true;
    for (const reservation of this.#reservations) if (reservation.kind === kind) return true;
    return false;
  }

  /** Whether one of a kind is going to begin as soon as it can. */
  isWaiting(kind: SnapshotKind): boolean {
    return this.#asked(kind) !== undefined;
  }

  // ── Asking for one ──────────────────────────────────────────────────────────────────────────

  /** Has a snapshot taken for a client: one that is refused if there is one of its kind already. */
  ask(job: SnapshotJob, when: WhenToBegin): SnapshotAnswer {
    if (this.#isClosing) return 'failed';
    if (this.isUnderWay(job.kind)) return 'in progress';
    if (when === 'later' || (when === 'now or later' && !this.isIdle)) {
      this.request(job);
      return 'scheduled';
    }
    if (!this.isIdle) return 'blocked';
    return this.#start(job) ? 'started' : 'failed';
  }

  /** Has it begin as soon as it can, or get the snapshot of another job that it accepts. */
  request(job: SnapshotJob): void {
    if (this.#isClosing) {
      job.onDone?.(GIVEN_UP);
      return;
    }
    const current = this.#current;
    if (current?.job.isShared && !current.isGivenUp && accepts(job, current.job)) {
      current.joined.add(job);
    } else {
      this.#waiting.add(job);
    }
  }

  /**
   * Begins one that cannot wait: what is being taken gives way. If this one has to give way itself, it is given up:
   * the caller decides whether to try again.
   * @returns whether it began; not while one is under way that is not in its way yet, or not any more
   */
  begin(job: SnapshotJob): boolean {
    this.#giveWay();
    if (this.#current !== undefined) return false;
    return this.#start(job);
  }

  /** Takes one while everybody waits; what is being taken gives way. @throws what `take` throws */
  takeNow<T>(take: () => T): T {
    this.#giveWay();
    return take();
  }

  /** Nothing that can wait begins, and `kind` counts as under way, until what it returns is called. */
  reserve(kind: SnapshotKind): () => void {
    const reservation = { kind };
    this.#reservations.add(reservation);
    return () => {
      this.#reservations.delete(reservation);
    };
  }

  /** To be called now and then: begins what is due. */
  tick(): void {
    if (this.#isClosing) return;
    for (const kind of this.#kinds()) {
      if (!this.isIdle) return;
      const source = this.#sources.find((each) => each.kind === kind);
      const asked = this.#asked(kind);
      const job = source === undefined ? asked : source.due(asked);
      if (job !== undefined) this.#start(job);
    }
  }

  /** The kinds that may be due, by priority. */
  #kinds(): SnapshotKind[] {
    const kinds = new Set(this.#sources.map(({ kind }) => kind));
    for (const { kind } of this.#waiting) kinds.add(kind);
    return [...kinds].sort((one, other) => other.priority - one.priority);
  }

  /** The first of a kind that waits. */
  #asked(kind: SnapshotKind): SnapshotJob | undefined {
    for (const job of this.#waiting) if (job.kind === kind) return job;
    return undefined;
  }

  // ── Ending ──────────────────────────────────────────────────────────────────────────────────

  /** Gives up what is under way of a kind, and not what waits. */
  cancel(kind: SnapshotKind): void {
    const run = this.#current;
    if (run?.job.kind === kind) this.#giveUp(run);
  }

  /** Withdraws a job, which is not notified any more; its snapshot is given up if no other job wants it. */
  withdraw(job: SnapshotJob): void {
    this.#waiting.delete(job);
    const run = this.#current;
    if (run?.joined.delete(job) && run.joined.size === 0) this.#giveUp(run);
  }

  /** Called when all data was deleted: gives up snapshots that are useless now. */
  emptied(): void {
    const run = this.#current;
    if (run?.job.kind.endsByFlush) this.#giveUp(run);
  }

  /** Resolves when nothing of a kind goes on, what was given up included. */
  async settled(kind: SnapshotKind): Promise<void> {
    const runs = [...this.#running].filter(({ job }) => job.kind === kind);
    await Promise.all(runs.map(({ ended }) => ended));
  }

  /** Gives up everything that can wait, and begins nothing of that any more; resolves when all of it has ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const waiting = new Set(this.#waiting);
    this.#waiting.clear();
    report(waiting, GIVEN_UP);
    const run = this.#current;
    if (run !== undefined && !run.job.isUrgent) this.#giveUp(run);
    const ending = [...this.#running].filter(({ job }) => !job.isUrgent);
    await Promise.all(ending.map(({ ended }) => ended));
  }

  // ── Writing ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Has a snapshot written in the background.
   * @returns whether it is whole; otherwise it was given up
   * @throws the system's error
   */
  async write(writing: SnapshotWriting): Promise<boolean> {
    this.#countWriting(1);
    try {
      return await writing.run();
    } finally {
      this.#countWriting(-1);
    }
  }

  /** Whether any snapshot is written in the background, one that was given up and has not ended included. */
  get isWriting(): boolean {
    return this.#writings > 0;
  }

  /** Has it called whenever `isWriting` changes. */
  observeWriting(observer: (isWriting: boolean) => void): void {
    this.#writingObservers.push(observer);
  }

  #countWriting(change: number): void {
    const before = this.isWriting;
    this.#writings += change;
    if (this.isWriting === before) return;
    for (const observer of this.#writingObservers) observer(this.isWriting);
  }

  // ── Beginning and ending one ────────────────────────────────────────────────────────────────

  /** Begins one, also for those that wait and accept it. @returns whether it could; all are notified if not */
  #start(job: SnapshotJob): boolean {
    const joined = new Set([job]);
    for (const waiting of [...this.#waiting]) {
      if (!accepts(waiting, job)) continue;
      this.#waiting.delete(waiting);
      joined.add(waiting);
    }
    const run: Run = { job, joined, isGivenUp: false, ended: Promise.resolve() };
    this.#current = run;
    try {
      const taking = job.begin();
      this.#running.add(run);
      run.ended = taking.then(
        (snapshot) => this.#ended(run, outcomeOf(snapshot)),
        (error: unknown) => this.#ended(run, { how: 'failed', error }),
      );
      return true;
    } catch (error) {
      this.#current = undefined;
      report(joined, { how: 'failed', error });
      return false;
    }
  }

  #ended(run: Run, outcome: SnapshotOutcome): void {
    this.#running.delete(run);
    if (this.#current !== run) return;
    this.#current = undefined;
    report(run.joined, outcome);
  }

  #giveUp(run: Run): void {
    if (run.isGivenUp) return;
    run.isGivenUp = true;
    run.job.cancel();
    if (run.job.kind.keepsPlace) return;
    this.#current = undefined;
    report(run.joined, GIVEN_UP);
  }

  /** Has what is being taken begin again later; what is urgent is given up. */
  #giveWay(): void {
    const run = this.#current;
    if (run === undefined || run.isGivenUp || !run.job.isTaking) return;
    const { job, joined } = run;
    if (job.isUrgent) {
      this.#giveUp(run);
      return;
    }
    run.joined = new Set();
    this.#giveUp(run);
    for (const each of joined) this.#waiting.add(each);
  }
}

function accepts(job: SnapshotJob, other: SnapshotJob): boolean {
  if (job === other) return true;
  return job.accepts?.(other) ?? job.kind === other.kind;
}

function outcomeOf(snapshot: TakenSnapshot | undefined): SnapshotOutcome {
  return snapshot === undefined ? GIVEN_UP : { how: 'taken', snapshot };
}

function report(joined: Jobs, outcome: SnapshotOutcome): void {
  for (const job of [...joined]) job.onDone?.(outcome);
}
