// Snapshots and the increments that belong to them. A generation is a base and all of the stream after it; older
// ones are kept, so that recovery can fall back on them, up to a limit. Files that are no longer needed become
// history: they are deleted once the manifest that says so is on disk (`LogDirectory.deleteHistory`), now or at the
// next start, unless they are to be kept (`aof-disable-auto-gc`).

import type { LogDirectory } from './log-directory.ts';
import type { BaseFile, Manifest, SegmentFile } from './manifest.ts';

/** A base with the offset that it stands for. */
export interface Generation extends BaseFile {
  readonly offset: number;
}

/**
 * Makes a base the current one. It must be on disk, under its name, and the segment that begins at its offset in the
 * manifest (`Log.rotate`).
 * @param keep how many generations are kept, this one included; at least 1
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

/** The bases that a log is reduced to. */
export interface Kept {
  /** From old to new; the last becomes the current one. */
  readonly bases: readonly BaseFile[];
  /** Offsets of the first and the last of them; 0 where the log begins with nothing. */
  readonly oldest: number;
  readonly newest: number;
}

/** The manifest with these bases only, and the increments that they need. */
export function withBases(manifest: Manifest, { bases, oldest, newest }: Kept): Manifest {
  const all = [...manifest.keptSegments, ...manifest.segments];
  const startOf = (index: number) => all[index]?.start ?? Number.POSITIVE_INFINITY;
  // A segment ends where the next one begins; if that start is unknown, the segment is kept.
  const needed = all.filter((_, index) => startOf(index + 1) > oldest);
  const isBefore = ({ start }: SegmentFile) => start !== undefined && start < newest;
  const current = needed.findLastIndex(isBefore) + 1;
  const keptSegments = needed.slice(0, current);
  return { ...manifest, bases, keptSegments, segments: needed.slice(current) };
}

function withBase(manifest: Manifest, base: Generation, keep: number): Manifest {
  const bases = [...manifest.bases, base].slice(-keep);
  // A segment without a start that has successors comes from a failed attempt: it is empty.
  const keptSegments = manifest.keptSegments.filter(({ start }) => start !== undefined);
  const segments = manifest.segments.filter(
    ({ start }, index, all) => start !== undefined || index === all.length - 1,
  );
  const kept = { bases, oldest: bases[0].offset ?? 0, newest: base.offset };
  const next = withBases({ ...manifest, keptSegments, segments }, kept);
  // Without a log there is nothing after the snapshot.
  const isAlone = keptSegments.length + segments.length === 0;
  if (isAlone || next.segments[0]?.start === base.offset) return next;
  throw new Error(`no segment begins at offset ${base.offset}, that of ${base.name}`);
}

function namesOf({ bases, keptSegments, segments }: Manifest): string[] {
  return [...bases, ...keptSegments, ...segments].map(({ name }) => name);
}
