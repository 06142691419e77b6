// The interface of the file system for cold blocks: few operations, so that tests can make each of them fail. All but
// `readNow` run on other threads, so a disk that takes its time holds nobody up but who asked.
import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  open,
  read,
  readSync,
  type Stats,
  writev,
} from 'node:fs';
import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { openRegular } from '../../files/regular-file.ts';
import { type FileFacts, isMissing } from '../segments/file-system.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** How a file is opened: `r` to be read, `r+` also to be written, `new` the same, and there must be none. */
const FLAGS = { r: O_RDONLY, 'r+': O_RDWR, new: O_RDWR | O_CREAT | O_EXCL } as const;

/** See the table. */
export type ColdOpenMode = keyof typeof FLAGS;

const PERMISSIONS = 0o644;

/** The operations; all reject with, or throw, the system's error. */
export interface ColdFiles {
  /** Opens a regular file, and nothing else. */
  open(path: string, mode: ColdOpenMode): Promise<number>;
  close(fd: number): Promise<void>;
  /** Reads up to `into.length` bytes at a position; resolves with how many there were. */
  read(fd: number, into: Uint8Array, position: number): Promise<number>;
  /** Opens a file, reads up to `into.length` bytes of it, and closes it, at once. */
  readNow(path: string, into: Uint8Array, position: number): number;
  /** Writes at a position; resolves with how many bytes were written: at least one, maybe not all. */
  write(fd: number, parts: readonly Uint8Array[], position: number): Promise<number>;
  truncate(fd: number, sizeBytes: number): Promise<void>;
  /** Forces the data of a file, and as much of its metadata as finding it takes, to the disk. */
  datasync(fd: number): Promise<void>;
  /** Identity and size of an open file. */
  identify(fd: number): Promise<FileFacts>;
  /** The same of the regular file at a path; undefined where there is none. */
  stat(path: string): Promise<FileFacts | undefined>;
  unlink(path: string): Promise<void>;
  /** Names in a folder; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Makes a folder, if there is none, in one that is there; durable when it resolves. */
  makeFolder(path: string): Promise<void>;
  /** Makes durable that files were made in a folder. */
  syncFolder(path: string): Promise<void>;
}

const openSoon = promisify(open);
const closeSoon = promisify(close);
const fstatSoon = promisify(fstat);
const fsyncSoon = promisify(fsync);

/** The file system of the machine. */
export const realColdFiles: ColdFiles = {
  async open(path, mode) {
    const fd = await openSoon(path, FLAGS[mode] | O_NONBLOCK, PERMISSIONS);
    if ((await fstatSoon(fd)).isFile()) return fd;
    await closeSoon(fd);
    throw Object.assign(new Error(`EINVAL: not a regular file, open '${path}'`), {
      code: 'EINVAL',
    });
  },
  close: closeSoon,
  read: (fd, into, position) =>
    new Promise((resolve, reject) => {
      read(fd, into, 0, into.length, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    }),
  readNow(path, into, position) {
    const fd = openRegular(path, 'r');
    try {
      return readSync(fd, into, 0, into.length, position);
    } finally {
      closeSync(fd);
    }
  },
  write: (fd, parts, position) =>
    new Promise((resolve, reject) => {
      writev(fd, parts, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    }),
  truncate: promisify(ftruncate),
  datasync: promisify(fdatasync),
  identify: async (fd) => factsOf(await fstatSoon(fd)),
  async stat(path) {
    try {
      const stats = await stat(path);
      return stats.isFile() ? factsOf(stats) : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  unlink,
  async list(folder) {
    try {
      return await readdir(folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  async makeFolder(path) {
    try {
      await mkdir(path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    await this.syncFolder(dirname(path));
  },
  async syncFolder(path) {
    const fd = await openSoon(path, O_RDONLY | O_DIRECTORY);
    try {
      await fsyncSoon(fd);
    } finally {
      await closeSoon(fd);
    }
  },
};

function factsOf({ dev, ino, size }: Stats): FileFacts {
  return { dev, ino, sizeBytes: size };
}

/** Writes all of several buffers, however many bytes the system takes at a time. */
export async function writeParts(
  files: ColdFiles,
  fd: number,
  parts: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = parts;
  for (let at = position; left.length > 0; ) {
    const written = await files.write(fd, left, at);
    at += written;
    left = without(left, written);
  }
}

/** What is left of buffers without their first `count` bytes. */
function without(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let first = 0;
  let skipped = count;
  while (first < parts.length && skipped >= parts[first].length) skipped -= parts[first++].length;
  if (skipped === 0) return parts.slice(first);
  return [parts[first].subarray(skipped), ...parts.slice(first + 1)];
}
