// Has a server listen at once instead of some ticks later, so that CONFIG SET can answer whether it
// does. Node's `listen` with an address is asynchronous only because the address could be a name;
// the function beneath it, with which Node's own cluster module binds, is not. It is not documented,
// so where it is missing a server cannot move to other addresses, and says so.
import net, { isIP, type Server } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** What Node keeps to itself: makes a bound handle, or tells the system's error as a number. */
interface HandleMaker {
  _createServerHandle?: (
    host: string,
    port: number,
    family: number,
    descriptor: undefined,
    flags: number,
  ) => object | number;
}

/** UV_TCP_IPV6ONLY: an IPv6 socket does not take IPv4 connections too. */
const IPV6_ONLY = 1;

/**
 * Binds a server and has it listen.
 * @param host an address, not a name
 * @param port 1 … 65535
 * @throws the system's error, with its code, when the address cannot be had; the server may emit it
 *   as well
 */
export function bindNow(server: Server, host: string, port: number, backlog: number): void {
  const family = isIP(host);
  if (family === 0) throw new Error(`${host} is a name; only addresses can be bound at run time`);
  const makeHandle = (net as unknown as HandleMaker)._createServerHandle;
  if (makeHandle === undefined) {
    throw new Error(`with Node ${process.version} only a restart can change where to listen`);
  }
  const handle = makeHandle(host, port, family, undefined, family === 6 ? IPV6_ONLY : 0);
  if (typeof handle === 'number') throw listenError(getSystemErrorName(handle), host, port);
  server.listen(handle, backlog);
  // The system tells only now that the port is in use.
  if (!server.listening) throw listenError('EADDRINUSE', host, port);
}

function listenError(code: string, host: string, port: number): Error {
  return Object.assign(new Error(`listen ${code}: ${host}:${port}`), { code });
}
