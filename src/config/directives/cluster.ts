// Redis Cluster.
import { section } from '../directive.ts';
import { INT_MAX, integer, LONG_MAX, memory, ULONG_MAX } from '../kinds/numbers.ts';
import { oneOf, text, yesNo } from '../kinds/scalars.ts';

const port = () => integer({ min: 0, max: 65_535 });

function checkHostname(name: string): string | undefined {
  if (name.length >= 256) return 'Hostnames must be less than 256 characters';
  return /^[a-zA-Z0-9.-]*$/.test(name)
    ? undefined
    : 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}

export const cluster = section('cluster', 'Cluster', {
  'cluster-enabled': {
    kind: yesNo(),
    default: 'no',
    immutable: true,
    status: 'later',
    warns: true,
    doc: 'Be a node of a cluster.',
  },
  'cluster-config-file': {
    kind: text({ summary: 'file name' }),
    default: 'nodes.conf',
    immutable: true,
    status: 'later',
    doc: 'File in which the node keeps the state of the cluster.',
  },
  'cluster-node-timeout': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '15000',
    status: 'later',
    doc: 'Milliseconds of silence after which a node counts as failing.',
  },
  'cluster-port': {
    kind: port(),
    default: '0',
    immutable: true,
    status: 'later',
    doc: 'Port of the cluster bus. `0` is `port` plus 10000.',
  },
  'cluster-replica-validity-factor': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '10',
    aliases: ['cluster-slave-validity-factor'],
    status: 'later',
    doc: 'How old the data of a replica may be, in multiples of the node timeout, for it to take over.',
  },
  'cluster-replica-no-failover': {
    kind: yesNo(),
    default: 'no',
    aliases: ['cluster-slave-no-failover'],
    status: 'later',
    doc: 'Never let this replica take over unless an operator orders it.',
  },
  'cluster-allow-replica-migration': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Let replicas move to masters that have none left.',
  },
  'cluster-migration-barrier': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '1',
    status: 'later',
    doc: 'Replicas that a master keeps when one of its replicas moves.',
  },
  'cluster-require-full-coverage': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Refuse all queries while some slots are not served by any node.',
  },
  'cluster-allow-reads-when-down': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Answer reads while the cluster is down.',
  },
  'cluster-allow-pubsubshard-when-down': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Serve sharded channels while the cluster is down.',
  },
  'cluster-link-sendbuf-limit': {
    kind: memory({ min: 0, max: ULONG_MAX }),
    default: '0',
    status: 'later',
    doc: 'Most memory for what waits to be sent to another node. `0` sets no limit.',
  },
  'cluster-announce-ip': {
    kind: text({ isUnsetByEmpty: true, summary: 'address' }),
    default: '',
    status: 'later',
    doc: 'Address that the node announces. Empty announces the one it is reached at.',
  },
  'cluster-announce-port': {
    kind: port(),
    default: '0',
    status: 'later',
    doc: 'Port that the node announces. `0` announces `port`.',
  },
  'cluster-announce-tls-port': {
    kind: port(),
    default: '0',
    status: 'later',
    doc: 'TLS port that the node announces. `0` announces `tls-port`.',
  },
  'cluster-announce-bus-port': {
    kind: port(),
    default: '0',
    status: 'later',
    doc: 'Port of the cluster bus that the node announces. `0` announces its own.',
  },
  'cluster-announce-hostname': {
    kind: text({ isUnsetByEmpty: true, summary: 'host name', check: checkHostname }),
    default: '',
    status: 'later',
    doc: 'Host name that the node announces.',
  },
  'cluster-announce-human-nodename': {
    kind: text({ isUnsetByEmpty: true }),
    default: '',
    status: 'later',
    doc: 'Name of the node for people, in logs.',
  },
  'cluster-preferred-endpoint-type': {
    kind: oneOf('ip', 'hostname', 'unknown-endpoint'),
    default: 'ip',
    status: 'later',
    doc: 'The kind of address that redirections give to clients.',
  },
});
