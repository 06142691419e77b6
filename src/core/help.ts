// The reply of every HELP subcommand (CONFIG HELP, CLIENT HELP …): a head that names the command
// as it was called, what each subcommand does, and HELP itself at the end.
import type { Call } from './call.ts';
import type { CommandGroup } from './command.ts';
import type { CommandRow } from './command-row.ts';
import { LOADING, STALE } from './flags.ts';

/**
 * Answers a HELP subcommand: an array of simple strings, in Redis's form.
 * @param lines what stands between head and foot: a subcommand with its arguments
 *   ("GET <pattern>"), then what it does, each line of that indented by four spaces
 */
export function replyHelp({ request, reply }: Call, lines: readonly string[]): void {
  const name = request.latin1(0).replace(/[a-z]/g, (letter) => letter.toUpperCase());
  reply.array(lines.length + 3);
  reply.simple(`${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  for (const line of lines) reply.simple(line);
  reply.simple('HELP');
  reply.simple('    Prints this help.');
}

/**
 * The row of a HELP subcommand.
 * @param since first version of Redis with it
 * @param lines as for `replyHelp`
 */
export function helpRow(group: CommandGroup, since: string, lines: readonly string[]): CommandRow {
  return {
    name: 'help',
    arity: 2,
    flags: LOADING | STALE,
    group,
    since,
    summary: 'Explains the subcommands.',
    complexity: 'O(1)',
    handler: (call) => replyHelp(call, lines),
  };
}
