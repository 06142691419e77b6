// From a configuration to a server that listens: what the program and the library have in common.
import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { families } from '../commands/index.ts';
import type { Config } from '../config/config.ts';
import type { DirectiveName } from '../config/directives.ts';
import { ConfigError } from '../config/error.ts';
import { ModuleError, moduleProblem } from '../config/module-problem.ts';
import { CommandTable } from '../core/command-table.ts';
import type { ServerProcess, ShutdownOptions } from '../core/services.ts';
import { createLogger } from '../logging/create-logger.ts';
import type { Logger } from '../logging/logger.ts';
import { maxClientsOfSystem, RESERVED_DESCRIPTORS } from '../net/descriptor-limit.ts';
import { missingInternals, nodeInternals } from '../net/node-internals.ts';
import { LogInUseError } from '../persistence/log/log-lock.ts';
import { VERSION } from '../version.ts';
import { Server } from './server.ts';
import { follow } from './settings.ts';

/** What a start needs. */
export interface StartParts {
  readonly config: Config;
  readonly log: Logger;
  /**
   * Whether it runs inside another program (library): port 0 means a free port then, instead of no TCP as in
   * Redis.
   */
  readonly isEmbedded: boolean;
  /** Called when it listens, before the data is loaded. */
  readonly onListening?: (server: Server) => void;
  /** Called after that, when no other server has its log, if it keeps one: the data is loaded next. */
  readonly onOwning?: () => void;
  /** Called once the server has closed, whoever asked for it. */
  readonly onClosed: (options: ShutdownOptions | undefined) => void;
  /** The process, if the server may act on it. */
  readonly process?: ServerProcess;
}

/**
 * Opens the log that the configuration asks for.
 * @param descriptor an open file to log to when `logfile` names none
 * @throws ConfigError when the file cannot be written
 */
export function openLog(config: Config, descriptor: number): Logger {
  const { values } = config;
  const settings = {
    level: values.loglevel,
    format: values['log-format'],
    timestamps: values['log-timestamp-format'],
    file: pathOf(config, 'logfile'),
    descriptor,
  };
  const syslog = { ident: values['syslog-ident'], facility: values['syslog-facility'] };
  try {
    return createLogger({ ...settings, syslog: values['syslog-enabled'] ? syslog : undefined });
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw problemOf(config, 'logfile', `cannot write the log to '${values.logfile}'`, error);
    }
    throw problemOf(config, 'syslog-enabled', 'cannot write to the system log', error);
  }
}

/** The path that a directive names, '' if none: relative ones start from `dir`. */
export function pathOf(config: Config, name: 'logfile' | 'pidfile' | 'unixsocket'): string {
  const path = config.values[name];
  return path === '' ? '' : resolve(config.values.dir, path);
}

/**
 * Builds a server and has it listen.
 * @throws ConfigError with one clear line when it cannot
 */
export async function start(parts: StartParts): Promise<Server> {
  const { config, log, isEmbedded, onClosed, process } = parts;
  const { values } = config;
  checkDirectory(config);
  fitMaxClients(config, log);
  log.info('monotonic clock: POSIX clock_gettime');
  const server = new Server({
    config,
    log,
    version: VERSION,
    commands: commandsOf(config),
    process,
    onClosed,
  });
  follow(server);
  config.onWarning((warning) => log.warn(warning));
  for (const warning of config.warnings()) log.warn(warning);
  reportMissingInternals(log);
  // From the first address on that it listens on: nobody is to see, or to change, data that is not there yet.
  server.loading.begin();
  try {
    await server.listener.open({
      port: values.port,
      tcp: isEmbedded || values.port !== 0,
      addresses: values.bind,
      backlog: values['tcp-backlog'],
      unixSocket: pathOf(config, 'unixsocket'),
      unixSocketMode: values.unixsocketperm,
    });
  } catch (error) {
    throw problemOf(config, culpritOf(error), 'cannot listen', error);
  }
  server.background.start();
  parts.onListening?.(server);
  await load(server, parts);
  if (server.shutdown.isClosing) {
    // A client has shut it down while it loaded; what that has opened meanwhile is closed too.
    await server.shutdown.close();
    await server.wal.close();
    throw new ConfigError('the start', 'the server was shut down while it loaded its data');
  }
  // From now on the configuration shows the port that was picked, as if it had been set.
  if (values.port === 0 && isEmbedded) config.assign('port', [String(server.listener.port)]);
  return server;
}

