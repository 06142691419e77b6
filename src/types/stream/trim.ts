// What Streams.trim takes.
import type { StreamId } from './stream-id.ts';

/** Which entries are trimmed: the oldest ones, until `keep` are left, or those below an id. */
export interface Trim {
  /** Number of entries that are to be left, 0 or more; undefined: by id. */
  readonly keep: number | undefined;
  /** Where `keep` is undefined or `keepsFromId`: the least id that is to be left. */
  readonly minId: StreamId;
  /** Whether only whole blocks are taken, as with `~`. */
  readonly isApproximate: boolean;
  /** Most entries that are taken; 0: any number. */
  readonly limit: number;
  /** Whether entries from `minId` on are left, even if these are more than `keep`. */
  readonly keepsFromId?: boolean;
  /** Most blocks that are removed, after which no part of another one is; absent: any number. */
  readonly maxBlocks?: number;
}
