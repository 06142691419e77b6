// @ts-check
// Fills a server with an exact set of keys: every number from 0 to count - 1 once, where
// redis-benchmark's -r draws at random and leaves gaps. Each connection owns one buffer that holds
// a whole pipeline of requests; only the digits in it change. A buffer is rewritten only after all
// its replies have arrived, so the kernel is done with it.

import { connect } from 'node:net';

const DIGITS = 12;

/** Elements of one RPUSH: many enough that the round trip does not count. */
const PUSHED_AT_ONCE = 500;

/**
 * Where to load.
 * @typedef {object} LoadRequest
 * @property {number} port on 127.0.0.1
 * @property {number} count keys
 * @property {number} [pipeline] requests per write; 64 unless given
 * @property {number} [connections] 50 unless given
 */

/**
 * Key number 7 is `key:000000000007`, the name that redis-benchmark gives it too.
 * @typedef {object} KeysLoad
 * @property {number} [valueSizeBytes] at least 12, for the number; 16 unless given
 * @property {number} [expireAtMs] Unix time at which all keys expire (PXAT); never unless given
 */

/**
 * @param {LoadRequest & KeysLoad} request
 * @returns {Promise<number>} how long it took, in seconds
 * @throws {Error} on the first reply that is not OK, or a lost connection
 */
export function loadKeys(request) {
  const template = setTemplate(request.valueSizeBytes ?? 16, request.expireAtMs);
  return load(request, template, fixedReply('+OK\r\n'));
}

/**
 * Lists under the names that `loadKeys` uses, each made by one RPUSH.
 * @param {LoadRequest & { elements: number }} request `elements`: of 16 bytes, in each list
 * @returns {Promise<number>} how long it took, in seconds
 * @throws {Error} on the first reply that is not the list's length, or a lost connection
 */
export function loadLists(request) {
  return load(request, pushTemplate(request.elements), fixedReply(`:${request.elements}\r\n`));
}

/**
 * Entries of streams. Number 7 has the id `1000000000007-0`, fields `field1`, `field2` …, and values with its
 * number.
 * @typedef {object} StreamLoad
 * @property {string} [key] of the only stream; `stream` unless given
 * @property {number} [entriesPerKey] of streams under the names that `loadKeys` uses; absent: one stream has all
 * @property {number} [first] number of the first entry; 0 unless given
 * @property {readonly number[]} [valueSizesBytes] at least 12 each; two of 16 unless given
 */

/**
 * @param {Omit<LoadRequest, 'connections'> & StreamLoad} request `count`: of entries
 * @returns {Promise<number>} how long it took, in seconds
 * @throws {Error} on the first reply that is not the entry's id, or a lost connection
 */
export function loadStreams(request) {
  // Ids are in order, so one connection sends them all.
  const inOrder = { pipeline: 1000, ...request, connections: 1 };
  return load(inOrder, entryTemplate(request), idReply(request));
}

/**
 * Appends elements of 16 bytes, none of which looks like an integer, to a list that does not exist.
 * @param {Pick<import('./client.mjs').Client, 'call'>} client
 * @param {string} key
 * @param {number} length none are appended when 0
 * @returns {Promise<void>}
 * @throws {Error} when the list did not become as long
 */
export async function fillList(client, key, length) {
  for (let next = 0; next < length; ) {
    const first = next;
    next = Math.min(first + PUSHED_AT_ONCE, length);
    const elements = Array.from({ length: next - first }, (_, i) => element(first + i));
    const reply = await client.call('RPUSH', key, ...elements);
    if (reply !== next) throw new Error(`${key} has ${reply} elements, not ${next}`);
  }
}

/**
 * @param {number} number
 * @returns {string} 16 bytes
 */
function element(number) {
  return `vvvv${String(number).padStart(DIGITS, '0')}`;
}

/**
 * One request with zeros for its numbers, and where the digits of each of them end.
 * @typedef {object} RequestTemplate
 * @property {Buffer} bytes
 * @property {{ end: number, numberOf: (index: number) => number }[]} numbers `numberOf` gives the
 *   number by the request's own
 */

/**
 * @param {readonly (string | { prefix: string, numberOf: (index: number) => number })[]} args
 * @returns {RequestTemplate} an argument with a number is its prefix and 12 digits
 */
function requestTemplate(args) {
  let text = `*${args.length}\r\n`;
  /** @type {RequestTemplate['numbers']} */
  const numbers = [];
  for (const arg of args) {
    const shown = typeof arg === 'string' ? arg : arg.prefix + '0'.repeat(DIGITS);
    text += `$${shown.length}\r\n${shown}`;
    if (typeof arg !== 'string') numbers.push({ end: text.length, numberOf: arg.numberOf });
    text += '\r\n';
  }
  return { bytes: Buffer.from(text, 'latin1'), numbers };
}

const numberedKey = { prefix: 'key:', numberOf: (/** @type {number} */ index) => index };

/**
 * @param {number} valueSizeBytes
 * @param {number} [expireAtMs]
 * @returns {RequestTemplate} SET
 */
