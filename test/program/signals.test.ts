// Signals to the program: which of them end it, as with a real Redis, and that SIGINT and SIGTERM shut it
// down in time whatever it is doing.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, type TestContext, test } from 'vitest';
import { limitedFiles, limitFileSize } from '../durability/full-disk.ts';
import { hasRedis } from '../support/needs-redis.ts';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { isFullTier } from '../support/tier.ts';
import { Program, type RunOptions } from './program.ts';

const HANGING_SYNC = fileURLToPath(new URL('./fixtures/hanging-sync.cjs', import.meta.url));
const ENDED_EARLY = fileURLToPath(new URL('./fixtures/ended-early.cjs', import.meta.url));
const TWICE = fileURLToPath(new URL('./fixtures/twice.cjs', import.meta.url));
/** For what takes its time on a machine that is busy. */
const LONG = { timeout: 90_000 };
/** Longer than what passes for one key that is pressed. */
const SECOND_PRESS_MS = 400;
/** As long as an unhandled signal may take to end a process. */
const SETTLED_MS = 300;

async function start(
  { onTestFinished }: TestContext,
  flags: readonly string[] = [],
  options: RunOptions = {},
): Promise<Program> {
  const program = await Program.start(
    (port) => [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--enable-debug-command',
      'yes',
      ...flags,
    ],
    options,
  );
  onTestFinished(() => program.dispose());
  return program;
}

