// Where lines of the log go. Logging never ends the server: lines that cannot be written (a full disk, a
// reader that went away) are lost, and their number is logged as soon as writing works again.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Formatter } from './formats.ts';
import type { LogRecord } from './record.ts';

/** Of a file that is made: the umask takes away from it. */
const PERMISSIONS = 0o666;

/** Takes the log's records. */
export interface LogOutput {
  write(record: LogRecord): void;
  /** What is no record: the logo. */
  writeRaw(text: string): void;
  /** Lets go of what it holds. */
  close(): void;
}

/** Where the lines go. */
export interface LogTarget {
  /** Path of a file; '' to write to the descriptor. */
  readonly file: string;
  /** An open file, such as 1 for standard output. */
  readonly descriptor: number;
}

/**
 * Opens a file or a descriptor for lines.
 * @throws the system's error when the file cannot be written
 */
export function openLines({ file, descriptor }: LogTarget, format: Formatter): LogOutput {
  if (file === '') return new LineOutput((line) => writeAll(descriptor, line), format);
  // A wrong path is an error at the start, not a lost line later.
  append(file, '');
  // Opened for each line, as by Redis: a file that was moved away is followed by a new one, so log
  // rotation needs no signal.
  return new LineOutput((line) => append(file, line), format);
}

/** Writes lines, and counts those that were lost. */
class LineOutput implements LogOutput {
  readonly #write: (line: string) => void;
  readonly #format: Formatter;
  #lost = 0;

  constructor(write: (line: string) => void, format: Formatter) {
    this.#write = write;
    this.#format = format;
  }

  write(record: LogRecord): void {
    try {
      if (this.#lost > 0) this.#write(this.#lossBefore(record));
      this.#lost = 0;
      this.#write(this.#format(record));
    } catch {
      this.#lost++;
    }
  }

  writeRaw(text: string): void {
    try {
      this.#write(text);
    } catch {
      // Nothing is lost by that.
    }
  }

  close(): void {
    // Files are open only while they are written to.
  }

  /** Begins with a line break, because the last line may have been cut off in its middle. */
  #lossBefore(record: LogRecord): string {
    const text = `${this.#lost} lines of the log before this one were lost`;
    const fields = { lines: this.#lost };
    return `\n${this.#format({ ...record, severity: 'warning', message: text, text, fields })}`;
  }
}

/** Never waits: a FIFO that nobody reads, or too slowly, loses lines. */
function append(file: string, line: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, PERMISSIONS);
  try {
    writeAll(descriptor, line);
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, line: string): void {
  let rest: Uint8Array = Buffer.from(line);
  while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
}
