// What the tests know of a server, whoever wrote it, and how one that is a program of its own is
// started: on a free port of 127.0.0.1, in a directory of its own, with its configuration in a
// file, and never outliving the test process.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { RawClient } from './raw-client.ts';

/** Directives by name: one value, or for a directive that is repeated, the words of each line. */
export type ServerConfig = Readonly<Record<string, string | readonly (readonly string[])[]>>;

export interface RunningServer {
  readonly name: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Stops the server and removes its directory. */
  stop(): Promise<void>;
}

/** What every server of the tests is given: nothing on disk, DEBUG allowed, a quiet log. */
export const BASE_CONFIG: ServerConfig = {
  bind: '127.0.0.1',
  save: '',
  loglevel: 'warning',
  'enable-debug-command': 'yes',
};

const START_TIMEOUT_MS = 10_000;
const START_ATTEMPTS = 5;

/** A new directory under the system's temporary one, and the function that removes it. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'synap-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Starts `command …args configFile` and waits until it answers.
 *
 * @throws Error with what the program printed when it does not start.
 */
export async function startProgram(
  name: string,
  command: string,
  args: readonly string[],
  config: ServerConfig,
): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryStart(name, command, args, config, await freePort());
    if (!(outcome instanceof Error)) return outcome;
    // Between finding the port free and binding it another test may have taken it.
    const portWasTaken = /address already in use/i.test(outcome.message);
    if (!portWasTaken || attempt === START_ATTEMPTS) throw outcome;
  }
}

async function tryStart(
  name: string,
  command: string,
  args: readonly string[],
  config: ServerConfig,
  port: number,
): Promise<RunningServer | Error> {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'server.conf');
  writeFileSync(file, configText({ ...config, port: String(port), dir: directory.path }));
  const child = spawn(command, [...args, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const ended = new Promise<Error>((resolve) => {
    child.once('error', (error) => resolve(error));
    child.once('exit', (code, signal) => {
      resolve(new Error(`${name} ended (${signal ?? `exit code ${code}`}): ${output.trim()}`));
    });
  });
  const killWithParent = () => {
    child.kill('SIGKILL');
    directory.remove();
  };
  process.once('exit', killWithParent);

  const failure = await Promise.race([ended, answering(name, port)]);
  if (failure instanceof Error) {
    child.kill('SIGKILL');
    process.off('exit', killWithParent);
    directory.remove();
    return failure;
  }
  return {
    name,
    port,
    async stop() {
      await endProcess(child);
      process.off('exit', killWithParent);
      directory.remove();
    },
  };
}

/** Resolves when something on the port answers a command, with an Error when nothing does. */
async function answering(name: string, port: number): Promise<Error | undefined> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadlineMs) {
    // Refused, reset and closed all mean the same here: not yet.
    const client = await RawClient.connect(port).catch(() => undefined);
    const reply = await client?.command('PING').catch(() => undefined);
    await client?.close();
    if (reply !== undefined) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return new Error(`${name} did not listen on port ${port} within ${START_TIMEOUT_MS} ms`);
}

function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function configText(config: ServerConfig): string {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(config)) {
    const repeated = typeof value === 'string' ? [[value]] : value;
    for (const words of repeated) lines.push([name, ...words.map(quoted)].join(' '));
  }
  return `${lines.join('\n')}\n`;
}

function quoted(word: string): string {
  return word === '' ? '""' : word;
}
