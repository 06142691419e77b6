// Where the server listens, and how it treats connections.
import { section } from '../directive.ts';
import { addresses } from '../kinds/lists.ts';
import { INT_MAX, integer, LONG_MAX, memory, octal, UINT_MAX } from '../kinds/numbers.ts';
import { text, yesNo } from '../kinds/scalars.ts';

export const network = section('network', 'Network', {
  bind: {
    kind: addresses(),
    default: '* -::*',
    status: 'active',
    doc: 'Addresses on which the TCP port is opened. `*` and `::*` are all IPv4 and IPv6 addresses; an address that begins with `-` is skipped when the machine does not have it.',
  },
  port: {
    kind: integer({ min: 0, max: 65_535 }),
    default: '6379',
    status: 'active',
    doc: 'TCP port. `0` opens none.',
  },
  'protected-mode': {
    kind: yesNo(),
    default: 'yes',
    status: 'active',
    doc: 'Refuse clients from other machines for as long as the default user has no password.',
  },
  unixsocket: {
    kind: text({ isUnsetByEmpty: true, summary: 'path' }),
    default: '',
    immutable: true,
    status: 'active',
    doc: 'Path of a unix socket to listen on. Empty opens none.',
  },
  unixsocketperm: {
    kind: octal(0o777),
    default: '0',
    immutable: true,
    status: 'active',
    doc: 'Permissions of the unix socket. `0` leaves what the umask gives.',
  },
  'tcp-backlog': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '511',
    immutable: true,
    status: 'active',
    doc: 'How many connections may wait to be accepted. The system may cap it (`net.core.somaxconn` on Linux).',
  },
  'tcp-keepalive': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '300',
    status: 'active',
    doc: 'Seconds of silence after which the system probes whether a client is still there. `0` never probes.',
  },
  timeout: {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '0',
    status: 'active',
    doc: 'Seconds after which an idle client is disconnected. `0` never disconnects.',
  },
  'proto-max-bulk-len': {
    kind: memory({ min: 1_048_576, max: LONG_MAX }),
    default: '512mb',
    status: 'active',
    doc: 'Longest argument of a request, and longest string value.',
  },
  'bind-source-addr': {
    kind: text({ isUnsetByEmpty: true, summary: 'address' }),
    default: '',
    status: 'later',
    doc: 'Local address from which the server connects to others.',
  },
  'socket-mark-id': {
    kind: integer({ min: 0, max: UINT_MAX }),
    default: '0',
    immutable: true,
    status: 'inapplicable',
    doc: 'Mark that the system puts on the packets of sockets (`SO_MARK`), which Node does not offer.',
  },
});
