// CLIENT: the commands about connections, the client's own and others. Its parts are in
// client-list.ts, client-kill.ts, client-pause.ts, client-names.ts, client-modes.ts and
// client-tracking.ts.
import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { noEvict, noTouch, replyMode } from '../../core/client-modes.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import { ADMIN, LOADING, NOSCRIPT, NOT_IN_MULTI, PAUSES, STALE } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import { clientKill, KILL_FILTERS } from './client-kill.ts';
import { clientInfo, clientList } from './client-list.ts';
import { getName, setInfo, setName } from './client-names.ts';
import { clientPause, clientUnpause } from './client-pause.ts';
import { caching, getRedirection, tracking, trackingInfo } from './client-tracking.ts';

const ANY_TIME = NOSCRIPT | LOADING | STALE;

const HELP: readonly string[] = [
  'CACHING (YES|NO)',
  '    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.',
  'GETREDIR',
  '    Return the client ID we are redirecting to when tracking is enabled.',
  'GETNAME',
  '    Return the name of the current connection.',
  'ID',
  '    Return the ID of the current connection.',
  'INFO',
  '    Return information about the current client connection.',
  'KILL <ip:port>',
  '    Kill connection made from <ip:port>.',
  'KILL <option> <value> [<option> <value> [...]]',
  '    Kill connections. Options are:',
  '    * ADDR (<ip:port>|<unixsocket>:0)',
  '      Kill connections made from the specified address',
  '    * LADDR (<ip:port>|<unixsocket>:0)',
  '      Kill connections made to specified local address',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      Kill connections by type.',
  '    * USER <username>',
  '      Kill connections authenticated by <username>.',
  '    * SKIPME (YES|NO)',
  '      Skip killing current connection (default: yes).',
  'LIST [options ...]',
  '    Return information about client connections. Options:',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      Return clients of specified type.',
  'UNPAUSE',
  '    Stop the current client pause, resuming traffic.',
  'PAUSE <timeout> [WRITE|ALL]',
  '    Suspend all, or just write, clients for <timeout> milliseconds.',
  'REPLY (ON|OFF|SKIP)',
  '    Control the replies sent to the current connection.',
  'SETNAME <name>',
  '    Assign the name <name> to the current connection.',
  'SETINFO (LIB-NAME <name>|LIB-VER <version>)',
  '    Tell the library that made the current connection, or its version.',
  'UNBLOCK <clientid> [TIMEOUT|ERROR]',
  '    Unblock the specified blocked client.',
  'TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]',
  '         [OPTIN] [OPTOUT] [NOLOOP]',
  '    Control server assisted client side caching.',
  'TRACKINGINFO',
  '    Report tracking status for the current connection.',
  'NO-EVICT (ON|OFF)',
  '    Protect current client connection from eviction.',
  'NO-TOUCH (ON|OFF)',
  '    Leave LRU and LFU as they are when the current connection reads keys.',
];

