// @ts-check
// Starts the two servers that are compared, with equal settings: loopback only, a free port, an
// empty directory and no persistence unless a scenario asks for another one. A server here is one
// process, whose pid the figures belong to.

import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectClient } from './client.mjs';
import { cpuTimeMicros } from './process-stats.mjs';
import { makeDirectory, removeDirectory, startChild, stopChild } from './processes.mjs';

const START_PATIENCE_MS = 120_000;
/** Short beside a start, which is measured with it. */
const READY_POLL_MS = 5;

/** Directives of a server that keeps nothing. */
export const keepNothing = ['--save', '', '--appendonly', 'no'];

/**
 * How a server is started; directives are appended to the command.
 * @typedef {object} ServerPlan
 * @property {'synap' | 'redis'} name
 * @property {readonly string[]} command program and first arguments
 */

/**
 * @typedef {object} ServerOptions
 * @property {string} [nodePreload] URL of a module that a Node server loads before its own code,
 *   with an IPC channel to this process; other programs ignore it
 * @property {readonly string[]} [directives] in place of `keepNothing`
 * @property {string} [directory] in place of a fresh one; it stays when the server stops
 */

/**
 * @typedef {object} RunningServer
 * @property {'synap' | 'redis'} name
 * @property {number} pid
 * @property {number} port on 127.0.0.1
 * @property {import('./client.mjs').Client} client a control connection
 * @property {import('node:child_process').ChildProcess} child
 * @property {string} directory where its files are
 * @property {number} readyMs from the start of its process until it answered PING
 * @property {number} readyCpuMicros CPU time that it had used by then
 * @property {() => string} output all that it printed
 * @property {() => Promise<void>} stop ends the process and removes a directory that was made for it
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
 * @param {ServerOptions} [options]
 * @returns {Promise<RunningServer>} once it answers PING
 * @throws {Error} with the end of its output when it does not come up
 */
export async function startServer(plan, options = {}) {
  const { nodePreload, directives = keepNothing, directory = makeDirectory() } = options;
  const removeOwnDirectory = () => {
    if (options.directory === undefined) removeDirectory(directory);
  };
  const port = await findFreePort();
  const logFile = join(directory, 'server.log');
  const log = openSync(logFile, 'w');
  const output = () => readFileSync(logFile, 'utf8');
  const [program, ...args] = plan.command;
  const startedAt = performance.now();
  const child = startChild(
    program,
    [
      ...args,
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
      ...directives,
    ],
    nodePreload === undefined
      ? { stdio: ['ignore', log, log] }
      : {
          stdio: ['ignore', log, log, 'ipc'],
          env: { ...process.env, NODE_OPTIONS: `--import ${nodePreload}` },
        },
  );
  closeSync(log);
  try {
    const client = await waitUntilReady(child, port);
    const readyMs = performance.now() - startedAt;
    const pid = pidOf(child);
    return {
      name: plan.name,
      pid,
      port,
      client,
      child,
      directory,
      readyMs,
      readyCpuMicros: cpuTimeMicros(pid),
      output,
      async stop() {
        client.close();
        await stopChild(child);
        removeOwnDirectory();
      },
    };
  } catch (error) {
    await stopChild(child);
    const lines = lastLines(output());
    removeOwnDirectory();
    throw new Error(`${plan.command.join(' ')} did not start: ${messageOf(error)}\n${lines}`);
  }
}

/**
 * Runs servers one beside the other and stops them whatever happens. When one of them died
 * meanwhile, the error says so, with the end of its output.
 * @template Result
 * @param {readonly ServerPlan[]} plans
 * @param {(servers: RunningServer[]) => Promise<Result>} use
 * @param {ServerOptions} [options]
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
      `${dead.name} ended with ${reason} (${messageOf(error)}):\n${lastLines(dead.output())}`,
    );
  } finally {
    for (const server of servers) await server.stop();
  }
}

/**
 * @param {string} output
 * @returns {string} the end of it
 */
export function lastLines(output) {
  return output.trim().split('\n').slice(-5).join('\n');
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
 * @param {RunningServer} server
 * @param {string} command in lower case
 * @returns {Promise<boolean>}
 */
export async function hasCommand(server, command) {
  const commands = await server.client.call('COMMAND', 'LIST');
  return Array.isArray(commands) && commands.includes(command);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} port
 * @returns {Promise<import('./client.mjs').Client>} that has been answered PONG
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
  /** @type {import('./client.mjs').Client | null} */
  let client = null;
  while (Date.now() < deadline) {
    if (failure !== null) throw failure;
    try {
      client ??= await connectClient(port);
      await client.call('PING');
      return client;
    } catch (error) {
      // Not listening yet, or still loading: the deadline decides.
      if (!messageOf(error).startsWith('LOADING')) {
        client?.close();
        client = null;
      }
      await sleep(READY_POLL_MS);
    }
  }
  client?.close();
  throw new Error(`no answer to PING within ${START_PATIENCE_MS / 1000} s`);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {number}
 */
export function pidOf(child) {
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
export function findFreePort() {
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
