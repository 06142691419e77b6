// A server in the test's own process, in a directory of its own, with a log that the test can read.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StartOptions, startServer } from '../../src/index.ts';
import { RawClient } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const PATIENCE_MS = 15_000;
const POLL_MS = 10;

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export class LoggedServer {
  readonly port: number;
  /** The data directory; it is removed with the server. */
  readonly directory: string;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, directory: string, stop: () => Promise<void>) {
    this.port = port;
    this.directory = directory;
    this.#stop = stop;
  }

  /** Starts one; the log tells everything from `notice` on. */
  static async start(options: StartOptions = {}): Promise<LoggedServer> {
    const directory = temporaryDirectory();
    const server = await startServer({
      port: 0,
      dir: directory.path,
      logfile: 'server.log',
      loglevel: 'notice',
      'log-format': 'json',
      ...options,
    }).catch((error: unknown) => {
      directory.remove();
      throw error;
    });
    return new LoggedServer(server.port, directory.path, async () => {
      await server.close();
      directory.remove();
    });
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.port, PATIENCE_MS);
  }

  /** What has been logged so far. */
  log(): LogLine[] {
    return readLog(join(this.directory, 'server.log'));
  }

  /** Waits for a line whose message contains the text. */
  logged(text: string): Promise<LogLine> {
    return until(`a log line about '${text}'`, () =>
      this.log().find(({ msg }) => msg.includes(text)),
    );
  }

  /** Waits until the server knows of so many clients, the asking one included. */
  async clientCount(observer: RawClient, count: number): Promise<void> {
    await until(`${count} clients`, async () => {
      const lines = await clientLines(observer);
      return lines.length === count ? lines : undefined;
    });
  }
}

/** The lines of a log file. */
export function readLog(path: string): LogLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine);
}

/** CLIENT LIST: each client's fields by name. */
export async function clientLines(observer: RawClient): Promise<Map<string, string>[]> {
  const { payload } = await observer.command('CLIENT', 'LIST');
  const lines = (payload ?? '').toString().trimEnd().split('\n');
  return lines.map((line) => new Map(line.split(' ').map((field) => split(field))));
}

function split(field: string): [string, string] {
  const at = field.indexOf('=');
  return [field.slice(0, at), field.slice(at + 1)];
}

/** A field of INFO. */
export async function infoField(observer: RawClient, name: string): Promise<string> {
  const { payload } = await observer.command('INFO', 'everything');
  const found = new RegExp(`^${name}:(.*)$`, 'm').exec((payload ?? '').toString());
  if (found === null) throw new Error(`INFO has no ${name}`);
  return found[1].trim();
}

/**
 * Asks again and again until there is an answer.
 *
 * @throws Error naming what was waited for when there is none for long.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
