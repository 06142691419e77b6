// @ts-check
// The load of the publish/subscribe scenario: one publisher with a pipeline, and subscribers that
// count what arrives by its bytes alone, as every message has a known size. All connections of a
// process read into one buffer, so that counting costs less than sending.

import { connect } from 'node:net';
import { encodeRequest } from './client.mjs';

/** Publishes under way before a reply is waited for: two of these batches. */
const BATCH = 64;

/**
 * @typedef {object} Subscribers
 * @property {(bytes: number) => Promise<void>} expect resolves when so many bytes more have arrived
 *   at all of them together
 * @property {() => void} close
 */

/**
 * @typedef {object} FanOut
 * @property {number} port on 127.0.0.1
 * @property {string[][]} subscriptions one request a connection: SUBSCRIBE or PSUBSCRIBE
 */

/**
 * Connects subscribers and waits until their subscriptions are confirmed.
 * @param {FanOut} load
 * @returns {Promise<Subscribers>}
 */
export async function connectSubscribers({ port, subscriptions }) {
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let received = 0;
  let awaited = 0;
  /** @type {{ resolve(): void, reject(error: Error): void } | null} */
  let waiting = null;
  /** @type {(bytes: number) => boolean} */
  const count = (bytes) => {
    received += bytes;
    if (waiting !== null && received >= awaited) {
      waiting.resolve();
      waiting = null;
    }
    return true;
  };
  /** @type {Subscribers['expect']} */
  const expect = (bytes) =>
    new Promise((resolve, reject) => {
      awaited += bytes;
      waiting = { resolve, reject };
      count(0);
    });
  const confirmed = expect(
    subscriptions.reduce((bytes, request) => bytes + confirmationBytes(request), 0),
  );
  const sockets = subscriptions.map((request) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      onread: { buffer, callback: count },
    });
    socket.on('error', (error) => waiting?.reject(error));
    socket.on('close', () => waiting?.reject(new Error('the server closed a subscriber')));
    socket.write(encodeRequest(request));
    return socket;
  });
  await confirmed;
  return {
    expect,
    close() {
      for (const socket of sockets) socket.removeAllListeners('close').destroy();
    },
  };
}

/**
 * Publishes one message to each channel in turn.
 * @param {number} port on 127.0.0.1
 * @param {readonly string[]} channels a multiple of the batch is published in all
 * @param {string} message
 * @param {number} receivers of each message: less than ten
 * @param {number} total
 * @returns {Promise<void>} when the server has answered all
 */
export function publishAll(port, channels, message, receivers, total) {
  const replyBytes = `:${receivers}\r\n`.length * BATCH;
  const batches = Math.max(1, Math.ceil(channels.length / BATCH));
  const requests = Array.from({ length: batches }, (_, batch) =>
    Buffer.from(
      Array.from({ length: BATCH }, (_, i) =>
        encodeRequest(['PUBLISH', channels[(batch * BATCH + i) % channels.length], message]),
      ).join(''),
    ),
  );
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    let bytes = 0;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const send = () => {
      if (sent * BATCH < total) socket.write(requests[sent++ % batches]);
    };
    socket.on('connect', () => {
      send();
      send();
    });
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      while (bytes >= (answered + 1) * replyBytes) {
        answered++;
        send();
      }
      if (answered * BATCH >= total) {
        socket.destroy();
        resolve();
      }
    });
    socket.on('error', reject);
  });
}

/**
 * @param {string[]} request SUBSCRIBE or PSUBSCRIBE with names
 * @returns {number} bytes of the server's answer to it, in RESP2
 */
function confirmationBytes([command, ...names]) {
  const word = command.toLowerCase();
  return names.reduce(
    (bytes, name, i) =>
      bytes +
      `*3\r\n$${word.length}\r\n${word}\r\n$${name.length}\r\n${name}\r\n:${i + 1}\r\n`.length,
    0,
  );
}
