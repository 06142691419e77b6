// What the log says of a start that failed, in Redis's lines: test servers and scripts read in them that
// a port is in use. It goes to the standard error as well, in one line that names the setting at fault.
import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { ConfigError, systemMessage } from '../config/error.ts';
import { ModuleError } from '../config/module-problem.ts';
import type { Logger } from '../logging/logger.ts';

/** An address as `bind` has it, for those by which Node says that all are meant. */
const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '*', '::': '::*' };

/** Logs why a server could not be started. */
export function logStartFailure(log: Logger, error: unknown, { values }: Config): void {
  if (!(error instanceof ConfigError)) return;
  const { cause } = error;
  if (error instanceof ModuleError) {
    const { path, problem } = error;
    log.warn({ path, problem }, 'Module {path} failed to load: {problem}');
    log.warn({ path }, "Can't load module from {path}: server aborting");
  } else if (!isSystemError(cause)) {
    if (values.port === 0 && values.unixsocket === '') {
      log.warn('Configured to not listen anywhere, exiting.');
    } else {
      log.warn({ reason: error.message }, 'Fatal error: {reason}. Exiting.');
    }
  } else if (
    cause.syscall === 'listen' ||
    cause.syscall === 'bind' ||
    cause.syscall === 'getaddrinfo'
  ) {
    logNoListening(log, cause, values.port);
  } else {
    log.warn({ reason: error.message }, 'Fatal error: {reason}. Exiting.');
  }
}

/** Logs that a configuration file cannot be read. */
export function logUnreadable(log: Logger, file: string, cause: unknown): void {
  const path = resolve(file);
  const reason = systemMessage(cause);
  log.warn({ path, reason }, "Fatal error, can't open config file '{path}': {reason}");
}

type ListenError = NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string };

function logNoListening(log: Logger, cause: ListenError, wantedPort: number): void {
  const { address = '', port = wantedPort, hostname } = cause;
  const reason = systemMessage(cause);
  if (port < 0) {
    log.warn({ reason }, 'Failed opening Unix socket: bind: {reason}');
    return;
  }
  const place = `${hostname ?? WILDCARDS[address] ?? address}:${port}`;
  const problem = hostname === undefined ? `bind: ${reason}` : reason;
  log.warn(
    { place, problem },
    'Warning: Could not create server TCP listening socket {place}: {problem}',
  );
  log.warn({ port }, 'Failed listening on port {port} (TCP), aborting.');
}

function isSystemError(error: unknown): error is ListenError {
  return error instanceof Error && 'syscall' in error;
}
