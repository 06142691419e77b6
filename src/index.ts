// The library: a complete server inside a Node program or a test.
//
//     import { startServer } from 'synap';
//     const server = await startServer({ port: 0 });
//     …                                     // any Redis client at 127.0.0.1:server.port
//     await server.close();
import { pino } from 'pino';
import { loadConfig } from './config/load.ts';
import { type ConfigOptions, settingsOf } from './config/options.ts';
import { logLevelOf } from './logger.ts';
import { start, VERSION } from './start.ts';

export { ConfigError } from './config/error.ts';
export type { ConfigOptions } from './config/options.ts';
export { VERSION };

/**
 * Directives by name (docs/configuration.md), with these defaults instead of the program's:
 * listens on 127.0.0.1 only, logs warnings and errors only.
 */
export interface StartOptions extends ConfigOptions {
  /** Path of a configuration file; the other options win over it. */
  readonly configFile?: string;
}

/** A running server. */
export interface SynapServer {
  /** The TCP port that it listens on. */
  readonly port: number;
  /** Closes all clients and stops listening; nothing is left open afterwards. */
  close(): Promise<void>;
}

/**
 * Starts a server. Port 0 picks a free one. Several servers can run in one process.
 * @throws ConfigError with one line that tells what is wrong
 */
export async function startServer(options: StartOptions = {}): Promise<SynapServer> {
  const { configFile, ...directives } = options;
  const defaults: ConfigOptions = { bind: '127.0.0.1', loglevel: 'warning' };
  const config = loadConfig({
    file: configFile,
    settings: settingsOf({ ...defaults, ...directives }),
  });
  const level = logLevelOf(config.values.loglevel);
  const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  const server = await start({ config, log, anyPort: true, onClosed: () => {} });
  return {
    get port() {
      return server.port;
    },
    close: () => server.close(),
  };
}
