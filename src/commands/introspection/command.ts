// COMMAND and its subcommands: the command table shown to clients.
import type { Call } from '../../core/call.ts';
import type { Command, CommandCatalog } from '../../core/command.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { LOADING, NO_MANDATORY_KEYS, STALE } from '../../core/flags.ts';
import { replyHelp } from '../../core/help.ts';
import { KeyCursor } from '../../core/key-cursor.ts';
import { KEY_FLAG_NAMES } from '../../core/key-specs.ts';
import type { Request } from '../../protocol/request.ts';
import { replyCommandDocs } from './command-docs.ts';
import { replyCommandInfo, replyNames } from './command-info.ts';
import { commandList } from './command-list.ts';

/** What all rows below have in common. */
const FACTS = { flags: LOADING | STALE, group: 'server', categories: ['connection'] } as const;

/** Where the command line begins among the arguments of COMMAND GETKEYS. */
const LINE = 2;

export const commandCommands: readonly CommandRow[] = [
  {
    ...FACTS,
    name: 'command',
    arity: -1,
    since: '2.8.13',
    summary: 'Describes all commands to clients.',
    complexity: 'O(N) where N is the number of commands',
    tips: ['nondeterministic_output_order'],
    handler: commandInfo,
    subcommands: [
      {
        ...FACTS,
        name: 'count',
        arity: 2,
        since: '2.8.13',
        summary: 'Returns how many commands there are.',
        complexity: 'O(1)',
        handler: ({ reply, server }) => reply.integer(server.commands.size),
      },
      {
        ...FACTS,
        name: 'docs',
        arity: -2,
        since: '7.0.0',
        summary: 'Returns what commands do and which arguments they take.',
        complexity: 'O(N) where N is the number of commands to look up',
        tips: ['nondeterministic_output_order'],
        syntax: '[command-name:string...]',
        handler: commandDocs,
      },
      {
        ...FACTS,
        name: 'getkeys',
        arity: -4,
        since: '2.8.13',
        summary: 'Returns which arguments of a command line are keys.',
        complexity: 'O(N) where N is the number of arguments to the command',
        handler: commandGetKeys,
      },
      {
        ...FACTS,
        name: 'getkeysandflags',
        arity: -4,
        since: '7.0.0',
        summary: 'Returns which arguments of a command line are keys, and what happens to each.',
        complexity: 'O(N) where N is the number of arguments to the command',
        handler: commandGetKeysAndFlags,
      },
      {
        ...FACTS,
        name: 'help',
        arity: 2,
        since: '5.0.0',
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        handler: commandHelp,
      },
      {
        ...FACTS,
        name: 'info',
        arity: -2,
        since: '2.8.13',
        summary: 'Describes the commands named, or all of them.',
        complexity: 'O(N) where N is the number of commands to look up',
        history: [['7.0.0', 'Without a name it describes all commands.']],
        tips: ['nondeterministic_output_order'],
        syntax: '[command-name:string...]',
        handler: commandInfo,
      },
      {
        ...FACTS,
        name: 'list',
        arity: -2,
        since: '7.0.0',
        summary: 'Returns the names of all commands, or of those that a filter lets through.',
        complexity: 'O(N) where N is the number of commands',
        tips: ['nondeterministic_output_order'],
        syntax:
          '[FILTERBY filterby=( MODULE module-name:string | ACLCAT category:string | PATTERN pattern:pattern )]',
        handler: commandList,
      },
    ],
  },
];

const HELP = [
  '(no subcommand)',
  '    Describe all commands.',
  'COUNT',
  '    Tell how many commands there are.',
  'DOCS [<command-name> ...]',
  '    Tell what the named commands do and which arguments they take, or all',
  '    commands when none is named.',
  'GETKEYS <full-command>',
  '    Tell which arguments of a command line are keys.',
  'GETKEYSANDFLAGS <full-command>',
  '    Tell which arguments of a command line are keys and what happens to each.',
  'INFO [<command-name> ...]',
  '    Describe the named commands, or all commands when none is named.',
  'LIST [FILTERBY (MODULE <name> | ACLCAT <category> | PATTERN <pattern>)]',
  '    Tell the names of all commands, or of those that the filter lets through.',
];

function commandHelp(call: Call): void {
  replyHelp(call, HELP);
}

/** COMMAND, COMMAND INFO [name …] */
function commandInfo({ request, reply, server }: Call): void {
  if (request.count <= 2) {
    reply.array(server.commands.size);
    for (const command of server.commands.all()) replyCommandInfo(reply, command);
    return;
  }
  reply.array(request.count - 2);
  for (let i = 2; i < request.count; i++) {
    const command = server.commands.named(request, i);
    if (command === undefined) reply.null();
    else replyCommandInfo(reply, command);
  }
}

/** COMMAND DOCS [name …]: unknown names are left out. */
function commandDocs({ request, reply, server }: Call): void {
  if (request.count === 2) {
    replyCommandDocs(reply, [...server.commands.all()]);
    return;
  }
  const commands: Command[] = [];
  for (let i = 2; i < request.count; i++) {
    const command = server.commands.named(request, i);
    if (command !== undefined) commands.push(command);
  }
  replyCommandDocs(reply, commands);
}

/** An argument that is a key. */
interface FoundKey {
  /** Its number in the command line. */
  readonly position: number;
  /** What the command does with it. */
  readonly flags: number;
}

/** COMMAND GETKEYS command [arg …] */
function commandGetKeys(call: Call): void {
  const { reply, request } = call;
  const keys = keysToReply(call);
  if (keys === undefined) return;
  reply.array(keys.length);
  for (const { position } of keys) reply.bulkBuffer(request.bytes(position + LINE));
}

/** COMMAND GETKEYSANDFLAGS command [arg …] */
function commandGetKeysAndFlags(call: Call): void {
  const { reply, request } = call;
  const keys = keysToReply(call);
  if (keys === undefined) return;
  reply.array(keys.length);
  for (const { position, flags } of keys) {
    reply.array(2);
    reply.bulkBuffer(request.bytes(position + LINE));
    replyNames(
      reply,
      KEY_FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0),
    );
  }
}

/** The keys of the command line; undefined after answering an error. */
function keysToReply({ request, reply, server }: Call): readonly FoundKey[] | undefined {
  const line = request.tail(LINE);
  const command = commandOf(server.commands, line);
  if (command === undefined) {
    reply.error('ERR Invalid command specified');
  } else if (!command.keyPlan.hasKeys) {
    reply.error('ERR The command has no key arguments');
  } else if (command.arity > 0 ? line.count !== command.arity : line.count < -command.arity) {
    reply.error('ERR Invalid number of arguments specified for command');
  } else {
    const keys = keysOf(command, line);
    if (keys.length > 0 || (command.flags & NO_MANDATORY_KEYS) !== 0) return keys;
    reply.error('ERR Invalid arguments specified for command');
  }
  return undefined;
}

/** The keys of a command line; none when it does not have as many as it specifies. */
function keysOf({ keyPlan }: Command, line: Request): FoundKey[] {
  const found: FoundKey[] = [];
  const keys = new KeyCursor();
  keys.begin(keyPlan, line);
  for (let position = keys.next(); position !== 0; position = keys.next()) {
    found.push({ position, flags: keys.flags(line) });
  }
  return found;
}

/** The command, or subcommand, that a command line names. */
function commandOf(commands: CommandCatalog, line: Request): Command | undefined {
  const command = commands.find(line);
  if (command?.subcommands === undefined || line.count === 1) return command;
  return command.subcommands.get(line.word(1));
}
