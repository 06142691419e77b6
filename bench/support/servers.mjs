// @ts-check
// Starts the two servers that are compared, with equal settings: loopback only, a free port, no
// persistence, an empty directory. A server here is one process, whose pid the figures belong to.

import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectClient } from './client.mjs';
import { makeDirectory, removeDirectory, startChild, stopChild } from './processes.mjs';

const START_PATIENCE_MS = 20_000;

/**
 * How a server is started; directives are appended to the command.
 * @typedef {object} ServerPlan
 * @property {'synap' | 'redis'} name
 * @property {readonly string[]} command program and first arguments
 */

/**
 * @typedef {object} RunningServer
 * @property {'synap' | 'redis'} name
 * @property {number} pid
 * @property {number} port on 127.0.0.1
 * @property {import('./client.mjs').Client} client a control connection
 * @property {import('node:child_process').ChildProcess} child
 * @property {() => string} lastOutput the end of what it printed
 * @property {() => Promise<void>} stop ends the process and removes its directory
 */

/** @type {ServerPlan} */
export const synapPlan = {
  name: 'synap',
  command: [process.execPath, fileURLToPath(new URL('../../dist/main.js', import.meta.url))],
};

/** @type {ServerPlan} */
export const redisPlan = { name: 'redis', command: ['redis-server'] };

/**
 * @param {ServerPlan} plan
 * @param {{ nodePreload?: string }} [options] `nodePreload`: URL of a module that a Node server
 *   loads before its own code, with an IPC channel to this process; other programs ignore it
 * @returns {Promise<RunningServer>} once it answers PING
 * @throws {Error} with the end of its output when it does not come up
 */
export async function startServer(plan, options = {}) {
  const port = await findFreePort();
  const directory = makeDirectory();
  const logFile = join(directory, 'server.log');
  const log = openSync(logFile, 'w');
  const lastOutput = () => readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  const [program, ...args] = plan.command;
  const child = startChild(
    program,
    [
      ...args,
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
      ...['--save', '', '--appendonly', 'no'],
    ],
    options.nodePreload === undefined
      ? { stdio: ['ignore', log, log] }
      : {
          stdio: ['ignore', log, log, 'ipc'],
          env: { ...process.env, NODE_OPTIONS: `--import ${options.nodePreload}` },
        },
  );
  closeSync(log);
  try {
    const client = await waitUntilReady(child, port);
    return {
      name: plan.name,
      pid: pidOf(child),
      port,
      client,
      child,
      lastOutput,
      async stop() {
        client.close();
        await stopChild(child);
        removeDirectory(directory);
      },
    };
  } catch (error) {
    await stopChild(child);
    const output = lastOutput();
    removeDirectory(directory);
    throw new Error(`${plan.command.join(' ')} did not start: ${messageOf(error)}\n${output}`);
  }
}

/**
 * Runs servers one beside the other and stops them whatever happens. When one of them died
 * meanwhile, the error says so, with the end of its output.
 * @template Result
 * @param {readonly ServerPlan[]} plans
 * @param {(servers: RunningServer[]) => Promise<Result>} use
 * @param {{ nodePreload?: string }} [options]
 * @returns {Promise<Result>}
 */
export async function withServers(plans, use, options) {
  /** @type {RunningServer[]} */
  const servers = [];
  try {
    for (const plan of plans) servers.push(await startServer(plan, options));
    return await use(servers);
  } catch (error) {
    const dead = servers.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (dead === undefined) throw error;
    const reason = dead.child.signalCode ?? `exit code ${dead.child.exitCode}`;
    throw new Error(
      `${dead.name} ended with ${reason} (${messageOf(error)}):\n${dead.lastOutput()}`,
    );
  } finally {
    for (const server of servers) await server.stop();
  }
}

/**
 * The fair order: who goes first changes each round.
 * @template Item
 * @param {readonly Item[]} items
 * @param {number} round from 0
 * @returns {Item[]}
 */
export function inOrderOfRound(items, round) {
  return round % 2 === 0 ? [...items] : [...items].reverse();
}

/**
 * @param {RunningServer} server
 * @param {string} field of INFO
 * @returns {Promise<string | null>} null when the server does not tell
 */
export async function infoField(server, field) {
  const lines = String(await server.client.call('INFO')).split('\r\n');
  const line = lines.find((candidate) => candidate.startsWith(`${field}:`));
  return line === undefined ? null : line.slice(field.length + 1);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} port
 * @returns {Promise<import('./client.mjs').Client>}
 */
async function waitUntilReady(child, port) {
  /** @type {Error | null} */
  let failure = null;
  child.once('error', (error) => {
    failure = error;
  });
  child.once('exit', (code, signal) => {
    failure = new Error(`it ended with ${signal ?? `exit code ${code}`}`);
  });
  const deadline = Date.now() + START_PATIENCE_MS;
  while (Date.now() < deadline) {
    if (failure !== null) throw failure;
    try {
      const client = await connectClient(port);
      await client.call('PING');
      return client;
    } catch {
      // Not listening yet, or still loading: the deadline decides.
      await sleep(20);
    }
  }
  throw new Error(`no answer to PING within ${START_PATIENCE_MS / 1000} s`);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {number}
 */
function pidOf(child) {
  if (child.pid === undefined) throw new Error('the process has no pid');
  return child.pid;
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @returns {Promise<number>} a port that was free a moment ago */
function findFreePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}
