// Searches after an unreadable place for a group that proves damage: one whose annotation says that the stream was
// on disk beyond that place when the group was written. Annotations have a checksum of their own, so they can be
// trusted even if their groups are damaged. (A value that looks like an annotation can only make recovery refuse
// where it might have cut.)

import { isMissing } from '../segments/file-system.ts';
import {
  findGroupHeader,
  type GroupHeader,
  HEADER_BYTES,
  headerPlace,
  readGroupHeader,
} from '../segments/group-header.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import { STAMP_BYTES, timeStampEnd } from '../segments/time-stamp.ts';

const WINDOW_BYTES = 1 << 20;
const STAR = 42;

/**
 * Searches from a position of a file to its end.
 * @param isLater whether it is after the file with that place: then plain commands prove damage too
 * @param offset where the stream cannot be read further
 * @returns the proof, in words; undefined when there is none
 */
export async function findSyncedGroup(
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
    const sizeBytes = Math.max(STAMP_BYTES + HEADER_BYTES, fs.size(fd) - position);
    const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, sizeBytes));
    let filled = 0;
    for (let at = position; ; ) {
      const count = await fs.read(fd, window, filled, window.length - filled, at + filled);
      if (count === 0) return undefined;
      filled += count;
      if (isLater && at === 0 && beginsPlain(window, filled)) return `${name} holds commands`;
      const found = syncedGroupIn(window, filled, offset);
      if (found !== undefined) return `${name} has the group of offset ${found}`;
      // An annotation, and the time stamp in front of it, may lie across the window's end.
      const rest = Math.min(filled, STAMP_BYTES + HEADER_BYTES - 1);
      window.copyWithin(0, filled - rest, filled);
      at += filled - rest;
      filled = rest;
    }
  } finally {
    fs.close(fd);
  }
}

function syncedGroupIn(window: Buffer, filled: number, offset: number): number | undefined {
  const bytes = window.subarray(0, filled);
  for (let at = findGroupHeader(bytes, 0); at >= 0; at = findGroupHeader(bytes, at + 1)) {
    if (at + HEADER_BYTES > filled) return undefined;
    const header = headerAt(bytes, at);
    if (header !== undefined && header.synced > offset) return header.start;
  }
  return undefined;
}

/** The annotation at a place, with a time stamp in front or without one. */
function headerAt(bytes: Buffer, at: number): GroupHeader | undefined {
  const header = readGroupHeader(bytes, at, 0);
  const stampAt = at - STAMP_BYTES;
  if (header !== undefined || stampAt < 0 || headerPlace(bytes, stampAt, at) !== at) return header;
  return readGroupHeader(bytes, at, STAMP_BYTES);
}

/** Whether a file begins with a command as Redis writes it, possibly after a time stamp. */
function beginsPlain(bytes: Buffer, filled: number): boolean {
  return filled > 0 && bytes[timeStampEnd(bytes, 0, filled)] === STAR;
}
