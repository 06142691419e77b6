// The times at which fields of hashes are to expire, as commands name them, with Redis's checks.
import type { Call } from '../../core/call.ts';
import { invalidExpireTime, NOT_AN_INTEGER } from '../../core/errors.ts';
import { absoluteTimeMs, SECONDS } from '../../core/expiry-time.ts';

const NEGATIVE_TIME = 'ERR invalid expire time, must be >= 0';
/** The latest time that Redis takes, in ms since the epoch. */
const LATEST_TIME_MS = 2 ** 46 - 1;

/**
 * The time of argument i, in ms since the epoch.
 * @param command as the error names it
 * @param isRelative whether it counts from now
 * @returns -1 after answering an error
 */
export function fieldTimeMs(
  { request, reply, server }: Call,
  command: string,
  i: number,
  unitMs: number,
  isRelative: boolean,
): number {
  const count = request.integer(i);
  if (Number.isNaN(count)) {
    reply.error(NOT_AN_INTEGER);
    return -1;
  }
  if (count < 0) {
    reply.error(NEGATIVE_TIME);
    return -1;
  }
  const baseMs = isRelative ? server.keyspace.nowMs : 0;
  const isTooLate =
    (unitMs === SECONDS && count > Math.floor(LATEST_TIME_MS / SECONDS)) ||
    count * unitMs > LATEST_TIME_MS - baseMs;
  if (isTooLate) {
    reply.error(invalidExpireTime(command));
    return -1;
  }
  return absoluteTimeMs(request, i, unitMs, baseMs);
}
