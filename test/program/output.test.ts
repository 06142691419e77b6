// What the program writes besides the lines of a normal life: to the system's log, of a crash, on a terminal,
// of each connection; and what it prints instead of serving.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, type TestContext, test } from 'vitest';
import { temporaryDirectory } from '../support/running-server.ts';
import { LAUNCHER, Program, type RunOptions, run } from './program.ts';

const DEFECT = fileURLToPath(new URL('./fixtures/defect.cjs', import.meta.url));

async function start(
  { onTestFinished }: TestContext,
  flags: readonly string[],
  options: RunOptions = {},
): Promise<Program> {
  const program = await Program.start(
    (port) => ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', ...flags],
    options,
  );
  onTestFinished(() => program.dispose());
  return program;
}

function directory({ onTestFinished }: TestContext): string {
  const made = temporaryDirectory();
  onTestFinished(() => made.remove());
  return made.path;
}

/** A folder with a program `logger` that writes its words down; and what it has written. */
function systemLog(context: TestContext): { env: { PATH: string }; read: () => string[] } {
  const folder = directory(context);
  const file = join(folder, 'messages');
  writeFileSync(file, '');
  const path = join(folder, 'logger');
  writeFileSync(path, `#!/bin/sh\n{ printf '[%s]' "$@"; echo; } >>${file}\n`);
  chmodSync(path, 0o755);
  return {
    env: { PATH: `${folder}:${process.env.PATH}` },
    read: () => readFileSync(file, 'utf8').split('\n').slice(0, -1),
  };
}

describe.concurrent("the system's log", () => {
  test('has each record, with its level, beside the usual one', async (context) => {
    const { expect } = context;
    const { env, read } = systemLog(context);
    const flags = [
      '--syslog-enabled',
      'yes',
      '--syslog-ident',
      'my-db',
      '--syslog-facility',
      'local3',
    ];
    const program = await start(context, [...flags, '--enable-debug-command', 'yes'], { env });
    const client = await program.connect();
    await client.command('DEBUG', 'LOG', "-t $HOME 'it'\n`x` \\n %s");
    expect(await program.end()).toMatchObject({ code: 0, stderr: '' });
    const tag = `[-t][my-db[${program.child.pid}]]`;
    // Passed on by a process that outlives the server.
    const messages = await waitFor(read, (lines) => lines.at(-1)?.includes('bye bye') ?? false);
    const expected = program
      .log()
      .map(
        ({ level, msg }) =>
          `${tag}[-p][local3.${level === '*' ? 'notice' : 'warning'}][--][${msg}]`,
      );
    expect(messages).toEqual(expected);
    expect(messages).toContain(
      `${tag}[-p][local3.warning][--][DEBUG LOG: -t $HOME 'it'\\n\`x\` \\n %s]`,
    );
  });

  test('stands in no way when nobody takes its messages', async (context) => {
    const { expect } = context;
    const { env, read } = systemLog(context);
    const path = join(env.PATH.split(':')[0], 'logger');
    writeFileSync(path, '#!/bin/sh\nsleep 15\n');
    const flags = [
      '--syslog-enabled',
      'yes',
      '--loglevel',
      'verbose',
      '--enable-debug-command',
      'yes',
    ];
    const program = await start(context, flags, { env });
    const client = await program.connect();
    for (let i = 0; i < 1000; i++) client.sendCommand(['DEBUG', 'LOG', 'x'.repeat(900)]);
    await client.read(1000);
    expect((await client.command('PING')).bytes.toString()).toBe('+PONG\r\n');
    expect(await program.end()).toMatchObject({ code: 0, stderr: '' });
    expect(read()).toEqual([]);
  });

  test('must be there', async (context) => {
    const { expect } = context;
    const folder = directory(context);
    symlinkSync('/bin/sh', join(folder, 'sh'));
    const { code, stderr } = await run(
      ['--port', '0', '--unixsocket', 's', '--syslog-enabled', 'yes'],
      {
        env: { PATH: folder },
      },
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'synap-server: command line: cannot write to the system log: there is no program `logger`, which would pass the messages on\n',
    });
  });
});

