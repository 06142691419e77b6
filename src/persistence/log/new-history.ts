// Begins a new history: the files of a log, and the snapshot that it begins with. Nothing depends on it before that
// is on disk. It begins where the stream is by then: what takes the place of a log is a part of the same history,
// and what is switched on, where nobody took the stream before, one with an id of its own.
import type { Logger } from '../../logging/logger.ts';
import type { CommandStream } from '../../replication/command-stream.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import { Journal, type JournalHost, type JournalSettings } from './journal.ts';
import type { LogRewriter } from './log-rewriter.ts';
import { NOTHING_RECOVERED } from './open-log.ts';

/** What beginning takes. */
export interface NewHistoryParts {
  readonly host: JournalHost & { readonly stream: CommandStream };
  readonly values: JournalSettings;
  readonly rewriter: LogRewriter;
  /** Has what changes go into the log. */
  keep(journal: Journal): void;
  /** Whether it is to be given up. */
  isEnding(): boolean;
  /** Whether it is still beginning. */
  isBeginning(): boolean;
}

/**
 * Begins one; resolves when it is complete.
 * @param lost the log whose place it takes: until then that one goes on to get all changes, and replies wait
 *   for it
 * @throws the system's error, or why it was given up; the log may be open by then
 */
export async function beginHistory(
  { host, values, rewriter, keep, isEnding, isBeginning }: NewHistoryParts,
  directory: LogDirectory,
  lost: Journal | undefined,
): Promise<void> {
  const { log, replies, stream } = host;
  let isDependedOn = lost === undefined;
  const logFailed = (error: Error | undefined): void => {
    if (isDependedOn) host.logFailed(error);
    // It need not wait for the disk to work again.
    if (error !== undefined && isBeginning()) rewriter.cancel();
  };
  const ownHost = { log, replies, stream, logFailed };
  const journal = await Journal.open(ownHost, directory, NOTHING_RECOVERED, values);
  journal.holdsReplies = isDependedOn;
  keep(journal);
  const { replicationId } = stream;
  await directory.update((manifest) => ({ ...manifest, replicationId }));
  rewriter.loaded(0);
  do {
    if (isEnding()) throw new Error('the server is closing');
    if (journal.failure !== undefined) throw journal.failure;
  } while (!(await rewriter.run({ directory, journal })));
  journal.isComplete = true;
  if (lost === undefined) return;
  isDependedOn = true;
  journal.holdsReplies = true;
  // All that the lost one had is in the snapshot, or behind it.
  stream.unsubscribe(lost);
  host.logFailed(journal.failure);
}

/** Abandons a history that was begun, and reports files that cannot be removed. */
export function abandonHistory(directory: LogDirectory | undefined, log: Logger): void {
  const error = directory?.abandon();
  if (error === undefined) return;
  log.warn({ err: error }, 'Files of an append only file that was given up were not removed');
}
