// @ts-check
// A stream whose older part lies in files (XTIER): what it takes of memory, and reading it from the beginning to the
// end, while another client pings; the same before, while all of it is in memory. What is read has just been written,
// so that it comes from the page cache. Redis has nothing like it.

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRequest } from '../support/client.mjs';
import { requireRoom } from '../support/disk.mjs';
import { loadStreams } from '../support/loader.mjs';
import { startPinger } from '../support/pinger.mjs';
import { cpuTimeMicros } from '../support/process-stats.mjs';
import { hasCommand, withServers } from '../support/servers.mjs';

export const name = 'stream-tiers';
export const summary = 'a stream that lies in files: reading it beside PINGs, and its memory';

const STREAM = 'stream';
const HOT_ENTRIES = 1000;
const READ_AT_ONCE = 1000;
const ID_BYTES = '1000000000000-0'.length;
const POLL_MS = 50;
const PATIENCE_MS = 120_000;
const ROOM_BYTES = 4e9;

/**
 * @typedef {object} ReadFigures
 * @property {number} megabytesPerSecond of values
 * @property {number} entriesPerSecond
 * @property {number} cpuMicrosPerEntry
 * @property {number} pingP99Ms
 * @property {number} pingMaxMs
 * @typedef {{ read: ReadFigures, memoryBytes: number }} TierFigures
 * @typedef {{ hot: TierFigures, cold: TierFigures }} TierRound
 * @typedef {{ label: string, entries: number, valueSizesBytes: number[] }} TierLoad
 * @typedef {TierLoad & { rounds: TierRound[] }} TierRow
 * @typedef {{ hotEntries: number, rows: TierRow[] }} StreamTiersResult
 */

/**
 * @param {boolean} quick
 * @returns {TierLoad[]}
 */
export function tierLoads(quick) {
  const small = { valueSizesBytes: [16, 16] };
  return quick
    ? [{ label: '200 k of 32 B', entries: 200_000, ...small }]
    : [
        { label: '10 M of 32 B', entries: 10_000_000, ...small },
        { label: '500 k of 1 KiB', entries: 500_000, valueSizesBytes: [1024] },
      ];
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<StreamTiersResult>} without rows where the server has no tiers
 */
export async function run({ plans, options, progress }) {
  const count = options.rounds ?? (options.quick ? 1 : 3);
  const plan = plans.filter(({ name }) => name === 'synap');
  /** @type {TierRow[]} */
  const rows = [];
  for (const load of tierLoads(options.quick)) {
    /** @type {TierRound[]} */
    const rounds = [];
    for (let i = 0; i < count; i++) {
      requireRoom(ROOM_BYTES);
      const round = await withServers(plan, ([server]) => measure(server, load));
      if (round === null) {
        progress('left out: there is no XTIER');
        return { hotEntries: HOT_ENTRIES, rows };
      }
      rounds.push(round);
      progress(`${load.label}: round ${i + 1} of ${count}: ${brief(round)}`);
    }
    rows.push({ ...load, rounds });
  }
  return { hotEntries: HOT_ENTRIES, rows };
}

/**
 * @param {TierRound} round
 * @returns {string} one line for the terminal
 */
function brief(round) {
  return Object.entries(round)
    .map(([name, { read, memoryBytes }]) => {
      const speed = `${Math.round(read.megabytesPerSecond)} MB/s, PING p99 ${read.pingP99Ms.toFixed(2)} ms`;
      return `${name} ${speed}, ${(memoryBytes / 1e6).toFixed(2)} MB`;
    })
    .join('; ');
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {TierLoad} load
 * @returns {Promise<TierRound | null>} null where there are no tiers
 */
async function measure(server, load) {
  if (!(await hasCommand(server, 'xtier'))) return null;
  const { port, client } = server;
  await loadStreams({ port, count: load.entries, valueSizesBytes: load.valueSizesBytes });
  const pinger = await startPinger(port);
  const figures = async () => ({
    read: await readBesidePings(server, pinger, load),
    memoryBytes: Number(await client.call('MEMORY', 'USAGE', STREAM)),
  });
  try {
    // Compiled code is not what is measured.
    await readAll(port, { ...load, entries: Math.min(load.entries, 200_000) });
    const hot = await figures();
    await client.call('XTIER', STREAM, 'HOT', String(HOT_ENTRIES));
    await waitUntilCold(client, load.entries);
    return { hot, cold: await figures() };
  } finally {
    await pinger.stop();
  }
}

/**
 * @param {import('../support/client.mjs').Client} client
 * @param {number} entries
 */
async function waitUntilCold(client, entries) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const facts = /** @type {unknown[]} */ (await client.call('XTIER', STREAM, 'GET'));
    const cold = Number(facts[facts.indexOf('cold-entries') + 1]);
    // A block that is hot in part stays in memory.
    if (entries - cold < 2 * HOT_ENTRIES) return;
    if (Date.now() > deadline) throw new Error(`only ${cold} of ${entries} entries became cold`);
    await sleep(POLL_MS);
  }
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {import('../support/pinger.mjs').Pinger} pinger
 * @param {TierLoad} load
 * @returns {Promise<ReadFigures>}
 */
