// Keeps the data in `dir`/`dbfilename`: has snapshots taken when they are asked for, when the save points
// say so, and at the end; loads the last one at the start. How one is taken is snapshot-writing.ts's, and when it
// may begin, beside others, snapshot-scheduler.ts's.
import { join } from 'node:path';
import type { LoadState } from '../../core/load-state.ts';
import { type Restrictions, SAVE_FAILED } from '../../core/restrictions.ts';
import type {
  ReloadOptions,
  SnapshotAnswer,
  Snapshots,
  WhenToBegin,
} from '../../core/snapshots.ts';
import { removeAbandoned } from '../../files/temporary-file.ts';
import type { Logger } from '../../logging/logger.ts';
import {
  BACKGROUND_SAVE,
  type SnapshotJob,
  type SnapshotOutcome,
  type TakenSnapshot,
} from './snapshot-job.ts';
import { type LoadResult, loadFile, loadFileNow, NO_FILE } from './snapshot-loading.ts';
import { logLoaded, logSavingProblem } from './snapshot-log-lines.ts';
import { SnapshotPlace } from './snapshot-place.ts';
import type { SnapshotScheduler } from './snapshot-scheduler.ts';
import { type SnapshotSubject, SnapshotWriting } from './snapshot-writing.ts';

/** For this long after a failed snapshot, none begins automatically, in ms. */
const RETRY_MS = 5000;
/** How often the last snapshot's file is verified to be in its place, in ms. */
const VERIFY_MS = 1000;

/** What the keeper needs from the server. */
export interface SnapshotHost extends SnapshotSubject {
  readonly log: Logger;
  readonly restrictions: Restrictions;
  readonly loading: LoadState;
  readonly snapshotScheduler: SnapshotScheduler;
}

/** The snapshots of a server; see the head of this file. */
export class SnapshotKeeper implements Snapshots {
  lastSaveSeconds = Math.floor(Date.now() / 1000);
  lastSucceeded = true;
  lastTookSeconds = -1;
  saves = 0;
  lastLoad: LoadResult = NO_FILE;

  #refusesWrites = false;
  readonly #host: SnapshotHost;
  readonly #scheduler: SnapshotScheduler;
  /** The one in the background that counts; one that was cancelled may still be ending beside it. */
  #saving: SnapshotWriting | undefined;
  readonly #place = new SnapshotPlace();
  #verifiedMs = 0;
  /** Whether the last one is not where it was written. */
  #isLost = false;
  #lastTryMs = 0;
  /** What `dirty` was at the last snapshot. */
  #savedDirty = 0;

