// A new history has files before it has a manifest that names them, and nothing depends on it yet. If the server is
// killed then, these files must not be taken for a log: they would hide the snapshot, or the older log, that has the
// data. So a mark file is written first, and removed when the manifest is in place.
//
//   mark, on disk ──▶ increments, base ──▶ manifest names them ──▶ mark removed
//   └ killed: files that no manifest names are nothing ─────┘└ killed: the manifest is what counts
//
// The mark file contains the largest number that files had before: files with larger numbers that the manifest does
// not name belong to the unfinished history.
import { join } from 'node:path';
import { type FileSystem, replaceFile } from './file-system.ts';

/** What follows `appendfilename` in the names of bases and increments. */
const FILE_NAME = /^\.(\d+)\.(?:base\.rdb(?:\.lz4)?|base\.aof|incr\.aof)$/;

/** The number in the name of a base or an increment; 0 for Redis's oldest log; else undefined. */
export function seqOf(baseName: string, name: string): number | undefined {
  if (name === baseName) return 0;
  if (!name.startsWith(`${baseName}.`)) return undefined;
  const match = FILE_NAME.exec(name.slice(baseName.length));
  return match === null ? undefined : Number(match[1]);
}

/** The name of the mark. */
export function markName(baseName: string): string {
  return `.${baseName}.beginning`;
}

/** Marks that a history begins. @param after the largest number that files have */
export function mark(fs: FileSystem, path: string, baseName: string, after: number): Promise<void> {
  return replaceFile(fs, join(path, markName(baseName)), `${after}\n`);
}

/** Whether a history was begun that may not be complete. */
export function isMarked(fs: FileSystem, path: string, baseName: string): boolean {
  return fs.stat(join(path, markName(baseName))) !== undefined;
}

/**
 * The files of a history that was begun and has no manifest yet.
 * @param named names that the manifest has
 * @throws the system's error
 */
export function unfinishedAmong(
  names: readonly string[],
  { fs, path, baseName }: { fs: FileSystem; path: string; baseName: string },
  named: ReadonlySet<string>,
): string[] {
  const text = fs.readText(join(path, markName(baseName)));
  if (text === undefined) return [];
  const after = Number.parseInt(text, 10);
  return names.filter((name) => (seqOf(baseName, name) ?? 0) > after && !named.has(name));
}
