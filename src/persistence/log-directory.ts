// The directory of a log: how its files are called, and its manifest, which is only ever replaced
// as a whole. Updates of the manifest follow one another; each is on disk when it resolves.

import { join } from 'node:path';
import { type FileSystem, realFileSystem, replaceFile, syncDirectory } from './file-system.ts';
import {
  emptyManifest,
  formatManifest,
  type Manifest,
  ManifestError,
  parseManifest,
} from './manifest.ts';

/** A log's directory and what its manifest says. */
export class LogDirectory {
  readonly path: string;
  /** What all names begin with (`appendfilename`). */
  readonly baseName: string;
  readonly fs: FileSystem;
  #manifest: Manifest;
  #updates: Promise<unknown> = Promise.resolve();

  private constructor(path: string, baseName: string, fs: FileSystem, manifest: Manifest) {
    this.path = path;
    this.baseName = baseName;
    this.fs = fs;
    this.#manifest = manifest;
  }

  /**
   * Reads a directory's manifest, or begins with an empty one. Changes nothing on disk.
   * @param baseName `appendfilename`
   * @throws ManifestError, or the system's error
   */
  static read(path: string, baseName: string, fs: FileSystem = realFileSystem): LogDirectory {
    const text = fs.readText(join(path, manifestName(baseName)));
    if (text === undefined) return new LogDirectory(path, baseName, fs, emptyManifest());
    try {
      return new LogDirectory(path, baseName, fs, parseManifest(text));
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      throw new ManifestError(`${join(path, manifestName(baseName))}: ${error.message}`);
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

  /** The full path of a file in it. */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** The name of a base, in RDB format. */
  baseFileName(seq: number): string {
    return `${this.baseName}.${seq}.base.rdb`;
  }

  segmentFileName(seq: number): string {
    return `${this.baseName}.${seq}.incr.aof`;
  }

  /** The number that the next base gets. */
  get nextBaseSeq(): number {
    return 1 + Math.max(0, ...this.#manifest.bases.map(({ seq }) => seq));
  }

  /** The number that the next increment gets. */
  get nextSegmentSeq(): number {
    const { keptSegments, segments } = this.#manifest;
    return 1 + Math.max(0, ...keptSegments.concat(segments).map(({ seq }) => seq));
  }

  /** Creates the directory itself where it is missing. */
  async create(): Promise<void> {
    this.fs.makeDirectory(this.path);
    await syncDirectory(this.fs, join(this.path, '..'));
  }

  /**
   * Puts a changed manifest in the place of the old one. When that fails, nothing has changed.
   * @param change makes the new manifest of the newest one
   */
  update(change: (manifest: Manifest) => Manifest): Promise<void> {
    const next = this.#updates.then(async () => {
      const changed = change(this.#manifest);
      await replaceFile(this.fs, this.pathOf(manifestName(this.baseName)), formatManifest(changed));
      this.#manifest = changed;
    });
    this.#updates = next.catch(() => undefined);
    return next;
  }

  /** Resolves when no update is under way. */
  async settled(): Promise<void> {
    await this.#updates;
  }
}

/** The manifest's name. */
export function manifestName(baseName: string): string {
  return `${baseName}.manifest`;
}
