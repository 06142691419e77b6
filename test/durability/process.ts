// A server as a process of its own that keeps a log in a directory of the test's, and can be killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 5;
const RETRY_MS = 10;

/** Those that have not ended: a test that fails leaves them behind. */
const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Process {
  readonly port: number;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    running.add(child);
    child.once('exit', () => running.delete(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text) => {
        this.#output += text;
      });
    }
  }

  /** Starts the built program with a log in `directory`; resolves when it answers. */
  static start(directory: string, options: readonly string[] = []): Promise<Process> {
    return Process.#start(process.execPath, [MAIN], directory, [
      ...['--enable-debug-command', 'yes', '--appendonly', 'yes', '--save', ''],
      ...options,
    ]);
  }

  /** The same with Redis. */
  static startRedis(directory: string, options: readonly string[] = []): Promise<Process> {
    return Process.#start('redis-server', [], directory, [
      ...['--enable-debug-command', 'yes', '--appendonly', 'yes', '--save', ''],
      ...options,
    ]);
  }

  /** Starts it and ends it so soon, wherever it has got to by then. */
  static async interrupt(
    directory: string,
    options: readonly string[],
    afterMs: number,
  ): Promise<void> {
    const port = await freePort();
    const place = ['--port', String(port), '--dir', directory, '--appendonly', 'yes'];
    const started = new Process(spawn(process.execPath, [MAIN, ...place, ...options]), port);
    await sleep(afterMs);
    await started.kill();
  }

  /** Starts the program, which must refuse to; resolves to what it printed. */
  static async refused(directory: string, options: readonly string[]): Promise<string> {
    const port = await freePort();
    const args = [MAIN, '--port', String(port), '--dir', directory, '--appendonly', 'yes'];
    const process_ = new Process(spawn(process.execPath, [...args, ...options]), port);
    const [code] = await once(process_.#child, 'close');
    if (code === 0) throw new Error('the program ended without an error');
    return process_.#output;
  }

  static async #start(
    command: string,
    args: readonly string[],
    directory: string,
    options: readonly string[],
  ): Promise<Process> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
      const started = new Process(spawn(command, [...args, ...place, ...options]), port);
      if (await started.#begins()) return started;
      // Between finding the port free and binding it another process may have taken it.
      const portWasTaken = /address already in use/i.test(started.#output);
      if (portWasTaken && attempt < START_ATTEMPTS) continue;
      throw new Error(`the server did not start:\n${started.#output}`);
    }
  }

  /** Waits until it answers; false, and ended, if it does not. */
  async #begins(): Promise<boolean> {
    const deadlineMs = Date.now() + START_TIMEOUT_MS;
    while (!(await this.#answers())) {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null || Date.now() > deadlineMs) {
        await this.kill();
        return false;
      }
      await sleep(RETRY_MS);
    }
    return true;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the program was never started');
    return pid;
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Ends all that a test has left behind. */
  static async killAll(): Promise<void> {
    const left = [...running];
    const ended = left.map((child) => once(child, 'exit'));
    for (const child of left) child.kill('SIGKILL');
    await Promise.all(ended);
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const [code] = await once(this.#child, 'exit');
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${this.#output}`);
  }

  /** Cuts bytes off the end of a file. */
  truncate(file: string, bytes: number): void {
    truncateSync(file, statSync(file).size + bytes);
  }

  async #answers(): Promise<boolean> {
    try {
      const client = await RawClient.connect(this.port);
      const reply = await client.command('PING');
      const info = textOf(await client.command('INFO', 'server'));
      await client.close();
      // On a port that was free a moment ago, somebody else's server may answer by now.
      const isOwn = info.includes(`process_id:${this.#child.pid}\r\n`);
      return reply.type === '+' && isOwn;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ECONNREFUSED' || /closed the connection/.test(message)) return false;
      throw error;
    }
  }
}
