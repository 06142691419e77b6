// Snapshots and the append-only file.
import { section } from '../directive.ts';
import { savePoints } from '../kinds/lists.ts';
import { INT_MAX, integer, LONG_MAX, memory } from '../kinds/numbers.ts';
import { oneOf, text, yesNo } from '../kinds/scalars.ts';

/** A name inside the working directory, which must not lead out of it. */
function checkName(directive: string, what: string, mayBeEmpty: boolean) {
  return (name: string): string | undefined => {
    if (name === '') return mayBeEmpty ? undefined : `${directive} can't be empty`;
    return name.includes('/') ? `${directive} can't be a path, just a ${what}` : undefined;
  };
}

export const persistence = section('persistence', 'Persistence', {
  save: {
    kind: savePoints(),
    default: '3600 1 300 100 60 10000',
    status: 'active',
    doc: 'Write a snapshot when so many seconds have passed and so many changes were made since the last. Empty writes none.',
  },
  dbfilename: {
    kind: text({ check: checkName('dbfilename', 'filename', true), summary: 'file name' }),
    default: 'dump.rdb',
    protected: true,
    status: 'active',
    doc: 'Name of the snapshot, in `dir`.',
  },
  'stop-writes-on-bgsave-error': {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Refuse writes for as long as the last snapshot failed.',
  },
  rdbcompression: {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Compress long strings in snapshots and in the payloads of `DUMP`.',
  },
  rdbchecksum: {
    kind: yesNo(),
    default: 'yes',
    immutable: true,
    status: 'active',
    doc: 'End a snapshot with a checksum, and check it when it is loaded.',
  },
  'sanitize-dump-payload': {
    kind: oneOf('no', 'yes', 'clients'),
    default: 'no',
    status: 'later',
    doc: 'Check the structure of values in snapshots and in RESTORE thoroughly: never, always, or for clients only.',
  },
  'load-skip-unknown': {
    kind: yesNo(),
    default: 'no',
    status: 'active',
    doc: 'Leave keys out, and tell how many, whose types of values Synap does not have yet when a snapshot is loaded, rather than refuse it. Redis has no such directive.',
  },
  'rdb-del-sync-files': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Remove the snapshots that replication leaves when nothing else uses them.',
  },
  'rdb-save-incremental-fsync': {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Sync a snapshot to disk in parts while it is written.',
  },
  appendonly: {
    kind: yesNo(),
    default: 'no',
    fixedWhileLoading: true,
    status: 'active',
    doc: 'Log every change to disk.',
  },
  appendfilename: {
    kind: text({ check: checkName('appendfilename', 'filename', false), summary: 'file name' }),
    default: 'appendonly.aof',
    immutable: true,
    status: 'active',
    doc: 'First part of the names of log files.',
  },
  appenddirname: {
    kind: text({ check: checkName('appenddirname', 'dirname', false), summary: 'directory name' }),
    default: 'appendonlydir',
    immutable: true,
    status: 'active',
    doc: 'Directory of the log files, in `dir`.',
  },
  appendfsync: {
    kind: oneOf('everysec', 'always', 'no'),
    default: 'everysec',
    status: 'active',
    doc: 'When the log is synced to disk: every second, before every reply, or when the system likes.',
  },
  'no-appendfsync-on-rewrite': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Do not sync the log while a snapshot or a new log is being written.',
  },
  'auto-aof-rewrite-percentage': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '100',
    status: 'later',
    doc: 'Growth of the log, in percent of its size after the last rewrite, at which it is rewritten. `0` never rewrites it.',
  },
  'auto-aof-rewrite-min-size': {
    kind: memory({ min: 0, max: LONG_MAX }),
    default: '64mb',
    status: 'later',
    doc: 'Size below which the log is not rewritten.',
  },
  'aof-load-truncated': {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Start with a log whose end is missing, as after a crash, rather than refuse it.',
  },
  'aof-use-rdb-preamble': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Begin a rewritten log with a snapshot.',
  },
  'aof-timestamp-enabled': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Write times into the log, so that it can be cut back to one.',
  },
  'aof-rewrite-incremental-fsync': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Sync a rewritten log to disk in parts while it is written.',
  },
  'aof-disable-auto-gc': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Keep log files that a rewrite has made superfluous.',
  },
});
