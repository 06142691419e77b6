// @ts-check
// Gathering commands into a group of the log and writing it (to the page cache, no fsync), and the
// checksum by itself.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Log, LogDirectory } from './engine.mjs';

export const name = 'log';
export const title = 'Log: append and commit, per group; CRC32, per call';

const GROUPS = 100;
/** Of a file that begins anew with each call. */
const MAX_BYTES = 1024 * 1024 * 1024;

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  const command = Buffer.from(
    '*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$16\r\nvvvvvvvvvvvvvvvv\r\n',
  );
  return [
    ...[1, 16, 64, 3200].map((commands) => committing(command, commands, 'no')),
    ...[1, 64].map((commands) => committing(command, commands, 'periodic')),
    ...[60, 4096, 1_048_576].map(checksumming),
  ];
}

/**
 * @param {Buffer} command
 * @param {number} commands in a group
 * @param {'no' | 'periodic'} mode
 * @returns {import('./run.mjs').MicroTask}
 */
function committing(command, commands, mode) {
  const directory = mkdtempSync(join(tmpdir(), 'synap-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const files = LogDirectory.read(directory, 'appendonly.aof');
  const segment = { name: 'bench', seq: 1, fd: -1, start: 0, end: 0, sizeBytes: 0 };
  /** @type {Log} */
  let log;
  const nothing = () => {};
  const prepare = () => {
    if (segment.fd >= 0) files.fs.close(segment.fd);
    const fd = files.fs.open(join(directory, 'log'), 'w');
    Object.assign(segment, { fd, end: 0, sizeBytes: 0 });
    log = new Log(files, segment, new Map(), {
      policy: { mode, intervalMs: 3_600_000 },
      bufferBytes: 256 * 1024,
      maxSegmentBytes: MAX_BYTES,
      retryMs: 100,
      tellsTime: false,
      nowMs: Date.now,
      onProgress: nothing,
      onFailure: nothing,
      onRecovered: nothing,
      onWarning: nothing,
    });
  };
  const run = () => {
    for (let group = 0; group < GROUPS; group++) {
      for (let i = 0; i < commands; i++) log.append(command, 0, command.length);
      log.commit();
    }
    return log.offset;
  };
  const policy = mode === 'no' ? 'nothing kept' : 'kept until synced';
  return { name: `group of ${commands}, ${policy}`, operations: GROUPS, run, prepare };
}

/**
 * @param {number} sizeBytes
 * @returns {import('./run.mjs').MicroTask}
 */
function checksumming(sizeBytes) {
  const bytes = Buffer.alloc(sizeBytes, 'v');
  const calls = 20;
  const run = () => {
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += crc32(bytes);
    return sum;
  };
  return { name: `CRC32 of ${sizeBytes} bytes`, operations: calls, run };
}
