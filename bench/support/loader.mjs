// @ts-check
// Fills a server with an exact set of keys: every number from 0 to count - 1 once, where
// redis-benchmark's -r draws at random and leaves gaps. Each connection owns one buffer that holds
// a whole pipeline of SETs; only the digits in it change. A buffer is rewritten only after all its
// replies have arrived, so the kernel is done with it.

import { connect } from 'node:net';

const KEY_DIGITS = 12;
const OK_REPLY = '+OK\r\n';

/**
 * What to load. Key number 7 is `key:000000000007`, the name that redis-benchmark gives it too.
 * @typedef {object} LoadRequest
 * @property {number} port on 127.0.0.1
 * @property {number} count keys
 * @property {number} [valueSizeBytes] at least 12, for the number; 16 unless given
 * @property {number} [pipeline] SETs per write; 64 unless given
 * @property {number} [connections] 50 unless given
 * @property {number} [expireAtMs] Unix time at which all keys expire (PXAT); never unless given
 */

/**
 * @param {LoadRequest} request
 * @returns {Promise<number>} how long it took, in seconds
 * @throws {Error} on the first reply that is not OK, or a lost connection
 */
export async function loadKeys(request) {
  const { connections = 50, pipeline = 64 } = request;
  const template = setTemplate(request.valueSizeBytes ?? 16, request.expireAtMs);
  const started = performance.now();
  let next = 0;
  /** @type {() => { first: number, count: number } | null} */
  const takeBatch = () => {
    if (next >= request.count) return null;
    const first = next;
    next = Math.min(next + pipeline, request.count);
    return { first, count: next - first };
  };
  const lanes = Array.from({ length: connections }, () =>
    runLane(request.port, template, pipeline, takeBatch),
  );
  await Promise.all(lanes);
  return (performance.now() - started) / 1000;
}

/**
 * One SET with zeros for its number, and where those digits stand.
 * @typedef {{ bytes: Buffer, keyDigitsAt: number, valueDigitsAt: number }} SetTemplate
 */

/**
 * @param {number} valueSizeBytes
 * @param {number} [expireAtMs]
 * @returns {SetTemplate}
 */
export function setTemplate(valueSizeBytes, expireAtMs) {
  if (valueSizeBytes < KEY_DIGITS) throw new RangeError('a value holds at least 12 digits');
  const key = `key:${'0'.repeat(KEY_DIGITS)}`;
  const head = `*${expireAtMs === undefined ? 3 : 5}\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n`;
  const value = `$${valueSizeBytes}\r\n${'v'.repeat(valueSizeBytes - KEY_DIGITS)}${'0'.repeat(KEY_DIGITS)}\r\n`;
  const expiry =
    expireAtMs === undefined
      ? ''
      : `$4\r\nPXAT\r\n$${String(expireAtMs).length}\r\n${expireAtMs}\r\n`;
  return {
    bytes: Buffer.from(head + value + expiry, 'latin1'),
    keyDigitsAt: head.length - 2 - KEY_DIGITS,
    valueDigitsAt: head.length + value.length - 2 - KEY_DIGITS,
  };
}

/**
 * @param {Buffer} buffer
 * @param {number} end offset behind the last digit
 * @param {number} number not negative, at most 12 digits
 */
export function writeDigits(buffer, end, number) {
  let rest = number;
  for (let at = end - 1; at >= end - KEY_DIGITS; at--) {
    const tenth = Math.floor(rest / 10);
    buffer[at] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  }
}

/**
 * One connection: sends a batch, waits for all its replies, takes the next.
 * @param {number} port
 * @param {SetTemplate} template
 * @param {number} pipeline
 * @param {() => { first: number, count: number } | null} takeBatch
 * @returns {Promise<void>} when there is no batch left
 */
function runLane(port, template, pipeline, takeBatch) {
  const { bytes, keyDigitsAt, valueDigitsAt } = template;
  const batchBuffer = Buffer.alloc(bytes.length * pipeline);
  for (let i = 0; i < pipeline; i++) bytes.copy(batchBuffer, i * bytes.length);
  const expected = Buffer.from(OK_REPLY.repeat(pipeline), 'latin1');
  const received = Buffer.alloc(expected.length);

  return new Promise((resolve, reject) => {
    let repliesSize = 0;
    let at = 0;
    const sendBatch = () => {
      const batch = takeBatch();
      if (batch === null) {
        socket.destroy();
        return resolve();
      }
      for (let i = 0; i < batch.count; i++) {
        const start = i * bytes.length;
        writeDigits(batchBuffer, start + keyDigitsAt + KEY_DIGITS, batch.first + i);
        writeDigits(batchBuffer, start + valueDigitsAt + KEY_DIGITS, batch.first + i);
      }
      at = 0;
      repliesSize = batch.count * OK_REPLY.length;
      socket.write(batchBuffer.subarray(0, batch.count * bytes.length));
    };
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: received,
        callback(size) {
          const isExpected =
            at + size <= repliesSize && received.compare(expected, at, at + size, 0, size) === 0;
          if (!isExpected) {
            const lines = received.toString('latin1', 0, size).split('\r\n');
            const reply = lines.find((line) => line.startsWith('-')) ?? lines[0];
            socket.destroy();
            reject(new Error(`loading keys: unexpected reply "${reply}"`));
            return false;
          }
          at += size;
          if (at === repliesSize) sendBatch();
          return true;
        },
      },
    });
    socket.once('connect', sendBatch);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('loading keys: the server closed the connection')));
  });
}
