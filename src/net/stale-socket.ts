// Makes room for a unix socket: what a killed server left is removed, but never the socket of a server
// that lives. Whoever takes that one's path away makes it unreachable, though it goes on running; Redis did
// so up to version 8. Anything but a socket stays, too.
import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** What connecting to a socket says whose server is gone. */
const NOBODY: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ENOENT']);

/**
 * Whether there may be a socket at the path: a file that is none is refused by binding.
 * @throws the system's error
 */
export function isSocketAt(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

/**
 * Removes a socket whose server is gone.
 * @throws an error with the code EADDRINUSE when somebody listens there, or that is unknown
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!NOBODY.has(await connectionError(path))) {
    const place = { code: 'EADDRINUSE', syscall: 'listen', address: path, port: -1 };
    throw Object.assign(new Error(`listen EADDRINUSE: address already in use ${path}`), place);
  }
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Connects and leaves at once. @returns the code of the error, or undefined when there was none */
function connectionError(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}
