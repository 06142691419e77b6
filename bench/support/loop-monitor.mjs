// @ts-check
// The benchmark's half of the event loop monitor: asks a server that was started with
// loop-monitor-preload.mjs for its longest stall.

const ANSWER_PATIENCE_MS = 60_000;
const FIRST_ANSWER_PATIENCE_MS = 2000;

/** What `startServer` preloads into the server. */
export const loopMonitorPreload = new URL('loop-monitor-preload.mjs', import.meta.url).href;

/**
 * Stalls since the last reset: wall-clock and the server's own CPU time, both with the timer's
 * period of 1 ms included.
 * @typedef {{ loopMaxMs: number, busyMaxMs: number }} LoopReport
 */

/**
 * @typedef {object} LoopMonitor
 * @property {() => Promise<void>} reset
 * @property {() => Promise<LoopReport>} report
 */

/**
 * @param {import('node:child_process').ChildProcess} child a server started with the preload
 * @returns {Promise<LoopMonitor | null>} null when the program is not Node and so does not answer
 */
export async function attachLoopMonitor(child) {
  if ((await ask(child, 'reset', FIRST_ANSWER_PATIENCE_MS)) === null) return null;
  /** @type {(question: string) => Promise<LoopReport>} */
  const askSurely = async (question) => {
    const report = await ask(child, question, ANSWER_PATIENCE_MS);
    if (report === null) throw new Error('the event loop monitor does not answer');
    return report;
  };
  return {
    reset: async () => {
      await askSurely('reset');
    },
    report: () => askSurely('report'),
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} question
 * @param {number} patienceMs
 * @returns {Promise<LoopReport | null>} null when there was no answer in time
 */
function ask(child, question, patienceMs) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.off('message', take);
      resolve(null);
    }, patienceMs);
    /** @param {unknown} report */
    const take = (report) => {
      clearTimeout(timer);
      resolve(/** @type {LoopReport} */ (report));
    };
    child.once('message', take);
    child.send(question);
  });
}
