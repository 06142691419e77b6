// A server within the test that keeps its log in a directory of the test's: asking it, waiting for its
// rewrites, and its directory as a process that is killed now would leave it.
import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SynapServer, startServer } from '../../../src/index.ts';
import { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';

/** How long a reply is waited for, and rewrites are: less than a test may take, so that the error says for what. */
const TIMEOUT_MS = 20_000;
/** Between two questions: the server is to have time for what is waited for. */
const ASK_MS = 2;

export class LogServer {
  readonly path: string;
  readonly client: RawClient;
  readonly #server: SynapServer;
  readonly #clients: RawClient[] = [];

  private constructor(path: string, server: SynapServer, client: RawClient) {
    this.path = path;
    this.#server = server;
    this.client = client;
  }

  /** Starts one in a directory; with a log, unless the options say otherwise. */
  static async start(
    path: string,
    options: Readonly<Record<string, string>> = {},
  ): Promise<LogServer> {
    const server = await startServer({
      ...{ port: 0, dir: path, appendonly: 'yes', appendfsync: 'no', logfile: join(path, 'log') },
      ...{ 'enable-debug-command': 'yes', 'auto-aof-rewrite-percentage': '0' },
      ...options,
    });
    return new LogServer(path, server, await RawClient.connect(server.port, TIMEOUT_MS));
  }

  /** What a start in the directory as it is now would have for data. */
  static async digestIn(path: string, options: Readonly<Record<string, string>> = {}) {
    const server = await LogServer.start(path, options);
    try {
      return await server.digest();
    } finally {
      await server.stop();
    }
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.#server.port, TIMEOUT_MS);
    this.#clients.push(client);
    return client;
  }

  async ask(...args: string[]): Promise<string> {
    return textOf(await this.client.command(...args));
  }

  digest(): Promise<string> {
    return this.ask('DEBUG', 'DIGEST');
  }

  /** A field of INFO. */
  async field(name: string): Promise<string> {
    const text = await this.ask('INFO', 'everything');
    return new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1] ?? '';
  }

  /**
   * Resolves when so many rewrites have begun and none goes on or waits.
   * @throws Error when that is not so in time, with what there is instead
   */
  async rewritten(count: number): Promise<void> {
    // One answer: between two of them a rewrite may be put off, and begin again.
    const [begun, scheduled, running] = ['rewrites', 'rewrite_scheduled', 'rewrite_in_progress'];
    const deadlineMs = performance.now() + TIMEOUT_MS;
    for (;;) {
      const text = textOf(await this.client.command('INFO', 'persistence'));
      const numberOf = (name: string) =>
        Number(new RegExp(`^aof_${name}:(.*)\r$`, 'm').exec(text)?.[1]);
      if (numberOf(begun) >= count && numberOf(scheduled) === 0 && numberOf(running) === 0) return;
      if (performance.now() > deadlineMs) {
        const facts = text.match(/^aof_.*rewrite.*(?=\r$)/gm)?.join(', ');
        const awaited = `${count} rewrites within ${TIMEOUT_MS} ms`;
        throw new Error(`not ${awaited}: ${facts}; the server's log: ${this.messages}`);
      }
      await sleep(ASK_MS);
    }
  }

  /** Rewrites the log. */
  async rewrite(): Promise<void> {
    const before = Number(await this.field('aof_rewrites'));
    const reply = await this.ask('BGREWRITEAOF');
    if (reply !== 'Background append only file rewriting started') throw new Error(reply);
    await this.rewritten(before + 1);
    if ((await this.field('aof_last_bgrewrite_status')) !== 'ok') throw new Error('it failed');
  }

  /** Names of the log's files, but for its lock. */
  get files(): string[] {
    const names = readdirSync(join(this.path, 'appendonlydir'));
    return names.filter((name) => !name.startsWith('.')).sort();
  }

  get manifest(): string {
    const path = join(this.path, 'appendonlydir', 'appendonly.aof.manifest');
    return readFileSync(path, 'latin1');
  }

  /** What the server has written to its own log, of errors and warnings. */
  get messages(): string {
    return readFileSync(join(this.path, 'log'), 'utf8');
  }

  /** A copy of the directory as it is now, beside it. */
  copy(): string {
    const path = mkdtempSync(join(this.path, '../..', 'copy-'));
    cpSync(this.path, path, {
      recursive: true,
    });
    return path;
  }

  async stop(): Promise<void> {
    for (const client of [this.client, ...this.#clients]) await client.close();
    await this.#server.close();
  }
}
