// From a log's directory to the keyspace: the newest snapshot at the beginning of a generation that is
// sound, then the stream from its offset on. What Redis left is loaded too: its appendonlydir with a
// base in RDB or AOF format, or the one file that Redis before 7 wrote. Where there is a snapshot
// (`dbfilename`) and no log yet, the log begins with that snapshot.
//
//   newest base ──sound?──▶ increments from its offset ──▶ torn end cut ──▶ log open for more
//        └──no: older base ──▶ kept increments, increments
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Values } from '../../config/directives.ts';
import type { LoadProgress } from '../../core/load-state.ts';
import type { Replay } from '../../dispatch/replay.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import type { Logger } from '../../logging/logger.ts';
import { hasPreamble, readAofFile } from '../recovery/aof-file.ts';
import { type Recovery, recover } from '../recovery/recovery.ts';
import { cutFile, cutTail, keepBases } from '../recovery/repair.ts';
import { sizeOf } from '../segments/file-system.ts';
import { generationsOf } from '../segments/generations.ts';
import { LogDirectory } from '../segments/log-directory.ts';
import type { BaseFile } from '../segments/manifest.ts';
import { type LoadResult, loadFile } from '../snapshots/snapshot-loading.ts';
import { beginWithCopy, lacksFirstCopy, takeOverSingleFile } from './first-base.ts';
import { GroupRunner } from './group-runner.ts';

/** Interval of progress lines in the server's log, in ms. */
const REPORT_MS = 5000;

/** What loading needs from the server. */
export interface LoadHost {
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly values: Values;
  /** Whether the files are to stay as they are: then the log must be whole. */
  readonly isReadOnly: boolean;
  /** Called with the progress. */
  onProgress(progress: LoadProgress): void;
}

/** Where the files are. */
export interface LogPlace {
  /** The log's directory. */
  readonly path: string;
  /** `appendfilename`. */
  readonly baseName: string;
  /** `dir`, where snapshots and the single file of old versions are. */
  readonly dataPath: string;
}

/** A log that was loaded. */
export interface LoadedLog {
  readonly directory: LogDirectory;
  readonly recovery: Recovery;
  /** Bytes of the snapshot that it begins with, and of all that was read. */
  readonly sizeBytes: number;
  /** Whether a newer snapshot was skipped because it is damaged. */
  readonly fellBack: boolean;
}

/**
 * Loads a log into an empty keyspace.
 * @throws DamageError, ManifestError, RdbError, ReplayError, or the system's error
 */
export async function loadLog(host: LoadHost, place: LogPlace, replay: Replay): Promise<LoadedLog> {
  const directory = LogDirectory.read(place.path, place.baseName);
  if (!host.isReadOnly) await directory.removeUnfinished();
  refuseWithoutManifest(directory);
  const loader = () => new LogLoader(host, directory, replay);
  if (host.isReadOnly) return loader().load(undefined);
  await takeOverSingleFile(host.log, place, directory);
  const { dbfilename } = host.values;
  const snapshot = join(place.dataPath, dbfilename);
  const isToBegin = !directory.exists || lacksFirstCopy(directory);
  const beginsWith = isToBegin && dbfilename !== '' && existsSync(snapshot) ? snapshot : undefined;
  return loader().load(beginsWith);
}

/**
 * Refuses to begin a new log among the files of another one, which would be overwritten. An empty file does not
 * count: it is left by a server that was killed while it created the first file of a log.
 */
function refuseWithoutManifest(directory: LogDirectory): void {
  if (directory.exists) return;
  const { fs } = directory;
  const files = directory
    .filesThere()
    .filter((name) => fs.stat(directory.pathOf(name))?.sizeBytes !== 0);
  if (files.length === 0) return;
  throw new Error(
    `${directory.path} has ${files.join(', ')} and no manifest: run \`synap-check --fix\` on it, which makes ` +
      'the manifest anew, or move the directory away to begin without that data',
  );
}

class LogLoader {
  readonly #host: LoadHost;
  readonly #directory: LogDirectory;
  readonly #replay: Replay;
  readonly #runner: GroupRunner;
  readonly #progress: LoadProgress;
  #reportedMs = Date.now();

  constructor(host: LoadHost, directory: LogDirectory, replay: Replay) {
    this.#host = host;
    this.#directory = directory;
    this.#replay = replay;
    this.#runner = new GroupRunner(replay);
    const { bases, segments } = directory.manifest;
    const names = [...bases.slice(-1), ...segments].map(({ name }) => directory.pathOf(name));
    const totalBytes = names.reduce((sum, name) => sum + sizeOf(directory.fs, name), 0);
    this.#progress = { startedMs: Date.now(), totalBytes, loadedBytes: 0 };
  }

