// COMMAND INFO and COMMAND DOCS of every command, byte by byte: order, types of the protocol and
// texts, but for the sentences (summary, changes, complexity) that each server says in its own
// words, and for the order of subcommands, which differs between two starts of Redis itself.

import { families } from '../../src/commands/index.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import type { Comparer } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { fieldOf, itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import { command, compared } from '../support/script.ts';
import { commandsAdded, commandsExtended } from './differences.ts';

const SUBCOMMANDS_AT = 9;
const SENTENCES = new Set(['summary', 'complexity', 'history', 'subcommands']);

const added = new Set(commandsAdded.flatMap(({ commands }) => commands));
const names = [...new CommandTable(families).runnable()]
  .map(({ fullName }) => fullName)
  .filter((name) => !added.has(name));
/** Those that take something in addition differ in that: `extended` looks at them. */
const alike = names.filter((name) => !commandsExtended.has(name));

const info = equalWhen('info', (reply) => {
  const fields = itemsOf(itemsOf(reply)[0]);
  return `${heads(reply)} ${latin1(...fields.slice(0, SUBCOMMANDS_AT))}`;
});

const docs = equalWhen('docs', (reply) => {
  const [name, documentation] = itemsOf(reply);
  const fields = itemsOf(documentation).map((item, index, items) => {
    const field = index % 2 === 0 ? '' : textOf(items[index - 1]);
    return SENTENCES.has(field) ? item.type : latin1(item);
  });
  const sentences = [orderOf(documentation), ...changesOf(documentation)];
  return [heads(reply), latin1(name), ...fields, ...sentences].join(' ');
});

compareWithRedis('COMMAND, to the byte', (define) => {
  define(
    'INFO of every command',
    alike.map((name) => compared(info, command('COMMAND', 'INFO', name))),
  );
  define(
    'DOCS of every command',
    alike.map((name) => compared(docs, command('COMMAND', 'DOCS', name))),
  );
});

/** What a command that takes more is besides that: all but arity, arguments and history. */
const flags = equalWhen('flags', (reply) => {
  const [name, , ...fields] = itemsOf(itemsOf(reply)[0]).slice(0, SUBCOMMANDS_AT);
  return `${heads(reply)} ${latin1(name, ...fields)}`;
});

compareWithRedis('COMMAND of what takes more than in Redis', (define) => {
  const extended = names.filter((name) => commandsExtended.has(name));
  define(
    'INFO, but for the arity',
    extended.map((name) => compared(flags, command('COMMAND', 'INFO', name))),
  );
});

function equalWhen(name: string, textFor: (reply: Reply) => string): Comparer {
  return { name, equal: (expected, actual) => textFor(expected) === textFor(actual) };
}

/** Type and size of an aggregate of one command, and of that command. */
function heads(reply: Reply): string {
  const last = itemsOf(reply).at(-1);
  return `${reply.type}${itemsOf(reply).length} ${last?.type}${last && itemsOf(last).length}`;
}

function latin1(...replies: readonly Reply[]): string {
  return Buffer.concat(replies.map(({ bytes }) => bytes)).toString('latin1');
}

/** The order that the complexity begins with: a sentence says what its variables stand for. */
function orderOf(documentation: Reply): string {
  const complexity = fieldOf(documentation, 'complexity');
  const order = /^O\((?:[^()]|\([^()]*\))*\)/.exec(
    complexity === undefined ? '' : textOf(complexity),
  );
  return order?.[0] ?? '';
}

/** The versions that changed something. */
function changesOf(documentation: Reply): string[] {
  const history = fieldOf(documentation, 'history');
  if (history === undefined) return [];
  return itemsOf(history).map((change) => `${change.type} ${latin1(itemsOf(change)[0])}`);
}
