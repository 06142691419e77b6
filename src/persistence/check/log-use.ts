// Keeps `synap-check` and servers apart: a log that a server writes is not repaired, and no server starts on a log
// that is being repaired. A log in use can be checked without repair, with a note that it is in use.
import { hostname } from 'node:os';
import { FileLock, LockedError, UnlockableError } from '../../files/file-lock.ts';

/**
 * Runs a function on a log.
 * @param path of its lock file
 * @param fix whether the log may be changed; then it is locked meanwhile
 * @throws Error when it may be changed and a server uses it
 */
export async function withLog<T>(
  path: string,
  fix: boolean,
  print: (text: string) => void,
  act: () => Promise<T>,
): Promise<T> {
  if (!fix) {
    const holder = FileLock.holderOf(path);
    if (holder !== undefined) {
      print(`in use by a server (${holder}): what it writes meanwhile may look like damage`);
    }
    return act();
  }
  const lock = takeLock(path, print);
  try {
    return await act();
  } finally {
    lock?.release();
  }
}

function takeLock(path: string, print: (text: string) => void): FileLock | undefined {
  try {
    return FileLock.take(path, `synap-check, pid ${process.pid} on ${hostname()}`);
  } catch (error) {
    if (error instanceof LockedError) {
      throw new Error(`the log is in use (${error.holder}): stop the server first`);
    }
    if (!(error instanceof UnlockableError)) throw error;
    print(`not locked: ${error.message}; no server must run meanwhile`);
    return undefined;
  }
}
