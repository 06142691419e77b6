// Cuts the log at the last whole group. What is cut is kept beside the log, in files that end in
// `.torn-<offset>`, until somebody removes them: it may be all that is left of something. The
// copies are on disk before anything is removed, so a crash meanwhile only leaves it to be done again.

import { copyRange, syncDirectory } from './file-system.ts';
import type { LogDirectory } from './log-directory.ts';
import type { SegmentFile } from './manifest.ts';

/** Where to cut. */
export interface Cut {
  readonly segment: SegmentFile;
  readonly position: number;
  readonly offset: number;
  readonly laterSegments: readonly SegmentFile[];
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
  // A file of which nothing is whole would begin at an offset that is not its own any more.
  const removed = position === 0 ? [segment, ...cut.laterSegments] : [...cut.laterSegments];
  if (removed.length > 0) {
    const names = new Set(removed.map(({ name }) => name));
    const isLeft = ({ name }: SegmentFile) => !names.has(name);
    await directory.update((manifest) => ({
      ...manifest,
      keptSegments: manifest.keptSegments.filter(isLeft),
      segments: manifest.segments.filter(isLeft),
    }));
    const present = new Set(fs.list(directory.path));
    for (const name of names) {
      if (!present.has(name)) continue;
      fs.rename(directory.pathOf(name), directory.pathOf(name + suffix));
      copies.push(name + suffix);
    }
    await syncDirectory(fs, directory.path);
  }
  if (position > 0) {
    const fd = fs.open(directory.pathOf(segment.name), 'r+');
    try {
      const size = fs.size(fd);
      if (size > position) {
        const copy = segment.name + suffix;
        await copyRange(fs, fd, position, size, directory.pathOf(copy));
        copies.push(copy);
        fs.truncate(fd, position);
        await fs.sync(fd);
      }
    } finally {
      fs.close(fd);
    }
  }
  return copies;
}
