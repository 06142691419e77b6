// @ts-check
// Every child process and temporary directory of a benchmark is registered here, and whatever is
// left goes when this process exits, for any reason it can act on: the end, an error, Ctrl-C.
// Children hold nothing worth saving, so leftovers are killed outright.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
/** @type {Set<string>} */
const directories = new Set();

/** Call once, first: from here on nothing that this process starts outlives it. */
export function cleanUpOnExit() {
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    for (const directory of directories) removeDirectory(directory);
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => process.exit(128 + constants.signals[signal]));
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {import('node:child_process').ChildProcess} registered until it exits
 */
export function startChild(command, args, options) {
  const child = spawn(command, args, options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.once('error', () => children.delete(child));
  return child;
}

/**
 * Asks a child to end, then insists.
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} patienceMs how long it may take to end by itself
 * @returns {Promise<void>} when it is gone
 */
export async function stopChild(child, patienceMs = 10_000) {
  if (!children.has(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await gone;
  clearTimeout(insist);
}

/** @returns {string} a fresh directory, removed at exit or by `removeDirectory` */
export function makeDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'synap-bench-'));
  directories.add(directory);
  return directory;
}

/** @param {string} directory one that `makeDirectory` gave */
export function removeDirectory(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  directories.delete(directory);
}

/**
 * Runs a tool to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<{ stdout: string, stderr: string }>}
 * @throws {Error} when it cannot start or exits with anything but 0
 */
export function runTool(command, args) {
  return new Promise((resolve, reject) => {
    const child = startChild(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve({ stdout, stderr });
      const last = (stderr || stdout).trim().split('\n').slice(-3).join('\n');
      reject(new Error(`${command} ended with ${signal ?? `exit code ${code}`}: ${last}`));
    });
  });
}

/**
 * @param {string} command
 * @returns {string | null} the first line of `command --version`; null when it is not installed
 */
export function toolVersion(command) {
  const result = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return result.error === undefined && result.status === 0 ? result.stdout.split('\n')[0] : null;
}
