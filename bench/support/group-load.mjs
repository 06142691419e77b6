// @ts-check
// Consumers of one group that share a stream: each reads ten entries, acknowledges them, and reads the next ten in the
// same write, which redis-benchmark cannot, as it does not look at replies. All entries are equally long, and so all
// replies: nothing is parsed but the ids.

import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { encodeRequest } from './client.mjs';

export const STREAM = 'stream';
export const GROUP = 'group';
/** Entries of one XREADGROUP, and ids of one XACK. */
export const READ_AT_ONCE = 10;

const ACKNOWLEDGED = `:${READ_AT_ONCE}\r\n`;
/** Bytes of an id: those of `loadStreams`. */
const ID_BYTES = '1000000000000-0'.length;
/** What stands before an entry's id. */
const ENTRY_HEAD = `*2\r\n$${ID_BYTES}\r\n`;
/** What stands before the first entry. */
const HEAD = `*1\r\n*2\r\n$${STREAM.length}\r\n${STREAM}\r\n*${READ_AT_ONCE}\r\n`;
const ENTRY =
  `${ENTRY_HEAD}${'0'.repeat(ID_BYTES)}\r\n*4\r\n` +
  [1, 2].map((i) => `$6\r\nfield${i}\r\n$16\r\n${'v'.repeat(16)}\r\n`).join('');
const ENTRIES_BYTES = READ_AT_ONCE * ENTRY.length;

/**
 * Reads and acknowledges entries that `loadStreams` made, from the group's position on.
 * @param {import('./redis-benchmark.mjs').Pressure} pressure `requests`: of each command; there must be ten times as
 *   many entries. `clients`: each a consumer of its own
 * @returns {Promise<import('./redis-benchmark.mjs').BenchmarkReport>} latencies are of both commands
 * @throws {Error} when a reply is another than was expected
 */
export async function shareStream({ port, requests, clients }) {
  const micros = createHistogram();
  let left = requests;
  const takeRequest = () => left-- > 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: clients }, (_, i) =>
      consume({ port, consumer: `consumer:${i}`, takeRequest, record: (us) => micros.record(us) }),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  const percentileMs = (/** @type {number} */ percent) => micros.percentile(percent) / 1000;
  return {
    name: 'XREADGROUP and XACK',
    requests,
    requestsPerSecond: requests / seconds,
    p50Ms: percentileMs(50),
    p99Ms: percentileMs(99),
    p999Ms: percentileMs(99.9),
    maxMs: micros.max / 1000,
  };
}

/**
 * One consumer.
 * @param {{ port: number, consumer: string, takeRequest: () => boolean, record: (micros: number) => void }} work
 * @returns {Promise<void>} when there is nothing left to read and all is acknowledged
 */
function consume({ port, consumer, takeRequest, record }) {
  const read = Buffer.from(
    encodeRequest([
      ...['XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', String(READ_AT_ONCE)],
      ...['STREAMS', STREAM, '>'],
    ]),
  );
  const ids = Array.from({ length: READ_AT_ONCE }, () => '0'.repeat(ID_BYTES));
  const acknowledge = Buffer.from(encodeRequest(['XACK', STREAM, GROUP, ...ids]));
  const firstIdAt = acknowledge.length - (READ_AT_ONCE - 1) * (ID_BYTES + 7) - ID_BYTES - 2;
  const both = Buffer.concat([acknowledge, read]);
  const received = Buffer.alloc(ACKNOWLEDGED.length + HEAD.length + ENTRIES_BYTES);

  return new Promise((resolve, reject) => {
    let at = 0;
    let expectedBytes = 0;
    let expectedHead = Buffer.alloc(0);
    let sentAt = 0;
    let isReading = takeRequest();
    let isAcknowledging = false;
    const fail = (/** @type {string} */ reason) => {
      socket.destroy();
      reject(new Error(`${consumer}: ${reason}`));
    };
    const finish = () => {
      socket.destroy();
      resolve();
    };
    const send = () => {
      const request = isAcknowledging ? (isReading ? both : acknowledge) : read;
      const head = (isAcknowledging ? ACKNOWLEDGED : '') + (isReading ? HEAD : '');
      expectedHead = Buffer.from(head);
      expectedBytes = head.length + (isReading ? ENTRIES_BYTES : 0);
      at = 0;
      sentAt = performance.now();
      socket.write(request);
    };
    const answered = () => {
      record(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
      const entriesAt = expectedHead.length;
      isAcknowledging = isReading;
      if (isReading) {
        for (let i = 0; i < READ_AT_ONCE; i++) {
          const idAt = entriesAt + i * ENTRY.length + ENTRY_HEAD.length;
          const target = firstIdAt + i * (ID_BYTES + 7);
          received.copy(acknowledge, target, idAt, idAt + ID_BYTES);
          received.copy(both, target, idAt, idAt + ID_BYTES);
        }
        isReading = takeRequest();
        send();
        return;
      }
      finish();
    };
    const socket = connect({
      ...{ port, host: '127.0.0.1', noDelay: true },
      onread: {
        buffer: Buffer.alloc(received.length),
        callback(size, chunk) {
          const bytes = /** @type {Buffer} */ (chunk);
          bytes.copy(received, at, 0, size);
          at += size;
          const compared = Math.min(at, expectedHead.length);
          if (
            at > expectedBytes ||
            expectedHead.compare(received, 0, compared, 0, compared) !== 0
          ) {
            fail(`unexpected reply "${received.toString('latin1', 0, Math.min(at, 80))}"`);
            return false;
          }
          if (at === expectedBytes) answered();
          return true;
        },
      },
    });
    socket.once('connect', () => (isReading ? send() : finish()));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${consumer}: the connection was closed`)));
  });
}
