// The forms of a log's lines (`log-format`): Redis's, JSON objects as those of pino (so that pino's and
// bunyan's tools read them), and logfmt as Valkey writes it, with the facts of a record behind its message.
import { type LogRecord, printable, quotedIfNeeded, type Role, type Severity } from './record.ts';
import { type TimestampFormat, timestamp } from './timestamp.ts';

/** Values of `log-format`; `legacy` is Valkey's name for Redis's lines. */
export type LogFormat = 'redis' | 'legacy' | 'json' | 'logfmt';

/** Makes the lines of a record, each with its line break. */
export type Formatter = (record: LogRecord) => string;

const MARKS: Readonly<Record<Severity, string>> = {
  ...{ debug: '.', verbose: '-', notice: '*', warning: '#', error: '#' },
};
/** pino's numbers. */
const NUMBERS: Readonly<Record<Severity, number>> = {
  ...{ debug: 20, verbose: 20, notice: 30, warning: 40, error: 50 },
};
/** Valkey's names. */
const LEVELS: Readonly<Record<Severity, string>> = {
  ...{ debug: 'debug', verbose: 'info', notice: 'notice', warning: 'warning', error: 'warning' },
};
const ROLES: Readonly<Record<Role, string>> = { C: 'RDB/AOF', M: 'primary', S: 'replica' };

/**
 * The formatter of a form.
 * @param pid of this process, which every line names
 */
export function formatterOf(
  format: LogFormat,
  timestamps: TimestampFormat,
  pid: number,
): Formatter {
  if (format === 'json') return jsonLine;
  if (format === 'logfmt') return (record) => logfmtLine(record, timestamps, pid);
  return (record) => redisLines(record, timestamps, pid);
}

/** `1:M 23 Nov 2026 10:00:00.000 * Ready to accept connections`, for each line of the text. */
function redisLines(record: LogRecord, timestamps: TimestampFormat, pid: number): string {
  const { role, timeMs, severity, text } = record;
  const head = record.isFromSignal
    ? `${pid}:signal-handler (${Math.floor(timeMs / 1000)})`
    : `${pid}:${role} ${timestamp(timeMs, timestamps)} ${MARKS[severity]}`;
  return text
    .split('\n')
    .map((line) => `${head} ${line}\n`)
    .join('');
}

function jsonLine({ severity, timeMs, message, fields }: LogRecord): string {
  const record = { level: NUMBERS[severity], time: timeMs, ...fields, msg: message };
  return `${JSON.stringify(record, jsonValue)}\n`;
}

/** Errors have nothing that JSON would show by itself. */
function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { message, stack } = value;
  return { ...value, type: value.constructor.name, message, stack };
}

function logfmtLine(record: LogRecord, timestamps: TimestampFormat, pid: number): string {
  const { severity, role, timeMs, message, fields } = record;
  const words = [
    `pid=${pid}`,
    `role=${ROLES[role]}`,
    `timestamp="${timestamp(timeMs, timestamps)}"`,
    `level=${LEVELS[severity]}`,
    // Valkey's way with what logfmt cannot hold in quotes.
    `message="${printable(message.replaceAll('"', "'").replace(/[\r\n]/g, ' '))}"`,
  ];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const text = value instanceof Error ? value.message : JSON.stringify(value, jsonValue);
    words.push(
      `${name}=${typeof value === 'string' ? quotedIfNeeded(value) : quotedIfNeeded(text)}`,
    );
  }
  return `${words.join(' ')}\n`;
}
