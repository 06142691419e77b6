// DEBUG SEGFAULT, PANIC, ASSERT and OOM: the process ends as after a defect, to test how a system reacts to that. A
// server inside another program does not end that program. And RESTART and CRASH-AND-RECOVER, which a Node program
// cannot do to itself.
import type { Call } from '../../core/call.ts';
import { LOADING_DATA, NOT_AN_INTEGER } from '../../core/errors.ts';

const NOT_OURS = 'ERR this server runs inside another program, which it does not end';
const NOT_RESTARTED = 'ERR failed to restart the server. Check server logs.';

/** DEBUG SEGFAULT */
export function segfault(call: Call): void {
  crash(call, 'SIGSEGV', 'DEBUG SEGFAULT');
}

/** DEBUG PANIC */
export function panic(call: Call): void {
  crash(call, 'SIGABRT', 'DEBUG PANIC');
}

/** DEBUG ASSERT */
export function assert(call: Call): void {
  crash(call, 'SIGABRT', 'DEBUG ASSERT');
}

/** DEBUG OOM */
export function outOfMemory(call: Call): void {
  crash(call, 'SIGABRT', 'DEBUG OOM');
}

/** DEBUG RESTART | CRASH-AND-RECOVER [milliseconds] */
export function restart({ request, reply, server }: Call): void {
  if (request.count > 2 && Number.isNaN(request.integer(2))) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  server.log.warn('A process of Node cannot start anew: restart it from outside');
  reply.error(NOT_RESTARTED);
}

function crash({ reply, server }: Call, signal: 'SIGSEGV' | 'SIGABRT', reason: string): void {
  // From a log, it would end the server at each start.
  if (server.loading.isActive) reply.error(LOADING_DATA);
  else if (server.process.crash === undefined) reply.error(NOT_OURS);
  else server.process.crash(signal, reason);
}
