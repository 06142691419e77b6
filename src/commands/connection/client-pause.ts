// CLIENT PAUSE and CLIENT UNPAUSE. The pause itself is core/client-pause.ts; dispatch suspends the requests that it
// concerns.
import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { PAUSE_ALL, PAUSE_WRITES } from '../../core/client-pause.ts';
import { timeoutProblem } from '../../core/waiting.ts';

/** CLIENT PAUSE timeout [WRITE | ALL] */
export function clientPause({ request, reply, server }: Call): void {
  if (request.count > 4) {
    reply.error(wrongSubcommandUse(request));
    return;
  }
  const writesOnly = request.count === 4 && request.is(3, 'write');
  if (request.count === 4 && !writesOnly && !request.is(3, 'all')) {
    reply.error('ERR CLIENT PAUSE mode must be WRITE or ALL');
    return;
  }
  const timeoutMs = request.integer(2);
  if (Number.isNaN(timeoutMs)) {
    reply.error('ERR timeout is not an integer or out of range');
    return;
  }
  const { keyspace } = server;
  const problem = timeoutProblem(timeoutMs, keyspace.nowMs);
  if (problem !== undefined) {
    reply.error(problem);
    return;
  }
  server.pause.begin(writesOnly ? PAUSE_WRITES : PAUSE_ALL, timeoutMs, keyspace.nowMs);
  reply.ok();
}

/** CLIENT UNPAUSE */
export function clientUnpause({ reply, server }: Call): void {
  server.pause.end();
  reply.ok();
}
