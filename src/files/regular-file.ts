// Opening files that are meant to be read or written to their end. A FIFO in the place of one would hold
// the whole server up until somebody opens its other end, a device could go on for ever: whatever is not
// a regular file is an error, at once.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC } = constants;

/** How a file is opened: the letters of fopen(3), but that nothing but `w` makes a file. */
const FLAGS = {
  /** To be read. */
  r: O_RDONLY,
  /** To be read, and changed at any place. */
  'r+': O_RDWR,
  /** To be written; made, or emptied. */
  w: O_RDWR | O_CREAT | O_TRUNC,
  /** To be read and appended to: whatever is written goes behind the end, whoever else writes. */
  a: O_RDWR | O_APPEND,
  /** The same; made, or emptied. */
  wa: O_RDWR | O_APPEND | O_CREAT | O_TRUNC,
} as const;

/** See the table. */
export type OpenMode = keyof typeof FLAGS;

const PERMISSIONS = 0o644;

/**
 * Opens a regular file.
 * @returns its descriptor
 * @throws the system's error; EISDIR or EINVAL, with a text that names it, for what is no regular file
 */
export function openRegular(path: string, mode: OpenMode): number {
  // Does not wait for the other end of a FIFO; makes no difference to a regular file.
  const fd = openSync(path, FLAGS[mode] | O_NONBLOCK, PERMISSIONS);
  try {
    refuseOthers(path, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** As `openRegular`, to be read, off the event loop. */
export async function openRegularSoon(path: string): Promise<FileHandle> {
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    refuseOthers(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The whole of a regular file. @throws as `openRegular` */
export function readRegular(path: string): Buffer {
  const fd = openRegular(path, 'r');
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function refuseOthers(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  const place = { path, syscall: 'open' };
  if (stats.isDirectory()) {
    const text = `EISDIR: illegal operation on a directory, open '${path}'`;
    throw Object.assign(new Error(text), { code: 'EISDIR', ...place });
  }
  const text = `it is ${nameOf(stats)} and not a regular file, open '${path}'`;
  throw Object.assign(new Error(text), { code: 'EINVAL', ...place });
}

function nameOf(stats: Stats): string {
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return 'something else';
}
