// @ts-check
// The worker thread of pinger.mjs: pings `workerData.port` for as long as it lives. Says its first
// report unasked, then one whenever asked for it.

import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';

const PAUSE_MS = 1;
const PONG_SIZE = '+PONG\r\n'.length;

pingForever(workerData.port);

/** @param {number} port */
function pingForever(port) {
  const micros = createHistogram();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let sentAt = 0;
  let pending = 0;
  const ageMicros = () => Math.max(1, Math.round((performance.now() - sentAt) * 1000));
  const ping = () => {
    sentAt = performance.now();
    pending = PONG_SIZE;
    socket.write('PING\r\n');
  };
  const report = () => {
    if (pending > 0) micros.record(ageMicros());
    parentPort?.postMessage({
      maxMs: micros.max / 1000,
      p99Ms: micros.percentile(99) / 1000,
      count: micros.count,
    });
  };
  let isFirst = true;
  socket.on('connect', ping);
  socket.on('data', (chunk) => {
    pending -= chunk.length;
    if (pending > 0) return;
    micros.record(ageMicros());
    if (isFirst) report();
    isFirst = false;
    setTimeout(ping, PAUSE_MS);
  });
  socket.on('close', () => {
    throw new Error('the server closed the connection of the pinging client');
  });
  parentPort?.on('message', (message) => {
    if (message === 'reset') micros.reset();
    else report();
  });
}
