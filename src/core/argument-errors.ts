// Errors that quote arguments of the request.
import type { Request } from '../protocol/request.ts';

/** Bytes of an argument that an error quotes at most: Redis quotes arguments of any length. */
export const MAX_QUOTED_BYTES = 64 * 1024;
/** Bytes of a subcommand's name that an error quotes. */
const QUOTED_BYTES = 128;

/** The beginning of argument i, one character a byte, up to its first NUL: Redis formats it as a C string. */
export function cString(request: Request, i: number): string {
  const text = request.start(i, MAX_QUOTED_BYTES);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** The error for a subcommand with more arguments than it takes. */
export function wrongSubcommandUse(request: Request): string {
  const name = cString(request, 0).replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const subcommand = cString(request, 1).slice(0, QUOTED_BYTES);
  return `ERR unknown subcommand or wrong number of arguments for '${subcommand}'. Try ${name} HELP.`;
}
