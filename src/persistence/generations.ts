// Snapshots and the increments that belong to them. A generation is a base and all of the stream
// behind it; older ones stay, so that recovery can fall back, until there are more than are wanted.
// Files that are not needed any more become history: they are deleted once the manifest that says so is
// on disk (`LogDirectory.deleteHistory`), now or at the next start.

import type { LogDirectory } from './log-directory.ts';
import type { BaseFile, Manifest, SegmentFile } from './manifest.ts';

/** A base with the offset that it stands for. */
export interface Generation extends BaseFile {
  readonly offset: number;
}

/**
 * Makes a base the current one; it is on disk, under its name, and the segment that begins at its
 * offset is in the manifest (`Log.rotate`).
 * @param keep how many generations stay, this one included; at least 1
 */
export function installBase(
  directory: LogDirectory,
  base: Generation,
  keep: number,
): Promise<void> {
  return directory.update((manifest) => {
    const next = withBase(manifest, base, Math.max(1, keep));
    const stays = new Set(namesOf(next));
    const dropped = namesOf(manifest).filter((name) => !stays.has(name));
    return { ...next, history: [...manifest.history, ...dropped] };
  });
}

/** The generations to recover from, the newest first. */
export function generationsOf({ bases }: Manifest): BaseFile[] {
  return bases.toReversed();
}

function withBase(manifest: Manifest, base: Generation, keep: number): Manifest {
  const bases = [...manifest.bases, base].slice(-keep);
  const oldest = bases[0].offset ?? 0;
  const listed = [...manifest.keptSegments, ...manifest.segments];
  // One that others followed before it had begun was made by an attempt that failed: it is empty.
  const isUsed = ({ start }: SegmentFile) => start !== undefined;
  const all = listed.filter((file, index) => isUsed(file) || index === listed.length - 1);
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
