// Keeps the data in `dir`/`dbfilename`: takes snapshots when they are asked for, when the save points
// say so, and at the end; loads the last one at the start. A snapshot in the background is taken in
// slices between events, at the pace at which the disk takes it.
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { LoadProgress, ReloadOptions, Snapshots } from '../commands/snapshots.ts';
import { REDIS_VERSION } from '../commands/version.ts';
import type { Config } from '../config/config.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Snapshot } from '../keyspace/snapshot.ts';
import { SnapshotFile } from '../persistence/snapshot-file.ts';
import { RdbFileWriter } from '../rdb/rdb-file-writer.ts';
import { type LoadResult, loadFile, loadFileNow, NO_FILE } from './snapshot-loading.ts';

/** How long a snapshot in the background holds the event loop up at a time. */
const SLICE_MS = 1;
/** After a snapshot that failed, none begins by itself for so long. */
const RETRY_MS = 5000;

/** What snapshots are taken of. */
export interface SnapshotHost {
  readonly keyspace: Keyspace;
  readonly config: Config;
  readonly log: Logger;
  usedMemoryBytes(): number;
  reclaimSoon(): void;
}

/** A snapshot on its way to the disk. */
interface Saving {
  readonly snapshot: Snapshot;
  readonly file: SnapshotFile;
  readonly writer: RdbFileWriter;
  readonly startedMs: number;
  readonly dirtyBefore: number;
  isCancelled: boolean;
}

/** The snapshots of a server; see the head of this file. */
export class SnapshotKeeper implements Snapshots {
  refusesWrites = false;
  isLoading = false;
  loading: LoadProgress | undefined;
  lastSaveSeconds = Math.floor(Date.now() / 1000);
  lastSucceeded = true;
  lastTookSeconds = -1;
  saves = 0;
  lastLoad: LoadResult = NO_FILE;

  readonly #host: SnapshotHost;
  #saving: Saving | undefined;
  #isScheduled = false;
  #lastTryMs = 0;
  /** What `dirty` was at the last snapshot. */
  #savedDirty = 0;

  constructor(host: SnapshotHost) {
    this.#host = host;
  }

  get isSaving(): boolean {
    return this.#saving !== undefined;
  }

  get savingSinceMs(): number {
    return this.#saving?.startedMs ?? 0;
  }

  get progress(): { saved: number; keys: number } {
    const { saved, keys } = this.#saving?.snapshot ?? { saved: 0, keys: 0 };
    return { saved, keys };
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
    this.refusesWrites =
      !this.lastSucceeded && values['stop-writes-on-bgsave-error'] && values.save.length > 0;
  }

  // ── Saving ──────────────────────────────────────────────────────────────────────────────────

  saveNow(): boolean {
    this.saves++;
    let saving: Saving | undefined;
    try {
      saving = this.#open((file, piece) => file.addNow(piece));
      saving.snapshot.work(Number.POSITIVE_INFINITY);
      saving.writer.end();
      saving.file.finishNow();
      this.#noteSuccess(saving.dirtyBefore);
      this.#host.log.info({ path: this.#path, bytes: saving.file.sizeBytes }, 'DB saved on disk');
      return true;
    } catch (error) {
      saving?.snapshot.abort();
      saving?.file.discard();
      this.#host.log.error({ err: error, path: this.#path }, 'the snapshot could not be saved');
      return false;
    }
  }

  begin(): boolean {
    this.saves++;
    this.#isScheduled = false;
    this.#lastTryMs = Date.now();
    try {
      const saving = this.#open((file, piece) => file.add(piece));
      this.#saving = saving;
      this.#host.log.info({ keys: saving.snapshot.keys }, 'background saving started');
      void this.#run(saving);
      return true;
    } catch (error) {
      this.#noteFailure(error);
      return false;
    }
  }

  schedule(): void {
    this.#isScheduled = true;
  }

  /** Gives up the snapshot that is being taken in the background. */
  cancel(): void {
    const saving = this.#saving;
    if (saving === undefined) return;
    saving.isCancelled = true;
    saving.snapshot.abort();
    saving.file.discard();
    this.#saving = undefined;
    this.#host.log.info('background saving cancelled');
  }

