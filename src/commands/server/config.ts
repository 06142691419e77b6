// CONFIG: reads and changes the configuration (config/config.ts) while the server runs.
import type { Outcome } from '../../config/config.ts';
import { directives, findDirective } from '../../config/directives.ts';
import { cString, MAX_QUOTED_BYTES } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { Client } from '../../core/client.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { ADMIN, LOADING, NOSCRIPT, STALE } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import { globMatch } from '../../protocol/glob.ts';
import { NameTable } from '../../protocol/name-table.ts';
import type { Request } from '../../protocol/request.ts';

const FLAGS = ADMIN | NOSCRIPT | LOADING | STALE;

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
        summary: 'Returns the values of directives.',
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
        summary: 'Sets directives: all of them, or none if one cannot be set.',
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
        summary: 'Resets the statistics of INFO to zero.',
        complexity: 'O(1)',
        // Commands before it in the same pipeline must be counted first, so that the reset includes them.
        quickUpTo: 0,
        handler: resetstat,
      },
      {
        name: 'rewrite',
        arity: 2,
        flags: FLAGS,
        group: 'server',
        since: '2.8.0',
        summary: 'Writes the current configuration to the configuration file.',
        complexity: 'O(1)',
        handler: rewrite,
      },
      helpRow('server', '5.0.0', HELP),
    ],
  },
];

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;

/** The names of directives, aliases included; by themselves, and as bytes. */
const directiveNames = new NameTable<string>();
const nameBytes = new Map<string, Buffer>();
for (const name of directives.flatMap((directive) => [directive.name, ...directive.aliases])) {
  directiveNames.add(name, name);
  nameBytes.set(name, Buffer.from(name, 'latin1'));
}

/** Longest value that CONFIG SET takes, in bytes. */
const MAX_VALUE_BYTES = 64 * 1024;

function get({ request, reply, server }: Call): void {
  const found = server.config.get(selectors(request), nameMatcher());
  reply.map(found.length);
  for (const [name, text] of found) {
    reply.bulkBuffer(Buffer.from(name, 'latin1'));
    reply.bulkBuffer(Buffer.from(text, 'latin1'));
  }
}

/** The arguments that may select something: patterns, and each name of a directive once. */
function* selectors(request: Request): Iterable<string> {
  const { buffer, offsets, lengths } = request;
  const seen = new Set<string>();
  for (let i = 2; i < request.count; i++) {
    const name = directiveNames.find(buffer, offsets[i], lengths[i]);
    if (name === undefined) {
      if (isPattern(request, i)) yield request.latin1(i);
    } else if (!seen.has(name)) {
      seen.add(name);
      yield request.latin1(i);
    }
  }
}

/** Whether argument i has a character that makes it a pattern. */
function isPattern({ buffer, offsets, lengths }: Request, i: number): boolean {
  const end = offsets[i] + lengths[i];
  for (let at = offsets[i]; at < end; at++) {
    const byte = buffer[at];
    if (byte === STAR || byte === QUESTION || byte === OPEN) return true;
  }
  return false;
}

/** Decides whether a pattern matches a directive's name; the same pattern is mostly asked for often. */
function nameMatcher(): (pattern: string, name: string) => boolean {
  let text = '';
  let bytes = Buffer.alloc(0);
  return (pattern, name) => {
    if (pattern !== text) {
      text = pattern;
      bytes = Buffer.from(pattern, 'latin1');
    }
    const shown = nameBytes.get(name);
    return shown !== undefined && globMatch(bytes, shown, true);
  };
}

function set(call: Call): void {
  const { request, reply, client, server } = call;
  if (request.count % 2 === 1) {
    reply.error(SYNTAX);
    return;
  }
  redactSecrets(request);
  const tooLong = tooLongValue(request);
  if (tooLong !== undefined) {
    reply.error(tooLong);
    return;
  }
  const outcome = server.config.set(pairsOf(request), {
    isLocal: isLocal(client),
    isLoading: server.loading.isActive,
    mayWait: call.mayWait,
  });
  if (outcome instanceof Promise) call.deferUntil(outcome, replyOutcome);
  else replyOutcome(call, outcome);
}

/**
 * The names and values of a request. Unknown and repeated names are refused, for which one of each is enough.
 */
function pairsOf(request: Request): [name: string, value: string][] {
  const { buffer, offsets, lengths } = request;
  const pairs: [string, string][] = [];
  const times = new Map<string | undefined, number>();
  for (let i = 2; i < request.count; i += 2) {
    const known = directiveNames.find(buffer, offsets[i], lengths[i]);
    const before = times.get(known) ?? 0;
    if (before > (known === undefined ? 0 : 1)) continue;
    times.set(known, before + 1);
    pairs.push([request.start(i, MAX_QUOTED_BYTES), request.latin1(i + 1)]);
  }
  return pairs;
}

function redactSecrets(request: Request): void {
  const { buffer, offsets, lengths } = request;
  for (let i = 2; i < request.count; i += 2) {
    const known = directiveNames.find(buffer, offsets[i], lengths[i]);
    if (known !== undefined && findDirective(known)?.sensitive) request.redact(i + 1);
  }
}

/**
 * Why a value cannot be set, however well-formed it is: parsed values are kept on the JavaScript heap.
 */
function tooLongValue(request: Request): string | undefined {
  for (let i = 2; i < request.count; i += 2) {
    if (request.lengths[i + 1] <= MAX_VALUE_BYTES) continue;
    const name = cString(request, i);
    return `ERR CONFIG SET failed (possibly related to argument '${name}') - value is longer than ${MAX_VALUE_BYTES} bytes`;
  }
  return undefined;
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
    const hasFile = server.config.file !== undefined;
    if (hasFile) server.log.warn({ problem }, 'CONFIG REWRITE failed: {problem}');
    reply.error(problem);
  }
}

function isLocal({ address }: Client): boolean {
  return address.unixSocket || /^\[?(::1\]?:|(::ffff:)?127\.)/.test(address.remote);
}
