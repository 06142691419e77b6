// A FIFO or a directory in the place of each file that the programs read or write: told with its name, and
// never waited for. What a shell hands over by a descriptor is read all the same.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, type TestContext, test } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { Program, run } from './program.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const CHECK = fileURLToPath(new URL('../../dist/check.js', import.meta.url));
const FOLDER = 'appendonlydir';
const CHECK_TIMEOUT_MS = 20_000;

/** No port, so that nothing but the file at fault can stop the start. */
const QUIET = ['--port', '0', '--unixsocket', 's'];

const MAKERS: Readonly<Record<string, (path: string) => void>> = {
  FIFO: (path) => {
    if (spawnSync('mkfifo', [path]).status !== 0) throw new Error(`no FIFO ${path}`);
  },
  directory: (path) => mkdirSync(path),
};
const REASONS: Readonly<Record<string, RegExp>> = {
  FIFO: /a FIFO and not a regular file/,
  directory: /[Ii]s a directory|EISDIR/,
};

function directory({ onTestFinished }: TestContext): string {
  const made = temporaryDirectory();
  onTestFinished(() => made.remove());
  return made.path;
}

async function loaded(program: Program, client: RawClient): Promise<void> {
  await program.until('the data', async () => {
    const reply = textOf(await client.command('GET', 'k'));
    return reply.startsWith('LOADING') ? undefined : true;
  });
}

/** A directory with a log of two files and a base. */
async function withLog(context: TestContext): Promise<string> {
  const cwd = directory(context);
  const program = await Program.start(
    (port) => ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes'],
    { cwd },
  );
  context.onTestFinished(() => program.dispose());
  const client = await program.connect();
  await loaded(program, client);
  await client.command('SET', 'k', 'v');
  await client.command('BGREWRITEAOF');
  await program.until('a base', async () => {
    const info = textOf(await client.command('INFO', 'persistence'));
    return info.includes('aof_rewrite_in_progress:0') ? true : undefined;
  });
  await client.command('SET', 'k', 'w');
  await client.close();
  await program.end();
  return cwd;
}

describe.concurrent.each(['FIFO', 'directory'])('a %s in the place of', (kind) => {
  const make = MAKERS[kind];

  test('the configuration file, or one that it includes', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    make(join(cwd, 'synap.conf'));
    const { code, stderr } = await run(['synap.conf'], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^synap-server: synap\.conf: /)]);
    expect(stderr).toMatch(REASONS[kind]);
    writeFileSync(join(cwd, 'outer.conf'), 'include synap.conf\n');
    const outer = await run(['outer.conf'], { cwd });
    expect([outer.code, outer.stderr]).toEqual([1, expect.stringMatching(/outer\.conf:1: /)]);
  });

  test('dump.rdb', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    make(join(cwd, 'dump.rdb'));
    for (const appendonly of ['no', 'yes']) {
      const { code, stderr } = await run([...QUIET, '--appendonly', appendonly], { cwd });
      expect([code, stderr]).toEqual([1, expect.stringMatching(/dump\.rdb: cannot be loaded: /)]);
      expect(stderr).toMatch(REASONS[kind]);
    }
  });

  test('the one log file of an older Redis, which stays where it is', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    make(join(cwd, 'appendonly.aof'));
    const { code, stderr } = await run([...QUIET, '--appendonly', 'yes'], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringMatching(REASONS[kind])]);
    expect(readdirSync(cwd)).toContain('appendonly.aof');
  });

  test('each file of the log', { timeout: 90_000 }, async (context) => {
    const { expect } = context;
    const cwd = await withLog(context);
    const names = readdirSync(join(cwd, FOLDER));
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) {
      const path = join(cwd, FOLDER, name);
      renameSync(path, join(cwd, 'aside'));
      make(path);
      const { code, stderr } = await run([...QUIET, '--appendonly', 'yes'], { cwd });
      expect([name, code, stderr]).toEqual([name, 1, expect.stringMatching(REASONS[kind])]);
      const options = { encoding: 'utf8', timeout: CHECK_TIMEOUT_MS } as const;
      const checked = spawnSync(process.execPath, [CHECK, join(cwd, FOLDER)], options);
      expect([name, checked.signal]).toEqual([name, null]);
      expect([name, checked.stdout + checked.stderr]).toEqual([
        name,
        expect.stringMatching(REASONS[kind]),
      ]);
      expect(checked.status).toBeGreaterThan(0);
      rmSync(path, { recursive: true });
      renameSync(join(cwd, 'aside'), path);
    }
    // Nothing of it was harmed by the attempts.
    const again = await Program.start(
      (port) => ['--port', String(port), '--bind', '127.0.0.1', '--appendonly', 'yes'],
      { cwd },
    );
    context.onTestFinished(() => again.dispose());
    const client = await again.connect();
    await loaded(again, client);
    expect(textOf(await client.command('GET', 'k'))).toBe('w');
    await client.close();
  });

  test('the pid file: the server starts, and leaves it alone', async (context) => {
    const { expect } = context;
    const cwd = directory(context);
    make(join(cwd, 'pid'));
    const program = await Program.start(
      (port) => ['--port', String(port), '--bind', '127.0.0.1', '--pidfile', 'pid'],
      { cwd },
    );
    context.onTestFinished(() => program.dispose());
    await program.logged('Failed to write PID file');
    expect((await program.end()).code).toBe(0);
    expect(statSync(join(cwd, 'pid')).isFile()).toBe(false);
  });
});

test('what a shell hands over by a descriptor is read as a configuration file', ({ expect }) => {
  const script = `exec "$0" "$1" <(echo 'port 0'; sleep 0.2; echo 'nonsense 1')`;
  const options = { encoding: 'utf8', timeout: CHECK_TIMEOUT_MS } as const;
  const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath, MAIN], options);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^synap-server: \/dev\/fd\/\d+:2: /)]);
});
