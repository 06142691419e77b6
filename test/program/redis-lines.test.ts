// The lines of the log beside those of a real Redis that is asked the same: text, level and what the process
// says that it is. Left out are those that only one of them has something to say for: Redis warns of how
// the system deals with forks, and logs what its children do; Synap tells its own version.
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { hasRedis } from '../support/needs-redis.ts';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { type LogLine, Program, type RunOptions, run } from './program.ts';

const REDIS = ['redis-server'];
const LEFT_OUT = [
  /^WARNING Memory overcommit/,
  /^Synap version=/,
  /Fork CoW/,
  /^The AOF directory/,
];

const occupied = createServer();
const directory = temporaryDirectory();
let port: number;

beforeAll(async () => {
  occupied.listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  port = (occupied.address() as AddressInfo).port;
});

afterAll(() => {
  occupied.close();
  directory.remove();
});

/** A line without what is another's in each run. */
function comparable({ role, level, msg }: LogLine): string {
  const text = msg
    .replace(/^Ready to accept connections tcp$/, 'Ready to accept connections')
    .replace(/version=?( ?)[\d.]+/, 'version$1V')
    .replace(/\bpid([= ])\d+/, 'pid$1P')
    .replace(/port=\d+/, 'port=N')
    .replace(/\d+\.\d+ (seconds|Mb)/, 'N $1')
    .replace(/age \d+/, 'age N')
    .replace(/temp-[^ )]+/, 'TEMPORARY');
  return `${role} ${level} ${text}`;
}

function comparableLines(lines: readonly LogLine[]): string[] {
  return lines.filter(({ msg }) => !LEFT_OUT.some((form) => form.test(msg))).map(comparable);
}

describe.skipIf(!hasRedis)('a start that fails', { concurrent: true }, () => {
  const module = (name: string, mode: number): string => {
    const path = join(directory.path, name);
    writeFileSync(path, '');
    chmodSync(path, mode);
    return path;
  };

  test.for<[string, () => readonly string[]]>([
    ['a port in use', () => ['--port', `${port}`, '--bind', '127.0.0.1']],
    ['a port in use at all addresses', () => ['--port', `${port}`]],
    [
      'a port in use at the second address',
      () => ['--port', `${port}`, '--bind', '::1', '127.0.0.1'],
    ],
    ['an address that the machine has not', () => ['--port', '7000', '--bind', '203.0.113.77']],
    ['a name that nobody knows', () => ['--port', '7000', '--bind', 'no-such-host.invalid']],
    ['a unix socket in no folder', () => ['--port', '0', '--unixsocket', '/missing/socket']],
    ['nowhere to listen', () => ['--port', '0']],
    ['no configuration file', () => ['missing.conf']],
    [
      'a module that is not there',
      () => ['--port', '0', '--unixsocket', 's', '--loadmodule', '/missing/m.so', 'a'],
    ],
    [
      'a module without permission',
      () => ['--port', '0', '--unixsocket', 's', '--loadmodule', module('m.so', 0o644)],
    ],
    ['a folder for a module', () => ['--port', '0', '--unixsocket', 's', '--loadmodule', '/tmp']],
  ])('%s', async ([, args], context) => {
    const [redis, synap] = await Promise.all(
      [REDIS, undefined].map(async (command) => {
        const program = Program.spawn(args(), { command, cwd: directory.path });
        context.onTestFinished(() => program.dispose());
        const { code } = await program.ended();
        return { code, lines: comparableLines(program.log()) };
      }),
    );
    context.expect(redis).toMatchObject({ code: 1 });
    context.expect(redis.lines.length).toBeGreaterThan(0);
    context.expect(synap).toEqual(redis);
  });
});

test('a module that is there is refused too, with what it takes', async () => {
  const path = join(directory.path, 'there.so');
  writeFileSync(path, '\x7fELF');
  chmodSync(path, 0o755);
  const { code, stdout, stderr } = await run([
    '--port',
    '0',
    '--unixsocket',
    's',
    '--loadmodule',
    path,
  ]);
  const problem = `${path} failed to load: ${path}: Synap loads no modules`;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining(`module ${problem}`),
  });
  expect(stdout).toContain(` # Module ${problem}`);
  expect(stdout).toContain(` # Can't load module from ${path}: server aborting\n`);
  expect(stdout).not.toContain('Ready to accept');
});

