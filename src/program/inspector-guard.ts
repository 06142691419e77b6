// Node opens its inspector, a remote shell for every user of the machine, when it receives SIGUSR1
// (`process._debugProcess` sends nothing else). A listener takes the signal away from it, on every Node.
// What came before the listener was there, while Node started, may have opened it already. With the option
// of `bin/synap-server` nobody can have connected by then, and it is closed. Otherwise somebody may have,
// whom to close it would mean to wait for: the process ends, as Redis does of this signal.
// What an operator has asked for (`--inspect`, also in NODE_OPTIONS) stays.
import { writeSync } from 'node:fs';
import { close, url } from 'node:inspector';

const ASKED_FOR = /(^|\s)--inspect(-brk|-wait)?(=|\s|$)/;
/** Only who reads the standard error learns what it takes to connect. */
const KEPT_SECRET = '--inspect-publish-uid=stderr';
const STANDARD_ERROR = 2;
const SOON_MS = 100;

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

function closeIfOpen(): void {
  if (url() === undefined) return;
  if (process.execArgv.includes(KEPT_SECRET)) {
    close();
    return;
  }
  const problem = 'SIGUSR1 has opened the inspector of Node while it started: ending';
  writeSync(STANDARD_ERROR, `synap-server: ${problem}\n`);
  // Any other way out waits for whoever is connected.
  process.kill(process.pid, 'SIGKILL');
}
