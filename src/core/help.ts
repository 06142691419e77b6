// The reply of every HELP subcommand (CONFIG HELP, CLIENT HELP …): a head that names the command
// as it was called, what each subcommand does, and HELP itself at the end.
import type { Call } from './call.ts';

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
