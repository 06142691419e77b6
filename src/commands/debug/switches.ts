// The subcommands of DEBUG that switch something off or on (core/debug-switches.ts), or only answer as if they did.
import { parseMemory } from '../../config/kinds/numbers.ts';
import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import type { Request } from '../../protocol/request.ts';

/** The largest threshold that Redis takes: a little less than 4 GB. */
const MAX_THRESHOLD = 2n ** 32n - 2n ** 20n;
const WRONG_THRESHOLD = 'ERR argument must be a memory value bigger than 1 and smaller than 4gb';

/** DEBUG SET-ACTIVE-EXPIRE 0 | 1 */
export function setActiveExpire({ request, reply, server }: Call): void {
  server.debug.expiresActively = isOn(request, 2);
  reply.ok();
}

/** DEBUG PAUSE-CRON 0 | 1 */
export function pauseCron({ request, reply, server }: Call): void {
  server.debug.worksInBackground = !isOn(request, 2);
  reply.ok();
}

/** DEBUG SET-SKIP-CHECKSUM-VALIDATION 0 | 1 */
export function setSkipChecksumValidation({ request, reply, server }: Call): void {
  server.debug.verifiesChecksums = !isOn(request, 2);
  reply.ok();
}

/**
 * DEBUG QUICKLIST-PACKED-THRESHOLD size: from which size on an element has a node of its own. It is
 * checked and changes nothing: here that is so for each element that is too large for a chunk.
 */
export function quicklistPackedThreshold({ request, reply }: Call): void {
  const threshold = parseMemory(cString(request, 2));
  if (threshold === undefined || threshold > MAX_THRESHOLD) reply.error(WRONG_THRESHOLD);
  else reply.ok();
}

/** DEBUG REPLICATE command …: there are no replicas that it could be sent to. */
export function replicate({ reply }: Call): void {
  reply.ok();
}

/** DEBUG DROP-CLUSTER-PACKET-FILTER type: there is no cluster whose packets could be dropped. */
export function dropClusterPacketFilter({ request, reply }: Call): void {
  if (Number.isNaN(request.integer(2))) reply.error(NOT_AN_INTEGER);
  else reply.ok();
}

/** Argument i as C's atoi reads it, where what is no number is 0. */
function isOn(request: Request, i: number): boolean {
  return (Number.parseInt(request.start(i, 32), 10) || 0) !== 0;
}
