// @ts-check
// Publish/subscribe: how many messages of 64 bytes reach subscribers in a second, and what each of
// them costs the server. One publisher with a pipeline; one subscriber, a hundred of one channel,
// and ten thousand patterns of which each message matches one.

import { connectSubscribers, publishAll } from '../support/fan-out.mjs';
import { cpuTimeMicros } from '../support/process-stats.mjs';
import { inOrderOfRound, withServers } from '../support/servers.mjs';

export const name = 'pubsub';
export const summary = 'messages of 64 bytes to 1 and 100 subscribers, and to 10 k patterns';

const MESSAGE = 'm'.repeat(64);
const CHANNEL = 'news:sports';
const PATTERNS = 10_000;
const PATTERN_CONNECTIONS = 100;

/**
 * One server in one round.
 * @typedef {object} PubsubFigures
 * @property {number} deliveriesPerSecond
 * @property {number} cpuMicrosPerDelivery
 */

/**
 * @typedef {{ synap: PubsubFigures, redis: PubsubFigures | null }} PubsubRound
 * @typedef {{ label: string, rounds: PubsubRound[] }} PubsubResult
 */

/**
 * @typedef {object} Load
 * @property {string} label
 * @property {string[][]} subscriptions one request a connection
 * @property {string[]} channels that are published to in turn
 * @property {number} receivers of each message
 * @property {number} bytes of a message as a subscriber gets it
 * @property {number} messages
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<{ rows: PubsubResult[] }>}
 */
export async function run({ plans, options, progress }) {
  const count = options.rounds ?? (options.quick ? 2 : 5);
  /** @type {PubsubResult[]} */
  const rows = [];
  for (const load of loads(options.quick ? 0.25 : 1)) {
    /** @type {PubsubRound[]} */
    const rounds = [];
    for (let round = 0; round < count; round++) {
      /** @type {{ synap?: PubsubFigures, redis?: PubsubFigures }} */
      const figures = {};
      for (const plan of inOrderOfRound(plans, round)) {
        figures[plan.name] = await withServers([plan], ([server]) => measure(server, load));
      }
      if (figures.synap === undefined) throw new Error('Synap is not among the servers');
      rounds.push({ synap: figures.synap, redis: figures.redis ?? null });
      progress(`${load.label}: round ${round + 1} of ${count}: ${brief(rounds[round])}`);
    }
    rows.push({ label: load.label, rounds });
  }
  return { rows };
}

/**
 * @param {number} share of the usual number of messages
 * @returns {Load[]}
 */
function loads(share) {
  /** @type {(label: string, subscribers: number, messages: number) => Load} */
  const fanOut = (label, subscribers, messages) => ({
    label,
    subscriptions: Array.from({ length: subscribers }, () => ['SUBSCRIBE', CHANNEL]),
    channels: [CHANNEL],
    receivers: subscribers,
    bytes: encoded(['message', CHANNEL, MESSAGE]),
    messages: messages * share,
  });
  const width = String(PATTERNS).length;
  const names = Array.from({ length: PATTERNS }, (_, i) => String(i).padStart(width, '0'));
  return [
    fanOut('1 subscriber', 1, 640_000),
    fanOut('100 subscribers', 100, 64_000),
    {
      label: '10 k patterns, 1 matches',
      subscriptions: Array.from({ length: PATTERN_CONNECTIONS }, (_, connection) => [
        'PSUBSCRIBE',
        ...names.filter((_, i) => i % PATTERN_CONNECTIONS === connection).map((n) => `${n}:*`),
      ]),
      channels: names.map((name) => `${name}:state`),
      receivers: 1,
      bytes: encoded(['pmessage', `${names[0]}:*`, `${names[0]}:state`, MESSAGE]),
      messages: 6_400 * share,
    },
  ];
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {Load} load
 * @returns {Promise<PubsubFigures>}
 */
async function measure({ port, pid }, load) {
  const { channels, receivers, messages, bytes } = load;
  const subscribers = await connectSubscribers({ port, subscriptions: load.subscriptions });
  try {
    /** @type {(count: number) => Promise<unknown>} */
    const deliver = (count) =>
      Promise.all([
        subscribers.expect(count * receivers * bytes),
        publishAll(port, channels, MESSAGE, receivers, count),
      ]);
    await deliver(Math.floor(messages / 2 / 64) * 64);
    const cpuBefore = cpuTimeMicros(pid);
    const started = performance.now();
    await deliver(messages);
    const seconds = (performance.now() - started) / 1000;
    const deliveries = messages * receivers;
    return {
      deliveriesPerSecond: deliveries / seconds,
      cpuMicrosPerDelivery: (cpuTimeMicros(pid) - cpuBefore) / deliveries,
    };
  } finally {
    subscribers.close();
  }
}

/**
 * @param {string[]} parts
 * @returns {number} bytes of an array of them in RESP2
 */
function encoded(parts) {
  const bulks = parts.map((part) => `$${part.length}\r\n${part}\r\n`);
  return `*${parts.length}\r\n${bulks.join('')}`.length;
}

/**
 * @param {PubsubRound} round
 * @returns {string} one line for the terminal
 */
function brief({ synap, redis }) {
  return [synap, redis]
    .map((one, i) =>
      one === null
        ? ''
        : `${i === 0 ? 'Synap' : 'Redis'} ${Math.round(one.deliveriesPerSecond / 1000)} k/s ` +
          `at ${one.cpuMicrosPerDelivery.toFixed(3)} µs`,
    )
    .join(', ');
}
