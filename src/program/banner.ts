// What the log says when the program starts, in the lines of Redis 7.0: scripts, containers and log
// shippers look for them. What is Synap's own stands in a line of its own.
import { isatty } from 'node:tty';
import { REDIS_VERSION } from '../core/version.ts';
import type { Logger } from '../logging/logger.ts';
import type { Server } from '../server/server.ts';
import { VERSION } from '../version.ts';

const STANDARD_OUTPUT = 1;

/**
 * The first lines: who starts.
 * @param hasArguments whether the command line says anything of the configuration
 */
export function logStarting(log: Logger, hasArguments: boolean): void {
  const { pid, version: node } = process;
  log.warn('oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
  log.warn(
    { version: REDIS_VERSION, pid },
    'Redis version={version}, bits=64, commit=00000000, modified=0, pid={pid}, just started',
  );
  log.warn({ synap: VERSION, node }, 'Synap version={synap}, node={node}, in place of Redis');
  if (hasArguments) log.warn('Configuration loaded');
  else {
    log.warn(
      'Warning: no config file specified, using the default config. In order to specify a config file use synap-server /path/to/redis.conf',
    );
  }
}

/** What follows when it listens, and before it loads its data. */
export function logInitialized(log: Logger, { config, identity }: Server): void {
  const { values } = config;
  const { port } = identity;
  const isOnTerminal =
    values.logfile === '' && !values['syslog-enabled'] && isatty(STANDARD_OUTPUT);
  if (isOnTerminal || values['always-show-logo']) log.raw(logo(port, process.pid));
  else log.info({ port }, 'Running mode=standalone, port={port}.');
  log.warn('Server initialized');
}

/** The line that everybody waits for, one for each kind of address, and what is to be known beside. */
export function logReady(log: Logger, { config, identity }: Server): void {
  const { values } = config;
  const { port } = identity;
  const isOpen = values.requirepass.length === 0;
  const details = {
    ...{ port, directory: values.dir, maxMemoryBytes: values.maxmemory },
    ...{ maxClients: values.maxclients, databases: values.databases },
  };
  if (isOpen && !values['protected-mode']) {
    log.warn(
      'WARNING: protected mode is off and no password is set: everyone who reaches the port can use it.',
    );
  }
  if (port !== 0) log.info({ details }, 'Ready to accept connections tcp');
  if (values.unixsocket !== '') {
    log.info({ details: { path: values.unixsocket } }, 'Ready to accept connections unix');
  }
}

/** Synap's: no picture of Redis's is Synap's to show. */
function logo(port: number, pid: number): string {
  const facts = [
    `Synap ${VERSION}, in place of Redis ${REDIS_VERSION}, 64 bit`,
    '',
    'Running in standalone mode',
    `Port: ${port}`,
    `PID: ${pid}`,
  ];
  const picture = [
    '   .--o        o--.   ',
    '  o    \\      /    o  ',
    "   '--. \\    / .--'   ",
    '  o----==(  )==----o  ',
    "   .--' /    \\ '--.   ",
    '  o    /      \\    o  ',
    "   '--o        o--'   ",
  ];
  const lines = picture.map((line, row) => `${line}    ${facts[row - 1] ?? ''}`.trimEnd());
  return `\n${lines.join('\n')}\n\n`;
}
