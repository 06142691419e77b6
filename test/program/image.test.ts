// The image, as far as it can be looked at without Docker: what its entrypoint runs for a command line, with
// the programs that it calls replaced by ones that tell what they were given, and whether its build is given
// the files that it copies.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/running-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRYPOINT = join(ROOT, 'scripts', 'docker-entrypoint.sh');
const SERVER = ['node', '--disable-sigusr1', join(ROOT, 'dist', 'main.js')];
const OPEN = ['--protected-mode', 'no'];

const directory = temporaryDirectory();
const programs = join(directory.path, 'programs');
mkdirSync(programs);

afterAll(() => directory.remove());

/** A program that tells its name, its words, and the umask. */
function told(name: string): void {
  program(name, `printf '%s\\n' "umask $(umask)" ${name} "$@"`);
}

function program(name: string, script: string): void {
  const path = join(programs, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

for (const name of ['node', 'setpriv', 'redis-cli']) told(name);
program('find', 'exit 0');

/** What the entrypoint runs in the end. */
function entered(words: readonly string[], options: { uid?: number; umask?: string } = {}) {
  program('id', `echo ${options.uid ?? 999}`);
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `umask ${options.umask ?? '0022'}; exec sh "$0" "$@"`, ENTRYPOINT, ...words],
    {
      cwd: directory.path,
      encoding: 'utf8',
      env: { PATH: `${programs}:${process.env.PATH}` },
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [umask, ...run] = stdout.slice(0, -1).split('\n');
  return { umask, run };
}

function file(name: string, text: string): string {
  writeFileSync(join(directory.path, name), text);
  return name;
}

describe('the entrypoint', () => {
  test.each<[string[], string[]]>([
    [['synap-server'], OPEN],
    [['redis-server'], OPEN],
    [['valkey-server'], OPEN],
    [
      ['--maxmemory', '100mb'],
      [...OPEN, '--maxmemory', '100mb'],
    ],
    [
      ['valkey-server', '--requirepass secret', '--save 1 1 '],
      [...OPEN, '--requirepass secret', '--save 1 1 '],
    ],
    [['redis-server', '--version'], ['--version']],
    [['-v'], ['-v']],
    [['--help'], ['--help']],
    [['--check-system'], ['--check-system']],
    [
      ['--test-memory', '10'],
      ['--test-memory', '10'],
    ],
    [['redis-server', '-'], ['-']],
    [
      ['--port', '7000', '-'],
      ['--port', '7000', '-'],
    ],
  ])('runs the server for %j', (words, args) => {
    expect(entered(words).run).toEqual([...SERVER, ...args]);
  });

  test('leaves protected mode to a file that decides about it', () => {
    const open = file('open.conf', 'port 7000\n# protected-mode yes\n');
    const decided = file('decided.yaml', 'network:\n  protected-mode: yes\n');
    const including = file('including.conf', 'include other.conf\n');
    expect(entered([open, '--port', '1']).run).toEqual([...SERVER, open, ...OPEN, '--port', '1']);
    expect(entered(['redis-server', open, '-']).run).toEqual([...SERVER, open, '-']);
    for (const name of [decided, including]) {
      expect(entered([name]).run).toEqual([...SERVER, name]);
      expect(entered(['valkey-server', name]).run).toEqual([...SERVER, name]);
    }
  });

  test('runs any other program as it is', () => {
    expect(entered(['redis-cli', '-a', 'a b', 'ping']).run).toEqual([
      'redis-cli',
      '-a',
      'a b',
      'ping',
    ]);
  });

  test('gives up what root may do', () => {
    expect(entered(['redis-server'], { uid: 0 }).run).toEqual([
      ...['setpriv', '--reuid=synap', '--regid=synap', '--clear-groups', '--'],
      ...[...SERVER, ...OPEN],
    ]);
    expect(entered(['redis-cli'], { uid: 0 }).run).toEqual(['redis-cli']);
  });

  test('keeps what is saved to the server, unless told otherwise', () => {
    expect(entered(['redis-server']).umask).toBe('umask 0077');
    expect(entered(['redis-server'], { umask: '0027' }).umask).toBe('umask 0027');
    expect(entered(['redis-cli']).umask).toBe('umask 0022');
  });
});

describe('the build', () => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', '');
  const lines = dockerfile.split('\n').map((line) => line.trim());
  const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));

  test('is given all that it copies, which is there', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    for (const path of copied) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      expect(
        allowed.some((name) => path === name || path.startsWith(`${name}/`)),
        path,
      ).toBe(true);
    }
  });

  test('has the programs that users of the image call', () => {
    expect(dockerfile).toMatch(/apt-get install .*\bredis-tools\b/);
    for (const name of ['synap-server', 'redis-server', 'valkey-server', 'redis-sentinel']) {
      expect(dockerfile).toMatch(new RegExp(`for name in [^;]*\\b${name}\\b`));
    }
    // What the links lead to, in the folder that everything is copied to.
    for (const [, path] of dockerfile.matchAll(/ln -s \/opt\/synap\/(\S+)/g)) {
      const folder = dirname(path);
      expect(folder === 'dist' || existsSync(join(ROOT, path)), path).toBe(true);
    }
  });
});
