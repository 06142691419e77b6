// The system's log (`syslog-enabled`). Node has no datagrams on unix sockets, so the records go through
// the program `logger`, which every system with such a log has. One shell, started with the first record,
// calls it for each line that it is given: `<facility>.<severity>`, a tab (of which texts have none), the text. It stands in a session of its
// own, as Ctrl-C is meant for the server, and ends when the server closes the pipe or is gone.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { LogOutput } from './outputs.ts';
import type { LogRecord, Severity } from './record.ts';

/** Values of `syslog-facility`. */
export type SyslogFacility = 'user' | `local${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;

/** How the server appears in the system's log. */
export interface SyslogSettings {
  /** Name before each message: `syslog-ident`. */
  readonly ident: string;
  readonly facility: SyslogFacility;
}

/** The names that syslog has for Redis's levels. */
const SEVERITIES: Readonly<Record<Severity, string>> = {
  ...{ debug: 'debug', verbose: 'info', notice: 'notice', warning: 'warning', error: 'warning' },
};
/** Its name is the tag of each message: `redis[123]`. */
const SCRIPT = 'while IFS=\'\t\' read -r p text; do logger -t "$0" -p "$p" -- "$text"; done';
/** What waits for a shell that is slower than the server logs; the rest is lost. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * Opens the system's log.
 * @param pid of this process, which every message names
 * @throws Error when there is no program `logger`
 */
export function openSyslog(settings: SyslogSettings, pid: number): LogOutput {
  if (spawnSync('sh', ['-c', 'command -v logger'], { stdio: 'ignore' }).status !== 0) {
    throw new Error('there is no program `logger`, which would pass the messages on');
  }
  return new SyslogOutput(settings, pid);
}

class SyslogOutput implements LogOutput {
  readonly #tag: string;
  readonly #facility: SyslogFacility;
  #shell: ChildProcess | undefined;

  constructor({ ident, facility }: SyslogSettings, pid: number) {
    this.#tag = `${ident}[${pid}]`;
    this.#facility = facility;
  }

  write({ severity, text }: LogRecord): void {
    const priority = `${this.#facility}.${SEVERITIES[severity]}`;
    for (const line of text.split('\n')) this.#send(`${priority}\t${line}\n`);
  }

  writeRaw(): void {
    // Redis shows no logo either where there is a system's log.
  }

  close(): void {
    const stdin = this.#shell?.stdin;
    // What it has not taken by now would keep the process waiting.
    if (stdin?.writableLength === 0) stdin.end();
    else stdin?.destroy();
    this.#shell = undefined;
  }

  #send(line: string): void {
    this.#shell ??= this.#start();
    const { stdin } = this.#shell;
    if (stdin === null || stdin.writableLength > MAX_WAITING_BYTES) return;
    stdin.write(line);
  }

  #start(): ChildProcess {
    const shell = spawn('sh', ['-c', SCRIPT, this.#tag], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.on('error', ended);
    shell.on('exit', ended);
    shell.stdin.on('error', ended);
    // Nothing of it keeps the server's process alive.
    shell.unref();
    (shell.stdin as unknown as { unref(): void }).unref();
    return shell;
  }
}
