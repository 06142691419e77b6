// @ts-check
// A control connection: one request, one reply, for what happens between measurements (FLUSHALL,
// DBSIZE, INFO). Not made for load; that is loader.mjs and redis-benchmark.

import { createRequire } from 'node:module';
import { connect } from 'node:net';

/**
 * The part of redis-parser that is used here; the package has no types.
 * @typedef {object} ParserOptions
 * @property {(reply: unknown) => void} returnReply
 * @property {(error: Error) => void} returnError
 */
/** @type {new (options: ParserOptions) => { execute(chunk: Buffer): void }} */
const RedisParser = createRequire(import.meta.url)('redis-parser');

/**
 * @typedef {object} Client
 * @property {(...args: string[]) => Promise<unknown>} call sends one command; rejects on an error
 *   reply and when the connection ends first
 * @property {() => void} close
 */

/**
 * @param {number} port on 127.0.0.1
 * @returns {Promise<Client>} once connected
 */
export function connectClient(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  /** @type {{ resolve(reply: unknown): void, reject(error: Error): void }[]} */
  const waiting = [];
  /** @type {(error: Error) => void} */
  const failAll = (error) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  const parser = new RedisParser({
    returnReply: (reply) => waiting.shift()?.resolve(reply),
    returnError: (error) => waiting.shift()?.reject(error),
  });
  socket.on('data', (chunk) => parser.execute(chunk));
  socket.on('close', () => failAll(new Error('the server closed the connection')));

  return new Promise((resolveClient, rejectClient) => {
    socket.once('error', rejectClient);
    socket.once('connect', () => {
      socket.off('error', rejectClient);
      socket.on('error', failAll);
      resolveClient({
        call: (...args) =>
          new Promise((resolve, reject) => {
            if (socket.destroyed) return reject(new Error('the connection is closed'));
            waiting.push({ resolve, reject });
            socket.write(encodeRequest(args));
          }),
        close: () => socket.destroy(),
      });
    });
  });
}

/**
 * @param {readonly string[]} args
 * @returns {string} the request as RESP
 */
export function encodeRequest(args) {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}
