// Rewrites the log: it goes over to a new file, and a snapshot of that very moment is written in
// slices (persistence/snapshots/snapshot-writing.ts). When that is whole, the log begins with it, and what came
// before is kept as an older generation, up to `snapshot-max-count`, to fall back on. If it fails,
// nothing has changed but the number of files. When it is time for one is decided here too; whether it may begin
// then, beside other snapshots, by the scheduler (persistence/snapshots/snapshot-scheduler.ts).
//
//   … ─▶ log file 1 ──┬── log file 2 ─▶ …
//                     └── snapshot of this offset, in slices ──whole──▶ manifest: base 2, file 2

import type { SnapshotAnswer, WhenToBegin } from '../../core/snapshots.ts';
import type { RewriteFacts } from '../../core/write-ahead-log.ts';
import type { Logger } from '../../logging/logger.ts';
import { installBase } from '../segments/generations.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import { LOG_REWRITE, type SnapshotJob, type TakenSnapshot } from '../snapshots/snapshot-job.ts';
import type { SnapshotScheduler } from '../snapshots/snapshot-scheduler.ts';
import { type SnapshotSubject, SnapshotWriting } from '../snapshots/snapshot-writing.ts';
import type { Journal } from './journal.ts';
import { deleteReplaced } from './replaced-files.ts';

/** After so many failures in a row, those that begin by themselves wait, twice as long each time. */
const FREE_FAILURES = 3;
const FIRST_DELAY_MS = 60_000;
const LONGEST_DELAY_MS = 3_600_000;

/** What the rewriter needs from the server. */
export interface RewriteHost extends SnapshotSubject {
  readonly log: Logger;
  readonly snapshotScheduler: SnapshotScheduler;
}

/** The owner of the log. */
export interface RewriteOwner {
  /** The log of the moment; undefined while none is kept. */
  readonly journal: Journal | undefined;
  /** Whether a rewrite may begin now. */
  readonly mayRewrite: boolean;
  /** What a rewrite would be of now; may take time to make ready. @throws what is in the way */
  target(): RewriteTarget | Promise<RewriteTarget>;
}

/** The log that is to begin anew. */
export interface RewriteTarget {
  readonly directory: LogDirectory;
  /** Absent where no log is kept: the snapshot stands alone then. */
  readonly journal?: Journal | undefined;
  /** Called when the rewrite has ended, however. */
  readonly onEnded?: () => void;
}

/** A snapshot for the log to begin with, under way. */
interface Base {
  readonly name: string;
  readonly seq: number;
  readonly offset: number;
  readonly writing: SnapshotWriting;
  /** Bytes written to the log before it. */
  readonly logBytes: number;
}

/** Rewrites of the log; see the head of this file. */
export class LogRewriter {
  lastTookSeconds = -1;
  lastSucceeded = true;
  rewrites = 0;
  consecutiveFailures = 0;
  /** Bytes of the log when it was loaded or rewritten last. */
  baseBytes = 0;

  readonly #host: RewriteHost;
  readonly #owner: RewriteOwner;
  readonly #scheduler: SnapshotScheduler;
  #startedMs = 0;
  #lastTryMs = 0;
  /** When the log began anew last, and what `dirty` was then. */
  #lastSuccessMs = Date.now();
  #dirtyAtSuccess = 0;
  /** `LogStats.bytes` at the present base's offset. */
  #bytesAtBase = 0;
  #writing: SnapshotWriting | undefined;
  #isCancelled = false;
  /** Ends the waiting for a new file of the log. */
  #stopWaiting: () => void = () => {};
  /** A rewrite of what the owner has then. */
  readonly #job = this.#jobOf(() => this.#runInBackground(), {});

  constructor(host: RewriteHost, owner: RewriteOwner) {
    this.#host = host;
    this.#owner = owner;
    this.#scheduler = host.snapshotScheduler;
    this.#scheduler.addSource({ kind: LOG_REWRITE, due: () => this.#due() });
  }

  get facts(): RewriteFacts {
    const { lastTookSeconds, lastSucceeded, rewrites, consecutiveFailures } = this;
    const isScheduled = this.#scheduler.isWaiting(LOG_REWRITE);
    const startedMs = this.#startedMs;
    const outcome = { lastTookSeconds, lastSucceeded, rewrites, consecutiveFailures };
    return { isScheduled, startedMs, ...outcome };
  }

