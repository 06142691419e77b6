// Has a server listen at once instead of some ticks later, so that CONFIG SET can answer whether it
// does. Node's `listen` with an address is asynchronous only because the address could be a name;
// what it binds with beneath is not, and newer releases have it as `net.BoundSocket`. Where there is
// neither, a server cannot move to other addresses, and says so.
import { isIP, type Server } from 'node:net';
import { type Bind, nodeInternals } from './node-internals.ts';

/**
 * Throws where `bindNow` cannot work, whatever the system says: to be asked before anything is closed.
 * @param host an address; a name cannot be looked up at once
 */
export function checkBindNow(host: string): void {
  if (isIP(host) === 0) {
    throw new Error(`${host} is a name; only addresses can be bound at run time`);
  }
  bindOfNode();
}

/**
 * Binds a server and has it listen.
 * @param host an address, as `checkBindNow` demands
 * @param port 1 … 65535
 * @throws the system's error, with its code, when the address cannot be had; the server may emit it
 *   as well
 */
export function bindNow(server: Server, host: string, port: number, backlog: number): void {
  server.listen(bindOfNode()(host, port), backlog);
  // The system reports only now that the port is in use.
  if (!server.listening) {
    throw Object.assign(new Error(`listen EADDRINUSE: ${host}:${port}`), { code: 'EADDRINUSE' });
  }
}

function bindOfNode(): Bind {
  const { bind } = nodeInternals;
  if (bind !== undefined) return bind;
  throw new Error(`with Node ${process.version} only a restart can change where to listen`);
}
