// COMMAND DOCS: the documentation of commands for people. Clients such as redis-cli complete and
// explain commands from it, arguments included.
// Specification: https://redis.io/commands/command-docs/

import type { Command } from '../../core/command.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { type Argument, parseSyntax } from '../../core/syntax.ts';
import type { Reply } from '../../protocol/reply.ts';
import { replyNames } from './command-info.ts';

/** A field of a documentation map: its name, and what writes its value. */
type Field = readonly [name: string, write: () => void];

/**
 * Encoded documentation, for each version of the protocol. It never changes, and interactive
 * clients ask for all of it each time they start.
 */
const encoded = { 2: new WeakMap<Command, Buffer>(), 3: new WeakMap<Command, Buffer>() };

/** Writes a map of commands, by their full names, to their documentation. */
export function replyCommandDocs(reply: Reply, commands: readonly Command[]): void {
  const known = encoded[reply.resp3 ? 3 : 2];
  reply.map(commands.length);
  for (const command of commands) {
    reply.bulkText(command.fullName);
    const bytes = known.get(command);
    if (bytes !== undefined) {
      reply.raw(bytes);
      continue;
    }
    const mark = reply.mark();
    replyDocumentation(reply, command);
    known.set(command, reply.copySince(mark));
  }
}

/** The documentation of a command, its subcommands included, as a map. */
function replyDocumentation(reply: Reply, command: Command): void {
  const { row } = command;
  const syntax = parseSyntax(row.syntax ?? '', command.keys.length);
  const fields: Field[] = [
    ['summary', () => reply.bulkText(row.summary)],
    ['since', () => reply.bulkText(row.since)],
    ['group', () => reply.bulkText(row.group)],
  ];
  addText(fields, reply, 'complexity', row.complexity);
  const flags = documentFlags(row);
  if (flags.length > 0) fields.push(['doc_flags', () => replyNames(reply, flags)]);
  addText(fields, reply, 'deprecated_since', row.deprecated?.since);
  addText(fields, reply, 'replaced_by', row.deprecated?.replacedBy);
  const { history } = row;
  if (history !== undefined) fields.push(['history', () => replyHistory(reply, history)]);
  if (syntax.length > 0) fields.push(['arguments', () => replyArguments(reply, syntax)]);
  const { subcommands } = command;
  if (subcommands !== undefined) {
    fields.push(['subcommands', () => replyCommandDocs(reply, [...subcommands.values()])]);
  }
  replyFields(reply, fields);
}

function replyHistory(reply: Reply, history: readonly (readonly [string, string])[]): void {
  reply.set(history.length);
  for (const [version, change] of history) {
    reply.array(2);
    reply.bulkText(version);
    reply.bulkText(change);
  }
}

function replyArguments(reply: Reply, list: readonly Argument[]): void {
  reply.array(list.length);
  for (const argument of list) replyArgument(reply, argument);
}

function replyArgument(reply: Reply, argument: Argument): void {
  const { name, type, keySpecIndex, token, since, deprecatedSince } = argument;
  const fields: Field[] = [];
  addText(fields, reply, 'name', name);
  addText(fields, reply, 'type', type);
  if (keySpecIndex !== undefined) {
    fields.push(['key_spec_index', () => reply.integer(keySpecIndex)]);
  }
  addText(fields, reply, 'token', token);
  addText(fields, reply, 'since', since);
  addText(fields, reply, 'deprecated_since', deprecatedSince);
  const flags = argumentFlags(argument);
  if (flags.length > 0) fields.push(['flags', () => replyNames(reply, flags)]);
  const parts = argument.arguments;
  if (parts.length > 0) fields.push(['arguments', () => replyArguments(reply, parts)]);
  replyFields(reply, fields);
}

function documentFlags(row: CommandRow): string[] {
  const flags: string[] = [];
  if (row.deprecated !== undefined) flags.push('deprecated');
  if (row.systemCommand) flags.push('syscmd');
  return flags;
}

function argumentFlags({ optional, multiple, multipleToken }: Argument): string[] {
  const flags: string[] = [];
  if (optional) flags.push('optional');
  if (multiple) flags.push('multiple');
  if (multipleToken) flags.push('multiple_token');
  return flags;
}

function addText(fields: Field[], reply: Reply, name: string, text: string | undefined): void {
  if (text !== undefined) fields.push([name, () => reply.bulkText(text)]);
}

function replyFields(reply: Reply, fields: readonly Field[]): void {
  reply.map(fields.length);
  for (const [name, write] of fields) {
    reply.bulkText(name);
    write();
  }
}
