// Replaces a file in one step, so that a crash leaves the old content or the new.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Puts a byte string in a file's place, with the file's permissions; links are followed. */
export function replaceFile(path: string, bytes: string): void {
  const { target, mode } = describe(path);
  const directory = dirname(target);
  // What a killed process has left must not be in the way of one with the same id.
  const random = randomBytes(4).toString('hex');
  const temporary = join(directory, `.${basename(target)}.${process.pid}-${random}.tmp`);
  const file = openSync(temporary, 'wx', mode);
  try {
    try {
      writeFileSync(file, bytes, 'latin1');
      fchmodSync(file, mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(directory);
}

/** Makes the rename durable. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Where a path leads, and its permissions; new files may hold passwords and are the owner's. */
function describe(path: string): { target: string; mode: number } {
  try {
    return { target: realpathSync(path), mode: statSync(path).mode & 0o7777 };
  } catch (error) {
    if (isMissing(error)) return { target: path, mode: 0o600 };
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
