// Turns the times that clients give (seconds or milliseconds, from now or since the epoch) into
// the absolute expiries that the keyspace keeps, with Redis's checks for 64-bit overflow.
//
// Expiries are doubles: exact up to 2^53 ms (the year 287396), rounded to a multiple of 1024 ms at
// most beyond that, and never later than the last double that a 64-bit integer holds.
import { LATEST_EXPIRY_MS } from '../keyspace/entries.ts';
import type { Request } from '../protocol/request.ts';
import type { Call } from './call.ts';
import { invalidExpireTime, NOT_AN_INTEGER } from './errors.ts';

/** Milliseconds in the unit of a time. */
export const MILLISECONDS = 1;
export const SECONDS = 1000;

/** What a time is counted from when it is not the present: the epoch. */
export const EPOCH_MS = 0;

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/**
 * The time of argument i, in ms since the epoch.
 * @param unitMs milliseconds in one unit of the argument
 * @param baseMs what it is counted from, in ms since the epoch
 * @returns NaN when the argument is no 64-bit integer; Infinity when the time does not fit into one
 */
export function absoluteTimeMs(
  request: Request,
  i: number,
  unitMs: number,
  baseMs: number,
): number {
  const timeMs = request.integer(i) * unitMs + baseMs;
  return Number.isSafeInteger(timeMs) ? timeMs : exactTimeMs(request, i, unitMs, baseMs);
}

function exactTimeMs(request: Request, i: number, unitMs: number, baseMs: number): number {
  const count = request.bigint(i);
  if (count === undefined) return Number.NaN;
  const distance = count * BigInt(unitMs);
  const timeMs = distance + BigInt(baseMs);
  if (distance < MIN_INT64 || distance > MAX_INT64 || timeMs > MAX_INT64) return Infinity;
  return Math.min(Number(timeMs), LATEST_EXPIRY_MS);
}

/**
 * The time of argument i as `absoluteTimeMs`, for commands that take none before their base (SET,
 * GETEX and relatives).
 * @param command as the error names it
 * @returns ms since the epoch, or -1 after answering an error
 */
export function futureTimeMs(
  { request, reply }: Call,
  command: string,
  i: number,
  unitMs: number,
  baseMs: number,
): number {
  const timeMs = absoluteTimeMs(request, i, unitMs, baseMs);
  if (Number.isNaN(timeMs)) reply.error(NOT_AN_INTEGER);
  else if (timeMs <= baseMs || timeMs === Infinity) reply.error(invalidExpireTime(command));
  else return timeMs;
  return -1;
}
