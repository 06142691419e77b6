// Repairs of a log's directory. Nothing is deleted: what is cut is kept beside the log in files that
// end in `.torn-<offset>`, a damaged file is renamed to `<name>.damaged`, and one that is useless without it to
// `<name>.dropped`, for an operator to remove: they may be the only copy of some data. Copies are on disk before
// anything is removed, so a repair that crashes can be repeated.

import { basename, dirname, join } from 'node:path';
import { copyRange, type FileSystem, syncDirectory } from '../segments/file-system.ts';
import { type Kept, withBases } from '../segments/generations.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import type { SegmentFile } from '../segments/manifest.ts';

/** Where to cut. */
export interface Cut {
  readonly segment: SegmentFile;
  readonly position: number;
  readonly offset: number;
  readonly laterSegments: readonly SegmentFile[];
}

/** A file that was set aside. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/**
 * Cuts the log.
 * @returns the names of the files that hold what was cut
 * @throws the system's error
 */
export async function cutTail(directory: LogDirectory, cut: Cut): Promise<string[]> {
  const { fs } = directory;
  const { segment, position, offset } = cut;
  const suffix = `.torn-${offset}`;
  const copies: string[] = [];
  // A file with no complete group would begin at an offset that is not its own any more.
  const removed = position === 0 ? [segment, ...cut.laterSegments] : [...cut.laterSegments];
  if (removed.length > 0) {
    const names = new Set(removed.map(({ name }) => name));
    const isLeft = ({ name }: SegmentFile) => !names.has(name);
    await directory.update((manifest) => ({
      ...manifest,
      keptSegments: manifest.keptSegments.filter(isLeft),
      segments: manifest.segments.filter(isLeft),
    }));
    const renamings = await setAside(fs, directory.path, names, () => suffix);
    copies.push(...renamings.map(({ to }) => to));
  }
  if (position > 0) {
    const copy = await cutFile(fs, directory.pathOf(segment.name), position, suffix);
    if (copy !== undefined) copies.push(copy);
  }
  return copies;
}

/**
 * Cuts a file.
 * @param suffix end of the name of the copy of what is cut
 * @returns the name of the copy; undefined when the file ends there
 * @throws the system's error
 */
export async function cutFile(
  fs: FileSystem,
  path: string,
  position: number,
  suffix: string,
): Promise<string | undefined> {
  const directory = dirname(path);
  const fd = fs.open(path, 'r+');
  try {
    const size = fs.size(fd);
    if (size <= position) return undefined;
    const copy = freeName(fs, directory, basename(path) + suffix);
    await copyRange(fs, fd, position, size, join(directory, copy));
    fs.truncate(fd, position);
    await fs.sync(fd);
    return copy;
  } finally {
    fs.close(fd);
  }
}

/** Renames the existing ones of the files out of the way. */
export async function setAside(
  fs: FileSystem,
  path: string,
  names: Iterable<string>,
  suffixOf: (name: string) => string,
): Promise<Renaming[]> {
  const present = new Set(fs.list(path));
  const renamings: Renaming[] = [];
  for (const from of names) {
    if (!present.has(from)) continue;
    const to = freeName(fs, path, from + suffixOf(from));
    fs.rename(join(path, from), join(path, to));
    renamings.push({ from, to });
  }
  if (renamings.length > 0) await syncDirectory(fs, path);
  return renamings;
}

/** The name, or a similar unused one: files that were set aside earlier are not replaced. */
export function freeName(fs: FileSystem, path: string, name: string): string {
  const present = new Set(fs.list(path));
  let free = name;
  for (let i = 2; present.has(free); i++) free = `${name}-${i}`;
  return free;
}

/**
 * Takes all other bases out of the log, and the increments that only those need.
 * @param damaged names of the bases that are damaged
 * @throws the system's error
 */
export async function keepBases(
  directory: LogDirectory,
  kept: Kept,
  damaged: ReadonlySet<string>,
): Promise<Renaming[]> {
  const { bases, keptSegments, segments } = directory.manifest;
  await directory.update((manifest) => withBases(manifest, kept));
  const { manifest } = directory;
  const files = [...manifest.bases, ...manifest.keptSegments, ...manifest.segments];
  const stays = new Set(files.map(({ name }) => name));
  const names = [...bases, ...keptSegments, ...segments].map(({ name }) => name);
  const gone = names.filter((name) => !stays.has(name));
  const suffixOf = (name: string) => (damaged.has(name) ? '.damaged' : '.dropped');
  return setAside(directory.fs, directory.path, gone, suffixOf);
}
