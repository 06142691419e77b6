// The library: a complete server inside a Node program or a test.
//
//     import { startServer } from 'synap';
//     const server = await startServer({ port: 0 });
//     …                                     // any Redis client at 127.0.0.1:server.port
//     await server.close();
import { loadConfig } from './config/load.ts';
import { type ConfigOptions, settingsOf } from './config/options.ts';
import { openLog, start } from './server/start.ts';
import { VERSION } from './version.ts';

export { ConfigError } from './config/error.ts';
export type { ConfigOptions } from './config/options.ts';
export { VERSION };

/**
 * Directives by name (docs/configuration.md), with these defaults instead of the program's:
 * listens on 127.0.0.1 only, logs warnings and errors only, and to the standard error, and saves the
 * data only where `save` is given (then also at the end). What concerns
 * the process (`pidfile`, `set-proc-title`, `shutdown-on-sigterm` …) is the program's business.
 */
export interface StartOptions extends ConfigOptions {
  /** Path of a configuration file; the other options win over it. */
  readonly configFile?: string | undefined;
}

/** A running server. */
export interface SynapServer {
  /** The TCP port that it listens on. */
  readonly port: number;
  /** Closes all clients and stops listening; nothing is left open afterwards. */
  close(): Promise<void>;
}

const STANDARD_ERROR = 2;
/** Instead of the program's, for directives that neither the options nor the file set. */
const DEFAULTS = [
  ['bind', '127.0.0.1'],
  ['loglevel', 'warning'],
  ['save', ''],
] as const;

/**
 * Starts a server. Port 0 picks a free one. Several servers can run in one process.
 * @throws ConfigError with one line that says what is wrong
 */
export async function startServer(options: StartOptions = {}): Promise<SynapServer> {
  const { configFile, ...directives } = options;
  const config = loadConfig({ file: configFile, settings: settingsOf(directives) });
  for (const [name, word] of DEFAULTS) {
    if (config.originOf(name) === undefined) config.assign(name, [word]);
  }
  const log = openLog(config, STANDARD_ERROR);
  const closeLog = () => log.close();
  const server = await start({ config, log, isEmbedded: true, onClosed: closeLog }).catch(
    (error) => {
      closeLog();
      throw error;
    },
  );
  return {
    get port() {
      return server.listener.port;
    },
    close: () => server.shutdown.end(),
  };
}