async function readBesidePings({ port, pid }, pinger, load) {
  pinger.reset();
  const cpuBefore = cpuTimeMicros(pid);
  const started = performance.now();
  await readAll(port, load);
  const seconds = (performance.now() - started) / 1000;
  const { p99Ms, maxMs } = await pinger.report();
  const payloadBytes = load.entries * load.valueSizesBytes.reduce((sum, size) => sum + size);
  return {
    megabytesPerSecond: payloadBytes / seconds / 1e6,
    entriesPerSecond: load.entries / seconds,
    cpuMicrosPerEntry: (cpuTimeMicros(pid) - cpuBefore) / load.entries,
    pingP99Ms: p99Ms,
    pingMaxMs: maxMs,
  };
}

/**
 * Reads entries that `loadStreams` made in their order, a thousand at a time, each time from behind the last one. All
 * are equally long, and so all replies: nothing is parsed.
 * @param {number} port
 * @param {TierLoad} load `entries`: a multiple of a thousand
 * @returns {Promise<void>}
 * @throws {Error} when a reply is another than was expected
 */
export function readAll(port, { entries, valueSizesBytes }) {
  const head = `*${READ_AT_ONCE}\r\n*2\r\n$${ID_BYTES}\r\n`;
  const fields = valueSizesBytes.map(
    (size) => `$6\r\nfield1\r\n$${size}\r\n${'v'.repeat(size)}\r\n`,
  );
  const entry = `*2\r\n$${ID_BYTES}\r\n${idOf(0)}\r\n*${2 * fields.length}\r\n${fields.join('')}`;
  const headBytes = `*${READ_AT_ONCE}\r\n`.length;
  const replyBytes = headBytes + READ_AT_ONCE * entry.length;

  return new Promise((resolve, reject) => {
    let read = 0;
    let at = 0;
    const start = Buffer.alloc(head.length + ID_BYTES);
    const socket = connect({
      ...{ port, host: '127.0.0.1', noDelay: true },
      onread: {
        buffer: Buffer.alloc(256 * 1024),
        callback(size, chunk) {
          if (at < start.length) /** @type {Buffer} */ (chunk).copy(start, at, 0, size);
          at += size;
          const compared = Math.min(at, start.length);
          if (at > replyBytes || start.toString('latin1', 0, compared) !== expected(compared)) {
            socket.destroy();
            reject(new Error(`reading: "${start.toString('latin1')}" for ${idOf(read)}`));
            return false;
          }
          if (at === replyBytes) {
            read += READ_AT_ONCE;
            ask();
          }
          return true;
        },
      },
    });
    const expected = (/** @type {number} */ length) => `${head}${idOf(read)}`.slice(0, length);
    const ask = () => {
      if (read >= entries) {
        socket.destroy();
        resolve();
        return;
      }
      at = 0;
      const from = read === 0 ? '-' : `(${idOf(read - 1)}`;
      socket.write(encodeRequest(['XRANGE', STREAM, from, '+', 'COUNT', String(READ_AT_ONCE)]));
    };
    socket.once('connect', ask);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('reading: the server closed the connection')));
  });
}

/** @type {(index: number) => string} the id that `loadStreams` gives to an entry */
function idOf(index) {
  return `1${String(index).padStart(12, '0')}-0`;
}
