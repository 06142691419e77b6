// @ts-check
// RabbitMQ's streams, by the stream protocol (its description is deps/rabbitmq_stream/docs/
// PROTOCOL.adoc in RabbitMQ's sources): frames of a size, a key, a version and fields. A payload is
// stored as it comes, without the AMQP encoding that client libraries wrap around it, which is some
// bytes less. A reader gives credits, and each chunk that is delivered takes one.

import { openConnection } from './connection.mjs';
import { eventRing } from './ring.mjs';

const VERSION = 1;
const OK = 1;
/** Chunks on their way to a reader; what RabbitMQ's Java client starts with. */
const CREDITS = 10;
/** Of a frame: size, key, version, publisher and count. */
const PUBLISH_HEAD_BYTES = 13;
const CHUNK_HEADER_BYTES = 48;
const NO_HEARTBEATS = 0;

const keys = {
  declarePublisher: 1,
  publish: 2,
  publishConfirm: 3,
  publishError: 4,
  subscribe: 7,
  deliver: 8,
  credit: 9,
  create: 13,
  peerProperties: 17,
  saslHandshake: 18,
  saslAuthenticate: 19,
  tune: 20,
  open: 21,
  close: 22,
};
const RESPONSE = 0x8000;

const offsetTypes = { first: 1, next: 3 };

/**
 * @param {(frame: Buffer) => void} onFrame gets each frame whole, from its key on
 * @returns {(chunk: Buffer) => void}
 */
export function rabbitFrames(onFrame) {
  /** @type {Buffer[]} */
  let parts = [];
  let size = 0;
  let needed = 4;
  return (chunk) => {
    parts.push(chunk);
    size += chunk.length;
    if (size < needed) return;
    const bytes = parts.length === 1 ? chunk : Buffer.concat(parts);
    let at = 0;
    needed = 4;
    while (bytes.length - at >= needed) {
      needed = 4 + bytes.readUInt32BE(at);
      if (bytes.length - at < needed) break;
      onFrame(bytes.subarray(at + 4, at + needed));
      at += needed;
      needed = 4;
    }
    parts = [bytes.subarray(at)];
    size = parts[0].length;
  };
}

/**
 * @typedef {object} RabbitConnection
 * @property {(...parts: Buffer[]) => void} send
 * @property {(key: number, ...fields: Buffer[]) => Promise<Buffer>} request resolves with what
 *   follows the response's code; rejects when that is not OK
 * @property {() => void} close
 * @property {Promise<never>} failed
 */

/**
 * @param {number} port
 * @param {(key: number, frame: Buffer) => void} [onFrame] gets what is no response
 * @returns {Promise<RabbitConnection>} logged in as guest
 */
async function openRabbit(port, onFrame = () => {}) {
  /** @type {Map<number, (response: Buffer) => void>} by correlation id */
  const waiting = new Map();
  let correlation = 0;
  /** @type {(frame: Buffer) => void} */
  let onTune = () => {};
  /** @type {Promise<Buffer>} */
  const tuned = new Promise((resolve) => {
    onTune = resolve;
  });
  const feed = rabbitFrames((frame) => {
    const key = frame.readUInt16BE(0);
    if ((key & RESPONSE) !== 0) waiting.get(frame.readUInt32BE(4))?.(frame.subarray(8));
    else if (key === keys.tune) onTune(frame.subarray(4));
    else if (key === keys.close) throw new Error('RabbitMQ closes the connection');
    else onFrame(key, frame);
  });
  const { send, close, failed } = await openConnection(port, feed);
  /** @type {RabbitConnection['request']} */
  const request = async (key, ...fields) => {
    const id = ++correlation;
    /** @type {Promise<Buffer>} */
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    send(frameOf(key, uint32(id), ...fields));
    const response = await Promise.race([answered, failed]);
    waiting.delete(id);
    const code = response.readUInt16BE(0);
    if (code !== OK) throw new Error(`RabbitMQ answers request ${key} with code ${code}`);
    return response.subarray(2);
  };
  await request(keys.peerProperties, uint32(0));
  await request(keys.saslHandshake);
  const login = Buffer.from('\0guest\0guest');
  await request(keys.saslAuthenticate, string('PLAIN'), uint32(login.length), login);
  const frameMax = (await Promise.race([tuned, failed])).readUInt32BE(0);
  send(frameOf(keys.tune, uint32(frameMax), uint32(NO_HEARTBEATS)));
  await request(keys.open, string('/'));
  return { send, request, close, failed };
}

