// @ts-check
// Cold blocks of streams: appending, reading from the first to the last, and reading at random, through files that are
// in the page cache and off it, and the longest time that the event loop was held up meanwhile.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ColdStore } from './engine.mjs';

export const name = 'cold';
export const title = 'Cold blocks of streams, 64 KiB each';

const EXTENT_BYTES = 64 * 1024;
const EXTENTS = 4_000;
/** Extents of one append. */
const BATCH = 16;
const AHEAD = 8;
const CACHE_BYTES = 16 * 1024 * 1024;
const MB = 1e6;
/** How often the event loop is looked at: what it is late by is longer than that. */
const RESOLUTION_MS = 1;

/** What the payloads are: how well they can be compressed is all that matters. */
const PAYLOADS = { 'entries of a stream': entries, 'random digits': digits };

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  return [];
}

/** @returns {Promise<import('../report/sections.mjs').Table[]>} */
export async function tables() {
  const tables = [];
  for (const [what, make] of Object.entries(PAYLOADS)) tables.push(await measureAll(what, make));
  return tables;
}

/**
 * @param {string} what
 * @param {(index: number) => Buffer} make
 * @returns {Promise<import('../report/sections.mjs').Table>}
 */
async function measureAll(what, make) {
  const directory = mkdtempSync(join(tmpdir(), 'synap-bench-'));
  const folder = join(directory, 'streams');
  try {
    const store = await ColdStore.open(folder, { cacheBytes: CACHE_BYTES });
    const log = store.create();
    /** @type {import('../../src/persistence/cold/extent.ts').ExtentRef[]} */
    const refs = [];
    const payloads = Array.from({ length: BATCH }, (_, index) => make(index));
    const rows = [];
    // What other processes, and the collector of garbage, hold it up by.
    rows.push(await measure('nothing, for a second', () => sleep(1_000)));
    rows[0][1] = '';
    const append = async () => {
      for (let first = 0; first < EXTENTS; first += BATCH) {
        const extents = payloads.map((payload, i) => ({ payload, ...idsOf(first + i) }));
        const locations = await log.append(extents);
        for (const [i, place] of locations.entries()) refs.push({ ...place, ...extents[i] });
      }
    };
    rows.push(await measure(`append ${BATCH} at a time, each on disk`, append));
    const forward = async () => {
      for (let i = 0; i < EXTENTS; i++) {
        log.readAhead(refs.slice(i + 1, i + 1 + AHEAD));
        await log.read(refs[i]);
      }
    };
    rows.push(await measure('read in order', forward));
    if (dropPages(folder)) rows.push(await measure('the same, not in the page cache', forward));
    const random = async () => {
      for (let i = 0; i < EXTENTS; i++) await log.read(refs[(i * 7_919) % EXTENTS]);
    };
    rows.push(await measure('read at random', random));
    const four = async () => {
      const reader = async (/** @type {number} */ from) => {
        for (let i = from; i < EXTENTS; i += 4) await log.read(refs[(i * 7_919) % EXTENTS]);
      };
      await Promise.all([0, 1, 2, 3].map(reader));
    };
    rows.push(await measure('read at random, 4 at once', four));
    const now = async () => {
      for (let i = 0; i < EXTENTS; i++) {
        log.readNow(refs[i]);
        if (i % 8 === 0) await new Promise(setImmediate);
      }
    };
    rows.push(await measure('read at once (MULTI), in order, 8 an iteration', now));
    const share = (log.sizeBytes / (EXTENTS * EXTENT_BYTES)) * 100;
    await store.close();
    return {
      title: `${what}: ${share.toFixed(0)} % of their size on disk`,
      head: ['operation', 'MB/s', 'event loop, µs each', 'longest stall, ms'],
      rows,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {string} operation
 * @param {() => Promise<unknown>} run does it with all extents
 * @returns {Promise<string[]>} a row of the table
 */
async function measure(operation, run) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  await sleep(20);
  delay.reset();
  const startMs = performance.now();
  const loop = performance.eventLoopUtilization();
  await run();
  const seconds = (performance.now() - startMs) / 1000;
  const { active } = performance.eventLoopUtilization(loop);
  await sleep(5);
  delay.disable();
  const stallMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
  const speed = (EXTENTS * EXTENT_BYTES) / MB / seconds;
  return [operation, speed.toFixed(0), ((active * 1000) / EXTENTS).toFixed(0), stallMs.toFixed(1)];
}

/** Has the kernel forget the files' pages; whether that is possible. @param {string} folder */
function dropPages(folder) {
  try {
    for (const file of readdirSync(folder)) {
      const drop = [`if=${join(folder, file)}`, 'iflag=nocache', 'count=0'];
      execFileSync('dd', drop, { stdio: 'ignore' });
    }
    return true;
  } catch {
    return false;
  }
}

/** @param {number} index */
function idsOf(index) {
  const firstId = Buffer.alloc(16);
  firstId.writeUInt32BE(index, 12);
  return { firstId, lastId: firstId, entries: 1, tag: 0 };
}

/** @param {number} index */
function entries(index) {
  const bytes = Buffer.alloc(EXTENT_BYTES);
  for (let at = 0, i = index * 10_000; at < EXTENT_BYTES; i++) {
    const temperature = ((i * 7919) % 1000) / 10;
    at += bytes.write(`sensor-${i % 500} temperature ${temperature} at ${1.7e12 + i * 13};`, at);
  }
  return bytes;
}

function digits() {
  const bytes = Buffer.alloc(EXTENT_BYTES);
  for (let at = 0; at < EXTENT_BYTES; ) at += bytes.write(String(Math.random()).slice(2), at);
  return bytes;
}
