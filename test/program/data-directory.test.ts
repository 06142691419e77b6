// Two servers on one data directory, as an operator or an orchestrator starts them: the second is refused
// with the name of the first, nothing that the first acknowledges is lost, and once it is gone, however,
// the next start has everything.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, type TestContext, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { Program, type RunOptions, run } from './program.ts';

const CHECK = fileURLToPath(new URL('../../dist/check.js', import.meta.url));
const FOLDER = 'appendonlydir';
const LOCK = join(FOLDER, '.appendonly.aof.lock');
const WITH_LOG = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
const STARTERS = 4;

function directory({ onTestFinished }: TestContext): string {
  const made = temporaryDirectory();
  onTestFinished(() => made.remove());
  return made.path;
}

const argsOf = (port: number, flags: readonly string[]) => [
  ...['--port', String(port), '--bind', '127.0.0.1'],
  ...flags,
];

async function start(
  { onTestFinished }: TestContext,
  cwd: string,
  flags: readonly string[] = WITH_LOG,
  options: RunOptions = {},
): Promise<Program> {
  const program = await Program.start((port) => argsOf(port, flags), { ...options, cwd });
  onTestFinished(() => program.dispose());
  return program;
}

async function refused(cwd: string, ...flags: readonly string[]) {
  return run(argsOf(await freePort(), [...WITH_LOG, ...flags]), { cwd });
}

/** Writes counters until it is stopped; tells how many were acknowledged. */
function writer(client: RawClient): { stop(): Promise<number> } {
  let isOver = false;
  let acknowledged = 0;
  const running = (async () => {
    while (!isOver) {
      const reply = await client.command('SET', `k${acknowledged}`, 'v');
      if (textOf(reply) !== 'OK') throw new Error(textOf(reply));
      acknowledged++;
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return acknowledged;
    },
  };
}

async function keysOf(program: Program): Promise<number> {
  const client = await program.connect();
  try {
    return await program.until('the data', async () => {
      const text = textOf(await client.command('DBSIZE'));
      return text.startsWith('LOADING') ? undefined : Number(text);
    });
  } finally {
    await client.close();
  }
}

describe.concurrent('a rolling restart over one volume', () => {
  test('the new server is refused while the old one serves; nothing is lost', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    const old = await start(context, cwd);
    await keysOf(old);
    const writing = writer(await old.connect());
    const { code, stderr, stdout } = await refused(cwd, '--log-lock-timeout-ms', '300');
    expect(code).toBe(1);
    const holder = `pid ${old.child.pid} on ${hostname()}, port ${old.port}, since 20`;
    expect(stderr).toMatch(
      /^synap-server: appenddirname: cannot start: the log 'appendonly\.aof' in .*appendonlydir is in use by another server \(/,
    );
    expect(stderr).toContain(holder);
    expect(stdout).toContain('Waiting: the log');
    expect(stdout).toContain('Fatal error: ');
    const acknowledged = await writing.stop();
    expect(acknowledged).toBeGreaterThan(0);
    await old.end('SIGKILL');
    const next = await start(context, cwd);
    expect(await keysOf(next)).toBe(acknowledged);
    expect(readFileSync(join(cwd, LOCK), 'latin1')).toContain(`pid ${next.child.pid} `);
  });

  test('one that is told to end is waited for', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    const old = await start(context, cwd);
    await keysOf(old);
    const writing = writer(await old.connect());
    const next = await start(context, cwd, [...WITH_LOG, '--log-lock-timeout-ms', '60000']);
    await next.until('it to wait', () => next.stdout.includes('Waiting: the log') || undefined);
    const client = await next.connect();
    expect(textOf(await client.command('GET', 'k0'))).toMatch(/^LOADING/);
    await client.close();
    const acknowledged = await writing.stop();
    expect((await old.end()).code).toBe(0);
    expect(await keysOf(next)).toBe(acknowledged);
  });

  test('of several that start at once, one serves', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    const flags = [...WITH_LOG, '--log-lock-timeout-ms', '0'];
    const ports: number[] = [];
    while (ports.length < STARTERS) ports.push(await freePort());
    const programs = ports.map((port) => Program.spawn(argsOf(port, flags), { cwd }));
    context.onTestFinished(async () => {
      for (const program of programs) await program.dispose();
    });
    const left = () => programs.filter(({ child }) => child.exitCode === null);
    while (left().length > 1) await new Promise((resolve) => setTimeout(resolve, 10));
    const [winner] = left();
    await winner.until('it to serve', () => winner.stdout.includes('Ready to accept') || undefined);
    for (const program of programs) {
      if (program === winner) continue;
      const { code, stderr } = await program.ended();
      expect([code, stderr]).toEqual([1, expect.stringContaining('is in use by another server')]);
    }
  });

  test('process ids of a container of its own make no difference', async (context) => {
    const { expect } = context;
    const unshare = 'unshare --pid --fork --kill-child --uts';
    if (spawnSync('sh', ['-c', `${unshare} true`]).status !== 0) {
      console.warn('no namespaces can be made here: the test of servers in containers is left out');
      context.skip();
    }
    const cwd = directory(context);
    const inside = ['-c', `exec ${unshare} "$0" "$@"`];
    const old = await start(context, cwd);
    await keysOf(old);
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
    const args = argsOf(await freePort(), [...WITH_LOG, '--log-lock-timeout-ms', '0']);
    const second = spawnSync('sh', [...inside, process.execPath, main, ...args], {
      ...{ cwd, encoding: 'utf8' },
    });
    expect([second.status, second.stderr]).toEqual([
      ...[1, expect.stringContaining(`pid ${old.child.pid} on`)],
    ]);
  });
});

test('several servers without a log share the directory that they were started in', async (context) => {
  const { expect } = context;
  const cwd = directory(context);
  for (const flags of [[], ['--save', '']]) {
    const one = await start(context, cwd, flags);
    const two = await start(context, cwd, flags);
    for (const program of [one, two]) {
      const client = await program.connect();
      await keysOf(program);
      expect(textOf(await client.command('SET', 'k', 'v'))).toBe('OK');
      expect(textOf(await client.command('SAVE'))).toBe('OK');
      await client.close();
    }
    for (const program of [one, two]) expect((await program.end()).code).toBe(0);
  }
});

test('synap-check repairs nothing that a server has, and tells that it has it', async (context) => {
  const { expect } = context;
  const cwd = directory(context);
  const program = await start(context, cwd);
  await keysOf(program);
  const check = (...args: string[]) =>
    spawnSync(process.execPath, [CHECK, ...args, join(cwd, FOLDER)], { encoding: 'utf8' });
  const fixed = check('--fix');
  expect([fixed.status, fixed.stdout]).toEqual([2, '']);
  expect(fixed.stderr).toContain(
    `synap-check: the log is in use (pid ${program.child.pid} on ${hostname()}, port ${program.port}`,
  );
  const seen = check();
  expect(seen.status).toBe(0);
  expect(seen.stdout).toMatch(
    /^in use by a server \(pid .*\): what it writes meanwhile may look like damage\nmanifest: /,
  );
  await program.end('SIGKILL');
  const after = check();
  expect([after.status, after.stdout]).toEqual([0, expect.stringMatching(/^manifest: /)]);
  expect(check('--fix').status).toBe(0);
});
