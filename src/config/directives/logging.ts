// What is logged, and where.
import { section } from '../directive.ts';
import { oneOf, text, yesNo } from '../kinds/scalars.ts';

export const logging = section('logging', 'Logging', {
  loglevel: {
    kind: oneOf('debug', 'verbose', 'notice', 'warning'),
    default: 'notice',
    status: 'active',
    doc: 'Least important level that is logged.',
  },
  logfile: {
    kind: text({ summary: 'path' }),
    default: '',
    immutable: true,
    status: 'active',
    doc: 'File to log to. Empty logs to the standard output.',
  },
  'syslog-enabled': {
    kind: yesNo(),
    default: 'no',
    immutable: true,
    status: 'inapplicable',
    doc: "Log to the system's log as well. Here the log goes to the standard output or to a file.",
  },
  'syslog-ident': {
    kind: text(),
    default: 'redis',
    immutable: true,
    status: 'inapplicable',
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
    status: 'inapplicable',
    doc: "Facility of the system's log.",
  },
  'always-show-logo': {
    kind: yesNo(),
    default: 'no',
    immutable: true,
    status: 'inapplicable',
    doc: 'Print a logo at start even when the output is not a terminal. There is no logo.',
  },
  'crash-log-enabled': {
    kind: yesNo(),
    default: 'yes',
    status: 'inapplicable',
    doc: 'Log the state of the machine at a crash. Here a crash is logged with its stack.',
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
