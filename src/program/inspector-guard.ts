// Node opens its inspector, a remote shell for every user of the machine, when it receives SIGUSR1
// (`process._debugProcess` sends nothing else). A listener takes the signal away from it, in this process
// and on every Node; what came before the listener was there may have opened it already, so it is closed.
// What an operator has asked for (`--inspect`, also in NODE_OPTIONS) stays. In the few milliseconds before
// this runs, Node may have it open; `bin/synap-server` and the image see to it that nobody can use it then.
import { close, url } from 'node:inspector';

const ASKED_FOR = /(^|\s)--inspect(-brk|-wait)?(=|\s|$)/;

/** Keeps the inspector closed from now on. To be called before anything else is. */
export function keepInspectorClosed(): void {
  process.on('SIGUSR1', () => {});
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  if (options.some((option) => ASKED_FOR.test(option))) return;
  closeIfOpen();
  // A signal that came just before may have it opened a moment later.
  setImmediate(closeIfOpen);
  setTimeout(closeIfOpen, SOON_MS).unref();
}

const SOON_MS = 100;

function closeIfOpen(): void {
  if (url() !== undefined) close();
}
