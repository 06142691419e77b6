// @ts-check
// The loads on a server of events: appends at full speed, a replay, and single events that a reader
// waits for.

import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimeMicros } from '../process-stats.mjs';
import { numberAt } from './ring.mjs';

/** @typedef {import('./connection.mjs').EventClient} EventClient */

/**
 * How appends follow each other.
 * @typedef {object} Pace
 * @property {number} unacknowledged events at most
 * @property {number} atOnce events in one write
 */

/** @type {Pace} */
export const oneByOne = { unacknowledged: 1, atOnce: 1 };
/** @type {Pace} */
export const pipelined = { unacknowledged: 1024, atOnce: 64 };

/**
 * @typedef {object} RateFigures
 * @property {number} eventsPerSecond
 * @property {number} cpuMicrosPerEvent of the server
 */

/**
 * @typedef {object} AppendLoad
 * @property {string} stream
 * @property {number} payloadSizeBytes
 * @property {Pace} pace
 * @property {number} [events] at most
 * @property {number} [seconds] for which to go on at most
 */

/**
 * @param {EventClient} client
 * @param {number} pid of the server
 * @param {AppendLoad} load
 * @returns {Promise<RateFigures & { events: number }>} when all are acknowledged
 */
export async function append(client, pid, load) {
  const { events = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = load;
  const writer = await client.openWriter(load.stream, load.payloadSizeBytes);
  const { unacknowledged, atOnce } = load.pace;
  let sent = 0;
  let acknowledged = 0;
  const startedAt = performance.now();
  const cpuBefore = cpuTimeMicros(pid);
  const hasMore = () => sent < events && performance.now() - startedAt < seconds * 1000;
  /** @type {Promise<void>} */
  const done = new Promise((resolve) => {
    const pump = () => {
      while (sent - acknowledged <= unacknowledged - atOnce && hasMore()) {
        const count = Math.min(atOnce, events - sent);
        writer.send(sent, count);
        sent += count;
      }
      if (acknowledged === sent) resolve();
    };
    writer.onAcknowledged = (count) => {
      acknowledged += count;
      pump();
    };
    pump();
  });
  await Promise.race([done, writer.failed]);
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = cpuTimeMicros(pid) - cpuBefore;
  writer.close();
  return {
    events: acknowledged,
    eventsPerSecond: acknowledged / tookSeconds,
    cpuMicrosPerEvent: cpuMicros / acknowledged,
  };
}

/**
 * @param {EventClient} client
 * @param {number} pid of the server
 * @param {{ stream: string, events: number }} load
 * @returns {Promise<RateFigures & { megabytesPerSecond: number }>} megabytes of payload
 * @throws {Error} when an event is missing, or another than the next arrives
 */
export async function replay(client, pid, { stream, events }) {
  let received = 0;
  let payloadBytes = 0;
  let fault = '';
  /** @type {() => void} */
  let finish = () => {};
  /** @type {Promise<void>} */
  const done = new Promise((resolve) => {
    finish = resolve;
  });
  const startedAt = performance.now();
  const cpuBefore = cpuTimeMicros(pid);
  const reader = await client.openReader(stream, 'first', (bytes, start, sizeBytes) => {
    const number = numberAt(bytes, start);
    if (number !== received && fault === '') fault = `event ${number} came for ${received}`;
    payloadBytes += sizeBytes;
    if (++received === events || fault !== '') finish();
  });
  await Promise.race([done, reader.failed]);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = cpuTimeMicros(pid) - cpuBefore;
  reader.close();
  if (fault !== '') throw new Error(fault);
  return {
    eventsPerSecond: received / seconds,
    megabytesPerSecond: payloadBytes / seconds / 1e6,
    cpuMicrosPerEvent: cpuMicros / received,
  };
}

/**
 * @typedef {object} PacedLoad
 * @property {string} stream
 * @property {number} payloadSizeBytes
 * @property {number} eventsPerSecond
 * @property {number} seconds
 */

/**
 * Events at a steady pace, and a reader that waits for them: how long from the write of each to its
 * arrival. What comes first, before the reader is in its stride, does not count.
 * @param {EventClient} client
 * @param {PacedLoad} load
 * @returns {Promise<{ p50Ms: number, p99Ms: number }>}
 */
export async function deliverPaced(client, { stream, payloadSizeBytes, eventsPerSecond, seconds }) {
  const events = Math.round(eventsPerSecond * seconds);
  const unmeasured = Math.round(events / 10);
  const sentAt = new Float64Array(events);
  /** @type {number[]} */
  const waits = [];
  let received = 0;
  const writer = await client.openWriter(stream, payloadSizeBytes);
  /** @type {() => void} */
  let finish = () => {};
  /** @type {Promise<void>} */
  const done = new Promise((resolve) => {
    finish = resolve;
  });
  const reader = await client.openReader(stream, 'next', (bytes, start) => {
    const number = numberAt(bytes, start);
    if (number >= unmeasured) waits.push(performance.now() - sentAt[number]);
    if (++received === events) finish();
  });
  const sendAll = async () => {
    const startedAt = performance.now();
    for (let number = 0; number < events; number++) {
      const dueMs = (number / eventsPerSecond) * 1000 - (performance.now() - startedAt);
      if (dueMs > 0) await sleep(dueMs);
      sentAt[number] = performance.now();
      writer.send(number, 1);
    }
    await done;
  };
  await Promise.race([sendAll(), writer.failed, reader.failed]);
  writer.close();
  reader.close();
  waits.sort((a, b) => a - b);
  const percentile = (/** @type {number} */ share) => waits[Math.ceil(share * waits.length) - 1];
  return { p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}
