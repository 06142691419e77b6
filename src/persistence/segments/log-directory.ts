// The directory of a log: how its files are called, and its manifest, which is only ever replaced
// as a whole. Updates of the manifest follow one another; each is on disk when it resolves. Only a
// history that is being begun anew keeps its manifest to itself until it is complete (`publish`), and is
// marked as unfinished until then (unfinished-history.ts).
// The manifest on disk must be the one that was read or written last: in a directory that was replaced, or
// that another server writes, nothing is made, changed or deleted.

import { join } from 'node:path';
import { isTemporaryOf } from '../../files/temporary-file.ts';
import {
  type FileSystem,
  isMissing,
  realFileSystem,
  replaceFile,
  syncDirectory,
  temporaryName,
} from './file-system.ts';
import { LostLogError } from './lost-log-error.ts';
import {
  emptyManifest,
  formatManifest,
  type Manifest,
  ManifestError,
  parseManifest,
  type SegmentFile,
} from './manifest.ts';
import { isMarked, mark, markName, seqOf, unfinishedAmong } from './unfinished-history.ts';

const TEMPORARY_OF_OLD_VERSIONS = /^temp-\d+\.rdb$/;

/** A log's directory and what its manifest says. */
export class LogDirectory {
  readonly path: string;
  /** What all names begin with (`appendfilename`). */
  readonly baseName: string;
  readonly fs: FileSystem;
  /**
   * The offset up to which the stream is on disk. The manifest states the start of an increment only once this
   * offset has reached it: if less of the stream is found before the start, that is damage.
   */
  durableOffset = Number.POSITIVE_INFINITY;
  #manifest: Manifest;
  /** The manifest on disk, as it was read or written last; undefined where there was none. */
  #text: string | undefined;
  /** What is to take its place, while it does: it may be there, and not last yet. */
  #nextText: string | undefined;
  #updates: Promise<unknown> = Promise.resolve();
  /** Whether the manifest on disk is still that of an older history. */
  #isHeld = false;
  /** The largest number that files of older histories have. */
  #usedSeq = 0;

  private constructor(
    path: string,
    baseName: string,
    fs: FileSystem,
    manifest: Manifest,
    text: string | undefined,
  ) {
    this.path = path;
    this.baseName = baseName;
    this.fs = fs;
    this.#manifest = manifest;
    this.#text = text;
  }

  /**
   * Reads a directory's manifest, or begins with an empty one. Changes nothing on disk.
   * @param baseName `appendfilename`
   * @throws ManifestError, or the system's error
   */
  static read(path: string, baseName: string, fs: FileSystem = realFileSystem): LogDirectory {
    const text = fs.readText(join(path, manifestName(baseName)));
    if (text === undefined) return new LogDirectory(path, baseName, fs, emptyManifest(), text);
    try {
      return new LogDirectory(path, baseName, fs, parseManifest(text), text);
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      throw new ManifestError(`${join(path, manifestName(baseName))}: ${error.message}`);
    }
  }

  /**
   * Begins a new history in a directory, creating it where it is missing. What there is stays as it is
   * until `publish`, but for what was begun before and never became a log.
   * @throws the system's error
   */
  static async renew(
    path: string,
    baseName: string,
    fs: FileSystem = realFileSystem,
  ): Promise<LogDirectory> {
    const text = fs.readText(join(path, manifestName(baseName)));
    const directory = new LogDirectory(path, baseName, fs, emptyManifest(), text);
    await directory.create();
    await LogDirectory.#removeUnfinishedIn(path, baseName, fs);
    const history = directory.filesThere();
    directory.#usedSeq = Math.max(0, ...history.map((name) => seqOf(baseName, name) ?? 0));
    directory.#manifest = { ...directory.#manifest, history };
    directory.#isHeld = true;
    // Under a damaged manifest what an earlier beginning has left could not be removed.
    if (!isMarked(fs, path, baseName)) await mark(fs, path, baseName, directory.#usedSeq);
    return directory;
  }

  static async #removeUnfinishedIn(path: string, baseName: string, fs: FileSystem): Promise<void> {
    try {
      await LogDirectory.read(path, baseName, fs).removeUnfinished();
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
    }
  }