describe.concurrent('a crash', () => {
  test('is in the log, with its stack', async (context) => {
    const { expect } = context;
    const options = { env: { NODE_OPTIONS: `--require=${DEFECT}` } };
    const program = await start(context, ['--logfile', 'log'], options);
    const { code, stdout, stderr } = await program.end('SIGUSR2');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('TypeError');
    const lines = program.log('log').map(({ msg }) => msg);
    const begin = lines.findIndex((line) => line.includes('BUG REPORT START'));
    expect(lines.slice(begin + 1, begin + 3)).toEqual([
      expect.stringMatching(
        /^Synap \d.*, in place of Redis \d.*, crashed with Node v\d.*: uncaughtException$/,
      ),
      expect.stringMatching(/^TypeError: Cannot read properties of undefined/),
    ]);
    expect(lines[begin + 3]).toMatch(/^ {4}at .*defect\.cjs/);
    expect(lines.at(-2)).toMatch(/^State \(uptimeSeconds=\d+ rss=\d+ /);
    expect(lines.at(-1)).toBe('=== SYNAP BUG REPORT END. ===');
  });

  test('is not, where crash-log-enabled is off', async (context) => {
    const { expect } = context;
    const options = { env: { NODE_OPTIONS: `--require=${DEFECT}` } };
    const program = await start(context, ['--crash-log-enabled', 'no'], options);
    expect(await program.end('SIGUSR2')).toMatchObject({ code: 1 });
    expect(program.stdout).not.toContain('BUG REPORT');
  });
});

describe.concurrent('the log', () => {
  test('tells of connections from verbose on', async (context) => {
    const { expect } = context;
    const program = await start(context, ['--loglevel', 'verbose']);
    const client = await program.connect();
    await client.command('CLIENT', 'SETNAME', 'me');
    await client.close();
    const { msg, level } = await program.logged('name=me');
    const [, address] =
      /^Client closed connection id=\d+ addr=(127\.0\.0\.1:\d+) name=me$/.exec(msg) ?? [];
    expect(level).toBe('-');
    expect(program.log()).toContainEqual({ role: 'M', level: '-', msg: `Accepted ${address}` });
  });

  test('is silent where it is to say nothing', async (context) => {
    const program = await start(context, ['--loglevel', 'nothing']);
    context.expect(await program.end()).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('shows the logo where it is asked to', async (context) => {
    const { expect } = context;
    const program = await start(context, ['--always-show-logo', 'yes']);
    await program.until(
      'the end of the start',
      () => /Ready to accept/.test(program.stdout) || undefined,
    );
    expect(program.stdout).toContain(` Port: ${program.port}\n`);
    expect(program.stdout).toContain(` PID: ${program.child.pid}\n`);
    expect(program.stdout).not.toContain('Running mode=');
  });

  test.for([
    [
      'logfmt',
      'milliseconds',
      /^pid=\d+ role=primary timestamp="\d{13}" level=notice message="Ready /m,
    ],
    ['legacy', 'iso8601', /^\d+:M \d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}[+-]\d\d:\d\d \* Ready /m],
    ['json', 'legacy', /^\{"level":30,"time":\d{13},.*"msg":"Ready to accept connections tcp"\}$/m],
  ] as const)('has the form %s', async ([format, timestamps, line], context) => {
    const flags = ['--log-format', format, '--log-timestamp-format', timestamps];
    const program = await start(context, flags);
    await program.until('the line', () => line.test(program.stdout) || undefined);
  });
});

describe.concurrent('instead of serving', () => {
  test('--check-system', async ({ expect }) => {
    const { code, stdout, stderr } = await run(['--check-system'], { after: 'ulimit -n 100' });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^\[slow-clocksource\]\.\.\./);
    expect(stdout).toContain('[max-clients]...WARNING:\nThe limit of open files leaves 68 clients');
  });

  test('--test-memory', async ({ expect }) => {
    const { code, stdout } = await run(['--test-memory', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^1 MB, pass 1 of 50\n[\s\S]*1 MB, pass 50 of 50\n\nYour memory passed this test\.\n/,
    );
    for (const words of [[], ['x'], ['1', '2']]) {
      const missing = await run(['--test-memory', ...words]);
      expect(missing.code).toBe(1);
      expect(missing.stdout).toMatch(
        /^Please specify the amount of memory to test in megabytes\.\n/,
      );
    }
  });

  test('what would be a Sentinel, by word or by name', async (context) => {
    const { expect } = context;
    const folder = directory(context);
    const link = join(folder, 'redis-sentinel');
    symlinkSync(LAUNCHER, link);
    const refused = { code: 1, stdout: '' };
    expect(await run(['x.conf', '--sentinel'])).toMatchObject(refused);
    const { stderr, ...ended } = await run(['x.conf'], { command: [link] });
    expect(ended).toMatchObject(refused);
    expect(stderr).toMatch(/^synap-server: command line: --sentinel: there is no Sentinel mode/);
  });

  test('the names of the checkers', async (context) => {
    const { expect } = context;
    const folder = directory(context);
    mkdirSync(join(folder, 'log'));
    for (const name of ['redis-check-aof', 'valkey-check-rdb', 'synap-check']) {
      const link = join(folder, name);
      symlinkSync(LAUNCHER, link);
      const { code, stdout } = await run(['--help'], { command: [link] });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Usage: synap-check/);
    }
  });
});

async function waitFor<T>(ask: () => T, isThere: (answer: T) => boolean): Promise<T> {
  for (let i = 0; i < 500; i++) {
    const answer = ask();
    if (isThere(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain; there is ${JSON.stringify(ask())}`);
}
