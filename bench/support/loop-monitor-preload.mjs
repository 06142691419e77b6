// @ts-check
// The half of the event loop monitor that lives in the server: preloaded by `node --import`, it
// leaves the server's own program unchanged and answers questions over the IPC channel.
//
// Two clocks, because a benchmark's machine is shared: `loopMaxMs` is the longest time between two
// turns of a 1 ms timer, whoever caused it (the server or another process on its core), and
// `busyMaxMs` is the most CPU time that the server itself used between two turns.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 1;

// NODE_OPTIONS reaches the server's worker threads too; they have no event loop to watch here.
if (isMainThread) monitorThisProcess();

function monitorThisProcess() {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let lastCpuMicros = cpuMicros();
  let busyMaxMicros = 0;
  const timer = setInterval(() => {
    const now = cpuMicros();
    if (now - lastCpuMicros > busyMaxMicros) busyMaxMicros = now - lastCpuMicros;
    lastCpuMicros = now;
  }, RESOLUTION_MS);
  timer.unref();
  process.on('message', (question) => {
    process.send?.({ loopMaxMs: delays.max / 1e6, busyMaxMs: busyMaxMicros / 1000 });
    if (question === 'reset') {
      delays.reset();
      busyMaxMicros = 0;
    }
  });
  // Watching must not keep the server alive.
  process.channel?.unref();
}

/** @returns {number} CPU time of all threads of this process so far */
function cpuMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
