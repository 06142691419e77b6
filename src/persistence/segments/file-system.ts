// The interface of the file system for the log: few operations, so that tests can make each of them fail.
// Writing goes to the page cache and is synchronous (a few µs); forcing data to the disk takes
// milliseconds and is not.

import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type OpenMode, openRegular, readRegular } from '../../files/regular-file.ts';

/** Called with the outcome of an asynchronous operation. */
export type Done = (error: Error | null) => void;

/** The identity and the size of a file. */
export interface FileFacts {
  readonly dev: number;
  readonly ino: number;
  readonly sizeBytes: number;
}

/** The operations; all throw, or pass on, the system's error. */
export interface FileSystem {
  /** Opens a regular file, and nothing else; see `OpenMode`. */
  open(path: string, mode: OpenMode): number;
  /** Opens a directory, in order to sync it. */
  openDirectory(path: string): number;
  close(fd: number): void;
  /** What is at a path; undefined where there is nothing. */
  stat(path: string): FileFacts | undefined;
  /** Identity and size of an open file. */
  identify(fd: number): FileFacts;
  /**
   * Writes to a file that was opened to be appended to.
   * @returns how many of the bytes were written: at least one, maybe not all
   */
  append(fd: number, bytes: Uint8Array, start: number, length: number): number;
  /** As `append`, on another thread: calls `done` with an error, or with how many bytes were written. */
  appendAside(
    fd: number,
    bytes: Uint8Array,
    start: number,
    length: number,
    done: (error: Error | null, written: number) => void,
  ): void;
  /** Writes at a position of any other file; writing twice leaves the same file. */
  write(fd: number, bytes: Uint8Array, start: number, length: number, position: number): number;
  truncate(fd: number, sizeBytes: number): void;
  size(fd: number): number;
  /** Reads up to `length` bytes; resolves with how many there were. */
  read(
    fd: number,
    into: Uint8Array,
    start: number,
    length: number,
    position: number,
  ): Promise<number>;
  /** The same, synchronously. */
  readNow(fd: number, into: Uint8Array, start: number, length: number, position: number): number;
  /** Forces the data of a file, and as much of its metadata as finding it takes, to the disk. */
  datasync(fd: number, done: Done): void;
  /** Forces a file, or a directory, to the disk. */
  sync(fd: number): Promise<void>;
  /** A whole small file, or undefined when there is none. */
  readText(path: string): string | undefined;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  list(directory: string): string[];
  makeDirectory(path: string): void;
}

/** The file system of the machine. */
export const realFileSystem: FileSystem = {
  open: openRegular,
  openDirectory: (path) => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY),
  close: closeSync,
  stat(path) {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : factsOf(stats);
  },
  identify: (fd) => factsOf(fstatSync(fd)),
  append: (fd, bytes, start, length) => writeSync(fd, bytes, start, length),
  appendAside: (fd, bytes, start, length, done) => write(fd, bytes, start, length, null, done),
  write: writeSync,
  truncate: ftruncateSync,
  size: (fd) => fstatSync(fd).size,
  read: (fd, into, start, length, position) =>
    new Promise((resolve, reject) => {
      read(fd, into, start, length, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    }),
  readNow: readSync,
  datasync: fdatasync,
  sync: (fd) =>
    new Promise((resolve, reject) => {
      fsync(fd, (error) => (error === null ? resolve() : reject(error)));
    }),
  readText(path) {
    try {
      return readRegular(path).toString('latin1');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  rename: renameSync,
  unlink: (path) => freeingAside(path, () => unlinkSync(path)),
  list: (directory) => readdirSync(directory),
  makeDirectory,
};

function factsOf({ dev, ino, size }: Stats): FileFacts {
  return { dev, ino, sizeBytes: size };
}

/**
 * Makes a directory and its parents. (Without `recursive`, with which Node loops for ever if a parent refuses new
 * directories, as /proc does.)
 */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path);
}

/**
 * Runs `act`, which removes the last name of a file by deleting or replacing it. The kernel frees a file with its
 * last name, at 0.3 ms a MB, unless it is open: so it is opened before, and closed on another thread.
 */
export function freeingAside(path: string, act: () => void): void {
  const fd = openIfPossible(path);
  try {
    act();
  } finally {
    if (fd !== undefined) closeSoon(fd);
  }
}

/** Closes a file on another thread: for a file that is freed by that, and whose content is not needed. */
export function closeSoon(fd: number): void {
  close(fd, (error) => {
    if (error !== null && error !== undefined) throw error;
  });
}

/** Opens a file of any kind without blocking; undefined when there is none, or access is denied. */
function openIfPossible(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** A thrown value as an Error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The size of a file in bytes; 0 when there is none. */
export function sizeOf(fs: FileSystem, path: string): number {
  try {
    const fd = fs.open(path, 'r');
    const size = fs.size(fd);
    fs.close(fd);
    return size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** Writes all bytes, however many the system takes at a time. */
export function writeAll(
  fs: FileSystem,
  fd: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  position: number,
): void {
  let done = 0;
  while (done < length) {
    done += fs.write(fd, bytes, start + done, length - done, position + done);
  }
}

/** The same at the end of a file that was opened to be appended to. */
export function appendAll(
  fs: FileSystem,
  fd: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): void {
  for (let done = 0; done < length; ) done += fs.append(fd, bytes, start + done, length - done);
}

/** Syncs a directory, so that files created, renamed or removed in it are durable. */
export async function syncDirectory(fs: FileSystem, path: string): Promise<void> {
  const fd = fs.openDirectory(path);
  try {
    await fs.sync(fd);
  } finally {
    fs.close(fd);
  }
}

/** Syncs the contents of a file. */
export async function syncFile(fs: FileSystem, path: string): Promise<void> {
  const fd = fs.open(path, 'r+');
  try {
    await fs.sync(fd);
  } finally {
    fs.close(fd);
  }
}

/** Temporary name of a file that `replaceFile` writes. */
export function temporaryName(name: string): string {
  return `temp-${name}`;
}

/**
 * Replaces a file atomically: after a crash it is the old or the new one. Must not run twice at a time for the same
 * file.
 */
export async function replaceFile(fs: FileSystem, path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  const bytes = Buffer.from(text, 'latin1');
  const fd = fs.open(temporary, 'w');
  try {
    writeAll(fs, fd, bytes, 0, bytes.length, 0);
    await fs.sync(fd);
  } finally {
    fs.close(fd);
  }
  fs.rename(temporary, path);
  await syncDirectory(fs, dirname(path));
}

/** Copies bytes from an open file to a new one, and syncs it. */
export async function copyRange(
  fs: FileSystem,
  from: number,
  start: number,
  end: number,
  toPath: string,
): Promise<void> {
  const piece = Buffer.allocUnsafe(1 << 20);
  const to = fs.open(toPath, 'w');
  try {
    for (let at = start; at < end; ) {
      const count = await fs.read(from, piece, 0, Math.min(piece.length, end - at), at);
      if (count === 0) break;
      writeAll(fs, to, piece, 0, count, at - start);
      at += count;
    }
    await fs.sync(to);
  } finally {
    fs.close(to);
  }
  await syncDirectory(fs, dirname(toPath));
}
