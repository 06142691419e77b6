// Commands that answer later, as their handlers see it. One that finds nothing under its keys has its
// client wait for them (`Call.block`), and is called back for the key that has become ready. One whose
// work goes on outside the event loop's turn (another server, a file) defers its answer
// (`Call.defer`), and gives it when the work is done. Who waits, and when they are served, is
// dispatch's (dispatch/blocking.ts, deferred.ts). Also reads the argument that limits a wait for keys.
import { ceilLongDouble, multiplyLongDouble, parseLongDouble } from '../protocol/long-double.ts';
import type { Request } from '../protocol/request.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Handler } from './command.ts';
import { TIMEOUT_NEGATIVE, TIMEOUT_OUT_OF_RANGE } from './errors.ts';

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

/** The answer that a command still owes its client. */
export interface Deferred {
  /**
   * Gives it: runs the handler as the end of the command. It may do all that a handler may: what it
   * changes is recorded as the effect of the command (its request, unless it says otherwise),
   * watched, told of, and serves those who wait. The call's request is a copy of the one that came.
   *
   * It runs, too, when the client is gone: only the reply is dropped then.
   *
   * To be called once, by the event loop (a timer, a promise, a socket) and not while requests are
   * run. @throws Error otherwise, which is a defect
   */
  answer(handler: Handler): void;
}

/** The clients that wait. */
export interface Blocking {
  /** Number of clients that wait, for keys or answers, and of those whose wait is limited. */
  readonly size: number;
  readonly limited: number;
  /** Has the client of a call wait. */
  block(call: Call, wait: Wait): void;
  /** Has the client of a call wait for the answer to it. */
  defer(call: Call): Deferred;
  /**
   * Ends a client's wait for keys, as if its time were up, or with an error.
   * @returns false if it does not wait for any
   */
  unblock(client: Client, withError: boolean): boolean;
}

/** Heap that a waiting request takes at most, without keys and large arguments, and each of its keys. */
const REQUEST_HEAP_BYTES = 2048;
const KEY_HEAP_BYTES = 240;
/** What an argument takes outside the heap besides its bytes: its place and length. */
const ARGUMENT_BYTES = 8;
const MAX_INT64 = 2 ** 63;

/** Heap that a request takes at most while it waits for so many keys; 0 if it waits for something else. */
export function waitBytes(request: Request, keys: number): number {
  if (keys === 0) return REQUEST_HEAP_BYTES;
  return REQUEST_HEAP_BYTES + keys * KEY_HEAP_BYTES + argumentBytesOf(request);
}

/** Bytes of the arguments of a request. */
export function argumentBytesOf({ lengths, count }: Request): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += lengths[i];
  return bytes;
}

/** Bytes that a copy of a request takes outside the heap. */
export function copyBytesOf(request: Request): number {
  return argumentBytesOf(request) + request.count * ARGUMENT_BYTES;
}

/** What is wrong with a time to wait that begins now, in ms: its end must be a time, too. */
export function timeoutProblem(timeoutMs: number, nowMs: number): string | undefined {
  if (timeoutMs < 0) return TIMEOUT_NEGATIVE;
  return timeoutMs + nowMs < MAX_INT64 ? undefined : TIMEOUT_OUT_OF_RANGE;
}

/**
 * Argument i as a time to wait: seconds, with fractions, as ms (rounded up).
 * @returns undefined after answering an error
 */
export function timeoutAt({ request, reply, server }: Call, i: number): number | undefined {
  const seconds = parseLongDouble(request.buffer, request.offsets[i], request.lengths[i]);
  if (seconds === undefined) {
    reply.error('ERR timeout is not a float or out of range');
    return undefined;
  }
  const timeoutMs = ceilLongDouble(multiplyLongDouble(seconds, 1000n));
  const problem = timeoutProblem(timeoutMs, server.keyspace.nowMs);
  if (problem === undefined) return timeoutMs;
  reply.error(problem);
  return undefined;
}
