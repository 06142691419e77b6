// The error texts for commands that do not exist, to the letter those of Redis 7.0.
import type { Command } from '../core/command.ts';
import type { Request } from '../protocol/request.ts';

/** Bytes of a name, and of all arguments together, that an error quotes. */
const QUOTED_BYTES = 128;

/** Why the request's command does not exist, quoting the beginning of its arguments. */
export function unknownCommand(request: Request): string {
  let args = '';
  for (let i = 1; i < request.count && args.length < QUOTED_BYTES; i++) {
    args += `'${quoted(request, i, QUOTED_BYTES - args.length)}' `;
  }
  const name = quoted(request, 0, QUOTED_BYTES);
  return `ERR unknown command '${name}', with args beginning with: ${args}`;
}

/** Why the container has no subcommand of the request's second word. */
export function unknownSubcommand(container: Command, request: Request): string {
  const name = quoted(request, 1, QUOTED_BYTES);
  return `ERR unknown subcommand '${name}'. Try ${container.row.name.toUpperCase()} HELP.`;
}

/** At most `limit` bytes of an argument; as C's %s, it ends at the first NUL byte. */
function quoted(request: Request, i: number, limit: number): string {
  const text = request.start(i, limit);
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}
