// The life of the program: how it is told what to do, what it says when it starts, what it obeys,
// and how it ends.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { Program, type RunOptions, run } from './program.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** Starts a server with flags, on 127.0.0.1, which ends with the test. */
async function start(
  { onTestFinished }: TestContext,
  flags: readonly string[] = [],
  options: RunOptions = {},
): Promise<Program> {
  const program = await Program.start(
    (port) => ['--port', String(port), '--bind', '127.0.0.1', ...flags],
    options,
  );
  onTestFinished(() => program.dispose());
  return program;
}

/** A directory with one file in it. */
function directoryWith({ onTestFinished }: TestContext, name: string, text: string): string {
  const directory = temporaryDirectory();
  onTestFinished(() => directory.remove());
  writeFileSync(join(directory.path, name), text);
  return directory.path;
}

async function ask(client: RawClient, ...args: string[]): Promise<string> {
  return (await client.command(...args)).bytes.toString();
}

async function configGet(client: RawClient, name: string): Promise<string> {
  const { items } = await client.command('CONFIG', 'GET', name);
  return items?.[1].payload?.toString() ?? '';
}

describe.concurrent('information', () => {
  test.for(['--version', '-v'])('%s', async (flag, { expect }) => {
    const { code, stdout, stderr } = await run([flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Redis server v=7\.2\.5 sha=00000000:0 malloc=\S+ bits=64 build=[0-9a-f]{16}\n/,
    );
    expect(stdout.split('\n').slice(1)).toEqual([
      `Synap server v=${version} node=${process.version}`,
      '',
    ]);
  });

  test.for(['--help', '-h'])('%s', async (flag, { expect }) => {
    const { code, stdout, stderr } = await run([flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: synap-server \[config-file\]/);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(101);
  });
});

describe.concurrent('configuration', () => {
  const files = [
    { syntax: 'redis.conf', text: '# of them\nmaxclients 77\ntimeout 5\nloglevel warning\n' },
    { syntax: 'YAML', text: 'clients:\n  maxclients: 77 # of them\nnetwork:\n  timeout: 5\n' },
  ];

  test.for(files)(
    'a file in the syntax $syntax, with flags that win, is rewritten',
    async ({ text }, context) => {
      const { expect } = context;
      const cwd = directoryWith(context, 'server.conf', text);
      const flags = ['--bind', '127.0.0.1', '--timeout', '9', '--save', ''];
      const first = await Program.start((port) => ['server.conf', '--port', `${port}`, ...flags], {
        cwd,
      });
      context.onTestFinished(() => first.dispose());
      const client = await first.connect();
      expect(await configGet(client, 'maxclients')).toBe('77');
      expect(await configGet(client, 'timeout')).toBe('9');
      expect(await configGet(client, 'save')).toBe('');
      await ask(client, 'CONFIG', 'SET', 'maxclients', '78');
      expect(await ask(client, 'CONFIG', 'REWRITE')).toBe('+OK\r\n');
      await first.end();
      expect(readFileSync(join(cwd, 'server.conf'), 'utf8')).toContain('# of them');

      const { port } = first;
      const second = await Program.start(() => ['server.conf'], { cwd, port });
      context.onTestFinished(() => second.dispose());
      const other = await second.connect();
      expect(await configGet(other, 'maxclients')).toBe('78');
      expect(await configGet(other, 'timeout')).toBe('9');
      expect(await configGet(other, 'bind')).toBe('127.0.0.1');
    },
  );

  test('the standard input comes behind the file and before the flags', async (context) => {
    const { expect } = context;
    const cwd = directoryWith(context, 'server.conf', 'hz 11\ntimeout 11\nmaxclients 11\n');
    const program = await Program.start(
      (port) => ['server.conf', '--port', `${port}`, '--bind', '127.0.0.1', '--hz', '33', '-'],
      { cwd, stdin: 'hz 22\ntimeout 22\n' },
    );
    context.onTestFinished(() => program.dispose());
    const client = await program.connect();
    expect(await configGet(client, 'hz')).toBe('33');
    expect(await configGet(client, 'timeout')).toBe('22');
    expect(await configGet(client, 'maxclients')).toBe('11');
  });

  test.runIf(process.platform === 'linux')(
    'what the system does not allow is lowered',
    async (context) => {
      const { expect } = context;
      const program = await start(context, [], { after: 'ulimit -n 200' });
      expect((await program.logged('Current maximum open files')).msg).toContain(
        'is 200. maxclients has been reduced to 168',
      );
      expect(await configGet(await program.connect(), 'maxclients')).toBe('168');
    },
  );

  test.runIf(process.platform === 'linux')(
    'the title of the process is as configured',
    async (context) => {
      const { expect } = context;
      const program = await start(context, ['--proc-title-template', '{title}{{{port}']);
      const client = await program.connect();
      const title = () => readFileSync(`/proc/${program.child.pid}/cmdline`, 'latin1');
      await program.until('the title', () =>
        title().startsWith('synap-server{') ? true : undefined,
      );
      expect(title()).toContain(`synap-server{${program.port}`);
      await ask(client, 'CONFIG', 'SET', 'proc-title-template', 'T{listen-addr}');
      expect(title()).toContain(`T127.0.0.1:${program.port}`);
    },
  );
});

describe.concurrent('log', () => {
  test('tells at the start what an operator wants to know, as lines of JSON', async (context) => {
    const { expect } = context;
    const flags = ['--maxmemory', '100mb', '--maxclients', '50', '--log-format', 'json'];
    const program = await start(context, flags);
    const ready = await program.logged('Ready to accept connections');
    expect(ready).toMatchObject({
      level: 30,
      time: expect.any(Number),
      port: program.port,
      directory: program.directory,
      maxMemoryBytes: 104_857_600,
      maxClients: 50,
      databases: 16,
    });
    expect(program.log()[2]).toMatchObject({ level: 40, synap: version, node: process.version });
    expect(program.stderr).toBe('');
  });

  test('warns of settings that are dangerous or have no effect', async (context) => {
    const { expect } = context;
    const program = await start(context, ['--protected-mode', 'no', '--tls-port', '6380']);
    expect(await program.logged('everyone who reaches the port')).toMatchObject({ level: '#' });
    expect(await program.logged("'tls-port'")).toMatchObject({ level: '#' });
  });

  test('goes to a file, which may be moved away, from the level on that is set', async (context) => {
    const { expect } = context;
    const program = await start(context, ['--logfile', 'synap.log', '--loglevel', 'warning']);
    const client = await program.connect();
    expect(program.log('synap.log').filter(({ level }) => level !== '#')).toEqual([]);
    await ask(client, 'CONFIG', 'SET', 'loglevel', 'debug');
    const wrong = await program.connect();
    wrong.send(Buffer.from('*x\r\n'));
    await wrong.readUntilClose();
    expect(await program.logged('Protocol error', 'synap.log')).toMatchObject({ level: '-' });
    renameSync(join(program.directory, 'synap.log'), join(program.directory, 'synap.log.1'));
    await program.end();
    const tellsEnd = (file: string) =>
      program.log(file).some(({ msg }) => msg === 'User requested shutdown...');
    expect(tellsEnd('synap.log.1')).toBe(false);
    expect(tellsEnd('synap.log')).toBe(true);
    expect(program.stdout).toBe('');
  });

  test('nobody who reads it any more, or a full disk, does no harm', async (context) => {
    const { expect } = context;
    const program = await start(context, ['--loglevel', 'debug']);
    program.child.stdout?.destroy();
    const full = await start(context, ['--loglevel', 'debug', '--logfile', '/dev/full']);
    for (const server of [program, full]) {
      for (let i = 0; i < 10; i++) {
        const wrong = await server.connect();
        wrong.send(Buffer.from('*x\r\n'));
        await wrong.readUntilClose();
      }
      expect(await ask(await server.connect(), 'PING')).toBe('+PONG\r\n');
      expect(await server.end()).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe.concurrent('end', () => {
  test.for([
    { signal: 'SIGTERM', flags: [], save: 'default', now: false, force: false },
    {
      signal: 'SIGINT',
      flags: ['--shutdown-on-sigint', 'nosave now force'],
      save: 'nosave',
      now: true,
      force: true,
    },
  ] as const)('$signal ends it, with all clients and files', async (given, context) => {
    const { expect } = context;
    const { signal, flags, ...how } = given;
    const files = ['--pidfile', 'synap.pid', '--unixsocket', 'synap.sock', '--log-format', 'json'];
    const program = await start(context, [...files, ...flags]);
    const paths = ['synap.pid', 'synap.sock'].map((name) => join(program.directory, name));
    expect(readFileSync(paths[0], 'latin1')).toBe(`${program.child.pid}\n`);
    const clients = [await program.connect(), await program.connect()];
    for (const client of clients) await ask(client, 'PING');
    await ask(clients[0], 'CLIENT', 'PAUSE', '60000', 'WRITE');
    clients[0].sendCommand(['SET', 'key', 'value']);
    expect(await program.end(signal)).toMatchObject({ code: 0, signal: null, stderr: '' });
    for (const client of clients) expect((await client.readUntilClose()).length).toBe(0);
    const reason = `received ${signal}`;
    expect(await program.logged('User requested')).toMatchObject({ level: 40, reason, ...how });
    expect(program.log().at(-1)?.msg).toContain('ready to exit');
    expect(paths.filter(existsSync)).toEqual([]);
  });

  test('SIGHUP does not end it', async (context) => {
    const { expect } = context;
    const program = await start(context);
    const client = await program.connect();
    for (let i = 0; i < 3; i++) {
      program.child.kill('SIGHUP');
      expect(await ask(client, 'PING')).toBe('+PONG\r\n');
    }
    expect(await program.end()).toMatchObject({ code: 0, signal: null });
  });

  test.for(['', 'NOSAVE', 'SAVE NOW FORCE'])('SHUTDOWN %s', async (options, context) => {
    const { expect } = context;
    const program = await start(context);
    const client = await program.connect();
    const other = await program.connect();
    expect(await ask(client, 'SHUTDOWN', 'TOMORROW')).toBe('-ERR syntax error\r\n');
    expect(await ask(client, 'SHUTDOWN', 'ABORT')).toBe('-ERR No shutdown in progress.\r\n');
    client.send(Buffer.from(`SHUTDOWN ${options}\r\n`));
    expect((await client.readUntilClose()).length).toBe(0);
    expect((await other.readUntilClose()).length).toBe(0);
    expect(await program.ended()).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect((await program.logged('SHUTDOWN')).msg).toMatch(
      /^SHUTDOWN by client \d+ at 127\.0\.0\.1:\d+$/,
    );
  });

  test.for([{ isSamePort: true }, { isSamePort: false }])(
    'one that is refused leaves the pid file of another: same port: $isSamePort',
    async ({ isSamePort }, context) => {
      const { expect } = context;
      const flags = ['--pidfile', 'pid', '--appendonly', 'yes', '--log-lock-timeout-ms', '0'];
      const first = await start(context, flags);
      const file = join(first.directory, 'pid');
      const port = isSamePort ? String(first.port) : '0';
      const second = ['--port', port, '--unixsocket', 's', '--bind', '127.0.0.1', ...flags];
      const { code, stdout } = await run(second, { cwd: first.directory });
      expect(code).toBe(1);
      expect(stdout).not.toContain('pid file');
      expect(readFileSync(file, 'latin1')).toBe(`${first.child.pid}\n`);
      await first.end();
      expect(existsSync(file)).toBe(false);
    },
  );

  test('a pid file that cannot be written is no reason not to start', async (context) => {
    const { expect } = context;
    const program = await start(context, ['--pidfile', 'missing/synap.pid']);
    expect(await program.logged('Failed to write PID file')).toMatchObject({ level: '#' });
    expect(await program.end()).toMatchObject({ code: 0 });
  });
});
