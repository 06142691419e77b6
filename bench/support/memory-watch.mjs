// @ts-check
// The largest amount of memory that a server and its children took while somebody watched.

import { familyBytes } from './process-stats.mjs';

const LEAST_PAUSE_MS = 20;
/** The kernel walks all pages for one figure: at most a twentieth of the time goes into that. */
const REST_FACTOR = 20;

/**
 * @typedef {object} MemoryWatch
 * @property {() => number} peakBytes since the last reset
 * @property {() => void} reset
 * @property {() => void} stop
 */

/**
 * @param {number} pid
 * @returns {MemoryWatch} which has looked once already
 */
export function watchMemory(pid) {
  let peakBytes = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const look = () => {
    const startedAt = performance.now();
    peakBytes = Math.max(peakBytes, familyBytes(pid));
    const tookMs = performance.now() - startedAt;
    timer = setTimeout(look, Math.max(LEAST_PAUSE_MS, REST_FACTOR * tookMs));
  };
  look();
  return {
    peakBytes: () => peakBytes,
    reset() {
      peakBytes = familyBytes(pid);
    },
    stop: () => clearTimeout(timer),
  };
}
