// @ts-check
// The servers of events that are compared, each alone on free ports of 127.0.0.1 in a directory of
// its own, and how each is made to acknowledge an event only when it is on the disk:
//
//   Synap, Redis   appendfsync always
//   NATS           sync_interval: always, which there is from 2.10 on; before that, the attribute
//                  "S" of its directory, by which the kernel writes through at every write(2)
//   RabbitMQ       the attribute "S": its streams leave that to the system, and to replicas
//
// A file written with "S" is synchronised as by fdatasync(2) after each write, so all four do the
// same; how many events one such write holds is each server's own affair.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { logDirectives } from '../../scenarios/log.mjs';
import {
  makeDirectory,
  removeDirectory,
  startChild,
  stopChild,
  toolVersion,
} from '../processes.mjs';
import { findFreePort, lastLines, messageOf, pidOf, startServer } from '../servers.mjs';
import { connectNats } from './nats-client.mjs';
import { connectRabbit } from './rabbit-client.mjs';
import { connectResp } from './resp-client.mjs';

const START_PATIENCE_MS = 60_000;
const READY_POLL_MS = 50;
const RABBIT_PROGRAMS = [
  '/usr/lib/rabbitmq/bin/rabbitmq-server',
  '/opt/rabbitmq/sbin/rabbitmq-server',
  '/usr/local/sbin/rabbitmq-server',
];
const NATS_WITH_SYNC = [2, 10];

/**
 * When an event is acknowledged: once it is on the disk, or once the operating system has it.
 * @typedef {'disk' | 'system'} Durability
 * @typedef {'synap' | 'redis' | 'nats' | 'rabbitmq'} EventServerName
 */

/**
 * @typedef {object} EventServer
 * @property {number} pid of the process whose memory and CPU time count
 * @property {string} directory all its files are below
 * @property {import('./connection.mjs').EventClient} client
 * @property {string | null} version null where the results' facts tell it
 * @property {() => string} output all that it printed
 * @property {() => Promise<void>} stop and remove the directory
 */

/**
 * @typedef {object} EventServerPlan
 * @property {EventServerName} name
 * @property {() => string | null} missing what to install first; null when all is there
 * @property {(durability: Durability) => Promise<EventServer>} start
 */

/**
 * @param {import('../servers.mjs').ServerPlan} plan
 * @returns {EventServerPlan}
 */
export function respServer(plan) {
  return {
    name: plan.name,
    missing: () => null,
    async start(durability) {
      const directives = logDirectives(durability === 'disk' ? 'always' : 'no');
      const server = await startServer(plan, { directives });
      const client = await connectResp(server.port);
      return {
        pid: server.pid,
        directory: server.directory,
        client,
        version: null,
        output: server.output,
        async stop() {
          client.close();
          await server.stop();
        },
      };
    },
  };
}

/** @type {EventServerPlan} */
export const natsServer = {
  name: 'nats',
  missing() {
    const version = natsVersion();
    if (version === null)
      return 'nats-server is not installed (Debian, Ubuntu: apt install nats-server)';
    return hasNatsSync(version) ? null : missingWriteThrough();
  },
  async start(durability) {
    const version = natsVersion() ?? '0';
    const directory = makeDirectory();
    const port = await findFreePort();
    const store = join(directory, 'jetstream');
    mkdirSync(store);
    const isSynced = durability === 'disk' && hasNatsSync(version);
    if (durability === 'disk' && !isSynced) writeThrough(store);
    const config = join(directory, 'nats.conf');
    writeFileSync(
      config,
      `listen: "127.0.0.1:${port}"\n` +
        `jetstream { store_dir: "${store}"${isSynced ? ', sync_interval: always' : ''} }\n`,
    );
    const child = startLogged(directory, 'nats-server', ['--config', config], process.env);
    return untilReady(child, directory, {
      connect: () => connectNats(port),
      version: () => version,
      release: async () => {},
    });
  },
};