  /** Begins a snapshot if a save point says so, or if one was put off. */
  saveIfDue(): void {
    if (this.#saving !== undefined || this.isLoading) return;
    const nowMs = Date.now();
    if (!this.lastSucceeded && nowMs - this.#lastTryMs <= RETRY_MS) return;
    const passedSeconds = Math.floor(nowMs / 1000) - this.lastSaveSeconds;
    const point = this.#host.config.values.save.find(
      ({ seconds, changes }) => this.changes >= changes && passedSeconds > seconds,
    );
    if (point !== undefined) {
      this.#host.log.info({ ...point }, 'a save point is reached: saving');
      this.begin();
    } else if (this.#isScheduled) {
      this.begin();
    }
  }

  /**
   * The last snapshot, before the end.
   * @param save whether to take one, or as the save points say
   * @returns whether the server may end
   */
  saveAtEnd(save: 'save' | 'nosave' | 'default'): boolean {
    this.cancel();
    const isWanted =
      save === 'save' || (save === 'default' && this.#host.config.values.save.length > 0);
    return !isWanted || this.isLoading || this.saveNow();
  }

  /** What is being saved is of no use any more; a restart is not to bring back what was emptied. */
  emptied(): void {
    this.cancel();
    if (this.#host.config.values.save.length > 0) this.saveNow();
  }

  /** Begins a file and a snapshot that goes into it. */
  #open(receive: (file: SnapshotFile, piece: Buffer) => void): Saving {
    const { keyspace, config } = this.#host;
    const { values } = config;
    const file = new SnapshotFile(this.#path, values['rdb-save-incremental-fsync']);
    try {
      const policy = values['maxmemory-policy'];
      const writer = new RdbFileWriter(
        {
          compresses: values.rdbcompression,
          hasChecksum: values.rdbchecksum,
          use: policy.endsWith('lru')
            ? 'idle time'
            : policy.endsWith('lfu')
              ? 'frequency'
              : undefined,
          access: keyspace.access,
          nowMs: keyspace.nowMs,
        },
        (piece) => receive(file, piece),
      );
      const usedMemoryBytes = this.#host.usedMemoryBytes();
      writer.begin({ redisVersion: REDIS_VERSION, usedMemoryBytes, isLogBase: false });
      const [db] = keyspace.databases;
      const snapshot = new Snapshot(keyspace, {
        entry: (source, ref) => writer.entry(db, ref, source),
        entries: (source, refs, count) => writer.entries(db, refs, count, source),
      });
      const dirtyBefore = keyspace.dirty;
      return { snapshot, file, writer, startedMs: Date.now(), dirtyBefore, isCancelled: false };
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  async #run(saving: Saving): Promise<void> {
    const { snapshot, file, writer } = saving;
    try {
      // The command that asked for it is answered first.
      await new Promise(setImmediate);
      while (!saving.isCancelled && snapshot.work(performance.now() + SLICE_MS)) {
        if (file.isBehind) await file.caughtUp();
        else await new Promise(setImmediate);
      }
      if (saving.isCancelled) return;
      writer.end();
      if (!(await file.finish())) return;
      this.#saving = undefined;
      this.lastTookSeconds = Math.floor((Date.now() - saving.startedMs) / 1000);
      this.#noteSuccess(saving.dirtyBefore);
      this.#host.log.info(
        { keys: snapshot.saved, bytes: file.sizeBytes, tookMs: Date.now() - saving.startedMs },
        'background saving terminated with success',
      );
    } catch (error) {
      if (saving.isCancelled) return;
      this.#saving = undefined;
      this.lastTookSeconds = Math.floor((Date.now() - saving.startedMs) / 1000);
      snapshot.abort();
      file.discard();
      this.#noteFailure(error);
    }
  }

  #noteSuccess(dirtyBefore: number): void {
    this.#savedDirty = dirtyBefore;
    this.lastSaveSeconds = Math.floor(Date.now() / 1000);
    this.lastSucceeded = true;
    this.refresh();
  }

  #noteFailure(error: unknown): void {
    this.lastSucceeded = false;
    this.refresh();
    this.#host.log.error({ err: error, path: this.#path }, 'background saving failed');
  }

  // ── Loading ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Loads the snapshot that there is, in slices; clients are told meanwhile that it is loaded.
   * @throws Error that tells file, place and what can be done when it cannot be loaded
   */
  async load(): Promise<void> {
    const { keyspace, config, log } = this.#host;
    if (config.values.dbfilename === '') return;
    const startedMs = Date.now();
    this.isLoading = true;
    try {
      const result = await loadFile(
        this.#path,
        keyspace,
        config.values,
        (loadedBytes, totalBytes) => {
          this.loading ??= { startedMs, totalBytes, loadedBytes };
          this.loading.loadedBytes = loadedBytes;
          keyspace.tick(Date.now());
        },
      );
      this.lastLoad = result;
      if (result !== NO_FILE) {
        log.info(
          { path: this.#path, ...result, tookMs: Date.now() - startedMs },
          'DB loaded from disk',
        );
      }
    } finally {
      this.isLoading = false;
      this.loading = undefined;
      this.#savedDirty = keyspace.dirty;
    }
  }

  reload({ saves, flushes, merges }: ReloadOptions): 'done' | 'not saved' | 'not loaded' {
    const { keyspace, config, log } = this.#host;
    if (saves) {
      this.cancel();
      if (!this.saveNow()) return 'not saved';
    }
    // The data is the same as before, or a test's business: nothing that is to be repeated.
    const { dirty } = keyspace;
    if (flushes) {
      keyspace.flush();
      this.#host.reclaimSoon();
    }
    try {
      this.lastLoad = loadFileNow(this.#path, keyspace, config.values, merges);
      return 'done';
    } catch (error) {
      log.error({ err: error, path: this.#path }, 'the snapshot could not be loaded');
      return 'not loaded';
    } finally {
      keyspace.dirty = dirty;
    }
  }
}
