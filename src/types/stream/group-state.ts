// What is to be written of a group: names, numbers and the blocks of its lists, as they are when a stream is frozen
// (shared-blocks.ts). The blocks are leaves (pending-leaf.ts), which `PendingLeaf.open` and `load` read.
import type { StreamId } from './stream-id.ts';

/** A group. */
export interface GroupState {
  readonly name: Buffer;
  readonly lastId: StreamId;
  /** -1: not known. */
  readonly entriesRead: bigint;
  /** Number of pending entries. */
  readonly pending: number;
  /** The leaves of its pending entries. */
  readonly blocks: Int32Array;
  /** In the order of their names. */
  readonly consumers: readonly ConsumerState[];
}

/** A consumer. */
export interface ConsumerState {
  readonly name: Buffer;
  readonly seenMs: number;
  /** -1: never. */
  readonly activeMs: number;
  /** Number of pending entries. */
  readonly pending: number;
  /** The leaves of its own pending entries, of ids only. */
  readonly blocks: Int32Array;
}
