// COMMAND LIST: the names of commands and subcommands, all or those that a filter lets through.

import { categoriesOf } from '../../core/acl-categories.ts';
import type { Call } from '../../core/call.ts';
import type { Command } from '../../core/command.ts';
import { SYNTAX } from '../../core/errors.ts';
import { globMatch } from '../../protocol/glob.ts';

type Filter = (command: Command) => boolean;

/** COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern] */
export function commandList({ request, reply, server }: Call): void {
  const filter = filterOf(request);
  if (filter === undefined) {
    reply.error(SYNTAX);
    return;
  }
  const names: string[] = [];
  for (const command of server.commands.runnable()) {
    if (filter(command)) names.push(command.fullName);
  }
  reply.array(names.length);
  for (const name of names) reply.bulkText(name);
}

/** What the arguments let through; undefined when they are none that the command takes. */
function filterOf(request: Call['request']): Filter | undefined {
  if (request.count === 2) return () => true;
  if (request.count !== 5 || !request.is(2, 'filterby')) return undefined;
  // There are no modules, so no command is of one.
  if (request.is(3, 'module')) return () => false;
  if (request.is(3, 'aclcat')) {
    const wanted = request.word(4);
    return (command) => categoriesOf(command).some((category) => category === wanted);
  }
  if (request.is(3, 'pattern')) return patternFilter(request.copy(4));
  return undefined;
}

function patternFilter(pattern: Buffer): Filter {
  return (command) => globMatch(pattern, Buffer.from(command.fullName), true);
}
