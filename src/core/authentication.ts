// Who a client is: AUTH and HELLO AUTH. The only user is `default`, whose password is the
// directive `requirepass`; when that is empty, everyone is the default user, with any password.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from '../protocol/request.ts';
import type { Client } from './client.ts';
import type { Services } from './services.ts';

export const DEFAULT_USER = 'default';

/** Whether a client has to authenticate before it may do anything. */
export function needsPassword({ config }: Pick<Services, 'config'>): boolean {
  return config.values.requirepass.length > 0;
}

/** Whether there is a user of the name in argument i. */
export function isUser(request: Request, i: number): boolean {
  return request.lengths[i] === DEFAULT_USER.length && request.latin1(i) === DEFAULT_USER;
}

/** Whether argument i is the default user's password. Takes equally long for any wrong one. */
export function isPassword(server: Services, request: Request, i: number): boolean {
  const { requirepass: password } = server.config.values;
  // Digests are equally long, so that the comparison reveals nothing of the password's length.
  return password.length === 0 || timingSafeEqual(digest(password), digest(request.bytes(i)));
}

/** Makes the client the default user. */
export function logIn(client: Client): void {
  client.user = DEFAULT_USER;
  client.authenticated = true;
}

/** Takes back who the client is, as for a new connection. */
export function logOut(server: Services, client: Client): void {
  client.user = DEFAULT_USER;
  client.authenticated = !needsPassword(server);
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
