// What a client says of itself for CLIENT LIST: its name, and the library behind it. None of these
// may break the format of a line there, which is split at spaces and ends with a line feed.

import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { Request } from '../../protocol/request.ts';

const INVALID_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';

const FIRST_PRINTABLE = 0x21; // '!'
const LAST_PRINTABLE = 0x7e; // '~'

/** Names the client as argument i says; an empty name takes its name away. False after an error. */
export function nameClient(call: Call, i: number): boolean {
  const { request, client, reply } = call;
  if (!call.mayKeep(request.lengths[i])) return false;
  if (!isPrintable(request, i)) {
    reply.error(INVALID_NAME);
    return false;
  }
  client.charge(request.lengths[i] - client.name.length);
  client.name = request.latin1(i);
  return true;
}

/** CLIENT SETNAME name */
export function setName(call: Call): void {
  if (nameClient(call, 2)) call.reply.ok();
}

/** CLIENT GETNAME */
export function getName({ reply, client }: Call): void {
  if (client.name === '') reply.null();
  else reply.bulkLatin1(client.name);
}

/** CLIENT SETINFO LIB-NAME | LIB-VER value */
export function setInfo(call: Call): void {
  const { request, reply, client } = call;
  const isName = request.is(2, 'lib-name');
  if (!isName && !request.is(2, 'lib-ver')) {
    reply.error(`ERR Unrecognized option '${cString(request, 2)}'`);
  } else if (!isPrintable(request, 3)) {
    const attribute = request.latin1(2);
    reply.error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  } else if (call.mayKeep(request.lengths[3])) {
    const known = isName ? client.libraryName : client.libraryVersion;
    client.charge(request.lengths[3] - known.length);
    if (isName) client.libraryName = request.latin1(3);
    else client.libraryVersion = request.latin1(3);
    reply.ok();
  }
}

/** Whether argument i has only printable ASCII characters and no space. */
function isPrintable(request: Request, i: number): boolean {
  const bytes = request.bytes(i);
  for (let k = 0; k < bytes.length; k++) {
    if (bytes[k] < FIRST_PRINTABLE || bytes[k] > LAST_PRINTABLE) return false;
  }
  return true;
}
