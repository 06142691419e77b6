// scripts/prepare.mjs, in a small checkout of its own: installs and compiles when something changed,
// and only then. `npm` is a program of the test's, which notes what it is asked for.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/running-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Stands for npm: installs the compiler and the bundler that the tests run with. */
const NPM = `#!/bin/sh
echo "$@" >> npm.log
rm -rf node_modules
mkdir -p node_modules
ln -s "${join(ROOT, 'node_modules', 'typescript')}" node_modules/typescript
ln -s "${join(ROOT, 'node_modules', '@types')}" node_modules/@types
ln -s "${join(ROOT, 'node_modules', 'rolldown')}" node_modules/rolldown
`;

const COPIED = ['scripts/prepare.mjs', 'scripts/build.mjs', 'tsconfig.json', 'tsconfig.build.json'];

let checkout: string;
let remove: () => void;

beforeEach(() => {
  ({ path: checkout, remove } = temporaryDirectory());
  for (const folder of ['scripts', 'src/part', 'bin']) {
    mkdirSync(join(checkout, folder), { recursive: true });
  }
  for (const file of COPIED) copyFileSync(join(ROOT, file), join(checkout, file));
  write('package.json', '{ "type": "module" }');
  write('package-lock.json', '{ "lockfileVersion": 3 }');
  write('src/main.ts', "import { answer } from './part/answer.ts';\nconsole.log(answer);\n");
  write('src/index.ts', "export { answer } from './part/answer.ts';\n");
  write('src/check.ts', 'export {};\n');
  write('src/part/answer.ts', 'export const answer: number = 1;\n');
  write('bin/npm', NPM);
  chmodSync(join(checkout, 'bin/npm'), 0o755);
});

afterEach(() => remove());

function write(file: string, text: string): void {
  writeFileSync(join(checkout, file), text);
}

function read(file: string): string {
  return readFileSync(join(checkout, file), 'utf8');
}

function prepare(...args: string[]): { status: number | null; output: string } {
  const script = join(checkout, 'scripts/prepare.mjs');
  const path = `${join(checkout, 'bin')}${delimiter}${process.env.PATH}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: tmpdir(),
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** What the compiled program prints. */
function answer(): string {
  return spawnSync(process.execPath, [join(checkout, 'dist/main.js')], { encoding: 'utf8' }).stdout;
}

/** Runs it, and tells what it did. */
function done(...args: string[]): { installed: boolean; built: boolean } {
  rmSync(join(checkout, 'npm.log'), { force: true });
  const mark = 'dist/mark';
  if (existsSync(join(checkout, 'dist'))) write(mark, '');
  const { status, output } = prepare(...args);
  expect({ status, output }).toEqual({ status: 0, output: '' });
  const built = existsSync(join(checkout, 'dist')) && !existsSync(join(checkout, mark));
  return { installed: existsSync(join(checkout, 'npm.log')), built };
}

test('installs and compiles once, from wherever it is started', () => {
  expect(done('build')).toEqual({ installed: true, built: true });
  expect(read('npm.log')).toMatch(/^ci .*--include=dev/);
  expect(answer()).toBe('1\n');
  expect(done('build')).toEqual({ installed: false, built: false });
  expect(answer()).toBe('1\n');
});

test('compiles again what changed, came or went', () => {
  done('build');
  write('src/part/answer.ts', 'export const answer: number = 2;\nexport const more = 1;\n');
  expect(done('build')).toEqual({ installed: false, built: true });
  expect(answer()).toBe('2\n');
  write('src/part/new.ts', 'export {};\n');
  expect(done('build')).toEqual({ installed: false, built: true });
  expect(existsSync(join(checkout, 'build/part/new.js'))).toBe(true);
  rmSync(join(checkout, 'src/part/new.ts'));
  expect(done('build')).toEqual({ installed: false, built: true });
  expect(existsSync(join(checkout, 'build/part/new.js'))).toBe(false);
  rmSync(join(checkout, 'dist'), { recursive: true });
  done('build');
  expect(answer()).toBe('2\n');
  rmSync(join(checkout, 'build'), { recursive: true });
  expect(done('build')).toEqual({ installed: false, built: true });
  expect(existsSync(join(checkout, 'build/part/answer.js'))).toBe(true);
});

test('installs again when other packages are wanted', () => {
  done('build');
  write('package-lock.json', '{ "lockfileVersion": 3, "packages": {} }');
  expect(done('build')).toEqual({ installed: true, built: true });
  expect(done('build')).toEqual({ installed: false, built: false });
  rmSync(join(checkout, 'node_modules'), { recursive: true });
  expect(done('build')).toEqual({ installed: true, built: false });
});

test('compiles nothing unless it is asked to', () => {
  expect(done()).toEqual({ installed: true, built: false });
  expect(done()).toEqual({ installed: false, built: false });
});

test('what does not compile fails, each time until it does', () => {
  write('src/part/answer.ts', "export const answer: number = 'none';\n");
  for (let i = 0; i < 2; i++) {
    const { status, output } = prepare('build');
    expect(status).toBeGreaterThan(0);
    expect(output).toContain('answer.ts');
  }
  write('src/part/answer.ts', 'export const answer: number = 3;\n');
  expect(done('build')).toEqual({ installed: false, built: true });
  expect(answer()).toBe('3\n');
});

test('an installation that fails is tried again', () => {
  write('bin/npm', '#!/bin/sh\nexit 7\n');
  expect(prepare('build')).toEqual({ status: 7, output: expect.stringContaining('npm ci') });
  write('bin/npm', NPM);
  expect(done('build')).toEqual({ installed: true, built: true });
});
