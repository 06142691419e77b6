// From settings to a log: which outputs it has, and in which form they write.
import { formatterOf, type LogFormat } from './formats.ts';
import { Logger } from './logger.ts';
import { type LogOutput, type LogTarget, openLines } from './outputs.ts';
import type { LogLevel } from './record.ts';
import { openSyslog, type SyslogSettings } from './syslog.ts';
import type { TimestampFormat } from './timestamp.ts';

/** What the log is to be. */
export interface LogSettings extends LogTarget {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly timestamps: TimestampFormat;
  /** Absent where the system's log is not written to. */
  readonly syslog?: SyslogSettings | undefined;
}

/**
 * Makes the log.
 * @throws the system's error when the file cannot be written, Error when the system's log cannot be
 */
export function createLogger(settings: LogSettings): Logger {
  const { level, format, timestamps, syslog } = settings;
  const { pid } = process;
  const outputs: LogOutput[] = [openLines(settings, formatterOf(format, timestamps, pid))];
  if (syslog !== undefined) outputs.push(openSyslog(syslog, pid));
  return new Logger(level, outputs);
}
