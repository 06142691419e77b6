// Following a master, and feeding replicas.
import { section } from '../directive.ts';
import { masterAddress } from '../kinds/lists.ts';
import { INT_MAX, integer, LONG_MAX, memory } from '../kinds/numbers.ts';
import { oneOf, secret, text, yesNo } from '../kinds/scalars.ts';

const port = () => integer({ min: 0, max: 65_535 });

export const replication = section('replication', 'Replication', {
  replicaof: {
    kind: masterAddress(),
    example: '10.0.0.1 6379',
    immutable: true,
    aliases: ['slaveof'],
    status: 'later',
    warns: true,
    doc: 'Master to be a replica of. REPLICAOF changes it while the server runs.',
  },
  masteruser: {
    kind: text({ isUnsetByEmpty: true, summary: 'user name' }),
    default: '',
    sensitive: true,
    status: 'later',
    doc: 'User as which a replica signs in to its master.',
  },
  masterauth: {
    kind: secret(),
    default: '',
    sensitive: true,
    status: 'later',
    doc: 'Password with which a replica signs in to its master.',
  },
  'replica-serve-stale-data': {
    kind: yesNo(),
    default: 'yes',
    aliases: ['slave-serve-stale-data'],
    status: 'later',
    doc: 'Answer reads from possibly old data while the master cannot be reached.',
  },
  'replica-read-only': {
    kind: yesNo(),
    default: 'yes',
    aliases: ['slave-read-only'],
    status: 'later',
    doc: 'Refuse writes on a replica.',
  },
  'replica-priority': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '100',
    aliases: ['slave-priority'],
    status: 'later',
    doc: 'Order in which Sentinel promotes replicas, smallest first. `0` is never promoted.',
  },
  'replica-announced': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Whether Sentinel announces this replica to clients.',
  },
  'replica-announce-ip': {
    kind: text({ isUnsetByEmpty: true, summary: 'address' }),
    default: '',
    aliases: ['slave-announce-ip'],
    status: 'later',
    doc: 'Address that a replica announces to its master. Empty announces none.',
  },
  'replica-announce-port': {
    kind: port(),
    default: '0',
    aliases: ['slave-announce-port'],
    status: 'later',
    doc: 'Port that a replica announces to its master. `0` announces the port that it listens on.',
  },
  'replica-ignore-maxmemory': {
    kind: yesNo(),
    default: 'yes',
    aliases: ['slave-ignore-maxmemory'],
    status: 'later',
    doc: 'Leave eviction to the master, which sends what it evicts.',
  },
  'replica-ignore-disk-write-errors': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Let a replica go on when it cannot write what its master sends to disk.',
  },
  'replica-lazy-flush': {
    kind: yesNo(),
    default: 'no',
    aliases: ['slave-lazy-flush'],
    status: 'later',
    doc: 'Free the old data of a replica in the background when it receives a full copy.',
  },
  'propagation-error-behavior': {
    kind: oneOf('ignore', 'panic', 'panic-on-replicas'),
    default: 'ignore',
    status: 'active',
    doc: 'What to do when a command of the log fails: report and count it, or (`panic`) refuse to start.',
  },
  'repl-diskless-sync': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Send full copies straight to the sockets of replicas rather than through a file.',
  },
  'repl-diskless-sync-delay': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '5',
    status: 'later',
    doc: 'Seconds to wait for more replicas before a full copy is sent.',
  },
  'repl-diskless-sync-max-replicas': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '0',
    status: 'later',
    doc: 'Replicas that end that wait early. `0` waits to the end.',
  },
  'repl-diskless-load': {
    kind: oneOf('disabled', 'on-empty-db', 'swapdb'),
    default: 'disabled',
    fixedWhileLoading: true,
    status: 'later',
    doc: 'When a replica loads a full copy straight from the socket: never, when it has no data, or beside its old data.',
  },
  'repl-ping-replica-period': {
    kind: integer({ min: 1, max: INT_MAX }),
    default: '10',
    aliases: ['repl-ping-slave-period'],
    status: 'later',
    doc: 'Seconds between the pings that a master sends to its replicas.',
  },
  'repl-timeout': {
    kind: integer({ min: 1, max: INT_MAX }),
    default: '60',
    status: 'later',
    doc: 'Seconds of silence after which either side gives the connection up.',
  },
  'repl-disable-tcp-nodelay': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Send fewer and larger packets to replicas, at the price of delay.',
  },
  'repl-backlog-size': {
    kind: memory({ min: 1, max: LONG_MAX, clamp: { min: 16_384, max: LONG_MAX } }),
    default: '1mb',
    status: 'later',
    doc: 'Newest part of the replication stream that is kept in memory for replicas that come back.',
  },
  'repl-backlog-ttl': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '3600',
    status: 'later',
    doc: 'Seconds after the last replica has gone until that memory is freed. `0` never frees it.',
  },
  'min-replicas-to-write': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '0',
    aliases: ['min-slaves-to-write'],
    status: 'later',
    doc: 'Refuse writes when fewer replicas than this are in touch.',
  },
  'min-replicas-max-lag': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '10',
    aliases: ['min-slaves-max-lag'],
    status: 'later',
    doc: 'Seconds since its last sign of life for which a replica counts as in touch.',
  },
});
