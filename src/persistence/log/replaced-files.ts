// Files of the log that rewrites have replaced, and that are not needed any more.
import type { Logger } from '../../logging/logger.ts';
import type { LogDirectory } from '../segments/log-directory.ts';

/**
 * Deletes the replaced files; those that cannot be deleted are left for the next time.
 * @param open opens the directory, or throws
 */
export async function deleteReplaced(open: () => LogDirectory, log: Logger): Promise<void> {
  try {
    const deleted = await open().deleteHistory();
    for (const file of deleted)
      log.info({ file }, 'Removing the history file {file} in the background');
  } catch (error) {
    log.warn(
      { err: error },
      'History files of the append only file could not be removed; the next rewrite tries',
    );
  }
}
