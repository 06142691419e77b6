// @ts-check
// Watches a server from outside: one connection that sends PING about every millisecond and keeps
// the round-trip times. It lives in a worker thread (pinger-worker.mjs), so that a load generator
// that keeps the main thread busy does not look like a stall of the server.

import { Worker } from 'node:worker_threads';

/**
 * Round-trip times of PING since the last reset.
 * @typedef {{ maxMs: number, p99Ms: number, count: number }} PingReport
 */

/**
 * @typedef {object} Pinger
 * @property {() => void} reset forgets what was measured so far
 * @property {() => Promise<PingReport>} report a PING still under way counts with its age; rejects
 *   when the connection was lost
 * @property {() => Promise<void>} stop
 */

/**
 * @param {number} port on 127.0.0.1
 * @returns {Promise<Pinger>} once the first PING was answered
 */
export async function startPinger(port) {
  const worker = new Worker(new URL('pinger-worker.mjs', import.meta.url), {
    workerData: { port },
  });
  const failure = new Promise((_, reject) => {
    worker.once('error', reject);
  });
  // A failure between two questions is for the next question to tell.
  failure.catch(() => {});
  /** @type {() => Promise<PingReport>} */
  const nextReport = () =>
    Promise.race([new Promise((resolve) => worker.once('message', resolve)), failure]);
  await nextReport();
  return {
    reset: () => worker.postMessage('reset'),
    report: () => {
      const report = nextReport();
      worker.postMessage('report');
      return report;
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}
