// A server as a process: its log, its signals, its pid file, its title, from the start to the end.
import type { Config } from '../config/config.ts';
import { processTitle } from '../config/process-title.ts';
import type { Logger } from '../logging/logger.ts';
import type { Server } from '../server/server.ts';
import { openLog, pathOf, start } from '../server/start.ts';
import { logInitialized, logReady, logStarting } from './banner.ts';
import { crashOf, logCrashes } from './crash.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { Signals } from './signals.ts';
import { logStartFailure } from './start-failure.ts';

const STANDARD_OUTPUT = 1;

/**
 * Serves until the process is asked to end.
 * @param hasArguments whether the command line says anything of the configuration
 * @throws ConfigError when the server cannot start
 */
export async function serve(config: Config, hasArguments: boolean): Promise<void> {
  const { values } = config;
  const log = openLog(config, STANDARD_OUTPUT);
  log.role = 'C';
  logStarting(log, hasArguments);
  log.role = 'M';
  logCrashes(log, config);
  const signals = new Signals(log);
  signals.install();
  const server = await startLogged(config, log, signals);
  signals.serving(server);
  logReady(log, server);
  if (values['set-proc-title']) {
    showTitle(server);
    config.onChange(['proc-title-template', 'bind', 'port'], () => showTitle(server));
  }
}

async function startLogged(config: Config, log: Logger, signals: Signals): Promise<Server> {
  const pidFile = pathOf(config, 'pidfile');
  let hasPidFile = false;
  let isServing = false;
  const removeOwn = (): void => {
    if (hasPidFile) removePidFile(pidFile, log);
    hasPidFile = false;
  };
  process.on('exit', removeOwn);
  try {
    const server = await start({
      config,
      log,
      isEmbedded: false,
      process: {
        isOwn: true,
        interruptible: signals.interruptible,
        crash: (signal, reason) => crashOf(log, signal, reason),
      },
      onListening: (server) => logInitialized(log, server),
      // Not before: the file may be that of the server that has the log.
      onOwning: () => {
        hasPidFile = pidFile !== '' && writePidFile(pidFile, log);
      },
      onClosed: (options) => {
        removeOwn();
        // A start that has failed says so itself.
        if (options !== undefined) log.warn('Redis is now ready to exit, bye bye...');
        log.close();
        // Whoever ends it while it loads does not want to wait for the rest.
        if (options !== undefined && !isServing) process.exit(0);
      },
    });
    isServing = true;
    return server;
  } catch (error) {
    logStartFailure(log, error, config);
    throw error;
  }
}

/** Makes `ps` and `top` show what `proc-title-template` says. */
function showTitle({ config, listener }: Server): undefined {
  const { values } = config;
  const { port } = listener;
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
