// The connection itself: authentication and protocol (AUTH, HELLO), database, PING and ECHO,
// and its end. CLIENT is in client.ts.

import { cString } from '../../core/argument-errors.ts';
import { isPassword, isUser, logIn, logOut, needsPassword } from '../../core/authentication.ts';
import type { Call } from '../../core/call.ts';
import { REPLY_ON, REPLY_SKIP } from '../../core/client.ts';
import { setNoTouch } from '../../core/client-modes.ts';
import type { CommandRow } from '../../core/command-row.ts';
import {
  DB_INDEX_OUT_OF_RANGE,
  NO_AUTH_NEEDED,
  NOT_AN_INTEGER,
  SYNTAX,
  WRONG_PASSWORD,
  wrongArity,
} from '../../core/errors.ts';
import {
  ALLOW_BUSY,
  FAST,
  LOADING,
  NO_AUTH,
  NOSCRIPT,
  STALE,
  SUBSCRIBER,
} from '../../core/flags.ts';
import { discardTransaction } from '../../core/transaction.ts';
import { REDIS_VERSION } from '../../core/version.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import { stopMonitoring } from '../introspection/monitor.ts';
import { nameClient } from './client-names.ts';

/** Flags of what a client may do before it has authenticated. */
const BEFORE_AUTH = NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY;

export const connectionCommands: readonly CommandRow[] = [
  {
    name: 'auth',
    arity: -2,
    flags: BEFORE_AUTH,
    group: 'connection',
    since: '1.0.0',
    summary: 'Authenticates the client.',
    complexity: 'O(N) where N is the number of passwords defined for the user',
    history: [['6.0.0', 'Takes the name of a user before the password.']],
    syntax: '[username:string^6.0.0] password:string',
    handler: auth,
  },
  {
    name: 'hello',
    arity: -1,
    flags: BEFORE_AUTH,
    group: 'connection',
    since: '6.0.0',
    summary: 'Selects the protocol, and returns information about the server and the connection.',
    complexity: 'O(1)',
    history: [['6.2.0', 'Without a version it only returns information about the connection.']],
    syntax:
      '[arguments={ protover:integer [AUTH username_password={ username:string password:string }] [SETNAME clientname:string] }]',
    handler: hello,
  },
  {
    name: 'ping',
    arity: -1,
    flags: FAST | SUBSCRIBER,
    group: 'connection',
    since: '1.0.0',
    summary: 'Returns PONG, or the message.',
    complexity: 'O(1)',
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    syntax: '[message:string]',
    largeArguments: [1, 0],
    handler: ping,
  },
  {
    name: 'echo',
    arity: 2,
    flags: LOADING | STALE | FAST,
    group: 'connection',
    since: '1.0.0',
    summary: 'Returns the message.',
    complexity: 'O(1)',
    syntax: 'message:string',
    largeArguments: [1, 0],
    handler: echo,
  },
  {
    name: 'quit',
    arity: -1,
    flags: BEFORE_AUTH | SUBSCRIBER,
    group: 'connection',
    since: '1.0.0',
    summary: 'Closes the connection after all replies were sent.',
    complexity: 'O(1)',
    handler: quit,
  },
  {
    name: 'reset',
    arity: 1,
    flags: BEFORE_AUTH | SUBSCRIBER,
    group: 'connection',
    since: '6.2.0',
    summary: 'Resets the connection to the state of a new one.',
    complexity: 'O(1)',
    handler: reset,
  },
  {
    name: 'select',
    arity: 2,
    flags: LOADING | STALE | FAST,
    group: 'connection',
    since: '1.0.0',
    summary: 'Selects the database for the commands that follow.',
    complexity: 'O(1)',
    syntax: 'index:integer',
    handler: select,
  },
];

function auth({ request, reply, client, server }: Call): void {
  if (request.count > 3) {
    reply.error(SYNTAX);
    return;
  }
  const password = request.count - 1;
  for (let i = 1; i <= password; i++) request.redact(i);
  if (request.count === 2 && !needsPassword(server)) {
    reply.error(NO_AUTH_NEEDED);
    return;
  }
  const isKnown = request.count === 2 || isUser(request, 1);
  if (isKnown && isPassword(server, request, password)) {
    logIn(client);
    reply.ok();
  } else {
    reply.error(WRONG_PASSWORD);
  }
}

const BAD_PROTOCOL = 'ERR Protocol version is not an integer or out of range';
const UNSUPPORTED_PROTOCOL = 'NOPROTO unsupported protocol version';
const HELLO_NEEDS_AUTH =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time';

