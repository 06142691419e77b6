// The reference of all commands as Markdown, made from their rows: docs/commands.md is this text,
// and a test holds the two equal.
import type { Command, CommandCatalog, CommandGroup } from '../../core/command.ts';
import { type Argument, parseSyntax } from '../../core/syntax.ts';

/** Chapters, in their order. */
const TITLES: Readonly<Record<CommandGroup, string>> = {
  generic: 'Keys',
  string: 'Strings',
  bitmap: 'Bitmaps',
  hyperloglog: 'HyperLogLogs',
  list: 'Lists',
  hash: 'Hashes',
  set: 'Sets',
  'sorted-set': 'Sorted sets',
  geo: 'Geospatial indexes',
  stream: 'Streams',
  pubsub: 'Publish/subscribe',
  transactions: 'Transactions',
  scripting: 'Scripting',
  connection: 'Connection',
  server: 'Server',
  cluster: 'Cluster',
};

const HEAD = `# Commands

Every command that Synap knows, with its arguments: words in capitals are typed as they are, \`[…]\`
may be left out, \`…\` may repeat, \`a | b\` is a choice. *Since* is the version of Redis that the
command first appeared in, and 0.1.0 that of Synap for those that no Redis has; \`COMMAND DOCS\` tells which
arguments came later. It and \`COMMAND INFO\` report the same facts.
`;

/** A longer argument that repeats is not shown twice. */
const MAX_REPEATED_LENGTH = 40;

/** The text of docs/commands.md. */
export function commandReference(commands: CommandCatalog): string {
  const chapters = Object.entries(TITLES).flatMap(([group, title]) => {
    const rows = [...commands.runnable()]
      .filter(({ row, isContainer }) => row.group === group && !isContainer)
      .sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
    return rows.length === 0 ? [] : [chapter(title, rows)];
  });
  return [HEAD, ...chapters].join('\n');
}

function chapter(title: string, commands: readonly Command[]): string {
  const head = [
    `## ${title}`,
    '',
    '| Command | What it does | Since | Complexity |',
    '|---|---|---|---|',
  ];
  return `${[...head, ...commands.map(line)].join('\n')}\n`;
}

function line(command: Command): string {
  const { row } = command;
  let summary = row.summary;
  if (row.deprecated !== undefined) {
    // COMMAND DOCS writes the option that takes a command's place as `!GET`.
    const replacedBy = row.deprecated.replacedBy.replaceAll('`!', '`');
    summary += ` Deprecated since ${row.deprecated.since}: use ${replacedBy}.`;
  }
  const cells = [`\`${usageOf(command)}\``, summary, row.since, row.complexity ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** How the command is typed: "SET key value [NX | XX] …". */
export function usageOf(command: Command): string {
  const name = command.fullName.replace('|', ' ').toUpperCase();
  const syntax = parseSyntax(command.row.syntax ?? '', command.keys.length);
  return [name, ...syntax.map(usageOfArgument)].join(' ');
}

function usageOfArgument(argument: Argument): string {
  const usage = usageOfMandatory(argument);
  return argument.optional ? `[${usage}]` : usage;
}

function usageOfMandatory(argument: Argument): string {
  const value = usageOfValue(argument);
  const once = withToken(argument, value);
  if (!argument.multiple) return once;
  if (value.length > MAX_REPEATED_LENGTH) return `${once} …`;
  return `${once} [${argument.multipleToken ? once : value} …]`;
}

function withToken({ type, token }: Argument, value: string): string {
  return token === undefined || type === 'pure-token' ? value : `${token} ${value}`;
}

function usageOfValue(argument: Argument): string {
  const { name, type, token, arguments: parts } = argument;
  if (type === 'pure-token') return token === undefined || token === '' ? '""' : token;
  if (type === 'block') return parts.map(usageOfArgument).join(' ');
  if (type !== 'oneof') return name;
  const choice = parts.map(usageOfMandatory).join(' | ');
  const bracketed = argument.optional && !argument.multiple && token === undefined;
  return bracketed ? choice : `<${choice}>`;
}
