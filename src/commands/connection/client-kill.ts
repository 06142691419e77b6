// CLIENT KILL, in its old form (one address) and its new one (filters, all of which must match).

import { cString } from '../../core/argument-errors.ts';
import { DEFAULT_USER, isUser } from '../../core/authentication.ts';
import type { Call } from '../../core/call.ts';
import type { Client } from '../../core/client.ts';
import { type ClientType, clientTypeAt, typeOf } from '../../core/client-type.ts';
import { SYNTAX } from '../../core/errors.ts';
import type { Request } from '../../protocol/request.ts';
import { unknownType } from './client-list.ts';

/** More than the path of a unix socket takes. */
const MAX_ADDRESS_BYTES = 512;

/** Which clients to close; what is undefined matches all. */
interface KillFilter {
  id: number | undefined;
  type: ClientType | undefined;
  user: string | undefined;
  remote: string | undefined;
  local: string | undefined;
  /** Whether the client that asks is spared. */
  skipSelf: boolean;
}

/** CLIENT KILL address | filter value [filter value …] */
export function clientKill(call: Call): void {
  const { request, reply } = call;
  if (request.count === 3) {
    const filter = { ...everyone(), remote: addressAt(request, 2), skipSelf: false };
    if (closeMatching(call, filter) > 0) reply.ok();
    else reply.error('ERR No such client');
    return;
  }
  const filter = everyone();
  for (let i = 2; i < request.count; i += 2) {
    const error = i + 1 < request.count ? addCondition(filter, request, i) : SYNTAX;
    if (error !== undefined) {
      reply.error(error);
      return;
    }
  }
  reply.integer(closeMatching(call, filter));
}

function everyone(): KillFilter {
  return {
    id: undefined,
    type: undefined,
    user: undefined,
    remote: undefined,
    local: undefined,
    skipSelf: true,
  };
}

/**
 * Adds the condition at arguments i and i + 1 to the filter.
 * @returns an error's text, or undefined
 */
function addCondition(filter: KillFilter, request: Request, i: number): string | undefined {
  const value = i + 1;
  if (request.is(i, 'id')) {
    filter.id = request.integer(value);
    if (!(filter.id > 0)) return 'ERR client-id should be greater than 0';
  } else if (request.is(i, 'type')) {
    filter.type = clientTypeAt(request, value);
    if (filter.type === undefined) return unknownType(request, value);
  } else if (request.is(i, 'user')) {
    if (!isUser(request, value)) return `ERR No such user '${cString(request, value)}'`;
    filter.user = DEFAULT_USER;
  } else if (request.is(i, 'addr')) {
    filter.remote = addressAt(request, value);
  } else if (request.is(i, 'laddr')) {
    filter.local = addressAt(request, value);
  } else if (request.is(i, 'skipme')) {
    filter.skipSelf = request.is(value, 'yes');
    if (!filter.skipSelf && !request.is(value, 'no')) return SYNTAX;
  } else {
    return SYNTAX;
  }
  return undefined;
}

/** Argument i as an address; '' when it is longer than any. */
function addressAt(request: Request, i: number): string {
  return request.lengths[i] > MAX_ADDRESS_BYTES ? '' : request.text(i);
}

/** Closes the clients that match, the asking one only after its reply. Returns their number. */
function closeMatching({ client: self, server }: Call, filter: KillFilter): number {
  let closed = 0;
  // A copy, as each client that is closed leaves the registry.
  for (const client of [...server.clients.all()]) {
    if (!matches(client, filter) || (client === self && filter.skipSelf)) continue;
    if (client === self) client.closing = true;
    else client.kill();
    closed++;
  }
  return closed;
}

function matches(client: Client, filter: KillFilter): boolean {
  return (
    (filter.id === undefined || client.id === filter.id) &&
    (filter.type === undefined || typeOf(client) === filter.type) &&
    (filter.user === undefined || client.user === filter.user) &&
    (filter.remote === undefined || client.address.remote === filter.remote) &&
    (filter.local === undefined || client.address.local === filter.local)
  );
}
