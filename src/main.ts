#!/usr/bin/env node
// The program `synap-server`: command line and configuration files to a running server, signals to
// its end. The only file that touches the process.
import { closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { parseCommandLine } from './config/command-line.ts';
import type { Config } from './config/config.ts';
import { ConfigError, systemMessage } from './config/error.ts';
import { loadConfig } from './config/load.ts';
import { processTitle } from './config/process-title.ts';
import { openRegular, readRegular } from './files/regular-file.ts';
import type { Server } from './server.ts';
import { openLog, pathOf, start, VERSION } from './start.ts';

const USAGE = `Usage: synap-server [config-file] [-] [--directive value ...]
       synap-server --version
       synap-server --help

The configuration file is YAML (as synap.conf) or in redis.conf's syntax; - reads more of it from
standard input. Every directive is also a flag, and flags win: docs/configuration.md lists them.

Examples:
  synap-server                                  the defaults, on port 6379
  synap-server synap.conf
  synap-server ./redis.conf --port 7000 --save ''
  echo 'maxmemory 100mb' | synap-server -
`;

const STANDARD_INPUT = 0;
const STANDARD_OUTPUT = 1;

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`synap-server: ${error.message}\n`);
  process.exitCode = 1;
}

async function run(args: readonly string[]): Promise<void> {
  const invocation = parseCommandLine(args);
  if (invocation.action === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  if (invocation.action === 'version') {
    process.stdout.write(`Synap server v=${VERSION} node=${process.version}\n`);
    return;
  }
  const config = loadConfig({
    file: invocation.file,
    stdin: invocation.readsStdin ? readStandardInput() : undefined,
    settings: invocation.settings,
  });
  await serve(config);
}

function readStandardInput(): Uint8Array {
  try {
    return readFileSync(STANDARD_INPUT);
  } catch (error) {
    throw new ConfigError('standard input', `cannot read it: ${systemMessage(error)}`);
  }
}

async function serve(config: Config): Promise<void> {
  const { values } = config;
  const log = openLog(config, STANDARD_OUTPUT);
  log.info({ version: VERSION, node: process.version, pid: process.pid }, 'Synap is starting');
  if (config.file === undefined) {
    log.info('no configuration file given, using the defaults');
  }
  const pidFile = pathOf(config, 'pidfile');
  let hasPidFile = false;
  const server = await start({
    config,
    log,
    anyPort: false,
    onClosed: () => {
      if (hasPidFile) removePidFile(pidFile);
      log.warn('Synap is now ready to exit, bye bye');
    },
  });
  hasPidFile = pidFile !== '' && writePidFile(pidFile, log);
  announce(server, log);
  if (values['set-proc-title']) {
    showTitle(server);
    config.onChange(['proc-title-template', 'bind', 'port'], () => showTitle(server));
  }
  shutDownOn('SIGINT', 'shutdown-on-sigint', server);
  shutDownOn('SIGTERM', 'shutdown-on-sigterm', server);
  // The end of the terminal that it was started from does not concern a server.
  process.on('SIGHUP', () => {});
}

/** Makes `ps` and `top` show what `proc-title-template` says. */
function showTitle({ config, port }: Server): undefined {
  const { values } = config;
  const [address = '*'] = values.bind;
  process.title = processTitle(values['proc-title-template'], {
    title: 'synap-server',
    'listen-addr': port === 0 ? `unixsocket:${values.unixsocket}` : `${address}:${port}`,
    'server-mode': '',
    port: String(port),
    'tls-port': '0',
    unixsocket: values.unixsocket,
    'config-file': config.file ?? '',
  });
}

/** Has a signal shut the server down as its directive says. */
function shutDownOn(
  signal: 'SIGINT' | 'SIGTERM',
  directive: 'shutdown-on-sigint' | 'shutdown-on-sigterm',
  server: Server,
): void {
  const onSignal = (): void => {
    const flags = server.config.values[directive];
    const error = server.shutdown({
      reason: `received ${signal}`,
      save: flags.includes('save') ? 'save' : flags.includes('nosave') ? 'nosave' : 'default',
      now: flags.includes('now'),
      force: flags.includes('force'),
    });
    // It goes on when the data cannot be saved, and may be asked again.
    if (error !== undefined) process.once(signal, onSignal);
  };
  // A second signal of the kind ends the process at once, as is its default.
  process.once(signal, onSignal);
}

function announce(server: Server, log: Logger): void {
  const { values } = server.config;
  log.info(
    {
      port: server.port,
      unixSocket: values.unixsocket || undefined,
      directory: values.dir,
      maxMemoryBytes: values.maxmemory,
      maxClients: values.maxclients,
      databases: values.databases,
    },
    'ready to accept connections',
  );
  if (values['protected-mode'] && values.requirepass.length === 0) {
    log.info('protected mode: without a password, only clients on this machine are accepted');
  } else if (values.requirepass.length === 0) {
    log.warn(
      'protected mode is off and no password is set: everyone who reaches the port can use it',
    );
  }
}

/** @returns whether it was written */
function writePidFile(path: string, log: Logger): boolean {
  try {
    const fd = openRegular(path, 'w');
    writeFileSync(fd, ownPidLine());
    closeSync(fd);
    return true;
  } catch (error) {
    log.warn({ err: error, path }, 'cannot write the pid file');
    return false;
  }
}

/** Removes the file, unless another server has written its own id into it meanwhile. */
function removePidFile(path: string): void {
  try {
    if (readRegular(path).toString('latin1') === ownPidLine()) rmSync(path, { force: true });
  } catch {
    // It is gone already.
  }
}

function ownPidLine(): string {
  return `${process.pid}\n`;
}
