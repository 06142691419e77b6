// @ts-check
// The disk under the servers' directories: what kind it is, since an fsync means nothing in memory,
// and whether it has room for what a run writes.

import { spawnSync } from 'node:child_process';
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @returns {string} the file system of temporary directories, such as "ext2/ext3" or "tmpfs" */
export function fileSystemName() {
  const { stdout } = spawnSync('stat', ['-f', '-c', '%T', tmpdir()], { encoding: 'utf8' });
  return stdout?.trim() || 'unknown';
}

/**
 * @param {number} neededBytes
 * @throws {Error} when temporary directories have less room than that
 */
export function requireRoom(neededBytes) {
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize >= neededBytes) return;
  const [needed, there] = [neededBytes, bavail * bsize].map((bytes) => (bytes / 1e9).toFixed(1));
  throw new Error(
    `${tmpdir()} has ${there} GB of room, and ${needed} GB are needed; TMPDIR names another place`,
  );
}

/**
 * Has the system write what it still keeps for this file system, and carry out what was removed, so
 * that the next one to synchronise a file does not pay for it.
 */
export function flushFileSystem() {
  const { status, stderr } = spawnSync('sync', ['--file-system', tmpdir()], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`sync --file-system: ${stderr?.trim()}`);
}

/**
 * @param {string} path of a file or directory
 * @returns {number} sum of the sizes of all files there; 0 when there is none
 */
export function bytesUnder(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesUnder(join(path, name)), 0);
}
