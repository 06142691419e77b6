// Who takes the command stream (command-stream.ts): the log; later the backlog, replicas and feeds. All of them
// get the same bytes at the same offsets.
import type { PinnedPiece } from '../protocol/large-argument.ts';

/** What a subscriber is: replies wait for logs, WAIT counts replicas, nobody waits for a feed. */
export type SubscriberKind = 'log' | 'replica' | 'feed';

/**
 * Takes the stream. Its methods are called while a command runs: they neither wait nor run commands. What it
 * throws ends its subscription (`failed`), and nobody else's.
 */
export interface StreamSubscriber {
  readonly kind: SubscriberKind;
  /**
   * Offset at which the part of the stream begins that the next bytes belong to, if that part must be
   * repeatable by itself: a group of the log. It begins in database 0, or with SELECT. Always the
   * same for a subscriber that has no such parts.
   */
  readonly groupStart: number;
  /** Up to where it is as safe there as was asked for: `appendfsync` of a log, acknowledged by a replica. */
  readonly durableOffset: number;
  /** Up to where it is on disk there. */
  readonly syncedOffset: number;
  /** Whether replies that tell of what is beyond `durableOffset` wait. Changes take effect with `progressed`. */
  readonly holdsReplies: boolean;
  /** Whether it has all data, and not only what came since it subscribed: what it has counts then. */
  readonly isComplete: boolean;
  /** Called once, before anything else: what comes next begins at this offset, in database 0. */
  begin(offset: number): void;
  /** Takes bytes [start, end), which may change afterwards: a command, several, or a part of one. */
  append(bytes: Uint8Array, start: number, end: number): void;
  /** Takes pinned bytes, a part of a command, and releases them in due time, unless it throws. */
  appendPinned(bytes: PinnedPiece): void;
  /** The group has become large: what comes next is to be in another one. A command or transaction is over. */
  closeGroup(): void;
  /** Does what makes safe what it was given: it is called before replies leave. */
  commit(): void;
  /**
   * It has thrown an error and gets nothing more. If it holds replies, they wait on: until it is
   * unsubscribed, when all that they tell of is safe elsewhere.
   */
  failed(error: unknown): void;
}
