// A real redis-server to compare with. It listens on a free port of 127.0.0.1, keeps its files in
// a directory of its own, and is ended by its own process id.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';

export interface RedisOptions {
  /** Content of the configuration file; without it Redis starts without a file. */
  readonly file?: string;
  /** Flags behind the file. */
  readonly flags?: readonly string[];
  /** The whole command line in place of file and flags; it must set the port that it is given. */
  readonly args?: (port: number) => readonly string[];
  readonly stdin?: string;
}

export class RedisServer {
  readonly port: number;
  /** Working directory of the server, holding `test.conf` when it was given a file. */
  readonly directory: string;
  readonly #process: ChildProcess;

  private constructor(port: number, directory: string, process: ChildProcess) {
    this.port = port;
    this.directory = directory;
    this.#process = process;
  }

  /** Starts a server, or throws an Error with what it printed when it does not start. */
  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), 'synap-config-'));
    const port = await freePort();
    const file = options.file === undefined ? [] : ['test.conf'];
    const flags = [...(options.flags ?? []), '--port', String(port), '--bind', '127.0.0.1'];
    if (options.file !== undefined) {
      writeFileSync(join(directory, 'test.conf'), options.file, 'latin1');
    }
    const args = options.args?.(port) ?? [...file, ...flags];
    const child = spawn('redis-server', args, { cwd: directory });
    // One that refuses its arguments ends without reading; what it printed tells.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '', 'latin1');
    let printed = '';
    const ready = new Promise<boolean>((resolve) => {
      const read = (chunk: Buffer) => {
        printed += chunk.toString('latin1');
        if (printed.includes('Ready to accept connections')) resolve(true);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('close', () => resolve(false));
    });
    if (await ready) return new RedisServer(port, directory, child);
    rmSync(directory, { recursive: true, force: true });
    throw new Error(printed);
  }

  /** What redis-cli prints for a command. */
  async cli(...command: string[]): Promise<string> {
    const child = spawn('redis-cli', ['-p', String(this.port), ...command]);
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString('latin1');
    });
    await once(child, 'close');
    return printed;
  }

  async stop(): Promise<void> {
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGKILL');
    await closed;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