const subcommands: readonly CommandRow[] = [
  {
    name: 'caching',
    arity: 3,
    flags: ANY_TIME,
    group: 'connection',
    since: '6.0.0',
    summary: 'Specifies whether to track the keys that the next command or transaction reads.',
    complexity: 'O(1)',
    syntax: 'mode=( YES | NO )',
    handler: caching,
  },
  {
    name: 'getname',
    arity: 2,
    flags: ANY_TIME,
    group: 'connection',
    since: '2.6.9',
    summary: 'Returns the name of the connection.',
    complexity: 'O(1)',
    handler: getName,
  },
  {
    name: 'getredir',
    arity: 2,
    flags: ANY_TIME,
    group: 'connection',
    since: '6.0.0',
    summary: 'Returns which client receives the invalidation messages of this one.',
    complexity: 'O(1)',
    handler: getRedirection,
  },
  helpRow('connection', '5.0.0', HELP),
  {
    name: 'id',
    arity: 2,
    flags: ANY_TIME,
    group: 'connection',
    since: '5.0.0',
    summary: 'Returns the id of the connection.',
    complexity: 'O(1)',
    handler: id,
  },
  {
    name: 'info',
    arity: 2,
    flags: ANY_TIME,
    group: 'connection',
    since: '6.2.0',
    summary: 'Returns information about the connection.',
    complexity: 'O(1)',
    tips: ['nondeterministic_output'],
    handler: clientInfo,
  },
  {
    name: 'kill',
    arity: -3,
    flags: ADMIN | ANY_TIME,
    group: 'connection',
    since: '2.4.0',
    summary: 'Closes connections.',
    complexity: 'O(N) where N is the number of client connections',
    history: [
      ['2.8.12', 'The form with filters.'],
      ['2.8.12', 'The filter `ID`.'],
      ['3.2.0', '`TYPE` takes `master`.'],
      ['5.0.0', '`TYPE` takes `replica`, for which `slave` still stands.'],
      ['6.2.0', 'The filter `LADDR`.'],
    ],
    options: KILL_FILTERS,
    syntax:
      'filter=( ip:port:string!2.8.12 | new-format=( [ID client-id:integer^2.8.12] | [TYPE normal_master_slave_pubsub=( NORMAL | MASTER^3.2.0 | SLAVE | REPLICA^5.0.0 | PUBSUB )^2.8.12] | [USER username:string] | [ADDR ip:port:string] | [LADDR ip:port:string^6.2.0] | [SKIPME yes/no:string] )... )',
    handler: clientKill,
  },
  {
    name: 'list',
    arity: -2,
    flags: ADMIN | ANY_TIME,
    group: 'connection',
    since: '2.4.0',
    summary: 'Returns information about all connections, or some.',
    complexity: 'O(N) where N is the number of client connections',
    history: [
      ['2.8.12', 'The field `id`.'],
      ['5.0.0', 'The filter `TYPE`.'],
      ['6.0.0', 'The field `user`.'],
      ['6.2.0', 'The fields `argv-mem`, `tot-mem`, `laddr` and `redir`, and the filter `ID`.'],
      ['7.0.0', 'The fields `resp`, `multi-mem`, `rbs` and `rbp`.'],
      ['7.0.3', 'The field `ssub`.'],
    ],
    tips: ['nondeterministic_output'],
    syntax:
      '[TYPE normal_master_replica_pubsub=( NORMAL | MASTER | REPLICA | PUBSUB )^5.0.0] [ID id={ client-id:integer... }^6.2.0]',
    handler: clientList,
  },
  {
    name: 'no-evict',
    arity: 3,
    flags: ADMIN | ANY_TIME,
    group: 'connection',
    since: '7.0.0',
    summary: 'Exempts the connection from client eviction, or ends the exemption.',
    complexity: 'O(1)',
    syntax: 'enabled=( ON | OFF )',
    handler: noEvict,
  },
  {
    name: 'no-touch',
    arity: 3,
    flags: ANY_TIME,
    group: 'connection',
    since: '7.2.0',
    summary: 'Specifies whether commands of the connection update the LRU or LFU of keys.',
    complexity: 'O(1)',
    syntax: 'enabled=( ON | OFF )',
    handler: noTouch,
  },
  {
    name: 'pause',
    arity: -3,
    flags: ADMIN | ANY_TIME | PAUSES,
    group: 'connection',
    since: '2.9.50',
    summary: 'Suspends the requests of all clients, or their writes, for some time.',
    complexity: 'O(1)',
    history: [['6.2.0', 'The mode `WRITE`, and the argument `mode` with it.']],
    syntax: 'timeout:integer [mode=( WRITE | ALL )^6.2.0]',
    handler: clientPause,
  },
  {
    name: 'reply',
    arity: 3,
    flags: ANY_TIME | NOT_IN_MULTI,
    group: 'connection',
    since: '3.2.0',
    summary: 'Switches replies on or off, or skips the next one.',
    complexity: 'O(1)',
    syntax: 'on_off_skip=( ON | OFF | SKIP )',
    handler: replyMode,
  },
  {
    name: 'setinfo',
    arity: 4,
    flags: ANY_TIME,
    group: 'connection',
    since: '7.2.0',
    summary: 'Sets the name or version of the client library of the connection.',
    complexity: 'O(1)',
    syntax: 'attr=( "lib-name" libname:string | "lib-ver" libver:string )',
    handler: setInfo,
  },
  {
    name: 'setname',
    arity: 3,
    flags: ANY_TIME,
    group: 'connection',
    since: '2.6.9',
    summary: 'Sets the name of the connection.',
    complexity: 'O(1)',
    syntax: 'connection-name:string',
    handler: setName,
  },
  {
    name: 'tracking',
    arity: -3,
    flags: ANY_TIME,
    group: 'connection',
    since: '6.0.0',
    summary:
      'Switches on or off the messages that report which of the cached keys are no longer valid.',
    complexity: 'O(1). Some options may introduce additional complexity.',
    syntax:
      'status=( ON | OFF ) [REDIRECT client-id:integer] [PREFIX prefix:string...~] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]',
    handler: tracking,
  },
  {
    name: 'trackinginfo',
    arity: 2,
    flags: ANY_TIME,
    group: 'connection',
    since: '6.2.0',
    summary: 'Returns how the client tracks keys.',
    complexity: 'O(1)',
    handler: trackingInfo,
  },
  {
    name: 'unblock',
    arity: -3,
    flags: ADMIN | ANY_TIME,
    group: 'connection',
    since: '5.0.0',
    summary: 'Unblocks a client that waits in a blocking command.',
    complexity: 'O(log N) where N is the number of client connections',
    syntax: 'client-id:integer [timeout_error=( TIMEOUT | ERROR )]',
    handler: unblock,
  },
  {
    name: 'unpause',
    arity: 2,
    flags: ADMIN | ANY_TIME,
    group: 'connection',
    since: '6.2.0',
    summary: 'Resumes the requests that CLIENT PAUSE suspends.',
    complexity: 'O(N) Where N is the number of paused clients',
    handler: clientUnpause,
  },
];

export const clientCommands: readonly CommandRow[] = [
  {
    name: 'client',
    arity: -2,
    flags: 0,
    group: 'connection',
    since: '2.4.0',
    summary: 'Container of the commands about the connections of clients.',
    complexity: 'Depends on subcommand.',
    subcommands,
  },
];

function id({ reply, client }: Call): void {
  reply.integer(client.id);
}

/** CLIENT UNBLOCK client-id [TIMEOUT | ERROR] */
function unblock({ request, reply, server }: Call): void {
  if (request.count > 4) {
    reply.error(wrongSubcommandUse(request));
  } else if (request.count === 4 && !request.is(3, 'timeout') && !request.is(3, 'error')) {
    reply.error('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
  } else if (Number.isNaN(request.integer(2))) {
    reply.error(NOT_AN_INTEGER);
  } else {
    // A client that CLIENT PAUSE suspends does not count as blocked.
    const client = server.clients.get(request.integer(2));
    const withError = request.count === 4 && request.is(3, 'error');
    const found = client !== undefined && server.blocking.unblock(client, withError);
    reply.integer(found ? 1 : 0);
  }
}