  /** Notes what was loaded: from there on growth is counted. */
  loaded(sizeBytes: number): void {
    this.baseBytes = sizeBytes;
    this.#bytesAtBase = 0;
    this.#lastSuccessMs = Date.now();
    this.#dirtyAtSuccess = this.#host.keyspace.dirty;
  }

  /** Bytes of the log: its snapshot, and all that follows. */
  get sizeBytes(): number {
    return this.baseBytes + this.#logBytes - this.#bytesAtBase;
  }

  /** Bytes written to the log since it was opened. */
  get #logBytes(): number {
    return this.#owner.journal?.stats.bytes ?? 0;
  }

  /** Rewrites the log in the background, for a client. */
  ask(when: WhenToBegin): SnapshotAnswer {
    const begins = when !== 'later' && this.#scheduler.isIdle;
    if (begins && !this.#owner.mayRewrite) return 'failed';
    const answer = this.#scheduler.ask(this.#job, when);
    if (answer === 'scheduled') this.consecutiveFailures = 0;
    return answer;
  }

  /** Rewrites the log in the background as soon as that is possible. */
  schedule(): void {
    this.consecutiveFailures = 0;
    this.#scheduler.request(this.#job);
  }

  /**
   * Makes a log begin with a snapshot of all data. It is urgent: other snapshots give way.
   * @returns false when it had to give way itself, or was given up
   * @throws Error when a rewrite is under way, or the system's error
   */
  run(target: RewriteTarget): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const job = this.#jobOf(() => this.#run(target), {
        isUrgent: true,
        onDone(outcome) {
          if (outcome.how === 'failed') reject(outcome.error);
          else resolve(outcome.how === 'taken');
        },
      });
      if (!this.#scheduler.begin(job)) reject(new Error('the log is being rewritten already'));
    });
  }

  /** Resolves when no rewrite is under way. */
  async settled(): Promise<void> {
    await this.#scheduler.settled(LOG_REWRITE);
  }

  /** Gives up the rewrite that is under way. */
  cancel(): void {
    this.#scheduler.cancel(LOG_REWRITE);
  }

  /** The job to begin now: a rewrite is due, or was requested. */
  #due(): SnapshotJob | undefined {
    if (!this.#owner.mayRewrite) return undefined;
    if (this.#scheduler.isWaiting(LOG_REWRITE)) return this.#job;
    if (this.#owner.journal === undefined) return undefined;
    return this.#mayTry() && this.#isDue() ? this.#job : undefined;
  }

  #mayTry(): boolean {
    const failures = this.consecutiveFailures - FREE_FAILURES;
    if (failures < 0) return true;
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
    return Date.now() - this.#lastTryMs > delayMs;
  }

  #isDue(): boolean {
    const { values } = this.#host.config;
    const percentage = values['auto-aof-rewrite-percentage'];
    const { sizeBytes } = this;
    if (percentage > 0 && sizeBytes > values['auto-aof-rewrite-min-size']) {
      const growth = (sizeBytes * 100) / Math.max(1, this.baseBytes) - 100;
      if (growth >= percentage) {
        this.#host.log.info(
          { growth: Math.floor(growth) },
          'Starting automatic rewriting of AOF on {growth}% growth',
        );
        return true;
      }
    }
    if (!values['snapshot-enabled']) return false;
    const passedMs = Date.now() - this.#lastSuccessMs;
    const changes = this.#host.keyspace.dirty - this.#dirtyAtSuccess;
    return (
      passedMs >= values['snapshot-interval-secs'] * 1000 &&
      changes >= values['snapshot-operation-threshold']
    );
  }

  /** Only one of the jobs can be under way: they share this rewriter's state. */
  #jobOf(
    begin: SnapshotJob['begin'],
    { isUrgent = false, onDone = () => {} }: Pick<SnapshotJob, 'isUrgent' | 'onDone'>,
  ): SnapshotJob {
    const rewriter = this;
    return {
      ...{ kind: LOG_REWRITE, isUrgent, onDone, begin },
      get isTaking() {
        return rewriter.#writing !== undefined;
      },
      cancel: () => this.#cancel(),
    };
  }

  #cancel(): void {
    this.#isCancelled = true;
    this.#stopWaiting();
    this.#writing?.cancel();
    this.#host.log.info('Background AOF rewrite cancelled');
  }

  async #runInBackground(): Promise<TakenSnapshot | undefined> {
    try {
      return await this.#run(this.#owner.target());
    } catch (error) {
      this.#host.log.error({ err: error }, 'Background AOF rewrite terminated with error');
      throw error;
    }
  }

  async #run(target: RewriteTarget | Promise<RewriteTarget>): Promise<TakenSnapshot | undefined> {
    this.#isCancelled = false;
    this.rewrites++;
    this.#startedMs = Date.now();
    this.#lastTryMs = this.#startedMs;
    let ready: RewriteTarget | undefined;
    try {
      // It goes over to a new file at once, if it can.
      ready = target instanceof Promise ? await target : target;
      const { directory, journal } = ready;
      const base = await this.#begin(directory, journal);
      if (base === undefined || !(await this.#scheduler.write(base.writing))) return undefined;
      // It is whole: from here on there is nothing to give up.
      this.#writing = undefined;
      await this.#install(directory, base);
      this.#succeeded(base);
      const { path, sizeBytes } = base.writing;
      return { path, sizeBytes, offset: base.offset };
    } catch (error) {
      this.lastSucceeded = false;
      this.consecutiveFailures++;
      throw error;
    } finally {
      ready?.onEnded?.();
      this.lastTookSeconds = Math.floor((Date.now() - this.#startedMs) / 1000);
      this.#startedMs = 0;
      this.#writing = undefined;
    }
  }

  /**
   * Goes over to a new file of the log, and begins the snapshot of that moment. That may take until a
   * full disk has room again; cancelling the rewrite does not wait for it.
   */
  #begin(directory: LogDirectory, journal: Journal | undefined): Promise<Base | undefined> {
    if (this.#isCancelled) return Promise.resolve(undefined);
    if (journal === undefined) return Promise.resolve(this.#open(directory, 0));
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      this.#stopWaiting = () => {
        isGivenUp = true;
        resolve(undefined);
      };
      const switched = (offset: number) => {
        if (isGivenUp) return;
        try {
          resolve(this.#open(directory, offset));
        } catch (error) {
          reject(error);
        }
      };
      journal.rotate({ switched, failed: reject });
    });
  }

  #open(directory: LogDirectory, offset: number): Base {
    directory.requireOwn();
    const { values } = this.#host.config;
    const { replicationId } = directory.manifest;
    const seq = directory.nextBaseSeq;
    const compresses = values['snapshot-compression'];
    const name = directory.baseFileName(seq, compresses);
    const writing = new SnapshotWriting(this.#host, {
      path: directory.pathOf(name),
      facts: { isLogBase: true, offset, replicationId },
      syncsInParts: values['aof-rewrite-incremental-fsync'],
      compresses,
      isAtOnce: false,
    });
    this.#writing = writing;
    this.#host.log.info(
      { pid: process.pid, details: { name, offset, keys: writing.progress.keys } },
      'Background append only file rewriting started by pid {pid}',
    );
    return { name, seq, offset, writing, logBytes: this.#logBytes };
  }

  async #install(directory: LogDirectory, { name, seq, offset }: Base): Promise<void> {
    const { log, config } = this.#host;
    try {
      await installBase(directory, { name, seq, offset }, config.values['snapshot-max-count']);
      await directory.publish();
    } catch (error) {
      this.#removeFailed(directory, name);
      throw error;
    }
    if (!config.values['aof-disable-auto-gc']) await deleteReplaced(() => directory, log);
  }

  /** Removes a snapshot that the log does not begin with, and what else was made for that. */
  #removeFailed(directory: LogDirectory, name: string): void {
    try {
      const isNamed = directory.manifest.bases.some((base) => base.name === name);
      if (!isNamed) directory.remove([name]);
      const error = directory.abandon();
      if (error !== undefined) throw error;
    } catch (error) {
      this.#host.log.warn({ err: error, name }, 'An unused snapshot of the log was not removed');
    }
  }

  #succeeded({ writing, logBytes }: Base): void {
    const { sizeBytes, startedMs, dirtyBefore } = writing;
    this.lastSucceeded = true;
    this.consecutiveFailures = 0;
    // What was written meanwhile is part of the log's size after the rewrite, as Redis counts it.
    this.#bytesAtBase = this.#logBytes;
    this.baseBytes = sizeBytes + this.#bytesAtBase - logBytes;
    this.#lastSuccessMs = Date.now();
    this.#dirtyAtSuccess = dirtyBefore;
    const tookMs = Date.now() - startedMs;
    this.#host.log.info('Background AOF rewrite terminated with success');
    this.#host.log.info(
      { details: { bytes: sizeBytes, tookMs } },
      'Background AOF rewrite finished successfully',
    );
  }
}
