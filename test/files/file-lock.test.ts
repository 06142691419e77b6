// The lock of a file: one holder at a time, whoever asks, gone with its process, also with one that has
// process ids of its own; by whichever program there is to lock with.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FileLock, LockedError, UnlockableError } from '../../src/files/file-lock.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const LOCKER = fileURLToPath(new URL('locker.mjs', import.meta.url));
const STARTERS = 6;
const NOBODY = 65_534;

let directory: { path: string; remove(): void };
let path: string;
let children: ChildProcess[];

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory.path, 'lock');
  children = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const child of children) await kill(child);
  directory.remove();
});

/** What keeps us from it; undefined when nothing does, and it is let go of again. */
function refusal(): unknown {
  try {
    FileLock.take(path, 'another try').release();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A process that takes the lock; resolves with what it says. */
async function locker(
  holder: string,
  before: readonly string[] = [],
): Promise<[ChildProcess, string]> {
  const [command, ...args] = [...before, process.execPath, LOCKER, path, holder];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return [child, text.toString().trim()];
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Has only these programs be found. */
function havingOnly(...names: readonly string[]): void {
  const folder = join(directory.path, 'programs');
  mkdirSync(folder);
  for (const name of names) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(folder, name));
  }
  vi.stubEnv('PATH', folder);
}

describe.each(['flock', 'perl'])('by %s', (program) => {
  beforeEach(() => havingOnly(program));

  test('one holds it, also within a process, and says who', () => {
    const lock = FileLock.take(path, 'pid 1 on a');
    expect(readFileSync(path, 'latin1')).toBe('pid 1 on a\n');
    expect(refusal()).toBeInstanceOf(LockedError);
    expect(refusal()).toMatchObject({ holder: 'pid 1 on a' });
    lock.describe('b');
    expect(refusal()).toMatchObject({ holder: 'b', message: `${path} is locked by b` });
    lock.release();
    expect(readdirSync(directory.path)).toEqual(['programs']);
    expect(refusal()).toBeUndefined();
  });

  test('it goes with the process that holds it', async () => {
    const [child, said] = await locker('the child');
    expect(said).toBe('held');
    expect(refusal()).toMatchObject({ holder: 'the child' });
    await kill(child);
    expect(existsSync(path)).toBe(true);
    expect(refusal()).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  test('of many that start at once, one gets it', async () => {
    writeFileSync(path, 'left by a process that was killed\n');
    const said = await Promise.all(
      Array.from({ length: STARTERS }, (_, i) => locker(`starter ${i}`)),
    );
    expect(said.map(([, text]) => text).sort()).toEqual([
      'held',
      ...Array<string>(STARTERS - 1).fill('locked'),
    ]);
  });

  test('what cannot be locked says why', () => {
    expect(spawnSync('/usr/bin/mkfifo', [path]).status).toBe(0);
    expect(refusal()).toBeInstanceOf(UnlockableError);
    path = directory.path;
    expect(refusal()).toMatchObject({ code: 'EISDIR' });
    path = join(directory.path, 'missing', 'lock');
    expect(refusal()).toMatchObject({ code: 'ENOENT' });
  });
});

test('process ids of its own make no difference', async (context) => {
  const unshare = ['unshare', '--pid', '--fork', '--kill-child', '--uts', '--net'];
  if (spawnSync(unshare[0], [...unshare.slice(1), 'true']).status !== 0) {
    console.warn(
      'no namespaces can be made here: the test of locks between containers is left out',
    );
    context.skip();
  }
  const [inside, said] = await locker('pid 1 in a container', unshare);
  expect(said).toBe('held');
  expect(refusal()).toMatchObject({ holder: 'pid 1 in a container' });
  const [, again] = await locker('pid 1 in another container', unshare);
  expect(again).toBe('locked');
  await kill(inside);
  // Its own process ends with it, a moment later.
  while (refusal() !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a file that is deleted or replaced while it is being locked does not count', () => {
  const lock = FileLock.take(path, 'first');
  expect(lock.isInPlace()).toBe(true);
  renameSync(path, `${path}-else`);
  expect(lock.isInPlace()).toBe(false);
  const other = FileLock.take(path, 'second');
  expect(lock.isInPlace()).toBe(false);
  // It is not its own that it would delete.
  lock.release();
  expect(readFileSync(path, 'latin1')).toBe('second\n');
  unlinkSync(path);
  expect(other.isInPlace()).toBe(false);
  other.release();
});

test('one that its holder deletes between being opened and locked is locked anew', () => {
  const folder = join(directory.path, 'programs');
  mkdirSync(folder);
  const { stdout } = spawnSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' });
  const first = join(directory.path, 'first');
  const script = `[ -e '${first}' ] || { : > '${first}'; rm -f '${path}'; }; exec ${stdout.trim()} "$@"`;
  writeFileSync(join(folder, 'flock'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  const lock = FileLock.take(path, 'at last');
  expect(lock.isInPlace()).toBe(true);
  expect(refusal()).toMatchObject({ holder: 'at last' });
  lock.release();
});

test('what another user has left is replaced', (context) => {
  if (process.getuid?.() !== 0) {
    console.warn('not run by root: the test of a lock file of another user is left out');
    context.skip();
  }
  writeFileSync(path, 'of root\n');
  chmodSync(path, 0o644);
  chmodSync(directory.path, 0o777);
  process.seteuid?.(NOBODY);
  try {
    const lock = FileLock.take(path, 'of nobody');
    expect(readFileSync(path, 'latin1')).toBe('of nobody\n');
    lock.release();
  } finally {
    process.seteuid?.(0);
  }
});

test('without any program to lock with, that is said', () => {
  havingOnly();
  expect(refusal()).toBeInstanceOf(UnlockableError);
  expect(String(refusal())).toMatch('there is neither flock nor perl to lock a file with');
});

test('no text of a lock file harms who shows it', () => {
  const lock = FileLock.take(path, 'x');
  writeFileSync(path, `\u001b[31m${'long '.repeat(1000)}\nmore`);
  expect(String(refusal())).toMatch(/is locked by \?\[31mlong [long ]{200,290}$/);
  lock.release();
});
