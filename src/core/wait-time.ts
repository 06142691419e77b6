// The argument that limits how long a client waits for keys.
import { ceilLongDouble, multiplyLongDouble, parseLongDouble } from '../protocol/long-double.ts';
import type { Call } from './call.ts';
import { timeoutProblem } from './waiting.ts';

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
