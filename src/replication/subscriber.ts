// Subscribers of the command stream (command-stream.ts): the log; later the backlog, replicas and feeds. All of them
// get the same bytes at the same offsets.
import type { PinnedPiece } from '../protocol/large-argument.ts';

/** Kinds of subscribers: replies wait for logs, WAIT counts replicas, nothing waits for a feed. */
export type SubscriberKind = 'log' | 'replica' | 'feed';

/**
 * Receives the stream. Its methods are called while a command runs: they must neither wait nor run commands. An
 * error that they throw ends this subscription only (`failed`).
 */
export interface StreamSubscriber {
  readonly kind: SubscriberKind;
  /**
   * Offset at which the part of the stream begins that the next bytes belong to, if that part must be
   * repeatable by itself: a group of the log. It begins in database 0, or with SELECT. Always the
   * same for a subscriber that has no such parts.
   */
  readonly groupStart: number;
  /** The offset up to which its data is durable: as `appendfsync` demands of a log, or acknowledged by a replica. */
  readonly durableOffset: number;
  /** The offset up to which its data is on disk. */
  readonly syncedOffset: number;
  /**
   * Whether replies that depend on changes beyond `durableOffset` wait. A new value takes effect with
   * `CommandStream.progressed`.
   */
  readonly holdsReplies: boolean;
  /** Whether it has all data, and not only the changes since it subscribed; only then WAIT and WAITAOF count it. */
  readonly isComplete: boolean;
  /** Called once, before anything else: the bytes that follow begin at this offset, in database 0. */
  begin(offset: number): void;
  /** Takes bytes [start, end), which may change afterwards: a command, several, or a part of one. */
  append(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Takes pinned bytes, a part of a command, and releases them when it no longer needs them; if it throws, the
   * caller releases them.
   */
  appendPinned(bytes: PinnedPiece): void;
  /**
   * Called between commands or transactions when the group has become large: the bytes that follow must be in
   * another group.
   */
  closeGroup(): void;
  /** Called before replies are sent: makes what it was given durable, or starts to. */
  commit(): void;
  /**
   * Called after it has thrown an error: it gets nothing more. If it holds replies, they wait until it is
   * unsubscribed, because the changes are durable elsewhere.
   */
  failed(error: unknown): void;
}