export function setTemplate(valueSizeBytes, expireAtMs) {
  if (valueSizeBytes < DIGITS) throw new RangeError('a value holds at least 12 digits');
  const value = { prefix: 'v'.repeat(valueSizeBytes - DIGITS), numberOf: numberedKey.numberOf };
  const expiry = expireAtMs === undefined ? [] : ['PXAT', String(expireAtMs)];
  return requestTemplate(['SET', numberedKey, value, ...expiry]);
}

/** @returns {RequestTemplate} GET */
export function getTemplate() {
  return requestTemplate(['GET', numberedKey]);
}

/**
 * @param {number} elements
 * @returns {RequestTemplate} RPUSH of elements that no other list has
 */
export function pushTemplate(elements) {
  const values = Array.from({ length: elements }, (_, position) => ({
    prefix: 'vvvv',
    numberOf: (/** @type {number} */ index) => index * elements + position,
  }));
  return requestTemplate(['RPUSH', numberedKey, ...values]);
}

/**
 * @param {StreamLoad} load
 * @returns {RequestTemplate} XADD
 */
export function entryTemplate(load) {
  const { key = 'stream', entriesPerKey, valueSizesBytes = [16, 16] } = load;
  const numberOf = entryNumbers(load);
  const keyArgument =
    entriesPerKey === undefined
      ? key
      : {
          prefix: 'key:',
          numberOf: (/** @type {number} */ index) => Math.floor(index / entriesPerKey),
        };
  const fields = valueSizesBytes.flatMap((sizeBytes, i) => [
    `field${i + 1}`,
    { prefix: 'v'.repeat(sizeBytes - DIGITS), numberOf },
  ]);
  return requestTemplate(['XADD', keyArgument, { prefix: '1', numberOf }, ...fields]);
}

/**
 * @param {StreamLoad} load
 * @returns {RequestTemplate} the reply to it, as if it were a request
 */
function idReply(load) {
  const head = '$15\r\n1';
  const bytes = Buffer.from(`${head}${'0'.repeat(DIGITS)}-0\r\n`, 'latin1');
  return { bytes, numbers: [{ end: head.length + DIGITS, numberOf: entryNumbers(load) }] };
}

/** @type {(load: StreamLoad) => (index: number) => number} */
function entryNumbers({ first = 0 }) {
  return (index) => first + index;
}

/**
 * @param {string} text
 * @returns {RequestTemplate} of the same reply to each request
 */
function fixedReply(text) {
  return { bytes: Buffer.from(text, 'latin1'), numbers: [] };
}

/**
 * @param {RequestTemplate} template
 * @param {Buffer} buffer holds the template's bytes
 * @param {number} start where they begin
 * @param {number} index the request's number
 */
export function writeNumbers({ numbers }, buffer, start, index) {
  for (const { end, numberOf } of numbers) writeDigits(buffer, start + end, numberOf(index));
}

/**
 * @param {Buffer} buffer
 * @param {number} end offset behind the last digit
 * @param {number} number not negative, at most 12 digits
 */
export function writeDigits(buffer, end, number) {
  let rest = number;
  for (let at = end - 1; at >= end - DIGITS; at--) {
    const tenth = Math.floor(rest / 10);
    buffer[at] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  }
}

/**
 * @param {LoadRequest} request
 * @param {RequestTemplate} template
 * @param {RequestTemplate} reply to each request
 * @returns {Promise<number>} how long it took, in seconds
 */
async function load({ port, count, pipeline = 64, connections = 50 }, template, reply) {
  const started = performance.now();
  let next = 0;
  /** @type {() => { first: number, count: number } | null} */
  const takeBatch = () => {
    if (next >= count) return null;
    const first = next;
    next = Math.min(next + pipeline, count);
    return { first, count: next - first };
  };
  const lanes = Array.from({ length: connections }, () =>
    runLane({ port, template, reply, pipeline, takeBatch }),
  );
  await Promise.all(lanes);
  return (performance.now() - started) / 1000;
}

/**
 * @typedef {object} Lane
 * @property {number} port
 * @property {RequestTemplate} template
 * @property {RequestTemplate} reply
 * @property {number} pipeline
 * @property {() => { first: number, count: number } | null} takeBatch
 */

/**
 * One connection: sends a batch, waits for all its replies, takes the next.
 * @param {Lane} lane
 * @returns {Promise<void>} when there is no batch left
 */
function runLane({ port, template, reply, pipeline, takeBatch }) {
  const { bytes } = template;
  const batchBuffer = repeated(bytes, pipeline);
  const expected = repeated(reply.bytes, pipeline);
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
        writeNumbers(template, batchBuffer, i * bytes.length, batch.first + i);
        writeNumbers(reply, expected, i * reply.bytes.length, batch.first + i);
      }
      at = 0;
      repliesSize = batch.count * reply.bytes.length;
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
            const unexpected = lines.find((line) => line.startsWith('-')) ?? lines[0];
            socket.destroy();
            reject(new Error(`loading keys: unexpected reply "${unexpected}"`));
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

/**
 * @param {Buffer} bytes
 * @param {number} times
 * @returns {Buffer}
 */
function repeated(bytes, times) {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}
