// @ts-check
// Reads a topic as one of a group, among which its events are shared:
//
//   node examples/events/consumer.mjs --topic orders --partitions 4 --group billing --name b1
//
// An event is acknowledged after it was handled, so one that a consumer had when it crashed is
// handled again: by itself when it is back under its name, or by another that finds it idle for
// `--idle-ms`. Handlers must bear to see an event twice. A group shares each partition's events
// too; who wants those of a key in order has one consumer for a partition (`--take 0,2`).

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { partitionsOf } from './topic.mjs';

/** Events of one partition that are taken at once. */
const BATCH = 10;
/** How long a read waits for events: a consumer that is told to end does so by then. */
const BLOCK_MS = 1000;

/** @typedef {[id: string, fields: string[] | null]} Entry fields are null when it was deleted */

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'redis://127.0.0.1:6379' },
    topic: { type: 'string', default: 'orders' },
    partitions: { type: 'string', default: '4' },
    // Numbers of partitions, separated by commas; all unless given.
    take: { type: 'string' },
    group: { type: 'string', default: 'example' },
    name: { type: 'string', default: `consumer-${process.pid}` },
    'idle-ms': { type: 'string', default: '60000' },
    'work-ms': { type: 'string', default: '0' },
  },
});
const { group, name } = values;
const idleMs = Number(values['idle-ms']);
const taken = values.take?.split(',').map(Number);
const partitions = partitionsOf(values.topic, Number(values.partitions)).filter(
  (_, number) => taken === undefined || taken.includes(number),
);

const redis = new Redis(values.url);
redis.on('error', (error) => console.error(`consumer: ${error.message}`));
let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    isEnding = true;
  });
}

for (const partition of partitions) await createGroup(partition);
await finishOwn();
let nextClaimAt = 0;
while (!isEnding) {
  if (Date.now() >= nextClaimAt) {
    for (const partition of partitions) await takeOver(partition);
    nextClaimAt = Date.now() + idleMs / 2;
  }
  await readNew();
}
await redis.quit();

/**
 * A new group begins with the first event that is kept; `$` in place of `0` would be the next.
 * @param {string} partition
 */
async function createGroup(partition) {
  try {
    await redis.xgroup('CREATE', partition, group, '0', 'MKSTREAM');
  } catch (error) {
    if (!String(error).includes('BUSYGROUP')) throw error;
  }
}

/** What this consumer had read but not acknowledged when it ended last. */
async function finishOwn() {
  for (const partition of partitions) {
    while (!isEnding) {
      const own = await redis.xreadgroup(
        'GROUP',
        group,
        name,
        'COUNT',
        BATCH,
        'STREAMS',
        partition,
        '0',
      );
      const entries = entriesByPartition(own)[0]?.[1] ?? [];
      if (entries.length === 0) break;
      await handleAll(partition, entries);
    }
  }
}

/**
 * Takes over what others have left for so long that they must have crashed.
 * @param {string} partition
 */
async function takeOver(partition) {
  let cursor = '0-0';
  do {
    const [next, entries] = /** @type {[string, Entry[]]} */ (
      await redis.xautoclaim(partition, group, name, idleMs, cursor, 'COUNT', BATCH)
    );
    await handleAll(partition, entries);
    cursor = next;
  } while (cursor !== '0-0' && !isEnding);
}

async function readNew() {
  const streams = [...partitions, ...partitions.map(() => '>')];
  const read = await redis.xreadgroup(
    'GROUP',
    group,
    name,
    'COUNT',
    BATCH,
    'BLOCK',
    BLOCK_MS,
    'STREAMS',
    ...streams,
  );
  for (const [partition, entries] of entriesByPartition(read)) await handleAll(partition, entries);
}

/**
 * @param {unknown} reply to XREADGROUP
 * @returns {[partition: string, entries: Entry[]][]}
 */
function entriesByPartition(reply) {
  return /** @type {[string, Entry[]][]} */ (reply ?? []);
}

/**
 * @param {string} partition
 * @param {Entry[]} entries
 */
async function handleAll(partition, entries) {
  for (const [id, fields] of entries) {
    if (fields !== null) await handle(partition, id, fields);
    await redis.xack(partition, group, id);
  }
}

/**
 * Here goes what the events are for.
 * @param {string} partition
 * @param {string} id
 * @param {string[]} fields names and values in turn
 */
async function handle(partition, id, fields) {
  await sleep(Number(values['work-ms']));
  const [, customer, , order] = fields;
  console.log(`${partition} ${id} ${customer} ${order}`);
}
