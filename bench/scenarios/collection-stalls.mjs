// @ts-check
// The longest stall while one collection of a million members is built, iterated while it changes, saved while it
// changes, and deleted; for a hash whose fields expire, while all of them do at once, and for a stream, while it is
// trimmed to nothing. Watched from outside and from inside, as in event-loop.mjs.

import { setTimeout as sleep } from 'node:timers/promises';
import { attachLoopMonitor, loopMonitorPreload } from '../support/loop-monitor.mjs';
import { startPinger } from '../support/pinger.mjs';
import { runRedisBenchmark } from '../support/redis-benchmark.mjs';
import { infoField, inOrderOfRound, withServers } from '../support/servers.mjs';

export const name = 'collection-stalls';
export const summary = 'longest stall beside one set, sorted set, hash or stream of 1 M members';

const ADDED_AT_ONCE = 100;
const RANDOM = '__rand_int__';
const POLL_MS = 20;
const PATIENCE_MS = 120_000;
const DELETION_MS = 2000;

/** The phases in their order, as the report names them. */
export const phases = /** @type {const} */ (['build', 'scan', 'save', 'delete', 'expire', 'trim']);

/**
 * @typedef {(typeof phases)[number]} Phase
 * @typedef {Pick<import('../support/client.mjs').Client, 'call'>} Caller
 * @typedef {object} Kind
 * @property {string} label
 * @property {(index: number) => string[]} element its arguments when it is added
 * @property {string[]} add what stands before elements
 * @property {string[]} change a request of redis-benchmark that adds or changes a random member
 * @property {string[]} remove one that takes a random member away
 * @property {(client: Caller) => Promise<void>} iterate
 * @property {number} [addedAtOnce] members of one request; a hundred unless given
 * @property {string[]} [trim] takes all members away
 * @property {boolean} [expires] whether its members expire, which Redis 7.0 does not know
 */

/** @type {(number: number) => string} */
const digits = (number) => String(number).padStart(12, '0');
/** @type {(number: number) => string} */
const member = (number) => `element:${digits(number)}`;
const entry = ['field1', 'value:0123456789', 'field2', 'value:9876543210'];
const randomMember = `element:${RANDOM}`;

/** @type {Kind[]} */
export const kinds = [
  {
    label: 'set',
    add: ['SADD', 'large'],
    element: (i) => [member(i)],
    change: ['SADD', 'large', randomMember],
    remove: ['SREM', 'large', randomMember],
    iterate: (client) => scanAll(client, 'SSCAN'),
  },
  {
    label: 'sorted set',
    add: ['ZADD', 'large'],
    element: (i) => [String(i), member(i)],
    change: ['ZADD', 'large', RANDOM, randomMember],
    remove: ['ZREM', 'large', randomMember],
    iterate: (client) => scanAll(client, 'ZSCAN'),
  },
  {
    label: 'hash',
    add: ['HSET', 'large'],
    element: (i) => [member(i), `value:${i}`],
    change: ['HSET', 'large', randomMember, 'another value'],
    remove: ['HDEL', 'large', randomMember],
    iterate: (client) => scanAll(client, 'HSCAN'),
  },
  {
    label: 'hash, fields expire',
    add: ['HSETEX', 'large', 'PX', '100000000', 'FIELDS', String(ADDED_AT_ONCE)],
    element: (i) => [member(i), `value:${i}`],
    change: ['HEXPIRE', 'large', '100000', 'FIELDS', '1', randomMember],
    remove: ['HDEL', 'large', randomMember],
    iterate: (client) => scanAll(client, 'HSCAN'),
    expires: true,
  },
  {
    label: 'stream',
    add: ['XADD', 'large'],
    element: (i) => [`1${digits(i)}`, ...entry],
    addedAtOnce: 1,
    change: ['XADD', 'large', '*', ...entry],
    remove: ['XDEL', 'large', `1${RANDOM}`],
    iterate: rangeAll,
    trim: ['XTRIM', 'large', 'MAXLEN', '0'],
  },
];

/**
 * One server in one phase, as in event-loop.mjs.
 * @typedef {{ loopMaxMs: number | null, busyMaxMs: number | null, pingMaxMs: number, seconds: number }} StallFigures
 * @typedef {Partial<Record<Phase, StallFigures>>} StallPhases
 * @typedef {{ synap: StallPhases, redis: StallPhases | null }} StallRound
 * @typedef {{ label: string, rounds: StallRound[] }} CollectionStalls
 * @typedef {{ members: number, rows: CollectionStalls[] }} CollectionStallResult
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<CollectionStallResult>}
 */
