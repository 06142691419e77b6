// @ts-check
// What the kernel says of a process: CPU time of all its threads and resident memory, read from
// Linux's /proc (proc(5)). Garbage collection and JIT threads are part of the CPU time, as they
// should be.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Clock ticks a second, the unit of CPU times in /proc; read at first use. */
let ticksPerSecond = 0;

/** @returns {boolean} whether this system has what the functions below read */
export function hasProcessStats() {
  return existsSync('/proc/self/stat');
}

/**
 * @param {number} pid
 * @returns {number} user plus system time so far, in microseconds, in steps of one clock tick
 */
export function cpuTimeMicros(pid) {
  return cpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) * (1e6 / clockTicksPerSecond());
}

/**
 * @param {string} stat text of /proc/PID/stat
 * @returns {number} utime + stime, fields 14 and 15, in clock ticks
 */
export function cpuTicks(stat) {
  // Field 2 is the command in parentheses and may hold anything, blanks and parentheses included.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/**
 * @param {number} pid
 * @returns {number} resident memory in bytes
 */
export function residentBytes(pid) {
  return residentBytesOf(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/**
 * @param {string} status text of /proc/PID/status
 * @returns {number} VmRSS in bytes
 * @throws {Error} when the field is missing
 */
export function residentBytesOf(status) {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (match === null) throw new Error('/proc/PID/status has no VmRSS');
  return Number(match[1]) * 1024;
}

/**
 * The memory of a process and of those that it forked: what they share counts once, as each counts
 * its proportion of it (Pss). A child that ends meanwhile counts nothing.
 * @param {number} pid
 * @returns {number} bytes
 */
export function familyBytes(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  let sum = proportionalBytesOf(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  for (const child of children.filter((word) => word !== '')) {
    const rollup = readIfAlive(`/proc/${child}/smaps_rollup`);
    if (rollup !== null) sum += proportionalBytesOf(rollup);
  }
  return sum;
}

/**
 * @param {string} rollup text of /proc/PID/smaps_rollup
 * @returns {number} Pss in bytes
 * @throws {Error} when the field is missing
 */
export function proportionalBytesOf(rollup) {
  const match = /^Pss:\s+(\d+) kB$/m.exec(rollup);
  if (match === null) throw new Error('/proc/PID/smaps_rollup has no Pss');
  return Number(match[1]) * 1024;
}

/**
 * @param {string} file below /proc/PID
 * @returns {string | null} null when the process is no more, or a zombie
 */
function readIfAlive(file) {
  try {
    const text = readFileSync(file, 'utf8');
    return text === '' ? null : text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/** @returns {number} */
function clockTicksPerSecond() {
  if (ticksPerSecond === 0) {
    const { stdout } = spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' });
    ticksPerSecond = Number(stdout);
    if (!(ticksPerSecond > 0)) throw new Error('getconf CLK_TCK did not answer with a number');
  }
  return ticksPerSecond;
}
