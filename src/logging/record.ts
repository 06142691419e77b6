// What is logged, before it is written: levels, and one record of the log with its texts. A record's
// message may name its fields, `{name}`; the line of text that people read appends those that it does not
// name, but for `details`, which only programs are given (JSON, logfmt).

/** Values of `loglevel`, from the most talkative to the quietest. */
export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning' | 'nothing';

/** How important a record is. `error` is a warning to Redis, which has no such level. */
export type Severity = Exclude<LogLevel, 'nothing'> | 'error';

/** What a process is, as Redis's lines say: starting (or a child), a master, a replica. */
export type Role = 'C' | 'M' | 'S';

/** Facts of a record by name. */
export interface LogFields {
  /** An error: its message is appended to the text. */
  readonly err?: unknown;
  /** Facts that the text says already, or that people can do without. */
  readonly details?: object;
  readonly [name: string]: unknown;
}

/** One record. */
export interface LogRecord {
  readonly severity: Severity;
  /** Unix time, in ms. */
  readonly timeMs: number;
  readonly role: Role;
  /** Whether a handler of a signal writes it, which Redis's lines show. */
  readonly isFromSignal: boolean;
  /** The message with the fields that it names. */
  readonly message: string;
  /** The message, all other facts, and what went wrong: one or several lines. */
  readonly text: string;
  /** All facts by name, `details` among the others. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const PLACEHOLDER = /\{([a-zA-Z]+)\}/g;
/** What would break a line, or hide what stands before it on a terminal. */
const CONTROL = /\p{Cc}/gu;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Facts of a record that its texts do not depend on. */
export type RecordHead = Pick<LogRecord, 'severity' | 'timeMs' | 'role' | 'isFromSignal'>;

/** Makes a record of what is to be logged. */
export function recordOf(
  head: RecordHead,
  { details, ...fields }: LogFields,
  template: string,
): LogRecord {
  const named = new Set<string>();
  const message = template.replace(PLACEHOLDER, (place, name: string) => {
    if (!(name in fields)) return place;
    named.add(name);
    return plain(fields[name]);
  });
  const rest = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && name !== 'err' && !named.has(name),
  );
  const facts = rest.map(([name, value]) => `${name}=${quotedIfNeeded(plain(value))}`).join(' ');
  let text = printable(facts === '' ? message : `${message} (${facts})`);
  if (fields.err !== undefined && !named.has('err')) text += `: ${describe(fields.err)}`;
  return { ...head, message, text, fields: { ...fields, ...details } };
}

/** Without characters that would break a line. */
export function printable(text: string): string {
  return text.replace(
    CONTROL,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** An error in a line, with its stack behind it if it is a fault of the program. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return printable(plain(error));
  const { message, stack } = error;
  if (!isFault(error) || stack === undefined) return printable(message);
  return stack.split('\n').map(printable).join('\n');
}

/** Whether an error is of those that JavaScript throws by itself. */
function isFault(error: Error): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  );
}

function plain(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** As logfmt wants it: in quotes where it would not be seen where a value ends. */
export function quotedIfNeeded(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
