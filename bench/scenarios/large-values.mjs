// @ts-check
// What others wait for while one client sets and gets a value of 512 MB: without a log, and with one in each
// mode of `appendfsync`. Both servers are watched from outside (the longest wait of a client that pings all
// the time), Synap from inside as well (its event loop's longest turn). Memory is looked at at the end.

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireRoom } from '../support/disk.mjs';
import { attachLoopMonitor, loopMonitorPreload } from '../support/loop-monitor.mjs';
import { startPinger } from '../support/pinger.mjs';
import { residentBytes } from '../support/process-stats.mjs';
import { inOrderOfRound, keepNothing, withServers } from '../support/servers.mjs';

export const name = 'large-values';
export const summary = 'what others wait for while a value of 512 MB is set and read';

const MIB = 1024 * 1024;
/** No rewrite of the log runs into what is measured. */
const LOG = ['--save', '', '--appendonly', 'yes', '--auto-aof-rewrite-percentage', '0'];
const PIECE_BYTES = MIB;
/** Between two steps, and until memory has been given back. */
const REST_MS = 300;
const SETTLE_MS = 3000;

/** The servers' settings, as the report names them. */
export const modes = /** @type {const} */ (['no log', 'everysec', 'always', 'no']);

/** The steps in their order, as the report names them. */
export const steps = /** @type {const} */ ([
  'SET',
  'GET',
  'SET over it',
  'GETRANGE',
  'APPEND',
  'DEL',
]);

/**
 * One server in one step. `loopMaxMs` and `busyMaxMs` (see loop-monitor.mjs) are null for a server that is
 * not a Node program.
 * @typedef {object} LargeFigures
 * @property {number | null} loopMaxMs
 * @property {number | null} busyMaxMs
 * @property {number} pingMaxMs
 * @property {number} seconds
 */

/**
 * @typedef {Record<(typeof steps)[number], LargeFigures> & { residentBytes: number }} LargeSteps with what
 *   the process had in memory in the end, more than in the beginning
 * @typedef {{ synap: LargeSteps, redis: LargeSteps | null }} LargeRound
 * @typedef {{ mode: (typeof modes)[number], rounds: LargeRound[] }} LargeRow
 * @typedef {{ valueBytes: number, rows: LargeRow[] }} LargeResult
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<LargeResult>}
 */
export async function run({ plans, options, progress }) {
  // APPEND makes it as long as a string may be.
  const valueBytes = options.quick ? 64 * MIB : 512 * MIB - 1;
  requireRoom(6 * valueBytes);
  const count = options.rounds ?? (options.quick ? 1 : 3);
  /** @type {LargeRow[]} */
  const rows = [];
  for (const mode of modes) {
    /** @type {LargeRound[]} */
    const rounds = [];
    for (let round = 0; round < count; round++) {
      /** @type {{ synap?: LargeSteps, redis?: LargeSteps }} */
      const measured = {};
      for (const plan of inOrderOfRound(plans, round)) {
        const directives = mode === 'no log' ? keepNothing : [...LOG, '--appendfsync', mode];
        const figures = await withServers([plan], ([server]) => watchServer(server, valueBytes), {
          nodePreload: loopMonitorPreload,
          directives,
        });
        measured[plan.name] = figures;
        progress(`${mode}, round ${round + 1} of ${count}: ${plan.name}: ${brief(figures)}`);
      }
      if (measured.synap === undefined) throw new Error('Synap is not among the servers');
      rounds.push({ synap: measured.synap, redis: measured.redis ?? null });
    }
    rows.push({ mode, rounds });
  }
  return { valueBytes, rows };
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {number} valueBytes
 * @returns {Promise<LargeSteps>}
 */
async function watchServer(server, valueBytes) {
  const monitor = await attachLoopMonitor(server.child);
  const pinger = await startPinger(server.port);
  const before = residentBytes(server.pid);
  /** @type {Record<(typeof steps)[number], (socket: import('node:net').Socket) => Promise<void>>} */
  const work = {
    SET: (socket) => setValue(socket, valueBytes),
    GET: (socket) => ask(socket, 'GET k', valueBytes),
    'SET over it': (socket) => setValue(socket, valueBytes),
    GETRANGE: (socket) => ask(socket, 'GETRANGE k 1 -2', valueBytes - 2),
    APPEND: (socket) => ask(socket, 'APPEND k x', 0),
    DEL: (socket) => ask(socket, 'DEL k', 0),
  };
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
  try {
    /** @type {Partial<LargeSteps>} */
    const figures = {};
    for (const step of steps) {
      await sleep(REST_MS);
      await monitor?.reset();
      pinger.reset();
      const started = performance.now();
      await work[step](socket);
      const seconds = (performance.now() - started) / 1000;
      // What goes on when it is answered belongs to it: memory that is given back, the log's disk.
      await sleep(REST_MS);
      const ping = await pinger.report();
      const loop = (await monitor?.report()) ?? { loopMaxMs: null, busyMaxMs: null };
      figures[step] = { ...loop, pingMaxMs: ping.maxMs, seconds };
    }
    await sleep(SETTLE_MS);
    figures.residentBytes = residentBytes(server.pid) - before;
    return /** @type {LargeSteps} */ (figures);
  } finally {
    socket.destroy();
    await pinger.stop();
  }
}

/**
 * @param {import('node:net').Socket} socket
 * @param {number} valueBytes
 */
async function setValue(socket, valueBytes) {
  const answered = replyOf(socket, 0);
  await send(socket, Buffer.from(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${valueBytes}\r\n`));
  const piece = Buffer.alloc(PIECE_BYTES, 'value ');
  for (let left = valueBytes; left > 0; left -= PIECE_BYTES) {
    await send(socket, left < PIECE_BYTES ? piece.subarray(0, left) : piece);
  }
  await send(socket, Buffer.from('\r\n'));
  await answered;
}

/**
 * @param {import('node:net').Socket} socket
 * @param {string} command
 * @param {number} valueBytes of the bulk string that answers it; 0: it is answered by a line
 */
async function ask(socket, command, valueBytes) {
  const answered = replyOf(socket, valueBytes);
  await send(socket, Buffer.from(`${command}\r\n`));
  await answered;
}

/**
 * @param {import('node:net').Socket} socket
 * @param {Buffer} bytes
 * @returns {Promise<void>}
 */
function send(socket, bytes) {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * @param {import('node:net').Socket} socket
 * @param {number} valueBytes
 * @returns {Promise<void>} once the whole reply is there; rejects if it is an error
 */
function replyOf(socket, valueBytes) {
  return new Promise((resolve, reject) => {
    let received = 0;
    const head = valueBytes === 0 ? '' : `$${valueBytes}\r\n`;
    const wanted = valueBytes === 0 ? 4 : head.length + valueBytes + 2;
    const end = () => {
      socket.off('data', take);
      socket.off('close', fail);
    };
    const fail = () => reject(new Error('the server closed the connection'));
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      if (received === 0 && chunk[0] === '-'.charCodeAt(0)) {
        end();
        reject(new Error(chunk.toString('latin1').trim()));
        return;
      }
      received += chunk.length;
      if (received < wanted) return;
      end();
      resolve();
    };
    socket.on('data', take);
    socket.once('close', fail);
  });
}

/**
 * @param {LargeSteps} figures
 * @returns {string}
 */
function brief(figures) {
  const each = steps.map((step) => `${step} ${figures[step].pingMaxMs.toFixed(1)} ms`);
  return `${each.join(', ')}; ${Math.round(figures.residentBytes / MIB)} MiB stay`;
}