describe.skipIf(!hasRedis)('a life', { concurrent: true }, () => {
  async function start(
    context: TestContext,
    flags: readonly string[],
    options: RunOptions,
  ): Promise<Program> {
    const program = await Program.start(
      (free) => ['--port', `${free}`, '--bind', '127.0.0.1', ...flags],
      options,
    );
    context.onTestFinished(() => program.dispose());
    return program;
  }

  /** What both log while something is done with each. */
  async function logs(
    context: TestContext,
    flags: readonly string[],
    live: (program: Program, client: RawClient) => Promise<void>,
    again = false,
  ): Promise<[redis: string[], synap: string[]]> {
    const [redis, synap] = await Promise.all(
      [REDIS, undefined].map(async (command) => {
        const first = await start(context, flags, { command });
        await first.logged('Ready to accept connections');
        await live(first, await first.connect());
        await first.ended();
        if (!again) return comparableLines(first.log());
        const second = await start(context, flags, { command, cwd: first.directory });
        await second.logged('Ready to accept connections');
        return comparableLines(second.log());
      }),
    );
    return [redis, synap];
  }

  const ask = async (client: RawClient, ...args: string[]) => textOf(await client.command(...args));

  test('of a save, one in the background, and SHUTDOWN', async (context) => {
    const [redis, synap] = await logs(
      context,
      ['--loglevel', 'notice'],
      async (program, client) => {
        await ask(client, 'SET', 'k', 'v');
        await ask(client, 'SAVE');
        await ask(client, 'BGSAVE');
        await program.logged('Background saving terminated with success');
        client.sendCommand(['SHUTDOWN']);
      },
    );
    // Where Redis's child says that it has saved, Synap says it itself; who asked for the end is added.
    const isOwn = (line: string) => line.includes('SHUTDOWN by client');
    const ofChild = (line: string) => line.replace(/^C \* DB saved/, 'M * DB saved');
    context.expect(synap.filter((line) => !isOwn(line))).toEqual(redis.map(ofChild));
    context.expect(synap.filter(isOwn)).toHaveLength(1);
    context.expect(redis).toContain('M * Background saving terminated with success');
    context.expect(redis.at(-1)).toBe('M # Redis is now ready to exit, bye bye...');
  });

  test('that begins with a snapshot', async (context) => {
    const [redis, synap] = await logs(
      context,
      [],
      async (_program, client) => {
        await ask(client, 'MSET', 'a', '1', 'b', '2');
        client.sendCommand(['SHUTDOWN', 'SAVE']);
      },
      true,
    );
    context.expect(synap).toEqual(redis);
    context.expect(redis).toContain('M * Done loading RDB, keys loaded: 2, keys expired: 0.');
    context.expect(redis).toContain('M * DB loaded from disk: N seconds');
  });

  test('without a word on the command line, and with save points', async (context) => {
    const [redis, synap] = await logs(context, ['--save', '1 1'], async (program, client) => {
      await ask(client, 'SET', 'k', 'v');
      await program.logged('1 changes in 1 seconds. Saving...');
      await program.logged('Background saving terminated with success');
      await ask(client, 'CONFIG', 'SET', 'maxmemory', '1');
      await ask(client, 'CONFIG', 'REWRITE');
      client.sendCommand(['SHUTDOWN', 'NOSAVE']);
    });
    const words = (lines: string[]) =>
      lines
        .filter((line) => !/DB saved on disk|SHUTDOWN by client/.test(line))
        .map((line) => line.replace(/\(\d+\)/g, '(N)'));
    context.expect(words(synap)).toEqual(words(redis));
  });

  test('that keeps a log', async (context) => {
    const wanted = [
      'M * Background append only file rewriting started by pid P',
      'M * Background AOF rewrite terminated with success',
      'M * Background AOF rewrite finished successfully',
      'M * Calling fsync() on the AOF file.',
    ];
    const flags = ['--appendonly', 'yes'];
    const both = await logs(context, flags, async (program, client) => {
      await ask(client, 'SET', 'k', 'v');
      await ask(client, 'BGREWRITEAOF');
      await program.logged('Background AOF rewrite finished successfully');
      client.sendCommand(['SHUTDOWN', 'NOSAVE']);
    });
    for (const lines of both)
      context.expect(lines.filter((line) => wanted.includes(line))).toEqual(wanted);
    const again = await logs(
      context,
      flags,
      async (_program, client) => {
        await ask(client, 'SET', 'k', 'v');
        client.sendCommand(['SHUTDOWN', 'NOSAVE']);
      },
      true,
    );
    for (const lines of again) {
      context.expect(lines).toContain('M * DB loaded from append only file: N seconds');
    }
  });

  test('with too few file descriptors', async (context) => {
    const [redis, synap] = await Promise.all(
      [REDIS, undefined].map(async (command) => {
        const options = { command, after: 'ulimit -n 100' };
        const program = await start(context, ['--maxclients', '5000', '--save', ''], options);
        await program.logged('Ready to accept connections');
        return comparableLines(program.log());
      }),
    );
    // Node raises the limit as far as it goes before anything is logged.
    const isAttempt = (line: string) => line.includes("Server can't set maximum open files");
    context.expect(synap).toEqual(redis.filter((line) => !isAttempt(line)));
    context.expect(synap.some((line) => line.includes('reduced to 68'))).toBe(true);
  });
});