  /** The job that takes a snapshot in the background; all requests share it. */
  readonly #job: SnapshotJob = {
    kind: BACKGROUND_SAVE,
    isTaking: true,
    begin: () => this.#begin(),
    cancel: () => this.#cancel(),
    onDone: (outcome) => this.#ended(outcome),
  };

  constructor(host: SnapshotHost) {
    this.#host = host;
    this.#scheduler = host.snapshotScheduler;
    this.#scheduler.addSource({ kind: BACKGROUND_SAVE, due: () => this.#due() });
  }

  get isSaving(): boolean {
    return this.#scheduler.isUnderWay(BACKGROUND_SAVE);
  }

  get savingSinceMs(): number {
    return this.#saving?.startedMs ?? 0;
  }

  get progress(): { saved: number; keys: number } {
    return this.#saving?.progress ?? { saved: 0, keys: 0 };
  }

  get changes(): number {
    return this.#host.keyspace.dirty - this.#savedDirty;
  }

  get #path(): string {
    const { dir, dbfilename } = this.#host.config.values;
    return join(dir, dbfilename);
  }

  /** To be called when a directive of snapshots has changed. */
  refresh(): void {
    const { values } = this.#host.config;
    this.#refusesWrites =
      !this.lastSucceeded && values['stop-writes-on-bgsave-error'] && values.save.length > 0;
    this.#host.restrictions.set(SAVE_FAILED, this.#refusesWrites);
  }

  get refusesWrites(): boolean {
    return this.#refusesWrites;
  }

  // ── Saving ──────────────────────────────────────────────────────────────────────────────────

  saveNow(): boolean {
    this.saves++;
    try {
      const saving = this.#scheduler.takeNow(() => {
        const writing = this.#open(true);
        writing.runNow();
        return writing;
      });
      this.#noteSuccess(saving.dirtyBefore);
      this.#noteSaved(saving);
      return true;
    } catch (error) {
      this.#noteProblem(error, this.#path);
      return false;
    }
  }

  saveInBackground(when: WhenToBegin): SnapshotAnswer {
    return this.#scheduler.ask(this.#job, when);
  }

  #begin(): Promise<TakenSnapshot | undefined> {
    this.saves++;
    this.#lastTryMs = Date.now();
    const saving = this.#open(false);
    this.#saving = saving;
    this.#host.log.info(
      { pid: process.pid, details: { keys: saving.progress.keys } },
      'Background saving started by pid {pid}',
    );
    return this.#write(saving);
  }

  async #write(saving: SnapshotWriting): Promise<TakenSnapshot | undefined> {
    const isWhole = await this.#scheduler.write(saving);
    const { path, sizeBytes } = saving;
    return isWhole ? { path, sizeBytes, offset: undefined } : undefined;
  }

  #cancel(): void {
    this.#saving?.cancel();
    this.#saving = undefined;
    this.#host.log.info('Background saving cancelled');
  }

  #ended(outcome: SnapshotOutcome): void {
    if (outcome.how === 'given up') return;
    const saving = this.#saving;
    this.#saving = undefined;
    if (saving !== undefined) {
      this.lastTookSeconds = Math.floor((Date.now() - saving.startedMs) / 1000);
    }
    if (outcome.how === 'failed') {
      this.#noteFailure(outcome.error, saving?.path ?? this.#path);
    } else if (saving !== undefined) {
      this.#noteSuccess(saving.dirtyBefore);
      this.#noteSaved(saving);
      const { progress, startedMs } = saving;
      this.#host.log.info(
        { details: { keys: progress.saved, tookMs: Date.now() - startedMs } },
        'Background saving terminated with success',
      );
    }
  }

  /** The job to begin now: a save point is due, a snapshot was requested, or the last one is lost. */
  #due(): SnapshotJob | undefined {
    if (this.#host.loading.isActive) return undefined;
    const nowMs = Date.now();
    const { save } = this.#host.config.values;
    if (save.length > 0 && !this.#verify(nowMs)) return undefined;
    if (!this.lastSucceeded && nowMs - this.#lastTryMs <= RETRY_MS) return undefined;
    const passedSeconds = Math.floor(nowMs / 1000) - this.lastSaveSeconds;
    const point = save.find(
      ({ seconds, changes }) => this.changes >= changes && passedSeconds > seconds,
    );
    if (point !== undefined) {
      this.#host.log.info({ ...point }, '{changes} changes in {seconds} seconds. Saving...');
      return this.#job;
    }
    return this.#scheduler.isWaiting(BACKGROUND_SAVE) ? this.#job : undefined;
  }

  /** Looks whether the last one is where it was written; returns whether one may be taken unasked. */
  #verify(nowMs: number): boolean {
    const path = this.#path;
    if (nowMs - this.#verifiedMs >= VERIFY_MS) {
      this.#verifiedMs = nowMs;
      const state = this.#place.state(path);
      const wasLost = this.#isLost;
      this.#isLost = state !== 'same';
      if (state === 'taken') {
        if (!wasLost) this.#noteFailure(takenError(path), path);
        return false;
      }
      // There is to be one where a start would look for it, at once.
      if (this.#isLost || wasLost) this.#scheduler.request(this.#job);
      if (this.#isLost && !wasLost) {
        this.#host.log.warn({ path, state }, 'The directory of {path} is {state}: saving anew');
      }
    }
    return !this.#isLost || this.#scheduler.isWaiting(BACKGROUND_SAVE);
  }

  /** Whether an automatic snapshot would not overwrite a snapshot of another server. */
  #mayReplace(): boolean {
    const path = this.#path;
    if (this.#place.state(path) !== 'taken') return true;
    this.#noteProblem(takenError(path), path);
    return false;
  }

  /**
   * The last snapshot, before the end.
   * @param save whether to take one, or as the save points say
   * @returns whether the server may end
   */
  saveAtEnd(save: 'save' | 'nosave' | 'default'): boolean {
    this.#scheduler.cancel(BACKGROUND_SAVE);
    const isWanted =
      save === 'save' || (save === 'default' && this.#host.config.values.save.length > 0);
    if (!isWanted || this.#host.loading.isActive) return true;
    if (save === 'default' && !this.#mayReplace()) return false;
    this.#host.log.info('Saving the final RDB snapshot before exiting.');
    return this.saveNow();
  }

  /** What is being saved is of no use any more; a restart is not to bring back what was emptied. */
  emptied(): void {
    this.#scheduler.emptied();
    // While a log is loaded the last snapshot stays: what it was made of may still fail to load.
    if (
      this.#host.config.values.save.length > 0 &&
      !this.#host.loading.isActive &&
      this.#mayReplace()
    ) {
      this.saveNow();
    }
  }

  #open(isAtOnce: boolean): SnapshotWriting {
    const syncsInParts = this.#host.config.values['rdb-save-incremental-fsync'];
    const facts = { isLogBase: false };
    const path = this.#path;
    if (this.#place.hasOther(path)) {
      const text =
        '{path} was written by somebody else since it was saved: is there another server?';
      this.#host.log.warn({ path }, text);
    }
    const plan = { path, facts, syncsInParts, compresses: false, isAtOnce };
    return new SnapshotWriting(this.#host, plan);
  }

  #noteSuccess(dirtyBefore: number): void {
    this.#savedDirty = dirtyBefore;
    this.lastSaveSeconds = Math.floor(Date.now() / 1000);
    this.lastSucceeded = true;
    this.refresh();
  }

  #noteFailure(error: unknown, path: string): void {
    this.lastSucceeded = false;
    this.refresh();
    this.#noteProblem(error, path);
    this.#host.log.warn('Background saving error');
  }

  #noteSaved({ path, sizeBytes }: SnapshotWriting): void {
    this.#place.note(path);
    this.#isLost = false;
    this.#host.log.info({ details: { path, bytes: sizeBytes } }, 'DB saved on disk');
  }

  #noteProblem(error: unknown, path: string): void {
    const { log, config } = this.#host;
    logSavingProblem(log, error, path, config.values.dir);
  }

  // ── Loading ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Loads the snapshot that there is, in slices; clients get the error that data is being loaded meanwhile.
   * @throws Error with file, place and remedy when it cannot be loaded
   */
  async load(): Promise<void> {
    const { keyspace, config, loading, log } = this.#host;
    if (config.values.dbfilename === '') return;
    const startedMs = Date.now();
    loading.begin();
    try {
      const result = await loadFile(
        this.#path,
        keyspace,
        config.values,
        (loadedBytes, totalBytes) => {
          loading.progress ??= { startedMs, totalBytes, loadedBytes };
          loading.progress.loadedBytes = loadedBytes;
          keyspace.tick(Date.now());
        },
      );
      this.lastLoad = result;
      this.#place.note(this.#path);
      if (result !== NO_FILE) {
        logLoaded(log, result);
        const tookMs = Date.now() - startedMs;
        log.info(
          { seconds: (tookMs / 1000).toFixed(3), details: { path: this.#path, tookMs } },
          'DB loaded from disk: {seconds} seconds',
        );
      }
    } finally {
      loading.end();
      this.#savedDirty = keyspace.dirty;
    }
  }

  /** Removes unfinished snapshots that killed servers have left. */
  removeAbandoned(): void {
    const { log } = this.#host;
    try {
      const removed = removeAbandoned(this.#path, Date.now());
      if (removed.length > 0) log.info({ removed }, 'Unfinished snapshots were removed');
    } catch (error) {
      log.warn({ err: error }, 'Unfinished snapshots could not be removed');
    }
  }

  reload({ saves, flushes, merges, verifies }: ReloadOptions): 'done' | 'not saved' | 'not loaded' {
    const { keyspace, config, log } = this.#host;
    if (saves) {
      this.#scheduler.cancel(BACKGROUND_SAVE);
      if (!this.saveNow()) return 'not saved';
    }
    // The data is the same as before, or a test's business: nothing that is to be repeated.
    const { dirty } = keyspace;
    if (flushes) keyspace.flush();
    try {
      const values = verifies ? config.values : { ...config.values, rdbchecksum: false };
      this.lastLoad = loadFileNow(this.#path, keyspace, values, merges);
      return 'done';
    } catch (error) {
      log.error({ err: error, path: this.#path }, 'The snapshot could not be loaded');
      return 'not loaded';
    } finally {
      keyspace.dirty = dirty;
    }
  }
}

function takenError(path: string): Error {
  return new Error(`another snapshot stands at ${path} by now, and is not replaced unasked`);
}
