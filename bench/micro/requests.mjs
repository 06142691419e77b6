// @ts-check
// Whole requests, from received bytes to reply bytes, without sockets: decoding, admission, running,
// counting, and gathering the replies. What a server's CPU time has besides is the kernel's and Node's.

import { EventEmitter } from 'node:events';
import { CommandTable, Connection, families, loadConfig, Server, silentLogger } from './engine.mjs';

export const name = 'requests';
export const title = 'Requests without sockets, per request (50 clients, 100,000 keys)';

const CLIENTS = 50;
const KEYS = 100_000;
/** Rounds of all clients in one call. */
const ROUNDS = 2;
const value = 'v'.repeat(16);

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  const clients = connect();
  return [
    pipelines(clients, 'SET, P=16', 16, (key) => ['SET', key, value]),
    pipelines(clients, 'GET, P=16', 16, (key) => ['GET', key]),
    pipelines(clients, 'INCR, P=16', 16, (key) => ['INCR', key.replace('key', 'counter')]),
    pipelines(clients, 'LPUSH then LPOP, P=16', 16, (_, i) =>
      i % 2 === 0 ? ['LPUSH', 'mylist', value] : ['LPOP', 'mylist'],
    ),
    pushes(clients, 'LPUSH, P=16', 'LPUSH'),
    pushes(clients, 'RPUSH, P=16', 'RPUSH'),
    pops(clients, 'LPOP, P=16', 'LPOP'),
    pipelines(clients, 'SETBIT, P=16', 16, (key, i) => ['SETBIT', key, '70', String(i % 2)]),
    pipelines(clients, 'GETBIT, P=16', 16, (key) => ['GETBIT', key, '70']),
    pipelines(clients, 'BITCOUNT, P=16', 16, (key) => ['BITCOUNT', key]),
    pipelines(clients, 'BITFIELD, P=16', 16, (key) => [
      'BITFIELD',
      key,
      'INCRBY',
      'u16',
      '#2',
      '1',
    ]),
    pipelines(clients, 'PFADD to one key, P=16', 16, (key) => ['PFADD', 'hll', key]),
    pipelines(clients, 'PFCOUNT of one key, P=16', 16, () => ['PFCOUNT', 'hll']),
    pipelines(clients, 'GET, P=1', 1, (key) => ['GET', key]),
    pipelines(clients, 'SET, P=1', 1, (key) => ['SET', key, value]),
  ];
}

/** Clients of one server, whose sockets take every byte. */
function connect() {
  const config = loadConfig({ file: undefined, settings: [] });
  const server = new Server({
    config,
    log: silentLogger(),
    version: '0.0.0',
    commands: new CommandTable(families),
  });
  // All is one iteration of the event loop here, and what is beyond its budget would wait for the next.
  server.budget.admits = () => true;
  const address = { remote: '127.0.0.1:1', local: '127.0.0.1:2', unixSocket: false };
  const clients = Array.from(
    { length: CLIENTS },
    () =>
      new Connection(new TakingSocket(), server, server.clients.nextId(), address, true, () => {}),
  );
  for (let i = 0; i < KEYS; i++) {
    const number = String(i).padStart(12, '0');
    const bytes = Buffer.from(
      encode(['SET', `key:${number}`, value]) + encode(['SET', `counter:${number}`, '1000']),
    );
    clients[0].requests.receive(bytes, bytes.length);
    if (i % 100 === 0) server.replies.flush();
  }
  return { server, clients };
}

/** A socket that takes every byte at once. */
class TakingSocket extends EventEmitter {
  writableLength = 0;
  destroyed = false;
  write() {
    return true;
  }
}

/**
 * @param {ReturnType<typeof connect>} parts
 * @param {string} name
 * @param {number} pipeline
 * @param {(key: string, i: number) => string[]} request
 * @returns {import('./run.mjs').MicroTask}
 */
function pipelines({ server, clients }, name, pipeline, request) {
  /** @type {Buffer[]} */
  const received = [];
  for (let i = 0; i < ROUNDS * CLIENTS; i++) {
    const requests = Array.from({ length: pipeline }, (_, j) => {
      const key = `key:${String(Math.floor(Math.random() * KEYS)).padStart(12, '0')}`;
      return encode(request(key, j));
    });
    received.push(Buffer.from(requests.join('')));
  }
  const shared = Buffer.allocUnsafeSlow(64 * 1024);
  const run = () => {
    for (let i = 0; i < received.length; i++) {
      const bytes = received[i];
      bytes.copy(shared);
      clients[i % CLIENTS].requests.receive(shared, bytes.length);
      if (i % CLIENTS === CLIENTS - 1) server.replies.flush();
    }
    return server.stats.commandsProcessed;
  };
  return { name, operations: received.length * pipeline, run };
}

/**
 * @param {ReturnType<typeof connect>} parts
 * @param {string} name
 * @param {string} command
 * @returns {import('./run.mjs').MicroTask}
 */
function pushes(parts, name, command) {
  const task = pipelines(parts, name, 16, () => [command, 'mylist', value]);
  return { ...task, cleanUp: () => runOnce(parts, ['DEL', 'mylist']) };
}

/**
 * @param {ReturnType<typeof connect>} parts
 * @param {string} name
 * @param {string} command
 * @returns {import('./run.mjs').MicroTask}
 */
function pops(parts, name, command) {
  const task = pipelines(parts, name, 16, () => [command, 'mylist']);
  const values = Array.from({ length: task.operations + 1 }, () => value);
  return {
    ...task,
    prepare: () => runOnce(parts, ['DEL', 'mylist'], ['RPUSH', 'mylist', ...values]),
  };
}

/**
 * @param {ReturnType<typeof connect>} parts
 * @param {string[][]} requests
 */
function runOnce({ server, clients }, ...requests) {
  const bytes = Buffer.from(requests.map(encode).join(''));
  clients[0].requests.receive(bytes, bytes.length);
  server.replies.flush();
}

/** @param {string[]} args */
function encode(args) {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}
