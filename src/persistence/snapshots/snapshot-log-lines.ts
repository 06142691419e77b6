// What the server's log says of snapshots, in Redis's words: scripts look for them.
import { systemMessage } from '../../config/error.ts';
import type { Logger } from '../../logging/logger.ts';
import type { LoadResult } from './snapshot-loading.ts';

const MEGABYTE = 1024 * 1024;

/** Logs the auxiliary fields and the contents of a loaded snapshot. */
export function logLoaded(log: Logger, { aux, loaded, expired, others }: LoadResult): void {
  const version = aux.get('redis-ver');
  if (version !== undefined) log.info({ version }, 'Loading RDB produced by version {version}');
  const createdSeconds = Number(aux.get('ctime'));
  if (createdSeconds > 0) {
    const age = Math.max(0, Math.floor(Date.now() / 1000) - createdSeconds);
    log.info({ age }, 'RDB age {age} seconds');
  }
  const usedBytes = Number(aux.get('used-mem'));
  if (usedBytes > 0) {
    const used = (usedBytes / MEGABYTE).toFixed(2);
    log.info({ used }, 'RDB memory usage when created {used} Mb');
  }
  const message = 'Done loading RDB, keys loaded: {loaded}, keys expired: {expired}.';
  log.info({ loaded, expired, ...others }, message);
}

/**
 * Logs why a snapshot could not be written.
 * @param path of the snapshot, and the directory that Redis calls the server's root
 */
export function logSavingProblem(log: Logger, error: unknown, path: string, dir: string): void {
  const reason = systemMessage(error);
  const details = { err: error, path };
  const { syscall, path: temporary = path } = error as NodeJS.ErrnoException;
  const name = temporary.slice(temporary.lastIndexOf('/') + 1);
  if (syscall === 'open') {
    log.error(
      { name, dir, reason, details },
      'Failed opening the temp RDB file {name} (in server root dir {dir}) for saving: {reason}',
    );
  } else if (syscall === 'rename') {
    log.error(
      { name, path, dir, reason, details },
      'Error moving temp DB file {name} on the final destination {path} (in server root dir {dir}): {reason}',
    );
  } else {
    log.error({ name, reason, details }, 'Write error saving DB on disk({name}): {reason}');
  }
}
