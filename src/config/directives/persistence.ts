// The log, its snapshots, and snapshots of their own (`dump.rdb`).
import { section } from '../directive.ts';
import { savePoints } from '../kinds/lists.ts';
import { INT_MAX, integer, LONG_MAX, memory } from '../kinds/numbers.ts';
import { oneOf, text, withSynonyms, yesNo } from '../kinds/scalars.ts';

/** A name inside the working directory, which must not lead out of it. */
function checkName(directive: string, mayBeEmpty: boolean) {
  return (name: string): string | undefined => {
    if (name === '') return mayBeEmpty ? undefined : `${directive} can't be empty`;
    return name.includes('/') ? `${directive} can't be a path, just a filename` : undefined;
  };
}

function checkDirectory(path: string): string | undefined {
  return path === '' ? "appenddirname can't be empty" : undefined;
}

export const persistence = section('persistence', 'Persistence', {
  appendonly: {
    kind: yesNo(),
    default: 'no',
    shipped: 'yes',
    yaml: { path: 'persistence.wal.enabled' },
    fixedWhileLoading: true,
    status: 'active',
    doc: 'Log every change to disk.',
  },
  appenddirname: {
    kind: text({ check: checkDirectory, summary: 'path of a directory' }),
    default: 'appendonlydir',
    yaml: { path: 'persistence.wal.path' },
    immutable: true,
    status: 'active',
    doc: 'Directory of the log files, made where there is none. A relative path starts from `dir`. Redis takes a name in `dir` only.',
  },
  appendfsync: {
    kind: withSynonyms(oneOf('everysec', 'always', 'no'), { periodic: 'everysec', never: 'no' }),
    default: 'everysec',
    yaml: { path: 'persistence.wal.fsync_mode', words: { everysec: 'periodic', no: 'never' } },
    status: 'active',
    doc: 'When the log is synced to disk: every `fsync-interval-ms`, before every reply, or when the system likes. `periodic` is another word for `everysec`, and `never` for `no`.',
  },
  'fsync-interval-ms': {
    kind: integer({ min: 1, max: 60_000 }),
    default: '1000',
    shipped: '10',
    yaml: { path: 'persistence.wal.fsync_interval_ms' },
    status: 'active',
    doc: 'Milliseconds between two syncs of the log under `appendfsync everysec`: about the time of changes that a power failure can lose. 10 is recommended. Redis has no such directive.',
  },
  'wal-buffer-size-kb': {
    kind: integer({ min: 4, max: 65_536 }),
    default: '256',
    yaml: { path: 'persistence.wal.buffer_size_kb' },
    immutable: true,
    status: 'active',
    doc: 'Kilobytes of the buffer in which changes wait to be written to the log together. Redis has no such directive.',
  },
  'wal-max-size-mb': {
    kind: integer({ min: 1, max: 65_536 }),
    default: '256',
    yaml: { path: 'persistence.wal.max_size_mb' },
    immutable: true,
    status: 'active',
    doc: 'Megabytes after which the log goes on in a new file. Redis has no such directive.',
  },
  'snapshot-enabled': {
    kind: yesNo(),
    default: 'no',
    shipped: 'yes',
    yaml: { path: 'persistence.snapshot.enabled' },
    status: 'active',
    doc: 'With the log on, rewrite it automatically, beginning with a snapshot, so that it stays quick to load: when `snapshot-interval-secs` have passed and `snapshot-operation-threshold` changes were made. The one before is kept, see `snapshot-max-count`. Redis has no such directive.',
  },
  'snapshot-interval-secs': {
    kind: integer({ min: 1, max: INT_MAX }),
    default: '300',
    yaml: { path: 'persistence.snapshot.interval_secs' },
    status: 'active',
    doc: 'Seconds after which the log is rewritten, beginning with a snapshot, if enough changes were made. Redis has no such directive.',
  },
  'snapshot-operation-threshold': {
    kind: integer({ min: 1, max: LONG_MAX }),
    default: '10000',
    yaml: { path: 'persistence.snapshot.operation_threshold' },
    status: 'active',
    doc: 'Number of changes below which the log is not rewritten. Redis has no such directive.',
  },
  'snapshot-max-count': {
    kind: integer({ min: 1, max: 1000 }),
    default: '5',
    yaml: { path: 'persistence.snapshot.max_snapshots' },
    status: 'active',
    doc: 'Snapshots of the log to keep, each with the changes after it, to fall back on when the newest is damaged. Redis has no such directive.',
  },
  'snapshot-compression': {
    kind: yesNo(),
    default: 'no',
    yaml: { path: 'persistence.snapshot.compression' },
    status: 'active',
    doc: 'Write the snapshots of the log as LZ4 frames: smaller, but Redis cannot load the log then. Redis has no such directive.',
  },
  save: {
    kind: savePoints(),
    default: '3600 1 300 100 60 10000',
    shipped: '',
    status: 'active',
    doc: 'Write a snapshot when so many seconds have passed and so many changes were made since the last. Empty writes none: with the log on, nothing is lost without them.',
  },
  dbfilename: {
    kind: text({ check: checkName('dbfilename', true), summary: 'file name' }),
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
    status: 'inapplicable',
    doc: 'Check the structure of values in snapshots and in RESTORE thoroughly: never, always, or for clients only. Here it always is, as under `yes`, whatever is set: every length, count and link of a value, before anything of it is stored.',
  },
  'load-skip-unknown': {
    kind: yesNo(),
    default: 'no',
    status: 'active',
    doc: 'When loading a snapshot, leave out keys whose types Synap does not have yet, and log how many, rather than refuse the snapshot. Redis has no such directive.',
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
  appendfilename: {
    kind: text({ check: checkName('appendfilename', false), summary: 'file name' }),
    default: 'appendonly.aof',
    immutable: true,
    status: 'active',
    doc: 'First part of the names of log files.',
  },
  'log-lock-timeout-ms': {
    kind: integer({ min: 0, max: 3_600_000 }),
    default: '2000',
    immutable: true,
    status: 'active',
    doc: 'Milliseconds for which a start waits while another server holds the log, for example one that is shutting down; then the start is refused. Redis has no such directive: two servers write to one log there.',
  },
  'no-appendfsync-on-rewrite': {
    kind: yesNo(),
    default: 'no',
    status: 'active',
    doc: 'Do not sync the log while a snapshot or a new log is being written.',
  },
  'auto-aof-rewrite-percentage': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '100',
    status: 'active',
    doc: 'Growth of the log, in percent of its size after the last rewrite, at which it is rewritten. `0` never rewrites it.',
  },
  'auto-aof-rewrite-min-size': {
    kind: memory({ min: 0, max: LONG_MAX }),
    default: '64mb',
    status: 'active',
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
    status: 'inapplicable',
    doc: 'Begin a rewritten log with a snapshot in the format of RDB files. Here it always does.',
  },
  'aof-timestamp-enabled': {
    kind: yesNo(),
    default: 'no',
    status: 'active',
    doc: 'Write times into the log, so that `redis-check-aof --truncate-to-timestamp` can cut its last file back to one: a line for each second in which something was changed, in front of the changes.',
  },
  'aof-rewrite-incremental-fsync': {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Sync a rewritten log to disk in parts while it is written.',
  },
  'aof-disable-auto-gc': {
    kind: yesNo(),
    default: 'no',
    status: 'active',
    doc: 'Keep log files that a rewrite has made superfluous, named as history in the manifest; `no` deletes them, also those that were kept. Generations that count towards `snapshot-max-count` are none of them.',
  },
});
