// What is logged, and where.
import { section } from '../directive.ts';
import { oneOf, text, yesNo } from '../kinds/scalars.ts';

export const logging = section('logging', 'Logging', {
  loglevel: {
    kind: oneOf('debug', 'verbose', 'notice', 'warning', 'nothing'),
    default: 'notice',
    status: 'active',
    doc: 'Least important level that is logged, or `nothing`.',
  },
  logfile: {
    kind: text({ summary: 'path' }),
    default: '',
    immutable: true,
    status: 'active',
    doc: 'File to log to. Empty logs to the standard output.',
  },
  'log-format': {
    kind: oneOf('redis', 'legacy', 'json', 'logfmt'),
    default: 'redis',
    immutable: true,
    status: 'active',
    doc: "Form of the log's lines: Redis's own, JSON objects as pino's with all facts of an event, or logfmt as Valkey's with those facts behind the message. `legacy` is Valkey's name for Redis's lines.",
  },
  'log-timestamp-format': {
    kind: oneOf('legacy', 'iso8601', 'milliseconds'),
    default: 'legacy',
    immutable: true,
    status: 'active',
    doc: 'Format of the time in each line: as in Redis (`23 Nov 2026 10:00:00.000`), by ISO 8601 with the time zone, or in milliseconds since 1970. JSON has the latter always.',
  },
  'syslog-enabled': {
    kind: yesNo(),
    default: 'no',
    immutable: true,
    status: 'active',
    doc: "Log to the system's log as well, through the socket `/dev/log`.",
  },
  'syslog-ident': {
    kind: text(),
    default: 'redis',
    immutable: true,
    status: 'active',
    doc: "Name in the system's log.",
  },
  'syslog-facility': {
    kind: oneOf(
      'user',
      'local0',
      'local1',
      'local2',
      'local3',
      'local4',
      'local5',
      'local6',
      'local7',
    ),
    default: 'local0',
    immutable: true,
    status: 'active',
    doc: "Facility of the system's log.",
  },
  'always-show-logo': {
    kind: yesNo(),
    default: 'no',
    immutable: true,
    status: 'active',
    doc: 'Print the logo at start even when the output is not a terminal.',
  },
  'crash-log-enabled': {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Log a crash, with its stack and the state of the server.',
  },
  'crash-memcheck-enabled': {
    kind: yesNo(),
    default: 'yes',
    status: 'inapplicable',
    doc: 'Test the memory after a crash.',
  },
  'ignore-warnings': {
    kind: text(),
    default: '',
    status: 'inapplicable',
    doc: 'Warnings about the system at which Redis starts all the same.',
  },
});
