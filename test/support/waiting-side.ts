// One of two servers on which random sequences of commands run that may wait, with the connections of a sequence: after each
// step it tells which of them wait, and what the others were answered.
import { RawClient, type ReadResult } from './raw-client.ts';
import { textOf } from './reply-frames.ts';

const PATIENCE_MS = 20_000;

/** Connections that may wait, and those that never do. */
export const WAITERS: readonly string[] = ['w0', 'w1', 'w2', 'w3', 'w4', 'w5'];
export const WORKERS: readonly string[] = ['a', 'b'];
/** The connections that are in database 1; the others are in 0. */
const IN_DATABASE_1 = new Set(['w5', 'b']);

export interface WaitingStep {
  readonly connection: string;
  /** One command, or those of a transaction with MULTI and EXEC around them. */
  readonly commands: readonly string[][];
  /** The connection whose wait is to be ended, if that is the command. */
  readonly unblocks?: string;
}

export class WaitingSide {
  readonly #clients = new Map<string, RawClient>();
  readonly #ids = new Map<string, string>();
  readonly #observer: RawClient;
  /** What was asked and not yet compared, by connection. */
  readonly #pending = new Map<string, Promise<ReadResult>>();
  #settled = new Set<string>();

  private constructor(observer: RawClient) {
    this.#observer = observer;
  }

  static async open(port: number, protocol: number): Promise<WaitingSide> {
    const side = new WaitingSide(await RawClient.connect(port, PATIENCE_MS));
    for (const name of [...WAITERS, ...WORKERS]) {
      const client = await RawClient.connect(port, PATIENCE_MS);
      if (protocol === 3) await client.command('HELLO', '3');
      if (IN_DATABASE_1.has(name)) await client.command('SELECT', '1');
      await client.command('CLIENT', 'SETNAME', name);
      side.#ids.set(name, textOf(await client.command('CLIENT', 'ID')));
      side.#clients.set(name, client);
    }
    return side;
  }

  /** The connections that wait. */
  get waiting(): Set<string> {
    return new Set(this.#pending.keys());
  }

  /** Sends commands; returns who waits then, and what the others were answered. */
  async perform({ connection, commands, unblocks }: WaitingStep): Promise<string[]> {
    const client = this.#clients.get(connection);
    if (client === undefined) throw new Error(`no connection ${connection}`);
    for (const args of commands) {
      const id = this.#ids.get(unblocks ?? '') ?? '';
      client.sendCommand(args.map((arg) => (arg === '$id' ? id : arg)));
    }
    this.#settled.delete(connection);
    const reading = client.read(commands.length).finally(() => this.#settled.add(connection));
    this.#pending.set(connection, reading);
    let waiting = await this.#waiting();
    while (!this.#settled.has(connection) && !waiting.has(connection)) {
      waiting = await this.#waiting();
    }
    // Others may have been served since the list was made.
    waiting = await this.#waiting();
    const outcome: string[] = [`waiting: ${[...waiting].sort().join(' ')}`];
    for (const [name, read] of [...this.#pending].sort()) {
      if (waiting.has(name)) continue;
      const { replies } = await read;
      outcome.push(`${name}: ${replies.map(({ bytes }) => bytes.toString('latin1')).join('')}`);
      this.#pending.delete(name);
    }
    return outcome;
  }

  /**
   * Ends all waiting and all connections.
   * @param read what is asked of the data, by key, in both databases
   * @returns the answers
   */
  async close(keys: readonly string[], read: (key: string) => string[][]): Promise<string[]> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    await Promise.all(this.#pending.values());
    const data: string[] = [];
    for (const database of ['0', '1']) {
      await this.#observer.command('SELECT', database);
      for (const args of keys.flatMap(read)) {
        const { bytes } = await this.#observer.command(...args);
        data.push(`${database} ${args.join(' ')} ${bytes.toString('latin1')}`);
      }
    }
    await this.#observer.command('FLUSHALL');
    await this.#observer.close();
    return data;
  }

  async #waiting(): Promise<Set<string>> {
    const lines = textOf(await this.#observer.command('CLIENT', 'LIST')).split('\n');
    const names = lines.map((line) => / name=(\w+) .* flags=\w*b/.exec(line)?.[1]);
    return new Set(names.filter((name) => name !== undefined));
  }
}
