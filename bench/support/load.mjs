// @ts-check
// A load of GET and SET that keeps every latency, for figures that redis-benchmark does not tell:
// percentiles of one part of a run, and of requests that come at a steady pace whatever the server
// does. It lives in a worker thread (load-worker.mjs), so that what the main thread does meanwhile
// does not look like a slow server.

import { Worker } from 'node:worker_threads';

/**
 * Requests are of one key each, drawn at random; each connection sends the commands in turn.
 * @typedef {object} LoadPlan
 * @property {number} port on 127.0.0.1
 * @property {number} clients connections
 * @property {readonly ('GET' | 'SET')[]} commands
 * @property {number | null} requestsPerSecond of all connections together, sent at this pace even
 *   while replies are outstanding; null: a connection sends again as soon as it is answered
 * @property {number} firstKey number of the first key, named as `loadKeys` does; all must be there
 *   for GET, with values of 16 bytes
 * @property {number} keys
 */

/**
 * @typedef {object} LatencyFigures
 * @property {number} requests
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} p999Ms
 * @property {number} maxMs
 */

/**
 * What was sent while a phase was on.
 * @typedef {object} PhaseReport
 * @property {number} seconds for which the phase was on, all its times together
 * @property {number} requestsPerSecond
 * @property {Partial<Record<'GET' | 'SET', LatencyFigures>>} latencies
 */

/**
 * @typedef {object} Load
 * @property {(phase: string | null) => Promise<void>} enter counts what is sent from now on for
 *   this phase, which may have been on before; for none when null
 * @property {() => Promise<Record<string, PhaseReport>>} report when all that counts is answered
 * @property {() => Promise<void>} stop
 */

/**
 * @param {LoadPlan} plan
 * @returns {Promise<Load>} once every connection has been answered
 * @throws {Error} like all its methods, on a reply that is none to GET or SET, and a lost connection
 */
export async function startLoad(plan) {
  const worker = new Worker(new URL('load-worker.mjs', import.meta.url), { workerData: plan });
  const failure = new Promise((_, reject) => {
    worker.once('error', reject);
  });
  // A failure between two questions is for the next question to tell.
  failure.catch(() => {});
  /** @type {() => Promise<unknown>} */
  const nextMessage = () =>
    Promise.race([new Promise((resolve) => worker.once('message', resolve)), failure]);
  /** @type {(question: object) => Promise<unknown>} */
  const ask = (question) => {
    const answer = nextMessage();
    worker.postMessage(question);
    return answer;
  };
  await nextMessage();
  return {
    enter: async (phase) => {
      await ask({ phase });
    },
    report: async () => {
      const reports = await ask({ phase: null, isReport: true });
      return /** @type {Record<string, PhaseReport>} */ (reports);
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}
