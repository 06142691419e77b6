// What the log says when the program dies of an error in itself (`crash-log-enabled`): where a log goes to
// a file, the standard error that Node writes it to is often nobody's.

import type { Config } from '../config/config.ts';
import { REDIS_VERSION } from '../core/version.ts';
import type { Logger } from '../logging/logger.ts';
import { VERSION } from '../version.ts';

/** Has crashes logged. Node then prints the error and ends the process, as without this. */
export function logCrashes(log: Logger, { values }: Config): void {
  const startedMs = Date.now();
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    if (!values['crash-log-enabled']) return;
    const { stack = String(error) } = error;
    log.error('=== SYNAP BUG REPORT START: Cut & paste starting from here ===');
    log.error(
      { synap: VERSION, redis: REDIS_VERSION, node: process.version, origin },
      'Synap {synap}, in place of Redis {redis}, crashed with Node {node}: {origin}',
    );
    for (const line of stack.split('\n')) log.error({ line }, '{line}');
    const uptimeSeconds = Math.floor((Date.now() - startedMs) / 1000);
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    log.error({ uptimeSeconds, rss, heapUsed, external, arrayBuffers }, 'State');
    log.error('=== SYNAP BUG REPORT END. ===');
  });
}

/** Ends the process by a signal, as a defect would, when a client asks for it (DEBUG SEGFAULT). */
export function crashOf(log: Logger, signal: 'SIGSEGV' | 'SIGABRT', reason: string): void {
  log.error({ reason, signal }, 'Crashed by {signal}, as {reason} has asked for');
  process.kill(process.pid, signal);
}
