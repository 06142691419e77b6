// @ts-check
// Appends events to a topic, some a second, until it is told to end:
//
//   node examples/events/producer.mjs --topic orders --partitions 4 --per-second 10
//
// With `appendonly yes` and `appendfsync always` the server acknowledges an event when it is on the
// disk; with `everysec` it may lose the last second when the machine fails.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { partitionFor } from './topic.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'redis://127.0.0.1:6379' },
    topic: { type: 'string', default: 'orders' },
    partitions: { type: 'string', default: '4' },
    'per-second': { type: 'string', default: '10' },
    // Of all events, at the end of which the producer ends.
    count: { type: 'string', default: 'Infinity' },
    // Of each partition, about as many: `~` lets the server remove whole blocks.
    keep: { type: 'string', default: '1000000' },
  },
});
const pauseMs = 1000 / Number(values['per-second']);

const redis = new Redis(values.url);
redis.on('error', (error) => console.error(`producer: ${error.message}`));
let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    isEnding = true;
  });
}

for (let number = 0; number < Number(values.count) && !isEnding; number++) {
  const customer = `customer-${Math.floor(Math.random() * 100)}`;
  const partition = partitionFor(values.topic, customer, Number(values.partitions));
  const order = JSON.stringify({ number, items: 1 + Math.floor(Math.random() * 5) });
  const limit = /** @type {const} */ (['MAXLEN', '~', values.keep]);
  const id = await redis.xadd(partition, ...limit, '*', 'customer', customer, 'order', order);
  console.log(`${partition} ${id} ${customer} ${order}`);
  if (pauseMs > 0) await sleep(pauseMs);
}
await redis.quit();