  /** @param snapshot path of a file that the log, which there is not yet, is to begin with */
  async load(snapshot: string | undefined): Promise<LoadedLog> {
    const { log, values, isReadOnly } = this.#host;
    if (snapshot !== undefined) await this.#beginWith(snapshot);
    const base = snapshot === undefined ? await this.#loadBase() : undefined;
    const baseBytes = this.#progress.loadedBytes;
    let doneBytes = baseBytes;
    let fileBytes = 0;
    const recovery = await recover(this.#directory, {
      from: base?.offset ?? 0,
      loadTruncated: values['aof-load-truncated'] && !isReadOnly,
      onGroup: this.#runner.run,
      onUnended: this.#runner.check,
      onProgress: (readBytes) => {
        // Another file begins at its beginning.
        if (readBytes < fileBytes) doneBytes += fileBytes;
        fileBytes = readBytes;
        this.#report(doneBytes + fileBytes);
      },
    });
    await this.#cutTornEnd(recovery);
    const { offset, segments } = recovery;
    const { commands, failures } = this.#replay;
    const tookMs = Date.now() - this.#progress.startedMs;
    if (base !== undefined || offset > 0) {
      log.info(
        {
          seconds: (tookMs / 1000).toFixed(3),
          details: { base: base?.name, offset, commands, tookMs },
        },
        'DB loaded from append only file: {seconds} seconds',
      );
    }
    if (failures > 0) {
      log.error(
        { failures, commands },
        '{failures} of the {commands} commands of the log failed: the data may not be as it was',
      );
    }
    const sizeBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, baseBytes);
    const fellBack = base !== undefined && base !== this.#directory.manifest.bases.at(-1);
    if (fellBack && !isReadOnly) await this.#setDamagedAside(base);
    return { directory: this.#directory, recovery, sizeBytes, fellBack };
  }

  /** Loads a snapshot, and has the log begin with a copy of it. */
  async #beginWith(snapshot: string): Promise<void> {
    const directory = this.#directory;
    await this.#readRdb(snapshot);
    await beginWithCopy(directory, snapshot);
    this.#progress.loadedBytes = statSync(snapshot).size;
    this.#host.log.info(
      { path: snapshot },
      'There was no append only file yet: it begins with the snapshot',
    );
  }

  /** Loads the newest base that is sound; undefined when there is none. */
  async #loadBase(): Promise<BaseFile | undefined> {
    const { log, keyspace } = this.#host;
    const generations = generationsOf(this.#directory.manifest);
    for (const [index, base] of generations.entries()) {
      try {
        await this.#readBase(base);
        return base;
      } catch (error) {
        const next = generations[index + 1];
        if (next === undefined) throw error;
        const { name, offset } = next;
        log.error({ err: error, base: base.name }, 'The newest snapshot of the log is damaged');
        log.warn(
          { base: name, offset },
          'Falling back to an older snapshot, and the log from there',
        );
        keyspace.flush();
        this.#progress.loadedBytes = 0;
      }
    }
    return undefined;
  }

  /**
   * Removes skipped bases from the log: they do not count as generations to fall back on.
   */
  async #setDamagedAside(base: BaseFile): Promise<void> {
    const { bases } = this.#directory.manifest;
    const sound = bases.slice(0, bases.indexOf(base) + 1);
    const kept = { bases: sound, oldest: sound[0].offset ?? 0, newest: base.offset ?? 0 };
    const damaged = new Set(bases.slice(sound.length).map(({ name }) => name));
    const renamings = await keepBases(this.#directory, kept, damaged);
    this.#host.log.warn({ renamings }, 'The damaged snapshots of the log were set aside');
  }

  async #readBase({ name, offset }: BaseFile): Promise<void> {
    const path = this.#directory.pathOf(name);
    if (!existsSync(path)) throw new Error(`${path} is missing`);
    // As in Redis, commands may follow a snapshot, whatever the file is called, unless it is packed.
    let hasCommands = name.endsWith('.aof');
    let position = 0;
    if (!hasCommands || (await hasPreamble(path))) {
      const result = await this.#readRdb(path);
      position = result.fileBytes;
      hasCommands ||= name.endsWith('.rdb') && statSync(path).size > position;
      const told = result.aux.get('synap-offset');
      if (told !== undefined && offset !== undefined && Number(told) !== offset) {
        throw new Error(`${path}: it is of offset ${told}, and the manifest says ${offset}`);
      }
    }
    if (hasCommands) await this.#readCommands(path, position);
    this.#progress.loadedBytes = statSync(path).size;
  }

  #readRdb(path: string): Promise<LoadResult> {
    const { keyspace, values } = this.#host;
    const onProgress = (loadedBytes: number) => this.#report(loadedBytes);
    // Expired keys are deleted by the log, or afterwards, which is then recorded.
    return loadFile(path, keyspace, values, onProgress, false);
  }

  /** The commands of a base in AOF format; only the last file of all may end in the middle of one. */
  async #readCommands(path: string, position: number): Promise<void> {
    const { values, log, isReadOnly } = this.#host;
    const isLast = this.#directory.manifest.segments.length === 0;
    const loadTruncated = isLast && !isReadOnly && values['aof-load-truncated'];
    const found = await readAofFile(path, position, {
      loadTruncated,
      onGroup: this.#runner.run,
      onUnended: this.#runner.check,
    });
    if (found.torn === undefined) return;
    const copy = await cutFile(
      this.#directory.fs,
      path,
      found.torn.position,
      `.torn-${found.torn.position}`,
    );
    log.warn(
      { file: basename(path), ...found.torn, copy },
      'The log was cut behind its last whole command',
    );
  }

  async #cutTornEnd({ torn }: Recovery): Promise<void> {
    if (torn === undefined) return;
    const copies = await cutTail(this.#directory, torn);
    this.#host.log.warn(
      { file: torn.segment.name, position: torn.position, bytes: torn.bytes, copies },
      `The log was cut at its last whole group: ${torn.reason}`,
    );
  }

  #report(loadedBytes: number): void {
    const progress = this.#progress;
    progress.loadedBytes = loadedBytes;
    this.#host.onProgress(progress);
    const nowMs = Date.now();
    if (nowMs - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = nowMs;
    this.#host.log.info({ ...progress }, 'Loading the append only file');
  }
}
