// Looks behind a place that cannot be read for a group that proves it damaged: one whose annotation
// says that the stream was on disk beyond that place when the group was written. Annotations have
// a checksum of their own, so they are to be believed whatever became of their groups. (A value
// that looks like an annotation can only make recovery refuse where it might have cut.)

import { isMissing } from './file-system.ts';
import { findGroupHeader, HEADER_BYTES, readGroupHeader } from './group-header.ts';
import type { LogDirectory } from './log-directory.ts';

const WINDOW_BYTES = 1 << 20;
const STAR = 42;

/**
 * Looks from a position of a file to its end.
 * @param isLater whether it follows the file with that place: then plain commands prove it too
 * @param offset where the stream cannot be read on
 * @returns what proves it, in words; undefined when nothing does
 */
export async function findWitness(
  directory: LogDirectory,
  name: string,
  position: number,
  offset: number,
  isLater: boolean,
): Promise<string | undefined> {
  const { fs } = directory;
  let fd: number;
  try {
    fd = fs.open(directory.pathOf(name), 'r');
  } catch (error) {
    if (!isMissing(error)) throw error;
    return `${name} is missing`;
  }
  try {
    const sizeBytes = Math.max(HEADER_BYTES, fs.size(fd) - position);
    const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, sizeBytes));
    let filled = 0;
    for (let at = position; ; ) {
      const count = await fs.read(fd, window, filled, window.length - filled, at + filled);
      if (count === 0) return undefined;
      filled += count;
      if (isLater && at === 0 && window[0] === STAR) return `${name} holds commands`;
      const found = witnessIn(window, filled, offset);
      if (found !== undefined) return `${name} has the group of offset ${found}`;
      // An annotation may lie across the window's end.
      const rest = Math.min(filled, HEADER_BYTES - 1);
      window.copyWithin(0, filled - rest, filled);
      at += filled - rest;
      filled = rest;
    }
  } finally {
    fs.close(fd);
  }
}

function witnessIn(window: Buffer, filled: number, offset: number): number | undefined {
  const bytes = window.subarray(0, filled);
  for (let at = findGroupHeader(bytes, 0); at >= 0; at = findGroupHeader(bytes, at + 1)) {
    if (at + HEADER_BYTES > filled) return undefined;
    const header = readGroupHeader(bytes, at);
    if (header !== undefined && header.synced > offset) return header.start;
  }
  return undefined;
}
