// Files of the log that rewrites have replaced, and that nobody needs any more.
import type { Logger } from 'pino';
import type { LogDirectory } from '../persistence/log-directory.ts';

/**
 * Deletes them; what cannot be deleted now is left for the next time.
 * @param open gives the directory, or throws
 */
export async function deleteReplaced(open: () => LogDirectory, log: Logger): Promise<void> {
  try {
    const deleted = await open().deleteHistory();
    if (deleted.length > 0) log.info({ deleted }, 'old parts of the log were deleted');
  } catch (error) {
    log.warn({ err: error }, 'old parts of the log could not be deleted; the next rewrite tries');
  }
}
