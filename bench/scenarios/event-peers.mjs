// @ts-check
// A stream kept on disk, beside servers made for that: appends that are on the disk when they are
// acknowledged, one by one and with many under way; how long an event takes to a reader that waits;
// then, with the disk left to the operating system, a load of many events, what they take of disk
// and memory, and reading all of them. Each server runs alone, afresh and warmed up in each round.

import { bytesUnder, fileSystemName, flushFileSystem, requireRoom } from '../support/disk.mjs';
import { append, deliverPaced, oneByOne, pipelined, replay } from '../support/events/load.mjs';
import { natsServer, rabbitServer, respServer } from '../support/events/servers.mjs';
import { residentBytes } from '../support/process-stats.mjs';
import { inOrderOfRound, lastLines, messageOf } from '../support/servers.mjs';

export const name = 'event-peers';
export const summary = 'streams on disk beside NATS JetStream and RabbitMQ, where installed';

const PACED_EVENTS_PER_SECOND = 200;
/** Enough for compilers at run time to have seen what is measured, and little beside it. */
const WARM_UP = { payloadSizeBytes: 32, events: 150_000, seconds: 1 };
/** Several times what the files of one server take. */
const ROOM_BYTES = 4e9;

/**
 * @typedef {import('../support/events/servers.mjs').EventServerName} EventServerName
 * @typedef {import('../support/events/servers.mjs').EventServerPlan} EventServerPlan
 * @typedef {import('../support/events/servers.mjs').Durability} Durability
 * @typedef {import('../support/events/load.mjs').RateFigures} RateFigures
 * @typedef {{ oneByOne: RateFigures, pipelined: RateFigures }} AppendFigures
 */

/**
 * One server in one round.
 * @typedef {object} EventFigures
 * @property {Record<Durability, AppendFigures>} appends
 * @property {{ p50Ms: number, p99Ms: number }} delivery of paced events that are on the disk
 * @property {RateFigures & { megabytesPerSecond: number }} replay
 * @property {number} diskBytesPerEvent
 * @property {number} residentBytes with all events there
 * @property {number} grownBytesPerEvent of resident memory
 */

/**
 * @typedef {object} EventLoad
 * @property {number} payloadSizeBytes
 * @property {number} events loaded and replayed
 * @property {number} seconds of each measurement that is limited by time
 */

/**
 * @typedef {object} EventPeersRow
 * @property {EventLoad} load
 * @property {Partial<Record<EventServerName, EventFigures>>[]} rounds
 * @typedef {object} EventPeersResult
 * @property {string} fileSystem
 * @property {number} pacedEventsPerSecond
 * @property {Partial<Record<EventServerName, string | null>>} versions of the servers that were
 *   measured; null where the facts tell it
 * @property {EventPeersRow[]} rows
 */

/**
 * @param {boolean} quick
 * @returns {EventLoad[]}
 */
export function eventLoads(quick) {
  return quick
    ? [{ payloadSizeBytes: 32, events: 100_000, seconds: 0.5 }]
    : [
        { payloadSizeBytes: 32, events: 1_000_000, seconds: 2 },
        { payloadSizeBytes: 1024, events: 200_000, seconds: 2 },
      ];
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<EventPeersResult>}
 */
export async function run({ plans, options, progress }) {
  const servers = [...plans.map(respServer), natsServer, rabbitServer].filter((server) => {
    const missing = server.missing();
    if (missing !== null) progress(`${server.name}: left out: ${missing}`);
    return missing === null;
  });
  const fileSystem = fileSystemName();
  if (fileSystem === 'tmpfs') {
    progress('temporary directories are in memory, where writing through to a disk costs nothing');
  }
  const count = options.rounds ?? (options.quick ? 2 : 5);
  /** @type {EventPeersResult['versions']} */
  const versions = {};
  /** @type {EventPeersRow[]} */
  const rows = [];
  for (const load of eventLoads(options.quick)) {
    requireRoom(ROOM_BYTES);
    /** @type {EventPeersRow['rounds']} */
    const rounds = [];
    for (let round = 0; round < count; round++) {
      /** @type {EventPeersRow['rounds'][number]} */
      const figures = {};
      for (const server of inOrderOfRound(servers, round)) {
        const { version, ...measured } = await measureServer(server, load);
        figures[server.name] = measured;
        versions[server.name] = version;
        progress(
          `${load.payloadSizeBytes} B, round ${round + 1} of ${count}: ${describe(server.name, measured)}`,
        );
      }
      rounds.push(figures);
    }
    rows.push({ load, rounds });
  }
  return { fileSystem, pacedEventsPerSecond: PACED_EVENTS_PER_SECOND, versions, rows };
}

