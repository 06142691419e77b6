// The server's log, by pino: lines for people on a terminal, JSON otherwise (or in a file).
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Logger, pino } from 'pino';

/** Redis's log levels by pino's. */
const LEVELS: Readonly<Record<string, string>> = {
  debug: 'debug',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
  nothing: 'silent',
};

/** pino's level for a value of `loglevel`. */
export function logLevelOf(redisLevel: string): string {
  return LEVELS[redisLevel] ?? 'info';
}

/**
 * Makes the log.
 * @param level a value of `loglevel`
 * @param file a value of `logfile`; '' for standard output
 * @param terminal whether standard output is a terminal
 * @throws the system's error when the file cannot be opened
 */
export function createLogger(level: string, file: string, terminal: boolean): Logger {
  const options = { level: logLevelOf(level), base: null };
  if (file !== '') {
    // Opened once here so that a wrong path is an error at the start, not a lost line later.
    closeSync(openSync(file, 'a'));
    return pino(options, pino.destination({ dest: file, sync: true }));
  }
  if (terminal) {
    // Loaded only here: it takes longer than the rest of the start.
    const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
    return pino(options, pretty({ sync: true, translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l' }));
  }
  return pino(options, pino.destination({ dest: 1, sync: true }));
}