/** @type {EventServerPlan} */
export const rabbitServer = {
  name: 'rabbitmq',
  missing() {
    if (!RABBIT_PROGRAMS.some((file) => existsSync(file))) {
      return 'rabbitmq-server is not installed (Debian, Ubuntu: apt install rabbitmq-server)';
    }
    return missingWriteThrough();
  },
  async start(durability) {
    const program = RABBIT_PROGRAMS.find((file) => existsSync(file)) ?? RABBIT_PROGRAMS[0];
    const directory = makeDirectory();
    const [amqpPort, streamPort, nodePort, mapperPort] = [
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
    ];
    const node = `synap-bench-${streamPort}@localhost`;
    writeFileSync(
      join(directory, 'rabbitmq.conf'),
      `listeners.tcp.default = 127.0.0.1:${amqpPort}\n` +
        `stream.listeners.tcp.1 = 127.0.0.1:${streamPort}\n`,
    );
    writeFileSync(join(directory, 'enabled_plugins'), '[rabbitmq_stream].\n');
    // Erlang's port mapper would stay behind as a daemon if it were not there already.
    const mapper = startChild('epmd', ['-port', String(mapperPort), '-address', '127.0.0.1'], {
      stdio: 'ignore',
    });
    const child = startLogged(directory, program, [], {
      ...{ PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: directory },
      ...{ ERL_EPMD_PORT: String(mapperPort), ERL_EPMD_ADDRESS: '127.0.0.1' },
      // Makes the script become the server instead of watching over it.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_NODENAME: node,
      RABBITMQ_DIST_PORT: String(nodePort),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      RABBITMQ_MNESIA_BASE: join(directory, 'data'),
      RABBITMQ_LOG_BASE: join(directory, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_SCHEMA_DIR: join(directory, 'schema'),
      RABBITMQ_GENERATED_CONFIG_DIR: join(directory, 'config'),
      RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'none.config'),
      RABBITMQ_CONF_ENV_FILE: join(directory, 'none.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    });
    const server = await untilReady(child, directory, {
      connect: () => connectRabbit(streamPort),
      version: (output) => /RabbitMQ (\d+\.\d+\.\d+)/.exec(output)?.[1] ?? null,
      release: () => stopChild(mapper),
    });
    // Made beforehand, the directory would look like that of a node which has run already.
    const streams = join(directory, 'data', node, 'stream');
    mkdirSync(streams, { recursive: true });
    if (durability === 'disk') writeThrough(streams);
    return server;
  },
};

/**
 * @param {string} directory
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('node:child_process').ChildProcess} whose output goes to a file in the directory
 */
function startLogged(directory, program, args, env) {
  const log = openSync(join(directory, 'server.log'), 'w');
  const child = startChild(program, args, { env, cwd: directory, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

/**
 * @typedef {object} Readiness
 * @property {() => Promise<import('./connection.mjs').EventClient>} connect
 * @property {(output: string) => string | null} version
 * @property {() => Promise<void>} release what else was started
 */

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} directory
 * @param {Readiness} readiness
 * @returns {Promise<EventServer>} once a client can use it
 * @throws {Error} with the end of its output when it does not come up
 */
async function untilReady(child, directory, { connect, version, release }) {
  const output = () => readFileSync(join(directory, 'server.log'), 'utf8');
  const end = async () => {
    await stopChild(child);
    await release();
    removeDirectory(directory);
  };
  /** @type {unknown} */
  let failure = null;
  child.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + START_PATIENCE_MS;
  while (failure === null && child.exitCode === null && child.signalCode === null) {
    try {
      const client = await connect();
      return {
        pid: pidOf(child),
        directory,
        client,
        version: version(output()),
        output,
        async stop() {
          client.close();
          await end();
        },
      };
    } catch (error) {
      if (Date.now() > deadline) failure = error;
      await sleep(READY_POLL_MS);
    }
  }
  const lines = lastLines(output());
  await end();
  const reason = failure === null ? 'it ended' : messageOf(failure);
  throw new Error(`${child.spawnfile} did not start: ${reason}\n${lines}`);
}

/** @returns {string | null} such as "2.9.10"; null where it is not installed */
function natsVersion() {
  return /v(\d+\.\d+\.\d+)/.exec(toolVersion('nats-server') ?? '')?.[1] ?? null;
}

/**
 * @param {string} version
 * @returns {boolean} whether this NATS can be told to synchronise every write
 */
export function hasNatsSync(version) {
  const [major, minor] = version.split('.').map(Number);
  const [sinceMajor, sinceMinor] = NATS_WITH_SYNC;
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/**
 * Files and directories that are made in the directory inherit the attribute.
 * @param {string} directory
 * @throws {Error} where the file system does not have it
 */
function writeThrough(directory) {
  const { status, stderr, error } = spawnSync('chattr', ['+S', directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`chattr +S: ${error?.message ?? stderr.trim()}`);
}

/** @returns {string | null} why files cannot be written through here; null when they can */
function missingWriteThrough() {
  const directory = makeDirectory();
  try {
    writeThrough(directory);
    return null;
  } catch (error) {
    return `it cannot be made to write through to the disk (${messageOf(error)})`;
  } finally {
    removeDirectory(directory);
  }
}
