// The program `synap-server` as an operator runs it: a process of its own, started from the built
// sources, in a directory of its own, watched through its log, its exit code and its port.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** What is installed as `synap-server`. */
export const LAUNCHER = fileURLToPath(new URL('../../bin/synap-server', import.meta.url));
/** The launcher finds the Node that runs the tests. */
const PATH_WITH_NODE = `${dirname(process.execPath)}:${process.env.PATH}`;
const PATIENCE_MS = 20_000;
/** The user `nobody`: permissions mean nothing to root. */
const NOBODY = 65_534;

/** How a process ended, and what it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Working directory; a temporary one if not given. */
  readonly cwd?: string;
  readonly stdin?: string;
  /** Runs as a user whom permissions bind. */
  readonly unprivileged?: boolean;
  /** Runs inside `sh -c` after this command, such as `ulimit -n 100`. */
  readonly after?: string;
  /** What to run instead of the built program by this Node: LAUNCHER, or another server. */
  readonly command?: readonly string[] | undefined;
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One line of the log, in either form; `level` is Redis's mark in Redis's, a number in JSON. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

const REDIS_LINE = /^\d+:([CMS]) \d\d \w{3} \d{4} [\d:]{8}\.\d{3} ([.\-*#]) (.*)$/;
const SIGNAL_LINE = /^\d+:signal-handler \(\d+\) (.*)$/;

/** Runs the program until it ends by itself. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const program = Program.spawn(args, options);
  try {
    return await program.ended();
  } finally {
    await program.dispose();
  }
}

/**
 * Whether a process without privileges can run the program at all, where the checkout lies; says on
 * standard error if not, as tests are left out then.
 */
export function canRunUnprivileged(): boolean {
  const script = `require('fs').readFileSync(${JSON.stringify(MAIN)})`;
  const canRun = spawnSync(process.execPath, ['-e', script], privileges(true)).status === 0;
  if (!canRun) {
    console.warn(
      'others may not read this checkout: the test of files without permission is left out',
    );
  }
  return canRun;
}

export class Program {
  /** The working directory, which is the data directory unless `dir` says otherwise. */
  readonly directory: string;
  readonly child: ChildProcess;
  port = 0;
  readonly #exit: Promise<unknown>;
  readonly #remove: () => void;
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess, directory: string, remove: () => void) {
    this.child = child;
    this.directory = directory;
    this.#remove = remove;
    this.#exit = once(child, 'close');
    child.stdout?.on('data', (chunk) => {
      this.#stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
  }

  static spawn(args: readonly string[], options: RunOptions = {}): Program {
    const directory = options.cwd === undefined ? temporaryDirectory() : undefined;
    const cwd = options.cwd ?? directory?.path ?? '';
    const words = [...(options.command ?? [process.execPath, MAIN]), ...args];
    const [command, ...rest] =
      options.after === undefined
        ? words
        : ['/bin/sh', '-c', `${options.after}; exec "$0" "$@"`, ...words];
    const env = { ...process.env, PATH: PATH_WITH_NODE, ...options.env };
    const child = spawn(command, rest, { cwd, env, ...privileges(options.unprivileged ?? false) });
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    return new Program(child, cwd, () => directory?.remove());
  }

  /**
   * Starts a server and waits until it answers.
   *
   * @param args the command line for a port, which is free unless the options name one.
   * @throws Error with what it printed when it ends instead.
   */
  static async start(
    args: (port: number) => readonly string[],
    options: RunOptions & { readonly port?: number } = {},
  ): Promise<Program> {
    const port = options.port ?? (await freePort());
    const program = Program.spawn(args(port), options);
    program.port = port;
    try {
      await program.until('the server to listen', () => program.#answers());
      return program;
    } catch (error) {
      await program.dispose();
      throw error;
    }
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.port, PATIENCE_MS);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** What it has logged to its standard output, or to a file. */
  log(file?: string): LogLine[] {
    const path = file === undefined ? undefined : join(this.directory, file);
    if (path !== undefined && !existsSync(path)) return [];
    const text = path === undefined ? this.#stdout : readFileSync(path, 'utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map(parseLine);
  }

  /** Waits for a line of the log whose message contains a text. */
  logged(text: string, file?: string): Promise<LogLine> {
    return this.until(`a log line about '${text}'`, () =>
      this.log(file).find(({ msg }) => msg.includes(text)),
    );
  }

  /** Waits for the end of the process. */
  async ended(): Promise<Outcome> {
    const late = new Promise<never>((_, reject) => {
      const message = () => `the program did not end; it printed: ${this.#printed()}`;
      setTimeout(() => reject(new Error(message())), PATIENCE_MS).unref();
    });
    await Promise.race([this.#exit, late]);
    const { exitCode: code, signalCode: signal } = this.child;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Sends a signal, and waits for the end. */
  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
    this.child.kill(signal);
    return this.ended();
  }

  /** Ends it whatever it does, and removes its directory. */
  async dispose(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exit;
    this.#remove();
  }

  /** Asks again and again until there is an answer, or the program has ended. */
  async until<T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      const isOver = this.child.exitCode !== null || this.child.signalCode !== null;
      if (isOver || Date.now() > deadlineMs) {
        throw new Error(`waited in vain for ${what}; the program printed: ${this.#printed()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The system takes connections before the program does; an answer tells that it is ready. */
  async #answers(): Promise<true | undefined> {
    const client = await RawClient.connect(this.port).catch(() => undefined);
    const reply = await client?.command('PING').catch(() => undefined);
    await client?.close();
    return reply === undefined ? undefined : true;
  }

  #printed(): string {
    return this.#stdout + this.#stderr;
  }
}

function parseLine(line: string): LogLine {
  if (line.startsWith('{')) return JSON.parse(line) as LogLine;
  const [, role, level, msg] = REDIS_LINE.exec(line) ?? [];
  if (msg !== undefined) return { role, level, msg };
  const [, signalled] = SIGNAL_LINE.exec(line) ?? [];
  if (signalled === undefined) throw new Error(`no line of a log: ${line}`);
  return { level: 'signal', msg: signalled };
}

function privileges(dropped: boolean): { uid?: number; gid?: number } {
  return dropped && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}
