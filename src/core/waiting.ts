// What a request takes while its client waits for the answer, and which times to wait there are.
import type { Request } from '../protocol/request.ts';
import type { Client } from './client.ts';
import { TIMEOUT_NEGATIVE, TIMEOUT_OUT_OF_RANGE } from './errors.ts';

/** The clients that wait, for keys or for deferred answers. Who serves them is dispatch (dispatch/blocking/). */
export interface WaitingClients {
  /** Number of clients that wait, for keys or answers, and of those whose wait is limited. */
  readonly size: number;
  readonly limited: number;
  /**
   * Ends a client's wait for keys, as if its time were up, or with an error.
   * @returns false if it does not wait for any
   */
  unblock(client: Client, withError: boolean): boolean;
  /** Drops the wait of a client that is gone. */
  forget(client: Client): void;
}

/** Heap that a waiting request takes at most, without keys and large arguments, and each of its keys. */
const REQUEST_HEAP_BYTES = 2048;
const KEY_HEAP_BYTES = 272;
/** What an argument takes off the heap besides its bytes: its place and length. */
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

/** Bytes that a copy of a request takes off the heap. */
export function copyBytesOf(request: Request): number {
  return argumentBytesOf(request) + request.count * ARGUMENT_BYTES;
}

/** What is wrong with a time to wait that begins now, in ms: its end must be a time, too. */
export function timeoutProblem(timeoutMs: number, nowMs: number): string | undefined {
  if (timeoutMs < 0) return TIMEOUT_NEGATIVE;
  return timeoutMs + nowMs < MAX_INT64 ? undefined : TIMEOUT_OUT_OF_RANGE;
}