/** Says what this Node is slower for: otherwise nobody would look for it there. */
function reportMissingInternals(log: Logger): void {
  const missing = missingInternals(nodeInternals).join(', ');
  if (missing === '') return;
  const node = process.version;
  log.warn(
    { node, missing },
    'Node {node} differs from those that were tested; missing: {missing}',
  );
}

/** Loads the data of the last run; clients are answered `-LOADING` meanwhile. */
async function load(server: Server, { config, onOwning }: StartParts): Promise<void> {
  const { values } = config;
  try {
    refuseModules(config);
    server.snapshots.removeAbandoned();
    if (!values.appendonly) onOwning?.();
    await server.coldTier.open();
    if (values.appendonly) await server.wal.open(onOwning);
    else await server.snapshots.load();
    server.loading.end();
    await server.coldTier.recovered();
  } catch (error) {
    await server.shutdown.close();
    if (error instanceof ConfigError) throw error;
    if (error instanceof LogInUseError) {
      throw problemOf(config, 'appenddirname', 'cannot start', error);
    }
    if (values.appendonly && error instanceof Error && 'syscall' in error) {
      const problem = `cannot use the log's directory '${values.appenddirname}'`;
      throw problemOf(config, 'appenddirname', problem, error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('the data cannot be loaded', reason);
  }
}

/** Redis goes on without no module that it is to load. */
function refuseModules(config: Config): void {
  const [wanted] = config.values.loadmodule;
  if (wanted === undefined) return;
  const [path] = wanted;
  throw new ModuleError(config.originOf('loadmodule') ?? 'loadmodule', path, moduleProblem(path));
}

/** The commands under the names that `rename-command` gives them. */
function commandsOf(config: Config): CommandTable {
  const table = new CommandTable(families);
  for (const { from, to } of config.values['rename-command']) {
    const problem = table.rename(from, to);
    if (problem === undefined) continue;
    throw new ConfigError(config.originOf('rename-command') ?? 'rename-command', problem);
  }
  return table;
}

/** The data directory must be writable: better said at the start than at the first save. */
function checkDirectory(config: Config): void {
  const { dir } = config.values;
  try {
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw problemOf(config, 'dir', `cannot use the data directory '${dir}'`, error);
  }
}

/** Lowers `maxclients` to what the system allows, as Redis does. */
function fitMaxClients(config: Config, log: Logger): void {
  const requested = config.values.maxclients;
  const possible = maxClientsOfSystem();
  if (requested <= possible) return;
  if (possible < 1) {
    throw new ConfigError(
      'maxclients',
      'the limit of open files (ulimit -n) leaves none for clients',
    );
  }
  config.assign('maxclients', [String(possible)]);
  const needed = requested + RESERVED_DESCRIPTORS;
  log.warn(
    { requested, needed },
    'You requested maxclients of {requested} requiring at least {needed} max file descriptors.',
  );
  log.warn(
    { limit: possible + RESERVED_DESCRIPTORS, maxClients: possible, details: { requested } },
    "Current maximum open files is {limit}. maxclients has been reduced to {maxClients} to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.",
  );
}

/** Which directive is to blame when listening fails. */
function culpritOf(error: unknown): DirectiveName {
  const { code, port, syscall } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo') return 'bind';
  const isUnixSocket = code !== undefined && (port === undefined || port < 0);
  return isUnixSocket ? 'unixsocket' : 'port';
}

/** An error that names the place of the setting at fault. */
function problemOf(
  config: Config,
  name: DirectiveName,
  problem: string,
  cause: unknown,
): ConfigError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConfigError(config.originOf(name) ?? name, `${problem}: ${reason}`, cause);
}