/**
 * @param {EventServerName} server
 * @param {EventFigures} figures
 * @returns {string}
 */
function describe(server, { appends, delivery, replay }) {
  const rates = [appends.disk.oneByOne, appends.disk.pipelined, replay].map(({ eventsPerSecond }) =>
    Math.round(eventsPerSecond).toLocaleString('en-US'),
  );
  return (
    `${server}: ${rates[0]} durable events/s one by one, ${rates[1]} pipelined, p99 ` +
    `${delivery.p99Ms.toFixed(2)} ms, ${rates[2]} replayed`
  );
}

/**
 * @param {EventServerPlan} plan
 * @param {EventLoad} load
 * @returns {Promise<EventFigures & { version: string | null }>}
 */
async function measureServer(plan, { payloadSizeBytes, events, seconds }) {
  flushFileSystem();
  const durable = await withServer(plan, 'disk', async ({ client, pid }) => {
    await warmUp(client, pid);
    const appends = await appendBothWays(client, pid, payloadSizeBytes, seconds);
    await client.create('paced');
    const delivery = await deliverPaced(client, {
      ...{ stream: 'paced', payloadSizeBytes, seconds: 2 * seconds },
      eventsPerSecond: PACED_EVENTS_PER_SECOND,
    });
    return { appends, delivery };
  });
  const loaded = await withServer(plan, 'system', async (server) => {
    const { client, pid, directory, version } = server;
    await warmUp(client, pid);
    await client.create('loaded');
    const before = { disk: bytesUnder(directory), resident: residentBytes(pid) };
    const all = { stream: 'loaded', payloadSizeBytes, events };
    await append(client, pid, { ...all, pace: pipelined });
    const diskBytesPerEvent = (bytesUnder(directory) - before.disk) / events;
    const replayed = await replay(client, pid, all);
    const resident = residentBytes(pid);
    const appends = await appendBothWays(client, pid, payloadSizeBytes, seconds / 2);
    return {
      ...{ version, appends, replay: replayed, diskBytesPerEvent, residentBytes: resident },
      grownBytesPerEvent: (resident - before.resident) / events,
    };
  });
  const { appends, ...rest } = loaded;
  return {
    ...rest,
    delivery: durable.delivery,
    appends: { disk: durable.appends, system: appends },
  };
}

/**
 * @param {import('../support/events/connection.mjs').EventClient} client
 * @param {number} pid
 */
async function warmUp(client, pid) {
  const load = { stream: 'warm', ...WARM_UP };
  await client.create(load.stream);
  const { events } = await append(client, pid, { ...load, pace: pipelined });
  await replay(client, pid, { stream: load.stream, events });
  await append(client, pid, { ...load, pace: oneByOne });
}

/**
 * @param {import('../support/events/connection.mjs').EventClient} client
 * @param {number} pid
 * @param {number} payloadSizeBytes
 * @param {number} seconds for each
 * @returns {Promise<AppendFigures>}
 */
async function appendBothWays(client, pid, payloadSizeBytes, seconds) {
  const common = { stream: 'appended', payloadSizeBytes, seconds };
  await client.create(common.stream);
  const single = await append(client, pid, { ...common, pace: oneByOne });
  return { oneByOne: single, pipelined: await append(client, pid, { ...common, pace: pipelined }) };
}

/**
 * @template Result
 * @param {EventServerPlan} plan
 * @param {Durability} durability
 * @param {(server: import('../support/events/servers.mjs').EventServer) => Promise<Result>} use
 * @returns {Promise<Result>}
 */
async function withServer(plan, durability, use) {
  const server = await plan.start(durability);
  try {
    return await use(server);
  } catch (error) {
    throw new Error(`${plan.name}: ${messageOf(error)}\n${lastLines(server.output())}`);
  } finally {
    await server.stop();
  }
}
