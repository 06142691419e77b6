// How far a group has read a stream: its counter of entries read, and its lag, which is what it has still to read.
// Neither is counted by looking at entries, so both are known only where no deleted entry can be among those that they
// count: trimming removes entries from the beginning, and is no harm; XDEL and XSETID leave a largest deleted id.
//
//   first entry ever          first id         largest deleted id         last id
//   |······· trimmed ·········|────────────────────────×────────────────────|
//                             └─ known: added - length + 1                  └─ known: added
//   └─ before it: known, added - length        └─ unknown in between, unless the group has counted
//
// Specification: https://redis.io/docs/latest/commands/xinfo-groups/
import { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';

/** The counter of a group of which it is not known how many entries it has read. */
export const UNKNOWN_ENTRIES_READ: bigint = -1n;

const lastId = new StreamId();
const firstId = new StreamId();
const largestDeleted = new StreamId();

/**
 * How many of all entries that a stream has ever had have ids up to this one, as far as that can be told from its
 * counters.
 * @returns UNKNOWN_ENTRIES_READ if it cannot
 */
export function entriesReadAt(streams: Streams, root: number, id: StreamId): bigint {
  const added = streams.entriesAdded(root);
  if (added === 0n) return 0n;
  streams.lastId(root, lastId);
  const order = id.compare(lastId);
  const length = streams.length(root);
  if (order === 0 || (length === 0 && order < 0)) return added;
  if (order > 0) return UNKNOWN_ENTRIES_READ;
  streams.firstId(root, firstId);
  streams.maxDeletedId(root, largestDeleted);
  if (!largestDeleted.isZero && largestDeleted.compare(firstId) >= 0) return UNKNOWN_ENTRIES_READ;
  const toFirst = id.compare(firstId);
  if (toFirst > 0) return UNKNOWN_ENTRIES_READ;
  return added - BigInt(length) + (toFirst === 0 ? 1n : 0n);
}

/** Whether an entry from an id on may have been deleted. */
function mayHaveDeletedFrom(streams: Streams, root: number, id: StreamId): boolean {
  if (streams.length(root) === 0) return false;
  streams.maxDeletedId(root, largestDeleted);
  if (largestDeleted.isZero || id.compare(largestDeleted) > 0) return false;
  streams.firstId(root, firstId);
  return firstId.compare(largestDeleted) <= 0;
}

/** Whether a group's counter is known, and goes on from an id one by one. */
export function isCounting(
  streams: Streams,
  root: number,
  entriesRead: bigint,
  id: StreamId,
): boolean {
  return entriesRead !== UNKNOWN_ENTRIES_READ && !mayHaveDeletedFrom(streams, root, id);
}

/**
 * The counter of a group after it was given an entry beyond its last id.
 * @param entriesRead the counter before
 * @param id of the entry
 */
export function entriesReadAfter(
  streams: Streams,
  root: number,
  entriesRead: bigint,
  id: StreamId,
): bigint {
  if (isCounting(streams, root, entriesRead, id)) return entriesRead + 1n;
  return streams.entriesAdded(root) === 0n ? entriesRead : entriesReadAt(streams, root, id);
}

/**
 * How many entries a group has still to read.
 * @param entriesRead the group's counter
 * @param id the last one that it was given
 * @returns undefined if that is not known; in 64 bits, whatever the counter was set to
 */
export function groupLag(
  streams: Streams,
  root: number,
  entriesRead: bigint,
  id: StreamId,
): bigint | undefined {
  const added = streams.entriesAdded(root);
  if (added === 0n) return 0n;
  if (isCounting(streams, root, entriesRead, id)) return BigInt.asIntN(64, added - entriesRead);
  const read = entriesReadAt(streams, root, id);
  return read === UNKNOWN_ENTRIES_READ ? undefined : BigInt.asIntN(64, added - read);
}