/** HELLO [protover [AUTH user password] [SETNAME name]] */
function hello(call: Call): void {
  const { request, reply, client } = call;
  const version = request.count > 1 ? request.integer(1) : client.protocol;
  if (version !== 2 && version !== 3) {
    reply.error(Number.isNaN(version) ? BAD_PROTOCOL : UNSUPPORTED_PROTOCOL);
    return;
  }
  for (let i = 2; i < request.count; ) {
    const used = helloOption(call, i);
    if (used === 0) return;
    i += used;
  }
  if (!client.authenticated) {
    reply.error(HELLO_NEEDS_AUTH);
    return;
  }
  client.protocol = version;
  reply.resp3 = version === 3;
  replyGreeting(call, version);
}

/**
 * Applies the option of HELLO at argument i; it stays applied when a later one is wrong.
 * @returns the number of its arguments, or 0 after answering an error
 */
function helloOption(call: Call, i: number): number {
  const { request, reply, client, server } = call;
  const following = request.count - 1 - i;
  if (request.is(i, 'auth') && following >= 2) {
    request.redact(i + 1);
    request.redact(i + 2);
    if (isUser(request, i + 1) && isPassword(server, request, i + 2)) {
      logIn(client);
      return 3;
    }
    reply.error(WRONG_PASSWORD);
  } else if (request.is(i, 'setname') && following >= 1) {
    if (nameClient(call, i + 1)) return 2;
  } else {
    reply.error(`ERR Syntax error in HELLO option '${cString(request, i)}'`);
  }
  return 0;
}

function replyGreeting({ reply, client }: Call, protocol: number): void {
  reply.map(7);
  reply.bulkText('server');
  reply.bulkText('redis');
  reply.bulkText('version');
  reply.bulkText(REDIS_VERSION);
  reply.bulkText('proto');
  reply.integer(protocol);
  reply.bulkText('id');
  reply.integer(client.id);
  reply.bulkText('mode');
  reply.bulkText('standalone');
  reply.bulkText('role');
  reply.bulkText('master');
  reply.bulkText('modules');
  reply.array(0);
}

function ping({ request, reply, client }: Call): void {
  if (client.subscriptions !== undefined && client.protocol === 2 && request.count <= 2) {
    // In RESP2, where messages may come between replies, the reply looks like a message.
    reply.array(2);
    reply.bulkText('pong');
    if (request.count === 1) reply.bulkText('');
    else reply.bulkBuffer(request.bytes(1));
    return;
  }
  if (request.count === 1) reply.simple('PONG');
  else if (request.count === 2) answerArgument(reply, request);
  else reply.error(wrongArity('ping'));
}

function echo({ request, reply }: Call): void {
  answerArgument(reply, request);
}

function answerArgument(reply: Reply, request: Request): void {
  if (request.large === undefined) {
    reply.bulk(request.buffer, request.offsets[1], request.lengths[1]);
  } else {
    reply.bulkBuffer(request.bytes(1));
  }
}

function quit({ reply, client }: Call): void {
  reply.ok();
  client.closing = true;
}

function reset({ reply, client, server }: Call): void {
  stopMonitoring(server, client);
  server.pubsub.removeAll(client);
  server.tracking.disable(client);
  discardTransaction(server, client);
  logOut(server, client);
  client.db = server.keyspace.databases[0];
  client.protocol = 2;
  reply.resp3 = false;
  // The client library does not change by a reset: lib-name and lib-ver are kept.
  client.charge(-client.name.length);
  client.name = '';
  // Under SKIP its own reply is the one left out.
  if (client.replyMode !== REPLY_SKIP) client.replyMode = REPLY_ON;
  setNoTouch(server, client, false);
  reply.simple('RESET');
}

const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;
const NOT_AN_INT32 = `ERR value is out of range, value must between ${MIN_INT32} and ${MAX_INT32}`;

function select({ request, reply, client, server }: Call): void {
  const index = request.integer(1);
  if (Number.isNaN(index)) {
    reply.error(NOT_AN_INTEGER);
  } else if (index < MIN_INT32 || index > MAX_INT32) {
    reply.error(NOT_AN_INT32);
  } else if (index < 0 || index >= server.keyspace.databases.length) {
    reply.error(DB_INDEX_OUT_OF_RANGE);
  } else {
    client.db = server.keyspace.databases[index];
    reply.ok();
  }
}
