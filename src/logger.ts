// The server's log, by pino: lines for people on a terminal, JSON otherwise (or in a file). Logging
// never ends the server: lines that cannot be written (a full disk, a reader that went away) are
// lost, and their number is logged as soon as writing works again.
import { appendFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Where a log goes. */
export interface LogTarget {
  /** Path of a file; '' to write to the descriptor. */
  readonly file: string;
  /** An open file, such as 1 for standard output. */
  readonly descriptor: number;
  /** Whether the descriptor is a terminal's. */
  readonly isTerminal: boolean;
}

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
 * @throws the system's error when the file cannot be written
 */
export function createLogger(level: string, target: LogTarget): Logger {
  return pino({ level: logLevelOf(level), base: null }, destinationOf(target));
}

function destinationOf({ file, descriptor, isTerminal }: LogTarget): DestinationStream {
  if (file !== '') {
    // A wrong path is an error at the start, not a lost line later.
    appendFileSync(file, '');
    // Opened for each line, as by Redis: a file that was moved away is followed by a new one, so
    // log rotation needs no signal.
    return new LineWriter((line) => appendFileSync(file, line));
  }
  if (!isTerminal) return new LineWriter((line) => writeAll(descriptor, line));
  // Loaded only here: it takes longer than the rest of the start.
  const { prettyFactory } = createRequire(import.meta.url)(
    'pino-pretty',
  ) as typeof import('pino-pretty');
  const pretty = prettyFactory({ translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l' });
  return new LineWriter((line) => writeAll(descriptor, pretty(line)));
}

/** Writes lines, and counts those that were lost. */
class LineWriter implements DestinationStream {
  readonly #write: (line: string) => void;
  #lost = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  write(line: string): void {
    try {
      if (this.#lost > 0) this.#write(lostLine(this.#lost));
      this.#lost = 0;
      this.#write(line);
    } catch {
      this.#lost++;
    }
  }
}

/** Begins with a line break, because the last line may have been cut off in its middle. */
function lostLine(lines: number): string {
  const record = { level: 40, time: Date.now(), lines, msg: 'log lines before this were lost' };
  return `\n${JSON.stringify(record)}\n`;
}

function writeAll(descriptor: number, line: string): void {
  let rest: Uint8Array = Buffer.from(line);
  while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
}
