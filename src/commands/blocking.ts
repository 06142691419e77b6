// Waiting for keys, as commands see it: a handler that finds nothing under its keys has its client
// wait (`Call.block`), and is called back for the key that has become ready. Who waits, and when they
// are served, is dispatch's (dispatch/blocking.ts). Also reads the argument that limits the wait.
import { ceilLongDouble, multiplyLongDouble, parseLongDouble } from '../protocol/long-double.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';

/** What a client waits for. */
export interface Wait {
  /** The type of value (keyspace/types.ts). */
  readonly type: number;
  /** The keys are the arguments from `firstKey` up to `lastKey`. */
  readonly firstKey: number;
  readonly lastKey: number;
  /** How long it waits at most, in ms; 0 for ever. */
  readonly timeoutMs: number;
  /**
   * Called when there is a value of the type under the key that is argument i: answers, as the
   * command would have. The call's request is a copy of the one that was to wait.
   * @returns false when there is nothing in it for this client, which goes on waiting
   */
  readonly serve: (call: Call, i: number) => boolean;
}

/** The clients that wait. */
export interface Blocking {
  /** Number of clients that wait, and of those whose wait is limited. */
  readonly size: number;
  readonly limited: number;
  /** Has the client of a call wait. */
  block(call: Call, wait: Wait): void;
  /**
   * Ends a client's wait, as if its time were up, or with an error.
   * @returns false if it does not wait
   */
  unblock(client: Client, withError: boolean): boolean;
}

const MAX_INT64 = 2 ** 63;

/**
 * Argument i as a time to wait: seconds, with fractions, as ms (rounded up).
 * @returns undefined after answering an error
 */
export function timeoutAt({ request, reply }: Call, i: number): number | undefined {
  const seconds = parseLongDouble(request.buffer, request.offsets[i], request.lengths[i]);
  if (seconds === undefined) {
    reply.error('ERR timeout is not a float or out of range');
    return undefined;
  }
  const timeoutMs = ceilLongDouble(multiplyLongDouble(seconds, 1000n));
  // What does not fit into 64 bits becomes negative in C.
  if (timeoutMs < 0 || timeoutMs >= MAX_INT64) {
    reply.error('ERR timeout is negative');
    return undefined;
  }
  return timeoutMs;
}
