// CONFIG: reads and changes the configuration (config/config.ts) while the server runs.
import type { Outcome } from '../config/config.ts';
import { findDirective } from '../config/directives.ts';
import { globMatchText } from '../protocol/glob.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { CommandRow } from './command.ts';
import { SYNTAX } from './errors.ts';
import { ADMIN, LOADING, NOSCRIPT, STALE } from './flags.ts';
import { replyHelp } from './help.ts';

const FLAGS = ADMIN | NOSCRIPT | LOADING | STALE;

export const configCommands: readonly CommandRow[] = [
  {
    name: 'config',
    arity: -2,
    flags: 0,
    group: 'server',
    since: '2.0.0',
    summary: 'Container of the commands about the configuration.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'get',
        arity: -3,
        flags: FLAGS,
        group: 'server',
        since: '2.0.0',
        summary: 'Tells the values of directives.',
        complexity: 'O(N) when N is the number of configuration parameters provided',
        history: [['7.0.0', 'Takes several patterns.']],
        syntax: 'parameter={ parameter:string } ...',
        handler: get,
      },
      {
        name: 'set',
        arity: -4,
        flags: FLAGS,
        group: 'server',
        since: '2.0.0',
        summary: 'Sets directives, all of them or none.',
        complexity: 'O(N) when N is the number of configuration parameters provided',
        history: [['7.0.0', 'Sets several directives at once.']],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        syntax: 'parameter_value={ parameter:string value:string } ...',
        handler: set,
      },
      {
        name: 'resetstat',
        arity: 2,
        flags: FLAGS,
        group: 'server',
        since: '2.0.0',
        summary: 'Sets the statistics of INFO back to zero.',
        complexity: 'O(1)',
        handler: resetstat,
      },
      {
        name: 'rewrite',
        arity: 2,
        flags: FLAGS,
        group: 'server',
        since: '2.8.0',
        summary: 'Writes the present configuration into the configuration file.',
        complexity: 'O(1)',
        handler: rewrite,
      },
      {
        name: 'help',
        arity: 2,
        flags: LOADING | STALE,
        group: 'server',
        since: '5.0.0',
        summary: 'Explains the subcommands.',
        complexity: 'O(1)',
        handler: (call) => replyHelp(call, HELP),
      },
    ],
  },
];

const HELP = [
  'GET <pattern>',
  '    Return parameters matching the glob-like <pattern> and their values.',
  'SET <directive> <value>',
  '    Set the configuration <directive> to <value>.',
  'RESETSTAT',
  '    Reset statistics reported by the INFO command.',
  'REWRITE',
  '    Rewrite the configuration file.',
];

function get({ request, reply, server }: Call): void {
  const patterns: string[] = [];
  for (let i = 2; i < request.count; i++) patterns.push(request.latin1(i));
  const found = server.config.get(patterns, (pattern, name) => globMatchText(pattern, name, true));
  reply.map(found.length);
  for (const [name, text] of found) {
    reply.bulkBuffer(Buffer.from(name, 'latin1'));
    reply.bulkBuffer(Buffer.from(text, 'latin1'));
  }
}

function set(call: Call): void {
  const { request, reply, client, server } = call;
  if (request.count % 2 === 1) {
    reply.error(SYNTAX);
    return;
  }
  const pairs: [string, string][] = [];
  for (let i = 2; i < request.count; i += 2) {
    const name = request.latin1(i);
    pairs.push([name, request.latin1(i + 1)]);
    if (findDirective(name)?.sensitive) request.redact(i + 1);
  }
  const outcome = server.config.set(pairs, {
    isLocal: isLocal(client),
    isLoading: server.snapshots.isLoading,
    mayWait: call.canDefer,
  });
  if (outcome instanceof Promise) call.deferUntil(outcome, replyOutcome);
  else replyOutcome(call, outcome);
}

function replyOutcome({ reply }: Call, outcome: Outcome): void {
  if (outcome === undefined) reply.ok();
  else reply.error(outcome);
}

function resetstat({ reply, server }: Call): void {
  const { keyspace, stats, commands } = server;
  stats.reset();
  commands.resetStats();
  keyspace.resetStats();
  reply.ok();
}

function rewrite({ reply, server }: Call): void {
  const problem = server.config.rewrite();
  if (problem === undefined) {
    server.log.warn('CONFIG REWRITE executed with success.');
    reply.ok();
  } else {
    server.log.warn({ problem }, 'CONFIG REWRITE failed: {problem}');
    reply.error(problem);
  }
}

function isLocal({ address }: Client): boolean {
  return address.unixSocket || /^\[?(::1\]?:|(::ffff:)?127\.)/.test(address.remote);
}
