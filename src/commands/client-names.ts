// What a client says of itself for CLIENT LIST: its name, and the library behind it. None of these
// may break the format of a line there, which is split at spaces and ends with a line feed.
import type { Request } from '../protocol/request.ts';
import { cString } from './argument-errors.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';

export const INVALID_NAME =
  'ERR Client names cannot contain spaces, newlines or special characters.';

const FIRST_PRINTABLE = 0x21; // '!'
const LAST_PRINTABLE = 0x7e; // '~'

/** Names the client as argument i says; an empty name takes its name away. False if it cannot be. */
export function nameClient(client: Client, request: Request, i: number): boolean {
  if (!isPrintable(request, i)) return false;
  client.name = request.latin1(i);
  return true;
}

/** CLIENT SETNAME name */
export function setName({ request, reply, client }: Call): void {
  if (nameClient(client, request, 2)) reply.ok();
  else reply.error(INVALID_NAME);
}

/** CLIENT GETNAME */
export function getName({ reply, client }: Call): void {
  if (client.name === '') reply.null();
  else reply.bulkText(client.name);
}

/** CLIENT SETINFO LIB-NAME | LIB-VER value */
export function setInfo({ request, reply, client }: Call): void {
  const isName = request.is(2, 'lib-name');
  if (!isName && !request.is(2, 'lib-ver')) {
    reply.error(`ERR Unrecognized option '${cString(request, 2)}'`);
  } else if (!isPrintable(request, 3)) {
    const attribute = request.latin1(2);
    reply.error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  } else {
    if (isName) client.libraryName = request.latin1(3);
    else client.libraryVersion = request.latin1(3);
    reply.ok();
  }
}

/** Whether argument i has only printable ASCII characters and no space. */
function isPrintable(request: Request, i: number): boolean {
  const bytes = request.bytes(i);
  return bytes.every((byte) => byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE);
}
