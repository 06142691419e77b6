// Whether a file of the log is still the one that a start would read. It may have been deleted, moved with its
// directory, replaced, or written by another process, and writing and syncing would succeed all the same. Checked
// after each sync, before anything counts as durable, with one `stat` of the path.
import type { FileFacts, FileSystem } from './file-system.ts';
import type { LogDirectory } from './log-directory.ts';
import { LostLogError } from './lost-log-error.ts';
import type { OpenSegment } from './open-segment.ts';

/** Bytes compared at the end of two files: they contain a group's annotation with its offset and checksum. */
const END_BYTES = 4096;

/**
 * The reason why a segment is not in its place; undefined if it is.
 * @param isCut whether bytes of a failed write may follow its last whole group
 */
export function lossOf(
  directory: LogDirectory,
  segment: OpenSegment,
  isCut: boolean,
): LostLogError | undefined {
  const path = directory.pathOf(segment.name);
  const loss = (what: string) => new LostLogError(`the log's file ${path} ${what}`);
  try {
    const found = directory.fs.stat(path);
    if (found === undefined) return loss('is gone');
    const { sizeBytes } = found;
    if (sizeBytes !== segment.sizeBytes && !isCut) {
      return loss(`has ${sizeBytes} bytes and not ${segment.sizeBytes}: somebody else changes it`);
    }
    if (isSame(found, segment.identity)) return undefined;
    // Some file systems report another inode number for an open file when it is looked up again.
    if (!isCut && hasSameEnd(directory.fs, path, segment)) return undefined;
    return loss('is another one by now');
  } catch (error) {
    return loss(`cannot be looked at: ${error instanceof Error ? error.message : error}`);
  }
}

function isSame(one: FileFacts, other: FileFacts): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function hasSameEnd(fs: FileSystem, path: string, { fd, sizeBytes }: OpenSegment): boolean {
  const length = Math.min(END_BYTES, sizeBytes);
  const own = Buffer.alloc(length);
  const found = Buffer.alloc(length);
  const other = fs.open(path, 'r');
  try {
    fs.readNow(fd, own, 0, length, sizeBytes - length);
    fs.readNow(other, found, 0, length, sizeBytes - length);
  } finally {
    fs.close(other);
  }
  return length > 0 && own.equals(found);
}
