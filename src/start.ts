// From a configuration to a server that listens: what the program and the library have in common.
import { accessSync, constants, mkdirSync, readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { CommandTable } from './commands/registry.ts';
import type { ShutdownOptions } from './commands/services.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/error.ts';
import { Server } from './server.ts';
import { follow } from './settings.ts';

/** Version of Synap, from its package. */
export const VERSION: string = readVersion();

/** What a start needs. */
export interface StartParts {
  readonly config: Config;
  readonly log: Logger;
  /** Whether port 0 means a free port (library) or no TCP (configuration, as in Redis). */
  readonly anyPort: boolean;
  /** Called once the server has closed, whoever asked for it. */
  readonly onClosed: (options: ShutdownOptions | undefined) => void;
}

/**
 * Builds a server and has it listen.
 * @throws ConfigError with one clear line when it cannot
 */
export async function start({ config, log, anyPort, onClosed }: StartParts): Promise<Server> {
  const { values } = config;
  checkDirectory(values.dir);
  const server = new Server({
    config,
    log,
    version: VERSION,
    outputLimits: values['client-output-buffer-limit'],
    commands: commandsOf(config),
    databases: values.databases,
    onClosed,
  });
  follow(server);
  config.onWarning((warning) => log.warn(warning));
  for (const warning of config.warnings()) log.warn(warning);
  const tcp = anyPort || values.port !== 0;
  if (!tcp && values.unixsocket === '') {
    throw new ConfigError('configuration', 'neither a TCP port nor a unix socket to listen on');
  }
  try {
    await server.listen({
      port: values.port,
      tcp,
      addresses: values.bind,
      backlog: values['tcp-backlog'],
      unixSocket: values.unixsocket,
      unixSocketMode: values.unixsocketperm,
      keepAliveSeconds: values['tcp-keepalive'],
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('listening', reason);
  }
  return server;
}

/** The commands under the names that `rename-command` gives them. */
function commandsOf(config: Config): CommandTable {
  const table = new CommandTable();
  for (const { from, to } of config.values['rename-command']) {
    const problem = table.rename(from, to);
    if (problem === undefined) continue;
    throw new ConfigError(config.originOf('rename-command') ?? 'rename-command', problem);
  }
  return table;
}

/** The data directory must be there and writable: better said at the start than at the first save. */
function checkDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    if (!statSync(path).isDirectory()) throw new Error('not a directory');
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('dir', `cannot use the data directory '${path}': ${reason}`);
  }
}

function readVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
