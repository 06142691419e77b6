// What commands a server has and which arguments each takes: read from COMMAND LIST, COMMAND INFO
// and COMMAND DOCS, so that whoever generates commands needs no list of their own.

import type { RawClient } from './raw-client.ts';
import { fieldOf, itemsOf, type Reply, textOf } from './reply-frames.ts';

/** A node of the argument tree of COMMAND DOCS. */
export interface Argument {
  readonly name: string;
  /** `string`, `integer`, `double`, `key`, `pattern`, `unix-time`, `pure-token`, `oneof`, `block`. */
  readonly type: string;
  /** The word that goes before the value, or is the whole argument (`pure-token`). */
  readonly token: string | undefined;
  readonly optional: boolean;
  readonly multiple: boolean;
  /** Whether the token is repeated with each of several values. */
  readonly multipleToken: boolean;
  /** Alternatives of a `oneof`, parts of a `block`. */
  readonly arguments: readonly Argument[];
}

/** A command, or one subcommand of a container, that can be called. */
export interface CommandGrammar {
  /** Lower case; "container|subcommand". */
  readonly name: string;
  /** The name as it is sent. */
  readonly words: readonly string[];
  readonly group: string;
  readonly flags: ReadonlySet<string>;
  readonly tips: ReadonlySet<string>;
  readonly arguments: readonly Argument[];
}

/** The names that COMMAND LIST gives, without those of subcommands. */
export async function readCommandNames(client: RawClient): Promise<string[]> {
  const names = itemsOf(await client.command('COMMAND', 'LIST')).map(textOf);
  return names.filter((name) => !name.includes('|'));
}

/**
 * Reads the grammars of these commands and of their subcommands.
 *
 * @param client speaks RESP2 or RESP3.
 * @param names of commands; those that the server does not have are left out.
 */
export async function readGrammars(
  client: RawClient,
  names: readonly string[],
): Promise<CommandGrammar[]> {
  const grammars: CommandGrammar[] = [];
  for (const name of [...names].sort()) {
    const [info] = itemsOf(await client.command('COMMAND', 'INFO', name));
    const docs = fieldOf(await client.command('COMMAND', 'DOCS', name), name);
    if (docs === undefined || info.items === null) continue;
    const subcommands = fieldOf(docs, 'subcommands');
    if (subcommands === undefined) {
      grammars.push(grammarOf(name, info, docs));
      continue;
    }
    for (const subInfo of itemsOf(itemsOf(info)[9])) {
      const fullName = textOf(itemsOf(subInfo)[0]);
      const subDocs = fieldOf(subcommands, fullName);
      if (subDocs !== undefined) grammars.push(grammarOf(fullName, subInfo, subDocs));
    }
  }
  return grammars.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function grammarOf(name: string, info: Reply, docs: Reply): CommandGrammar {
  const fields = itemsOf(info);
  return {
    name,
    words: name.split('|'),
    group: textFieldOf(docs, 'group') ?? '',
    flags: new Set(itemsOf(fields[2]).map(textOf)),
    tips: new Set(itemsOf(fields[7]).map(textOf)),
    arguments: argumentsOf(docs),
  };
}

function argumentsOf(docs: Reply): Argument[] {
  const list = fieldOf(docs, 'arguments');
  return list === undefined ? [] : itemsOf(list).map(argumentOf);
}

function argumentOf(argument: Reply): Argument {
  const flags = fieldOf(argument, 'flags');
  const names = new Set(flags === undefined ? [] : itemsOf(flags).map(textOf));
  return {
    name: textFieldOf(argument, 'name') ?? '',
    type: textFieldOf(argument, 'type') ?? '',
    token: textFieldOf(argument, 'token'),
    optional: names.has('optional'),
    multiple: names.has('multiple') || names.has('multiple_token'),
    multipleToken: names.has('multiple_token'),
    arguments: argumentsOf(argument),
  };
}

function textFieldOf(map: Reply, name: string): string | undefined {
  const field = fieldOf(map, name);
  return field === undefined ? undefined : textOf(field);
}