export async function run({ plans, options, progress }) {
  const members = options.quick ? 200_000 : 1_000_000;
  const count = options.rounds ?? (options.quick ? 1 : 3);
  /** @type {CollectionStalls[]} */
  const rows = [];
  for (const kind of kinds) {
    /** @type {StallRound[]} */
    const rounds = [];
    for (let round = 0; round < count; round++) {
      /** @type {{ synap?: StallPhases, redis?: StallPhases }} */
      const measured = {};
      for (const plan of inOrderOfRound(plans, round)) {
        if (kind.expires && plan.name === 'redis') continue;
        const stalls = await withServers([plan], ([server]) => watch(server, kind, members), {
          nodePreload: loopMonitorPreload,
        });
        measured[plan.name] = stalls;
        progress(`${kind.label}: round ${round + 1} of ${count}: ${plan.name}: ${brief(stalls)}`);
      }
      if (measured.synap === undefined) throw new Error('Synap is not among the servers');
      rounds.push({ synap: measured.synap, redis: measured.redis ?? null });
    }
    rows.push({ label: kind.label, rounds });
  }
  return { members, rows };
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {Kind} kind
 * @param {number} members
 * @returns {Promise<StallPhases>}
 */
async function watch(server, kind, members) {
  const { port, client } = server;
  const monitor = await attachLoopMonitor(server.child);
  const pinger = await startPinger(port);
  /** @type {(work: () => Promise<unknown>) => Promise<StallFigures>} */
  const watched = async (work) => {
    await monitor?.reset();
    pinger.reset();
    const started = performance.now();
    await work();
    const seconds = (performance.now() - started) / 1000;
    const { maxMs } = await pinger.report();
    const loop = (await monitor?.report()) ?? { loopMaxMs: null, busyMaxMs: null };
    return { ...loop, pingMaxMs: maxMs, seconds };
  };
  /** Changes that go on while something else does. @type {(requests: number) => Promise<unknown>} */
  const changes = async (requests) => {
    const pressure = { port, requests, clients: 10, pipeline: 16, valueSizeBytes: 3 };
    await runRedisBenchmark({ request: kind.change, keySpace: 2 * members, ...pressure });
    await runRedisBenchmark({ request: kind.remove, keySpace: 2 * members, ...pressure });
  };
  const build = () => addMembers(client, kind, members);
  try {
    // Compiled code is not what is measured.
    await addMembers(client, kind, 50_000);
    await changes(20_000);
    await client.call('UNLINK', 'large');
    /** @type {StallPhases} */
    const figures = {};
    figures.build = await watched(build);
    figures.scan = await watched(() => Promise.all([kind.iterate(client), changes(200_000)]));
    figures.save = await watched(() => Promise.all([save(server), changes(200_000)]));
    figures.delete = await watched(async () => {
      await client.call('UNLINK', 'large');
      await sleep(DELETION_MS);
    });
    if (kind.expires) {
      await build();
      figures.expire = await watched(() => expireAll(server, members));
    }
    const { trim } = kind;
    if (trim !== undefined) {
      await build();
      figures.trim = await watched(async () => {
        await client.call(...trim);
        await sleep(DELETION_MS);
      });
    }
    return figures;
  } finally {
    await pinger.stop();
  }
}

/**
 * @param {Caller} client
 * @param {Kind} kind
 * @param {number} count
 */
async function addMembers(client, { add, element, addedAtOnce = ADDED_AT_ONCE }, count) {
  for (let next = 0; next < count; ) {
    const replies = [];
    for (let i = 0; i < 16 * ADDED_AT_ONCE && next < count; i += addedAtOnce) {
      const first = next;
      next += addedAtOnce;
      const elements = Array.from({ length: addedAtOnce }, (_, at) => element(first + at));
      replies.push(client.call(...add, ...elements.flat()));
    }
    await Promise.all(replies);
  }
}

/**
 * @param {Caller} client
 * @param {string} command
 */
async function scanAll(client, command) {
  let cursor = '0';
  do {
    const reply = /** @type {[string, string[]]} */ (
      await client.call(command, 'large', cursor, 'COUNT', '100')
    );
    [cursor] = reply;
  } while (cursor !== '0');
}

/** @param {Caller} client */
async function rangeAll(client) {
  for (let from = '-'; ; ) {
    const entries = /** @type {[string, string[]][]} */ (
      await client.call('XRANGE', 'large', from, '+', 'COUNT', '100')
    );
    const last = entries.at(-1);
    if (last === undefined) return;
    from = `(${last[0]}`;
  }
}

/** @param {import('../support/servers.mjs').RunningServer} server */
async function save(server) {
  await server.client.call('BGSAVE');
  const deadline = Date.now() + PATIENCE_MS;
  while ((await infoField(server, 'rdb_bgsave_in_progress')) !== '0') {
    if (Date.now() > deadline) throw new Error(`${server.name} does not end its snapshot`);
    await sleep(POLL_MS);
  }
}

/**
 * Has all fields expire at one moment.
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {number} members
 */
async function expireAll({ name, client }, members) {
  const atMs = String(Date.now() + 10_000);
  for (let next = 0; next < members; ) {
    const replies = [];
    for (let i = 0; i < 16 && next < members; i++) {
      const fields = Array.from({ length: ADDED_AT_ONCE }, (_, at) => member(next + at));
      next += ADDED_AT_ONCE;
      replies.push(
        client.call('HPEXPIREAT', 'large', atMs, 'FIELDS', String(ADDED_AT_ONCE), ...fields),
      );
    }
    await Promise.all(replies);
  }
  const deadline = Date.now() + PATIENCE_MS;
  while ((await client.call('EXISTS', 'large')) === 1) {
    if (Date.now() > deadline) throw new Error(`${name} does not expire its fields`);
    await sleep(POLL_MS);
  }
}

/**
 * @param {StallPhases} stalls
 * @returns {string} one line for the terminal
 */
function brief(stalls) {
  return Object.entries(stalls)
    .map(([phase, { loopMaxMs, pingMaxMs }]) => {
      const inside = loopMaxMs === null ? '' : ` (loop ${loopMaxMs.toFixed(1)} ms)`;
      return `${phase} ${pingMaxMs.toFixed(1)} ms${inside}`;
    })
    .join(', ');
}
