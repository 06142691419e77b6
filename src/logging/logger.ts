// The server's log: methods by severity, a level from which on records are written, and the outputs that
// take them. A call is `log.info({ fields }, 'message')` or `log.info('message')`; record.ts specifies what
// becomes of the fields. What is below the level costs a comparison.
import type { LogOutput } from './outputs.ts';
import { type LogFields, type LogLevel, type Role, recordOf, type Severity } from './record.ts';

/** Logs a message, with or without facts. */
export interface LogMethod {
  (message: string): void;
  /** @param fields as LogFields: facts by name, of which `err` and `details` are special */
  (fields: object, message: string): void;
}

/** How many of the levels are as quiet. */
const RANKS: Readonly<Record<LogLevel | 'error', number>> = {
  ...{ debug: 0, verbose: 1, notice: 2, warning: 3, error: 3, nothing: 4 },
};

/** A log; see the head of this file. */
export class Logger {
  readonly debug: LogMethod = this.#method('debug');
  readonly verbose: LogMethod = this.#method('verbose');
  readonly info: LogMethod = this.#method('notice');
  readonly warn: LogMethod = this.#method('warning');
  readonly error: LogMethod = this.#method('error');
  /** What a handler of a signal has to say: a warning, in a line of its own form. */
  readonly signal: LogMethod = this.#method('warning', true);
  /** What the process is by now. */
  role: Role = 'M';

  readonly #outputs: readonly LogOutput[];
  #level: LogLevel;
  #rank: number;

  constructor(level: LogLevel, outputs: readonly LogOutput[]) {
    this.#outputs = outputs;
    this.#level = level;
    this.#rank = RANKS[level];
  }

  /** The least important level that is logged. */
  get level(): LogLevel {
    return this.#level;
  }

  set level(level: LogLevel) {
    this.#level = level;
    this.#rank = RANKS[level];
  }

  /** Whether a record of this level would be written: for those that cost something to make. */
  writes(level: LogLevel): boolean {
    return RANKS[level] >= this.#rank;
  }

  /** Writes text as it is, with line breaks of its own: the logo. Its level is `notice`. */
  raw(text: string): void {
    if (!this.writes('notice')) return;
    for (const output of this.#outputs) output.writeRaw(text);
  }

  /** Lets go of what the outputs hold. */
  close(): void {
    for (const output of this.#outputs) output.close();
  }

  #method(severity: Severity, isFromSignal = false): LogMethod {
    const rank = RANKS[severity];
    return (first: object | string, second?: string): void => {
      if (rank < this.#rank) return;
      const [fields, message] = typeof first === 'string' ? [{}, first] : [first, second ?? ''];
      const head = { severity, timeMs: Date.now(), role: this.role, isFromSignal };
      const record = recordOf(head, fields as LogFields, message);
      for (const output of this.#outputs) output.write(record);
    };
  }
}

/** A log that nobody reads. */
export function silentLogger(): Logger {
  return new Logger('nothing', []);
}
