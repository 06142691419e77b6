// Node's inspector runs whatever it is sent, for every user of the machine: no signal opens it. Each server
// has a port of its own for it, so that nothing else that runs here is taken for it.
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, type TestContext, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { LAUNCHER, Program, type RunOptions, run } from './program.ts';

const EARLY_SIGNAL = fileURLToPath(new URL('./fixtures/early-signal.cjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FLAGS = ['--bind', '127.0.0.1', '--save', ''];

async function start(
  { onTestFinished }: TestContext,
  options: RunOptions,
  args: readonly string[] = [],
): Promise<Program> {
  const program = await Program.start((port) => ['--port', `${port}`, ...FLAGS, ...args], options);
  onTestFinished(() => program.dispose());
  return program;
}

/** What `npm start` runs. */
function startScript(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [node, ...words] = (scripts.start as string).split(' ');
  return [node, ...words.map((word) => (word === 'dist/main.js' ? join(ROOT, word) : word))];
}

/** Whether somebody listens. */
function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function ping(program: Program): Promise<string> {
  const client = await program.connect();
  const { bytes } = await client.command('PING');
  await client.close();
  return bytes.toString();
}

describe.concurrent('SIGUSR1', () => {
  test('while it serves, from whomever, does nothing', async (context) => {
    const { expect } = context;
    const port = await freePort();
    const program = await start(context, {
      env: { NODE_OPTIONS: `--inspect-port=127.0.0.1:${port}` },
    });
    const { pid = 0 } = program.child;
    const debug = process as unknown as { _debugProcess(pid: number): void };
    for (let i = 0; i < 20; i++) {
      process.kill(pid, 'SIGUSR1');
      debug._debugProcess(pid);
      expect(await ping(program)).toBe('+PONG\r\n');
    }
    expect(await isOpen(port)).toBe(false);
    expect(await program.end()).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  // Node has opened it, before a line of the server was run.
  const early = async ({ onTestFinished }: TestContext, command?: readonly string[]) => {
    const port = await freePort();
    const directory = temporaryDirectory();
    onTestFinished(() => directory.remove());
    const answer = join(directory.path, 'answer');
    const env = {
      NODE_OPTIONS: `--inspect-port=127.0.0.1:${port} --require=${EARLY_SIGNAL}`,
      SYNAP_TEST_PORT: `${port}`,
      SYNAP_TEST_ANSWER: answer,
    };
    return { port, told: () => readFileSync(answer, 'utf8'), options: { command, env } };
  };

  test.for([
    { how: 'its launcher', command: [LAUNCHER] },
    { how: 'npm start', command: startScript() },
  ])('at the very start by $how: nobody can connect, and it is closed', async (given, context) => {
    const { expect } = context;
    const { port, told, options } = await early(context, given.command);
    const program = await start(context, options);
    expect(told()).toMatch(/^404/);
    expect(program.stderr).toContain(`Debugger listening on ws://127.0.0.1:${port}/`);
    expect(await isOpen(port)).toBe(false);
    process.kill(program.child.pid ?? 0, 'SIGUSR1');
    expect(await ping(program)).toBe('+PONG\r\n');
    expect(await isOpen(port)).toBe(false);
  });

  test('at the very start by Node alone ends it, as somebody may have connected', async (context) => {
    const { expect } = context;
    const { told, options } = await early(context);
    const { signal, stdout, stderr } = await run(['--port', '0', '--unixsocket', 's'], options);
    expect(told()).toMatch(/^200/);
    expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: '' });
    expect(stderr).toContain('synap-server: SIGUSR1 has opened the inspector of Node');
  });
});

describe.concurrent('whom an operator lets in', () => {
  test.for(['--inspect=127.0.0.1:', '--inspect --inspect-port=127.0.0.1:'])(
    'with NODE_OPTIONS=%s is let in',
    async (options, context) => {
      const { expect } = context;
      const port = await freePort();
      const program = await start(context, {
        command: [LAUNCHER],
        env: { NODE_OPTIONS: `${options}${port}` },
      });
      const reply = await fetch(`http://127.0.0.1:${port}/json/list`);
      expect(await reply.json()).toMatchObject([{ type: 'node' }]);
      expect(await ping(program)).toBe('+PONG\r\n');
    },
  );
});
