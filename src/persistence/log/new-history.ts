// Has a log begin a new history: the files of the log, and the snapshot that it begins with. Nobody depends
// on it before that is on disk.
import type { Logger } from '../../logging/logger.ts';
import type { ReplyGate } from '../../net/reply-gate.ts';
import type { ReplyQueue } from '../../net/reply-queue.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import { Journal, type JournalHost, type JournalSettings } from './journal.ts';
import type { LogRewriter } from './log-rewriter.ts';
import { NOTHING_RECOVERED } from './open-log.ts';

/** In the place of the replies of a log that nobody depends on yet. */
const NO_REPLIES: JournalHost['replies'] = { release: () => {}, waitingCount: 0 };

/** What beginning takes. */
export interface NewHistoryParts {
  readonly host: JournalHost & { readonly replies: ReplyQueue };
  readonly values: JournalSettings;
  readonly rewriter: LogRewriter;
  /** Has what changes go into the log, and replies wait for it. */
  keep(journal: Journal): void;
  /** Whether it is to be given up. */
  isEnding(): boolean;
  /** Whether it is still beginning. */
  isBeginning(): boolean;
}

/**
 * Begins one; resolves when it is complete.
 * @param lost the log whose place it takes: what waits for that log waits until then
 * @throws the system's error, or why it was given up; the log may be open by then
 */
export async function beginHistory(
  { host, values, rewriter, keep, isEnding, isBeginning }: NewHistoryParts,
  directory: LogDirectory,
  lost: Journal | undefined,
): Promise<void> {
  const { log, replies } = host;
  let isDependedOn = lost === undefined;
  const logFailed = (error: Error | undefined): void => {
    if (isDependedOn) host.logFailed(error);
    // It need not wait for the disk to work again.
    if (error !== undefined && isBeginning()) rewriter.cancel();
  };
  const ownHost: JournalHost = {
    ...{ log, logFailed },
    get replies() {
      return isDependedOn ? replies : NO_REPLIES;
    },
  };
  const journal = await Journal.open(ownHost, directory, NOTHING_RECOVERED, values);
  keep(journal);
  if (lost !== undefined) replies.gate = closedGate(lost, journal);
  rewriter.loaded(0);
  do {
    if (isEnding()) throw new Error('the server is closing');
    if (journal.failure !== undefined) throw journal.failure;
  } while (!(await rewriter.run({ directory, journal })));
  if (lost === undefined) return;
  isDependedOn = true;
  replies.gate = journal;
  // All that was told of is in the snapshot.
  replies.release(Number.POSITIVE_INFINITY);
  host.logFailed(undefined);
}

/** Gives up what was begun, if it was, and tells what cannot be removed. */
export function abandonHistory(directory: LogDirectory | undefined, log: Logger): void {
  const error = directory?.abandon();
  if (error === undefined) return;
  log.warn({ err: error }, 'Files of an append only file that was given up were not removed');
}

/** Writes a new log, and lets no reply go that waits for the one whose place it takes. */
function closedGate(lost: Journal, journal: Journal): ReplyGate {
  return {
    get offset() {
      return lost.offset;
    },
    commit() {
      journal.writeNow();
      return lost.durableOffset;
    },
  };
}