  /** What the manifest on disk says, or will when the updates under way are through. */
  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Whether there is a manifest on disk. */
  get exists(): boolean {
    return this.fs.readText(this.pathOf(manifestName(this.baseName))) !== undefined;
  }

  /** @throws LostLogError when the manifest on disk is not this log's any more */
  requireOwn(): void {
    const path = this.pathOf(manifestName(this.baseName));
    const found = this.fs.readText(path);
    if (found === this.#text || (found !== undefined && found === this.#nextText)) return;
    const what = found === undefined ? 'is gone' : 'was written by somebody else';
    throw new LostLogError(`the log's manifest ${path} ${what}`);
  }

  /** Names of the bases and increments that are there, whatever the manifest says. */
  filesThere(): string[] {
    try {
      return this.fs.list(this.path).filter((name) => seqOf(this.baseName, name) !== undefined);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Names of the files of a history that was begun here by a server that was killed before it was complete. */
  unfinishedHistory(): string[] {
    if (this.#isHeld) return [];
    const { bases, keptSegments, segments, history } = this.#manifest;
    const named = [...bases, ...keptSegments, ...segments].map(({ name }) => name).concat(history);
    return unfinishedAmong(this.filesThere(), this, new Set(named));
  }

  /** Deletes the files of an unfinished history: nothing depends on them. @throws as `remove` */
  async removeUnfinished(): Promise<void> {
    if (!isMarked(this.fs, this.path, this.baseName)) return;
    this.remove(this.unfinishedHistory());
    // All of them must be gone before the mark is.
    await syncDirectory(this.fs, this.path);
    this.#unmark();
  }

  #unmark(): void {
    this.remove([markName(this.baseName)]);
  }

  /** Names of this log's files that were never completed: those of other logs in the directory stay. */
  unfinishedThere(): string[] {
    const replaced = [manifestName(this.baseName), markName(this.baseName)].map(temporaryName);
    return this.fs
      .list(this.path)
      .filter(
        (name) =>
          replaced.includes(name) ||
          isTemporaryOf(name, `${this.baseName}.`) ||
          TEMPORARY_OF_OLD_VERSIONS.test(name),
      );
  }

  /** The full path of a file in it. */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** The name of a base, in RDB format, maybe within LZ4 frames. */
  baseFileName(seq: number, isCompressed: boolean): string {
    return `${this.baseName}.${seq}.base.rdb${isCompressed ? '.lz4' : ''}`;
  }

  segmentFileName(seq: number): string {
    return `${this.baseName}.${seq}.incr.aof`;
  }

  /** The number that the next base gets. */
  get nextBaseSeq(): number {
    const seqs = this.#manifest.bases.map(({ seq }) => seq);
    return 1 + Math.max(this.#lastOldSeq('base'), ...seqs);
  }

  /** The number that the next increment gets. */
  get nextSegmentSeq(): number {
    const { keptSegments, segments } = this.#manifest;
    const seqs = keptSegments.concat(segments).map(({ seq }) => seq);
    return 1 + Math.max(this.#lastOldSeq('incr'), ...seqs);
  }

  /** Creates the directory itself where it is missing. */
  async create(): Promise<void> {
    this.fs.makeDirectory(this.path);
    await syncDirectory(this.fs, join(this.path, '../..'));
  }

  /**
   * Puts a changed manifest in the place of the old one. When that fails, nothing has changed, unless it
   * is in its place and only may not be durable; `manifest` shows which.
   * @param change makes the new manifest of the newest one
   */
  update(change: (manifest: Manifest) => Manifest): Promise<void> {
    return this.#afterOthers(async () => {
      const changed = change(this.#manifest);
      if (this.#isHeld) this.#manifest = changed;
      else await this.#write(changed);
    });
  }

  /** Changes the manifest without writing it: the next update does. */
  amend(change: (manifest: Manifest) => Manifest): Promise<void> {
    return this.#afterOthers(async () => {
      this.#manifest = change(this.#manifest);
    });
  }

  /**
   * Puts the manifest of a new history in the place of the old one, whose files are then to be deleted
   * (`deleteHistory`); if that has been done, nothing.
   */
  async publish(): Promise<void> {
    if (!this.#isHeld) return;
    await this.#afterOthers(() => this.#write(this.#manifest));
    this.#unmark();
  }

  /**
   * Removes the files of a new history that was not published: the old one is what counts. Something has failed
   * already, and its end is not to fail as well.
   * @returns why files stay, if they do: they are behind the mark, and no log
   */
  abandon(): unknown {
    if (!this.#isHeld) return undefined;
    const { bases, keptSegments, segments, history } = this.#manifest;
    const own = [...bases, ...keptSegments, ...segments].map(({ name }) => name).concat(history);
    try {
      this.remove(own.filter((name) => (seqOf(this.baseName, name) ?? 0) > this.#usedSeq));
      this.#unmark();
    } catch (error) {
      return error;
    }
    return undefined;
  }

  /**
   * Deletes the files that were replaced.
   * @returns the names of those that there were
   */
  async deleteHistory(): Promise<string[]> {
    const { history } = this.#manifest;
    if (this.#isHeld || history.length === 0) return [];
    const deleted = this.remove(history);
    await syncDirectory(this.fs, this.path);
    const gone = new Set(history);
    await this.update((manifest) => ({
      ...manifest,
      history: manifest.history.filter((name) => !gone.has(name)),
    }));
    return deleted;
  }

  /**
   * Deletes those of the files that there are.
   * @returns their names
   * @throws LostLogError as `requireOwn`, or the system's error
   */
  remove(names: readonly string[]): string[] {
    this.requireOwn();
    const present = new Set(this.fs.list(this.path));
    const deleted = names.filter((name) => present.has(name));
    for (const name of deleted) this.fs.unlink(this.pathOf(name));
    return deleted;
  }

  /** Resolves when no update is under way. */
  async settled(): Promise<void> {
    await this.#updates;
  }

  #afterOthers(act: () => Promise<void>): Promise<void> {
    const next = this.#updates.then(act);
    this.#updates = next.catch(() => undefined);
    return next;
  }

  async #write(manifest: Manifest): Promise<void> {
    const path = this.pathOf(manifestName(this.baseName));
    const text = formatManifest(this.#withDurableStarts(manifest));
    this.requireOwn();
    this.#nextText = text;
    try {
      await replaceFile(this.fs, path, text);
    } catch (error) {
      // Files that it names must not be taken for left over when it got to its place all the same.
      if (this.fs.readText(path) === text) this.#accept(manifest, text);
      throw error;
    } finally {
      this.#nextText = undefined;
    }
    this.#accept(manifest, text);
  }

  #withDurableStarts(manifest: Manifest): Manifest {
    // A base holds all that is before it.
    const offset = Math.max(this.durableOffset, manifest.bases.at(-1)?.offset ?? 0);
    const shown = (segment: SegmentFile): SegmentFile =>
      (segment.start ?? 0) > offset ? { ...segment, start: undefined } : segment;
    return {
      ...manifest,
      keptSegments: manifest.keptSegments.map(shown),
      segments: manifest.segments.map(shown),
    };
  }

  #accept(manifest: Manifest, text: string): void {
    this.#manifest = manifest;
    this.#text = text;
    this.#isHeld = false;
  }

  /** The largest number that files of what was replaced may still have: they are not written over. */
  #lastOldSeq(kind: 'base' | 'incr'): number {
    const names = this.#manifest.history.filter((name) => name.includes(`.${kind}.`));
    return Math.max(this.#usedSeq, ...names.map((name) => seqOf(this.baseName, name) ?? 0));
  }
}

/** The manifest's name. */
export function manifestName(baseName: string): string {
  return `${baseName}.manifest`;
}

/** The name of the file by whose lock a log is kept to one server. */
export function lockName(baseName: string): string {
  return `.${baseName}.lock`;
}
