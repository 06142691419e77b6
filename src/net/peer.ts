// Who is at the other end of a socket.
import { isIPv6, type Socket } from 'node:net';
import type { ClientAddress } from '../core/client.ts';

/** What a client from outside is answered in protected mode. */
export const PROTECTED_MODE_ERROR =
  '-DENIED Synap is running in protected mode because no password is set for the default user, ' +
  'and in this mode it only accepts connections from the loopback interface. To connect from ' +
  "other hosts, set a password with the directive 'requirepass', or, if the network is trusted, " +
  "switch protected mode off: 'CONFIG SET protected-mode no' from a local client, or the option " +
  "'--protected-mode no'.\r\n";

/** Addresses as CLIENT LIST shows them. `unixPath` is '' for TCP. */
export function clientAddress(socket: Socket, unixPath: string): ClientAddress {
  if (unixPath !== '') return { remote: `${unixPath}:0`, local: `${unixPath}:0`, unixSocket: true };
  return {
    remote: hostAndPort(socket.remoteAddress, socket.remotePort),
    local: hostAndPort(socket.localAddress, socket.localPort),
    unixSocket: false,
  };
}

/** Whether a socket, or an address with its port, is of this host. */
export function isLoopback(peer: Socket | string): boolean {
  const address = typeof peer === 'string' ? peer : (peer.remoteAddress ?? '');
  return /^(::1$|\[::1\]|\[?(::ffff:)?127\.)/i.test(address);
}

function hostAndPort(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '?:0';
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