async function ask(client: RawClient, ...args: string[]): Promise<string> {
  return textOf(await client.command(...args));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function messages(program: Program): string[] {
  return program.log().map(({ msg }) => msg);
}

/** What a signal does to the process: whoever answers after it has got over it. */
async function fate(program: Program, signal: NodeJS.Signals): Promise<string> {
  const client = await program.connect();
  program.child.kill(signal);
  const answer = await ask(client, 'PING').catch(() => undefined);
  if (answer !== undefined) return answer;
  const ended = await program.ended();
  return ended.signal ?? `code ${ended.code}`;
}

describe.skipIf(!hasRedis)('beside Redis', { concurrent: true }, () => {
  test.for([
    'SIGHUP',
    'SIGALRM',
    'SIGPIPE',
    'SIGUSR2',
    'SIGQUIT',
    'SIGVTALRM',
    'SIGIO',
    'SIGWINCH',
    'SIGCONT',
    'SIGCHLD',
    'SIGURG',
  ] as const)('%s', async (signal, context) => {
    const { expect } = context;
    // Node knows it by this name.
    expect(signal in constants.signals).toBe(true);
    const [redis, synap] = await Promise.all([
      // Without dumps of their memory, which some of these make.
      start(context, ['--save', ''], { command: ['redis-server'], after: 'ulimit -c 0' }),
      start(context, ['--save', ''], { after: 'ulimit -c 0' }),
    ]);
    const [expected, actual] = await Promise.all([fate(redis, signal), fate(synap, signal)]);
    expect(actual).toBe(expected);
  });

  test.for(['SIGINT', 'SIGTERM'] as const)('the log of %s', async (signal, context) => {
    const { expect } = context;
    const servers = [
      await start(context, ['--appendonly', 'yes'], { command: ['redis-server'] }),
      await start(context, ['--appendonly', 'yes']),
    ];
    const logs = [];
    for (const server of servers) {
      await server.logged('Ready to accept connections');
      expect(await ask(await server.connect(), 'SET', 'k', 'v')).toBe('OK');
      expect(await server.end(signal)).toMatchObject({ code: 0, signal: null });
      expect(existsSync(join(server.directory, 'dump.rdb'))).toBe(true);
      const lines = server.log();
      const begin = lines.findIndex(({ level }) => level === 'signal');
      // Redis syncs its log before it saves, Synap after the last client.
      logs.push(
        lines
          .slice(begin)
          .map(({ level, msg }) => `${level} ${msg}`)
          .sort(),
      );
    }
    expect(logs[0]).toContain('# Redis is now ready to exit, bye bye...');
    expect(logs[1]).toEqual(logs[0]);
  });
});

describe.concurrent('SIGUSR1', () => {
  test('does not end it, as it does Redis', async (context) => {
    const program = await start(context);
    context.expect(await fate(program, 'SIGUSR1')).toBe('PONG');
  });
});

describe.concurrent('SIGINT', () => {
  test('ends it while clients wait', async (context) => {
    const { expect } = context;
    const program = await start(context);
    const waiting = await program.connect();
    waiting.sendCommand(['BLPOP', 'nothing', '0']);
    const paused = await program.connect();
    expect(await ask(paused, 'CLIENT', 'PAUSE', '100000')).toBe('OK');
    expect(await program.end('SIGINT')).toMatchObject({ code: 0, signal: null });
    expect((await waiting.readUntilClose()).length).toBe(0);
  });

  test('ends it while it loads its data, which stay as they are', LONG, async (context) => {
    const { expect } = context;
    const first = await start(context);
    expect(await ask(await first.connect(), 'DEBUG', 'POPULATE', '300000')).toBe('OK');
    expect((await first.end()).code).toBe(0);
    const cwd = first.directory;
    const env = { NODE_OPTIONS: `--require=${ENDED_EARLY}` };
    const flags = ['--port', '0', '--unixsocket', 's', '--pidfile', 'pid'];
    const second = Program.spawn(flags, { cwd, env });
    context.onTestFinished(() => second.dispose());
    expect(await second.ended()).toMatchObject({ code: 0, signal: null });
    expect(messages(second).slice(-2)).toEqual([
      'Received shutdown signal during loading, exiting now.',
      'Removing the pid file.',
    ]);
    expect(readdirSync(cwd).sort()).toEqual(['dump.rdb', 's']);
    // By a client: whether that comes in time or not, nothing is said after the last word.
    const third = await start(context, [], { cwd });
    const client = await third.connect();
    client.sendCommand(['SHUTDOWN']);
    expect(await third.ended()).toMatchObject({ code: 0, signal: null });
    expect((await client.readUntilClose()).length).toBe(0);
    expect(messages(third).at(-1)).toBe('Redis is now ready to exit, bye bye...');
  });

  test('ends DEBUG SLEEP, and the server with its data', async (context) => {
    const { expect } = context;
    const program = await start(context);
    const client = await program.connect();
    expect(await ask(client, 'SET', 'k', 'v')).toBe('OK');
    client.sendCommand(['DEBUG', 'SLEEP', '1000']);
    await pause(SETTLED_MS);
    expect(await program.end('SIGINT')).toMatchObject({ code: 0, signal: null });
    expect(messages(program)).toContain('DB saved on disk');
  });

  test('ends it on a full disk', async (context) => {
    const { expect } = context;
    const program = await start(context, ['--appendonly', 'yes', '--save', '']);
    const client = await program.connect();
    await program.logged('Ready to accept connections');
    const disk = limitedFiles(program.directory);
    disk.fill(program.child.pid ?? 0);
    client.sendCommand(['SET', 'k', 'v'.repeat(1000)]);
    await program.logged('Error writing to the AOF file');
    const ended = await program.end('SIGINT');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(messages(program).at(-1)).toBe('Redis is now ready to exit, bye bye...');
  });

  test('is refused where the data cannot be saved, as often as it comes', async (context) => {
    const { expect } = context;
    const program = await start(context);
    const client = await program.connect();
    expect(await ask(client, 'SET', 'k', 'v'.repeat(5000))).toBe('OK');
    expect(await ask(client, 'CONFIG', 'SET', 'rdbcompression', 'no')).toBe('OK');
    limitFileSize(program.child.pid ?? 0, 1000);
    const refusal = "Error trying to save the DB, can't exit.";
    const refusals = () => messages(program).filter((message) => message === refusal).length;
    for (const [count, signal] of (['SIGINT', 'SIGTERM', 'SIGINT'] as const).entries()) {
      program.child.kill(signal);
      await program.until('a refusal', () => (refusals() === count + 1 ? true : undefined));
      await pause(SECOND_PRESS_MS);
      expect(await ask(client, 'GET', 'k')).toHaveLength(5000);
    }
    expect(messages(program)).toContainEqual(
      expect.stringMatching(/^Write error saving DB on disk\(.*\): File too large$/),
    );
    expect(await ask(client, 'CONFIG', 'SET', 'shutdown-on-sigterm', 'save force')).toBe('OK');
    expect(await program.end('SIGTERM')).toMatchObject({ code: 0, signal: null });
    expect(messages(program)).toContain('Error trying to save the DB. Exit anyway.');
    expect(readdirSync(program.directory)).toEqual([]);
  });
});

describe.concurrent('a shutdown that does not end', () => {
  /** A server that waits for its disk for ever once it is to end. */
  async function stuck(context: TestContext, fixtures: readonly string[] = []): Promise<Program> {
    const flags = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--save',
      '',
      '--pidfile',
      'pid',
    ];
    const loaded = [HANGING_SYNC, ...fixtures].map((path) => `--require=${path}`);
    const env = { NODE_OPTIONS: loaded.join(' ') };
    const program = await start(context, flags, { env });
    const client = await program.connect();
    await program.logged('Ready to accept connections');
    context.expect(await ask(client, 'SET', 'k', 'v')).toBe('OK');
    writeFileSync(join(program.directory, 'hang'), '');
    client.sendCommand(['SET', 'k', 'w']);
    return program;
  }

  test('is cut short by a second SIGINT', async (context) => {
    const { expect } = context;
    const program = await stuck(context);
    program.child.kill('SIGTERM');
    await program.logged('User requested shutdown...');
    await pause(SECOND_PRESS_MS);
    program.child.kill('SIGTERM');
    await pause(SETTLED_MS);
    expect(program.child.exitCode).toBeNull();
    expect(await program.end('SIGINT')).toMatchObject({ code: 1, signal: null });
    expect(messages(program).at(-1)).toBe('Removing the pid file.');
    expect(messages(program).at(-2)).toBe('You insist... exiting now.');
  });

  test('is not cut short by one key, though it comes twice', async (context) => {
    const { expect } = context;
    const program = await stuck(context, [TWICE]);
    program.child.kill('SIGINT');
    await program.logged('User requested shutdown...');
    await pause(SECOND_PRESS_MS);
    expect(program.child.exitCode).toBeNull();
    expect(await program.end('SIGINT')).toMatchObject({ code: 1, signal: null });
    expect(messages(program)).toContain('You insist... exiting now.');
  });

  test('runs nothing more once the data is saved', async (context) => {
    const { expect } = context;
    const env = { NODE_OPTIONS: `--require=${HANGING_SYNC}` };
    const program = await start(context, ['--save', '3600 1'], { env });
    const client = await program.connect();
    expect(await ask(client, 'SET', 'before', '1')).toBe('OK');
    writeFileSync(join(program.directory, 'hang'), '');
    expect(await ask(client, 'BGREWRITEAOF')).toMatch(/started$/);
    program.child.kill('SIGTERM');
    await program.logged('DB saved on disk');
    // Not acknowledged: it would be gone.
    client.sendCommand(['SET', 'after', '1']);
    expect((await client.readUntilClose()).length).toBe(0);
    await program.ended();
    rmSync(join(program.directory, 'hang'));
    const next = await start(context, [], { cwd: program.directory });
    await next.logged('Ready to accept connections');
    const other = await next.connect();
    expect(await ask(other, 'EXISTS', 'before', 'after')).toBe('1');
  });

  test('by SHUTDOWN runs nothing that comes in the same write', async (context) => {
    const { expect } = context;
    const program = await start(context);
    const client = await program.connect();
    client.send(Buffer.from('SET k v\r\nSHUTDOWN SAVE\r\nSET k w\r\nPING\r\n'));
    expect((await client.readUntilClose()).toString()).toBe('+OK\r\n');
    expect((await program.ended()).code).toBe(0);
  });

  test('ends all the same, before a test server would kill it', async (context) => {
    const { expect } = context;
    const program = await stuck(context);
    expect(await program.end('SIGINT')).toMatchObject({ code: 1, signal: null });
    expect(messages(program)).toContainEqual(
      expect.stringContaining('The shutdown takes too long'),
    );
  });

  // Saving must take as long as two presses of a key, of data that take their time to make.
  const inFullTier = isFullTier ? test : () => {};
  inFullTier('for it saves much data is cut short too', async (context: TestContext) => {
    const { expect } = context;
    const program = await start(context);
    const client = await program.connect();
    expect(await ask(client, 'SETRANGE', 'k', '500000000', 'x')).toBe('500000001');
    program.child.kill('SIGINT');
    await program.logged('User requested shutdown...');
    await pause(SECOND_PRESS_MS / 2);
    expect(await program.end('SIGINT')).toMatchObject({ code: 1, signal: null });
    expect(messages(program).at(-1)).toBe('You insist... exiting now.');
    expect(readdirSync(program.directory)).toEqual([]);
  });
});
