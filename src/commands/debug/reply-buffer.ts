// DEBUG REPLYBUFFER: how clients' shares of the buffers for replies follow their use (reply-buffer.ts).

import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import { DEFAULT_PEAK_RESET_MS } from '../../core/reply-buffer.ts';
import type { Request } from '../../protocol/request.ts';

/** DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER | RESET | milliseconds, or RESIZING 0 | 1 */
export function debugReplyBuffer({ request, reply, server }: Call): void {
  const { replyBuffers } = server;
  if (request.is(2, 'peak-reset-time')) {
    const timeMs = peakResetMsAt(request, 3);
    if (Number.isNaN(timeMs)) {
      reply.error(NOT_AN_INTEGER);
      return;
    }
    replyBuffers.peakResetMs = timeMs;
  } else if (request.is(2, 'resizing')) {
    // As C's atoi reads it: what is no number is 0.
    replyBuffers.isResizing = (Number.parseInt(request.start(3, 32), 10) || 0) !== 0;
  } else {
    reply.error(wrongSubcommandUse(request));
    return;
  }
  reply.ok();
}

/** Argument i as a peak reset time in ms, negative for never; NaN when it is neither. */
function peakResetMsAt(request: Request, i: number): number {
  if (request.is(i, 'never')) return -1;
  return request.is(i, 'reset') ? DEFAULT_PEAK_RESET_MS : request.integer(i);
}
