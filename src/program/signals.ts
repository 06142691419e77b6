// What the program does when it receives a signal. SIGINT and SIGTERM shut it down as Redis's do; where
// the data cannot be saved it goes on, and may be asked again. Once it shuts down, a second SIGINT ends it
// at once, and so does the clock: whatever hinders it, ten seconds after a signal it is gone.
//
//   loading ──signal──▶ exit 0                      ┌──second SIGINT──▶ exit 1
//   serving ──signal──▶ saving ──▶ closing ──▶ end ─┴──8 s──▶ exit 1
//                         └─cannot─▶ serving
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_PREFIX } from '../files/temporary-file.ts';
import type { Logger } from '../logging/logger.ts';
import type { Server } from '../server/server.ts';
import { runInterruptibly } from './interruption.ts';

type EndingSignal = 'SIGINT' | 'SIGTERM';

/** What a closing server is given to write its log to its end, and to say goodbye. */
const PATIENCE_MS = 8000;
/** One Ctrl-C comes twice where npm or a shell passes it on to a process that has had it already. */
const SAME_KEY_MS = 250;
/** Data beyond this takes so long to save that somebody may want to give it up. */
const LONG_SAVE_BYTES = 256 * 1024 * 1024;

/** The signals of a process with one server; see the head of this file. */
export class Signals {
  readonly #log: Logger;
  #server: Server | undefined;
  /** When the signal came that is being obeyed; undefined while none is. */
  #sinceMs: number | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Begins to listen for signals. */
  install(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => this.#received(signal));
    }
    // The end of the terminal that it was started from does not concern a server, and an alarm is
    // Redis's own business. SIGPIPE is ignored by Node; all others do what they do to every process.
    for (const signal of ['SIGHUP', 'SIGALRM'] as const) process.on(signal, () => {});
  }

  /** To be called when the data is loaded: from now on there is something to lose. */
  serving(server: Server): void {
    this.#server = server;
  }

  /**
   * Runs long work in which SIGINT must be heard. A task that it ends is left half done.
   * @returns whether it ended by itself
   */
  readonly interruptible = (task: () => void): boolean => {
    if (runInterruptibly(task)) return true;
    if (this.#sinceMs !== undefined) this.#insisted();
    process.kill(process.pid, 'SIGINT');
    return false;
  };

  #received(signal: EndingSignal): void {
    const server = this.#server;
    if (this.#sinceMs !== undefined) {
      const passedMs = performance.now() - this.#sinceMs;
      if (signal === 'SIGINT' && passedMs > SAME_KEY_MS) this.#insisted();
    } else if (server === undefined) {
      this.#log.signal('Received shutdown signal during loading, exiting now.');
      process.exit(0);
    } else {
      this.#log.signal(`Received ${signal} scheduling shutdown...`);
      this.#sinceMs = performance.now();
      // The same key again must not interrupt the saving of what it was to save.
      if (server.memory.usedBytes < LONG_SAVE_BYTES)
        this.#shutDown(server, signal, (save) => save());
      else setTimeout(() => this.#shutDown(server, signal, this.interruptible), SAME_KEY_MS);
    }
  }

  #shutDown(server: Server, signal: EndingSignal, attend: (task: () => void) => unknown): void {
    const { values } = server.config;
    const flags = values[signal === 'SIGINT' ? 'shutdown-on-sigint' : 'shutdown-on-sigterm'];
    let error: string | undefined;
    attend(() => {
      error = server.shutdown.begin({
        reason: `received ${signal}`,
        save: flags.includes('save') ? 'save' : flags.includes('nosave') ? 'nosave' : 'default',
        now: flags.includes('now'),
        force: flags.includes('force'),
      });
    });
    if (error === undefined) this.#giveUpLater();
    // It goes on when the data cannot be saved, and may be asked again.
    else this.#sinceMs = undefined;
  }

  /** Ends the process if the server has not closed in time. */
  #giveUpLater(): void {
    const giveUp = (): void => {
      this.#log.warn(
        'The shutdown takes too long. Exiting anyway: what no client was told of may be missing in the append only file.',
      );
      process.exit(1);
    };
    setTimeout(giveUp, PATIENCE_MS).unref();
  }

  #insisted(): never {
    this.#log.signal('You insist... exiting now.');
    const { dir = '' } = this.#server?.config.values ?? {};
    try {
      for (const name of readdirSync(dir)) {
        if (name.startsWith(OWN_PREFIX)) rmSync(join(dir, name), { force: true });
      }
    } catch {
      // The directory is gone, and so are they.
    }
    process.exit(1);
  }
}
