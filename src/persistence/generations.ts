// Snapshots and the increments that belong to them. A generation is a base and all of the stream
// behind it; older ones stay, so that recovery can fall back, until there are more than are wanted.
// A file is deleted only after the manifest without it is on disk.

import { syncDirectory } from './file-system.ts';
import type { LogDirectory } from './log-directory.ts';
import type { BaseFile, Manifest } from './manifest.ts';

/** A base with the offset that it stands for. */
export interface Generation extends BaseFile {
  readonly offset: number;
}

/**
 * Makes a base the current one; it is on disk, under its name, and the segment that begins at its
 * offset is in the manifest (`Log.rotate`).
 * @param keep how many generations stay, this one included; at least 1
 * @returns the names of the files that were deleted
 */
export async function installBase(
  directory: LogDirectory,
  base: Generation,
  keep: number,
): Promise<string[]> {
  let dropped: string[] = [];
  await directory.update((manifest) => {
    const next = withBase(manifest, base, Math.max(1, keep));
    const stays = new Set(namesOf(next));
    dropped = namesOf(manifest).filter((name) => !stays.has(name));
    return next;
  });
  const deleted = directory.remove(dropped);
  if (deleted.length > 0) await syncDirectory(directory.fs, directory.path);
  return deleted;
}

/** The generations to recover from, the newest first. */
export function generationsOf({ bases }: Manifest): BaseFile[] {
  return bases.toReversed();
}

function withBase(manifest: Manifest, base: Generation, keep: number): Manifest {
  const bases = [...manifest.bases, base].slice(-keep);
  const oldest = bases[0].offset ?? 0;
  const all = [...manifest.keptSegments, ...manifest.segments];
  const startOf = (index: number) => all[index]?.start ?? Number.POSITIVE_INFINITY;
  // A segment ends where the next one begins; one whose start is not known is the newest.
  const needed = all.filter((_, index) => index === all.length - 1 || startOf(index + 1) > oldest);
  const isCurrent = (start: number | undefined) => start === undefined || start >= base.offset;
  const segments = needed.filter(({ start }) => isCurrent(start));
  // Without a log there is nothing behind the snapshot.
  if (all.length > 0 && segments[0]?.start !== base.offset) {
    throw new Error(`no segment begins at offset ${base.offset}, that of ${base.name}`);
  }
  const keptSegments = needed.filter(({ start }) => !isCurrent(start));
  return { ...manifest, bases, keptSegments, segments };
}

function namesOf({ bases, keptSegments, segments }: Manifest): string[] {
  return [...bases, ...keptSegments, ...segments].map(({ name }) => name);
}
