// How Redis deals with the system it runs on: mostly what does not exist in a Node process.
import { section } from '../directive.ts';
import { oomScores, wordLines } from '../kinds/lists.ts';
import { INT_MAX, integer } from '../kinds/numbers.ts';
import { oneOf, text, yesNo } from '../kinds/scalars.ts';

const processors = () => text({ isUnsetByEmpty: true, summary: 'list of processors' });
const ignored = () => wordLines('anything');
const milliseconds = () => integer({ min: -2_147_483_648, max: INT_MAX });

export const system = section('system', 'System', {
  daemonize: {
    kind: yesNo(),
    default: 'no',
    immutable: true,
    status: 'inapplicable',
    doc: 'Go on in the background. Here that is left to the service manager or to Docker.',
  },
  supervised: {
    kind: oneOf('upstart', 'systemd', 'auto', 'no'),
    default: 'no',
    immutable: true,
    status: 'inapplicable',
    doc: 'Tell the service manager when the server is ready.',
  },
  'io-threads': {
    kind: integer({ min: 1, max: 128 }),
    default: '1',
    immutable: true,
    status: 'inapplicable',
    doc: 'Threads that write to sockets. Here one thread does it.',
  },
  'io-threads-do-reads': {
    kind: yesNo(),
    default: 'no',
    immutable: true,
    status: 'inapplicable',
    doc: 'Let those threads read from sockets as well.',
  },
  'oom-score-adj': {
    kind: oneOf('no', 'yes', 'relative', 'absolute'),
    default: 'no',
    status: 'inapplicable',
    doc: 'Tell Linux which processes to end first when memory runs out.',
  },
  'oom-score-adj-values': {
    kind: oomScores(),
    default: '0 200 800',
    status: 'inapplicable',
    doc: 'Scores for that: of a master, of a replica, and of a process that saves.',
  },
  'disable-thp': {
    kind: yesNo(),
    default: 'yes',
    immutable: true,
    status: 'inapplicable',
    doc: 'Switch transparent huge pages off for the process.',
  },
  server_cpulist: {
    kind: processors(),
    default: '',
    immutable: true,
    status: 'inapplicable',
    doc: 'Processors for the main thread.',
  },
  bio_cpulist: {
    kind: processors(),
    default: '',
    immutable: true,
    status: 'inapplicable',
    doc: 'Processors for background threads.',
  },
  aof_rewrite_cpulist: {
    kind: processors(),
    default: '',
    immutable: true,
    status: 'inapplicable',
    doc: 'Processors for the process that rewrites the log.',
  },
  bgsave_cpulist: {
    kind: processors(),
    default: '',
    immutable: true,
    status: 'inapplicable',
    doc: 'Processors for the process that writes snapshots.',
  },
  'use-exit-on-panic': {
    kind: yesNo(),
    default: 'no',
    hidden: true,
    status: 'inapplicable',
    doc: 'Exit rather than abort at a failed check, for tests of Redis.',
  },
  'watchdog-period': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '0',
    hidden: true,
    status: 'inapplicable',
    doc: 'Milliseconds without progress after which Redis logs where it is.',
  },
  'rdb-key-save-delay': {
    kind: milliseconds(),
    default: '0',
    hidden: true,
    status: 'inapplicable',
    doc: 'Pause between the keys of a snapshot that is written, for tests of Redis.',
  },
  'key-load-delay': {
    kind: milliseconds(),
    default: '0',
    hidden: true,
    status: 'inapplicable',
    doc: 'Pause between the keys of a snapshot that is loaded, for tests of Redis.',
  },
  'loading-process-events-interval-bytes': {
    kind: integer({ min: 1024, max: INT_MAX }),
    default: '2097152',
    hidden: true,
    status: 'inapplicable',
    doc: 'Bytes of a snapshot that Redis loads before it looks after clients.',
  },
  'list-max-ziplist-entries': {
    kind: ignored(),
    fileOnly: true,
    status: 'inapplicable',
    doc: 'From Redis before 3.2; `list-max-listpack-size` has taken its place.',
  },
  'list-max-ziplist-value': {
    kind: ignored(),
    fileOnly: true,
    status: 'inapplicable',
    doc: 'From Redis before 3.2; `list-max-listpack-size` has taken its place.',
  },
  'lua-replicate-commands': {
    kind: ignored(),
    fileOnly: true,
    status: 'inapplicable',
    doc: 'From Redis before 7.0; the effects of scripts are always what is replicated.',
  },
});
