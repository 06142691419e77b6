// The process: its directory, its databases, its background work and its shutdown.
import { section } from '../directive.ts';
import { shutdownFlags, wordLines } from '../kinds/lists.ts';
import { INT_MAX, integer } from '../kinds/numbers.ts';
import { directory, text, yesNo } from '../kinds/scalars.ts';
import { checkTitleTemplate } from '../process-title.ts';

export const general = section('general', 'General', {
  dir: {
    kind: directory(),
    default: '.',
    yaml: { path: 'persistence.snapshot.directory', isAlias: true },
    protected: true,
    fixedWhileLoading: true,
    status: 'active',
    doc: 'Working directory: data files are kept in it, and relative paths in other directives start from it. The default is the directory that the server was started in.',
  },
  databases: {
    kind: integer({ min: 1, max: INT_MAX }),
    default: '16',
    immutable: true,
    status: 'active',
    doc: 'Number of databases, numbered from 0, among which a client chooses with SELECT.',
  },
  hz: {
    kind: integer({ min: 0, max: INT_MAX, clamp: { min: 1, max: 500 } }),
    default: '10',
    status: 'active',
    doc: 'How many times a second background work runs, such as expiring keys and checking timeouts.',
  },
  'dynamic-hz': {
    kind: yesNo(),
    default: 'yes',
    status: 'inapplicable',
    doc: 'Run background work more often than `hz` says while many clients are connected. Here work that is not finished goes on soon, whatever `hz` says.',
  },
  pidfile: {
    kind: text({ isUnsetByEmpty: true, summary: 'path' }),
    default: '',
    immutable: true,
    status: 'active',
    doc: 'File to which the process id is written at start and which is removed at exit. Empty writes none.',
  },
  'set-proc-title': {
    kind: yesNo(),
    default: 'yes',
    immutable: true,
    status: 'active',
    doc: 'Show in `ps` and `top` what `proc-title-template` says.',
  },
  'proc-title-template': {
    kind: text({ check: checkTitleTemplate }),
    default: '{title} {listen-addr} {server-mode}',
    status: 'active',
    doc: 'Title of the process. Variables: `{title}` (synap-server), `{listen-addr}` (first address and port, or the unix socket), `{server-mode}` (empty), `{port}`, `{tls-port}`, `{unixsocket}`, `{config-file}`.',
  },
  'shutdown-timeout': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '10',
    status: 'later',
    doc: 'Seconds for which a shutdown waits for replicas that lag behind.',
  },
  'shutdown-on-sigint': {
    kind: shutdownFlags(),
    default: 'default',
    status: 'active',
    doc: 'How SIGINT shuts down: the options of SHUTDOWN that it stands for.',
  },
  'shutdown-on-sigterm': {
    kind: shutdownFlags(),
    default: 'default',
    status: 'active',
    doc: 'How SIGTERM shuts down: the options of SHUTDOWN that it stands for.',
  },
  include: {
    kind: wordLines('path, in which `*`, `?` and `[…]` match several files; repeatable', 1),
    fileOnly: true,
    example: '/etc/synap/*.conf',
    status: 'active',
    doc: 'Reads another file at this place. Relative paths start from the working directory; a pattern that matches no file is no error.',
  },
  'busy-reply-threshold': {
    kind: integer({ min: 0, max: 9_223_372_036_854_775_807n }),
    default: '5000',
    aliases: ['lua-time-limit'],
    status: 'later',
    doc: 'Milliseconds that a script may run before other clients are answered with BUSY.',
  },
  'locale-collate': {
    kind: text(),
    default: '',
    status: 'inapplicable',
    doc: 'Locale by which Redis orders strings in SORT ALPHA. Here bytes are what counts.',
  },
  loadmodule: {
    kind: wordLines('path of a module and its arguments; repeatable'),
    fileOnly: true,
    example: '/path/of/module.so',
    status: 'active',
    doc: 'Loads a module for Redis. Such modules are machine code for another program: the server refuses to start, as Redis does with a module that it cannot load.',
  },
});