/**
 * @param {number} key
 * @param {...Buffer} fields
 * @returns {Buffer}
 */
function frameOf(key, ...fields) {
  const body = Buffer.concat([uint16(key), uint16(VERSION), ...fields]);
  return Buffer.concat([uint32(body.length), body]);
}

/** @param {number} value */
function uint16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** @param {number} value */
function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param {string} text */
function string(text) {
  return Buffer.concat([uint16(text.length), Buffer.from(text)]);
}

/**
 * @param {number} port of the stream protocol
 * @returns {Promise<import('./connection.mjs').EventClient>} once it has logged in
 */
export async function connectRabbit(port) {
  const { request, close } = await openRabbit(port);
  return {
    async create(stream) {
      await request(keys.create, string(stream), uint32(0));
    },
    openWriter: (stream, payloadSizeBytes) => openWriter(port, stream, payloadSizeBytes),
    openReader: (stream, from, sink) => openReader(port, stream, from, sink),
    close,
  };
}

/**
 * @param {number} port
 * @param {string} stream
 * @param {number} payloadSizeBytes
 * @returns {Promise<import('./connection.mjs').EventWriter>}
 */
async function openWriter(port, stream, payloadSizeBytes) {
  const publisher = Buffer.from([0]);
  const ring = eventRing(payloadSizeBytes, (payload, slot) =>
    Buffer.concat([uint32(0), uint32(slot), uint32(payload.length), payload]),
  );
  const { send, request, close, failed } = await openRabbit(port, (key, frame) => {
    if (key === keys.publishError) throw new Error('RabbitMQ refused an event');
    if (key === keys.publishConfirm) writer.onAcknowledged(frame.readUInt32BE(5));
  });
  // A publisher without a name: RabbitMQ looks for no duplicates.
  await request(keys.declarePublisher, publisher, string(''), string(stream));
  /** @type {import('./connection.mjs').EventWriter} */
  const writer = {
    send(first, count) {
      const events = ring.take(first, count);
      const head = Buffer.alloc(PUBLISH_HEAD_BYTES);
      head.writeUInt32BE(
        events.reduce((sum, { length }) => sum + length, head.length - 4),
        0,
      );
      head.writeUInt16BE(keys.publish, 4);
      head.writeUInt16BE(VERSION, 6);
      head.writeUInt32BE(count, 9);
      send(head, ...events);
    },
    onAcknowledged() {},
    close,
    failed,
  };
  return writer;
}

/**
 * @param {number} port
 * @param {string} stream
 * @param {'first' | 'next'} from
 * @param {import('./connection.mjs').EventSink} sink
 * @returns {Promise<import('./connection.mjs').EventReader>}
 */
async function openReader(port, stream, from, sink) {
  const subscription = Buffer.from([0]);
  const oneCredit = frameOf(keys.credit, subscription, uint16(1));
  const { send, request, close, failed } = await openRabbit(port, (key, frame) => {
    if (key !== keys.deliver) return;
    send(oneCredit);
    readChunk(frame.subarray(5), sink);
  });
  const offset = uint16(offsetTypes[from]);
  await request(keys.subscribe, subscription, string(stream), offset, uint16(CREDITS));
  return { close, failed };
}

/**
 * @param {Buffer} chunk as it is stored: a header, then each event behind its size
 * @param {import('./connection.mjs').EventSink} sink
 * @throws {Error} on a batch that a publisher compressed, which none here does
 */
export function readChunk(chunk, sink) {
  const entries = chunk.readUInt16BE(2);
  let at = CHUNK_HEADER_BYTES;
  for (let entry = 0; entry < entries; entry++) {
    const size = chunk.readInt32BE(at);
    if (size < 0) throw new Error('a chunk holds a batch within a batch');
    sink(chunk, at + 4, size);
    at += 4 + size;
  }
}
