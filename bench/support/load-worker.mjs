// @ts-check
// The worker thread of load.mjs. Requests belong to the phase in which they were sent. Replies of a
// connection come in order and have known sizes, so they are counted by their bytes; only the first
// byte of each is looked at.

import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { getTemplate, setTemplate, writeNumbers } from './loader.mjs';

const VALUE_BYTES = 16;
const TICK_MS = 1;

const kinds = {
  GET: { template: getTemplate(), replyBytes: `$16\r\n${'v'.repeat(VALUE_BYTES)}\r\n`.length },
  SET: { template: setTemplate(VALUE_BYTES), replyBytes: '+OK\r\n'.length },
};
const FIRST_BYTES = { GET: '$'.charCodeAt(0), SET: '+'.charCodeAt(0) };

/**
 * @typedef {'GET' | 'SET'} Command
 * @typedef {{ sentAt: number, command: Command, phase: Phase | null }} Request
 * @typedef {{ send: () => void }} Connection
 */

/** What is counted for one phase. */
class Phase {
  #micros = { GET: createHistogram(), SET: createHistogram() };
  #activeMs = 0;
  #enteredAt = 0;

  enter() {
    this.#enteredAt = performance.now();
  }

  leave() {
    this.#activeMs += performance.now() - this.#enteredAt;
  }

  /** @param {Request} request that has been answered */
  record({ command, sentAt }) {
    const micros = Math.round((performance.now() - sentAt) * 1000);
    this.#micros[command].record(Math.max(1, micros));
  }

  /** @returns {import('./load.mjs').PhaseReport} */
  report() {
    /** @type {import('./load.mjs').PhaseReport['latencies']} */
    const latencies = {};
    let requests = 0;
    for (const command of /** @type {const} */ (['GET', 'SET'])) {
      const micros = this.#micros[command];
      if (micros.count === 0) continue;
      requests += micros.count;
      latencies[command] = {
        requests: micros.count,
        p50Ms: micros.percentile(50) / 1000,
        p99Ms: micros.percentile(99) / 1000,
        p999Ms: micros.percentile(99.9) / 1000,
        maxMs: micros.max / 1000,
      };
    }
    const seconds = this.#activeMs / 1000;
    return { seconds, requestsPerSecond: seconds === 0 ? 0 : requests / seconds, latencies };
  }
}

/** @type {Map<string, Phase>} */
const phases = new Map();
/** @type {Phase | null} */
let current = null;
/** Requests of any phase that are not answered yet. */
let outstanding = 0;
let isReportAsked = false;

run(workerData);

/** @param {import('./load.mjs').LoadPlan} plan */
function run(plan) {
  const { clients, requestsPerSecond } = plan;
  let waiting = clients;
  const onFirstReply = () => {
    if (--waiting > 0) return;
    parentPort?.postMessage('ready');
    if (requestsPerSecond !== null) keepPace(connections, requestsPerSecond);
  };
  const sendsAgain = requestsPerSecond === null;
  const connections = Array.from({ length: clients }, (_, i) =>
    openConnection(plan, i, sendsAgain, onFirstReply),
  );
  parentPort?.on('message', ({ phase, isReport }) => {
    enterPhase(phase);
    isReportAsked = isReport === true;
    if (!isReportAsked) parentPort?.postMessage('entered');
    else if (outstanding === 0) sendReports();
  });
}

/** @param {string | null} name */
function enterPhase(name) {
  current?.leave();
  current = null;
  if (name === null) return;
  current = phases.get(name) ?? new Phase();
  phases.set(name, current);
  current.enter();
}

function sendReports() {
  isReportAsked = false;
  const reports = [...phases].map(([name, phase]) => [name, phase.report()]);
  parentPort?.postMessage(Object.fromEntries(reports));
}

/**
 * Sends what is due by the clock, so that the pace does not depend on the timer's.
 * @param {readonly Connection[]} connections
 * @param {number} requestsPerSecond
 */
function keepPace(connections, requestsPerSecond) {
  const startedAt = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * requestsPerSecond) / 1000);
    for (; sent < due; sent++) connections[sent % connections.length].send();
  }, TICK_MS);
}

/**
 * @param {import('./load.mjs').LoadPlan} plan
 * @param {number} number of the connection, by which it chooses its first command
 * @param {boolean} sendsAgain when it is answered
 * @param {() => void} onFirstReply
 * @returns {Connection} which sends its first request by itself
 */
function openConnection({ port, commands, firstKey, keys }, number, sendsAgain, onFirstReply) {
  /** @type {Request[]} */
  const sent = [];
  let next = number;
  let isFirst = true;
  /** Bytes that are still to come of the reply to the first of those sent; 0: none came yet. */
  let missing = 0;

  const send = () => {
    const command = commands[next++ % commands.length];
    const { template } = kinds[command];
    // Its bytes may stay with the socket for a while: no buffer is used twice.
    const bytes = Buffer.from(template.bytes);
    writeNumbers(template, bytes, 0, firstKey + Math.floor(Math.random() * keys));
    if (current !== null) outstanding++;
    sent.push({ sentAt: performance.now(), command, phase: current });
    socket.write(bytes);
  };
  const answered = () => {
    const request = /** @type {Request} */ (sent.shift());
    if (request.phase !== null) {
      request.phase.record(request);
      outstanding--;
      if (isReportAsked && outstanding === 0) sendReports();
    }
    if (isFirst) onFirstReply();
    isFirst = false;
    if (sendsAgain) send();
  };
  const received = Buffer.alloc(64 * 1024);
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: received,
      callback(size) {
        for (let at = 0; at < size; ) {
          if (missing === 0) {
            const command = sent[0]?.command;
            if (command === undefined || received[at] !== FIRST_BYTES[command]) {
              const [line] = received.toString('latin1', at, size).split('\r\n');
              throw new Error(`the load got an unexpected reply "${line}" to ${command}`);
            }
            missing = kinds[command].replyBytes;
          }
          const taken = Math.min(missing, size - at);
          missing -= taken;
          at += taken;
          if (missing === 0) answered();
        }
        return true;
      },
    },
  });
  socket.on('connect', send);
  socket.on('close', () => {
    throw new Error('the server closed a connection of the load');
  });
  return { send };
}
