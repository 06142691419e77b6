// Commands that read entries which may lie in files: their clients wait for those, and the event loop does not. Where
// nobody can wait (a transaction, a log), entries are read at once.
import type { Call, Handler } from '../../core/call.ts';
import { findCold } from '../../types/stream/cold-range.ts';
import { coldLive } from '../../types/stream/cold-root.ts';
import type { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';

/** Cold blocks that a command needs: those that it reads, and those that are likely to be asked for next. */
const needed = new Set<number>();
const ahead: number[] = [];

/** Whether some entries of a stream lie in files. */
export function hasCold({ db }: Call, root: number): boolean {
  return coldLive(db.entries.arena, root) > 0;
}

/**
 * Notes the cold blocks of a range of a stream, for `waitsForCold`.
 * @param count how many entries are read at most
 */
export function needRange(
  { db }: Call,
  root: number,
  first: StreamId,
  last: StreamId,
  count: number,
  isReverse = false,
): void {
  findCold(streamsOf(db.entries), root, first, last, count, isReverse, needed, ahead);
}

/**
 * Has the client wait for the cold blocks that were noted, and the command run again then.
 * @returns whether it waits; false where all is at hand, or nobody can wait
 */
export function waitsForCold(call: Call, handler: Handler): boolean {
  if (needed.size === 0) {
    ahead.length = 0;
    return false;
  }
  const { cold } = streamsOf(call.db.entries);
  const blocks = [...needed].filter((block) => !cold.isAtHand(block));
  const next = [...ahead];
  needed.clear();
  ahead.length = 0;
  // A client that waits has waited for them already.
  if (blocks.length === 0 || !call.mayWait || call.client.blocked) {
    cold.readAhead(next);
    return false;
  }
  call.deferUntil(cold.load(blocks, next), (again, payloads) => {
    cold.withLoaded(payloads, () => handler(again));
  });
  return true;
}
