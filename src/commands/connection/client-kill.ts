// CLIENT KILL, in its old form (one address) and its new one (filters, all of which must match).

import { cString } from '../../core/argument-errors.ts';
import { DEFAULT_USER, isUser } from '../../core/authentication.ts';
import type { Call } from '../../core/call.ts';
import type { Client } from '../../core/client.ts';
import { type ClientType, clientTypeAt, typeOf } from '../../core/client-type.ts';
import { SYNTAX } from '../../core/errors.ts';
import { OptionTable } from '../../core/options.ts';
import type { Request } from '../../protocol/request.ts';
import { unknownType } from './client-list.ts';

/** More than the path of a unix socket takes. */
const MAX_ADDRESS_BYTES = 512;
const NOT_AN_ID = 'ERR client-id should be greater than 0';

/** The filters of the new form: options, all of which must match. */
export const KILL_FILTERS = new OptionTable([
  {
    word: 'id',
    values: 1,
    problem: ({ request }, i) => (request.integer(i) > 0 ? undefined : NOT_AN_ID),
  },
  {
    word: 'type',
    values: 1,
    problem: ({ request }, i) =>
      clientTypeAt(request, i) === undefined ? unknownType(request, i) : undefined,
  },
  {
    word: 'user',
    values: 1,
    problem: ({ request }, i) =>
      isUser(request, i) ? undefined : `ERR No such user '${cString(request, i)}'`,
  },
  { word: 'addr', values: 1 },
  { word: 'laddr', values: 1 },
  {
    word: 'skipme',
    values: 1,
    problem: ({ request }, i) => (request.is(i, 'yes') || request.is(i, 'no') ? undefined : SYNTAX),
  },
]);
const ID = KILL_FILTERS.bits('id');
const TYPE = KILL_FILTERS.bits('type');
const USER = KILL_FILTERS.bits('user');
const ADDRESS = KILL_FILTERS.bits('addr');
const LOCAL_ADDRESS = KILL_FILTERS.bits('laddr');
const SKIP_ME = KILL_FILTERS.bits('skipme');

/** Which clients to close; what is undefined matches all. */
interface KillFilter {
  readonly id?: number | undefined;
  readonly type?: ClientType | undefined;
  readonly user?: string | undefined;
  readonly remote?: string | undefined;
  readonly local?: string | undefined;
  /** Whether the client that asks is spared. */
  readonly skipSelf: boolean;
}

/** CLIENT KILL address | filter value [filter value …] */
export function clientKill(call: Call): void {
  const { request, reply } = call;
  if (request.count === 3) {
    const closed = closeMatching(call, { remote: addressAt(request, 2), skipSelf: false });
    if (closed > 0) reply.ok();
    else reply.error('ERR No such client');
  } else if (KILL_FILTERS.read(call, 2)) {
    reply.integer(closeMatching(call, filterOf(request)));
  }
}

/** The filter that the options make. */
function filterOf(request: Request): KillFilter {
  const valueFrom = <T>(option: number, read: (i: number) => T): T | undefined =>
    KILL_FILTERS.has(option) ? read(KILL_FILTERS.valueAt(option)) : undefined;
  return {
    id: valueFrom(ID, (i) => request.integer(i)),
    type: valueFrom(TYPE, (i) => clientTypeAt(request, i)),
    user: KILL_FILTERS.has(USER) ? DEFAULT_USER : undefined,
    remote: valueFrom(ADDRESS, (i) => addressAt(request, i)),
    local: valueFrom(LOCAL_ADDRESS, (i) => addressAt(request, i)),
    skipSelf: valueFrom(SKIP_ME, (i) => request.is(i, 'yes')) ?? true,
  };
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
