// @ts-check
// Synap and Redis: XADD to append, XREAD to read. An event is an entry of two fields, `a` and `b`,
// with half of the payload each.

import { connectClient } from '../client.mjs';
import { openConnection } from './connection.mjs';
import { eventRing } from './ring.mjs';

/** Entries of one XREAD. */
const READ_COUNT = 1000;

const [CR, STAR, DOLLAR, ZERO, NINE] = [0x0d, 0x2a, 0x24, 0x30, 0x39];
const CRLF_BYTES = 2;

/**
 * Finds the elements of replies as they arrive, arrays by their length only: what follows from
 * nesting is known to whoever asked. An element that a chunk cuts waits for the next chunk.
 * @param {{ onArray(length: number): void, onBulk(bytes: Buffer, start: number, size: number): void }}
 *   sink
 * @returns {(chunk: Buffer) => void} throws on an error and on null, which nothing here asks for
 */
export function respElements({ onArray, onBulk }) {
  /** @type {Buffer} */
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at < bytes.length) {
      // Lengths are read digit by digit: a search for the line's end costs more than such a line.
      const kind = bytes[at];
      let lineEnd = at + 1;
      let length = 0;
      while (bytes[lineEnd] >= ZERO && bytes[lineEnd] <= NINE) {
        length = length * 10 + (bytes[lineEnd++] - ZERO);
      }
      if (lineEnd + 1 >= bytes.length) break;
      if ((kind !== STAR && kind !== DOLLAR) || bytes[lineEnd] !== CR) {
        const textEnd = bytes.indexOf(CR, at);
        if (textEnd === -1) break;
        throw new Error(`the server answers "${bytes.toString('latin1', at, textEnd)}"`);
      }
      const start = lineEnd + CRLF_BYTES;
      if (kind === STAR) {
        onArray(length);
        at = start;
      } else {
        const end = start + length + CRLF_BYTES;
        if (end > bytes.length) break;
        onBulk(bytes, start, length);
        at = end;
      }
    }
    rest = bytes.subarray(at);
  };
}

/**
 * @param {number} port
 * @returns {Promise<import('./connection.mjs').EventClient>}
 */
export async function connectResp(port) {
  const control = await connectClient(port);
  return {
    async create(stream) {
      await control.call('DEL', stream);
    },
    openWriter: (stream, payloadSizeBytes) => openWriter(port, stream, payloadSizeBytes),
    async openReader(stream, from, sink) {
      const newest =
        from === 'next' ? await control.call('XREVRANGE', stream, '+', '-', 'COUNT', '1') : [];
      const lastId = Array.isArray(newest) && newest.length > 0 ? String(newest[0][0]) : '0-0';
      return openReader(port, stream, lastId, sink);
    },
    close: control.close,
  };
}

/**
 * @param {readonly (string | Buffer)[]} args
 * @returns {Buffer}
 */
function encodeRequest(args) {
  const parts = args.map((arg) => {
    const bytes = Buffer.from(arg);
    return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
  });
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts]);
}

/**
 * @param {number} port
 * @param {string} stream
 * @param {number} payloadSizeBytes
 * @returns {Promise<import('./connection.mjs').EventWriter>}
 */
async function openWriter(port, stream, payloadSizeBytes) {
  const half = payloadSizeBytes >> 1;
  const ring = eventRing(payloadSizeBytes, (payload) =>
    encodeRequest([
      'XADD',
      stream,
      '*',
      'a',
      payload.subarray(0, half),
      'b',
      payload.subarray(half),
    ]),
  );
  let acknowledged = 0;
  const feed = respElements({
    onArray() {
      throw new Error('XADD was answered without an id');
    },
    onBulk() {
      acknowledged++;
    },
  });
  const { send, close, failed } = await openConnection(port, (chunk) => {
    acknowledged = 0;
    feed(chunk);
    if (acknowledged > 0) writer.onAcknowledged(acknowledged);
  });
  /** @type {import('./connection.mjs').EventWriter} */
  const writer = {
    send: (first, count) => send(...ring.take(first, count)),
    onAcknowledged() {},
    close,
    failed,
  };
  return writer;
}

/**
 * @param {number} port
 * @param {string} stream
 * @param {string} lastId
 * @param {import('./connection.mjs').EventSink} sink
 * @returns {Promise<import('./connection.mjs').EventReader>}
 */
async function openReader(port, stream, lastId, sink) {
  // The reply is *1 *2 $stream *entries, and each entry *2 $id *4 $a $half $b $half.
  let nextId = lastId;
  let arrays = 0;
  let entries = 0;
  let bulks = 0;
  const ask = () => {
    [arrays, entries, bulks] = [0, 0, 0];
    const options = ['COUNT', String(READ_COUNT), 'BLOCK', '0', 'STREAMS', stream, nextId];
    send(encodeRequest(['XREAD', ...options]));
  };
  const feed = respElements({
    onArray(length) {
      if (++arrays === 3) entries = length;
    },
    onBulk(bytes, start, size) {
      const place = bulks++ === 0 ? 'stream' : (bulks - 2) % 5;
      if (place === 0) nextId = bytes.toString('latin1', start, start + size);
      else if (place === 2) sink(bytes, start, 2 * size);
      else if (place === 4 && --entries === 0) ask();
    },
  });
  const { send, close, failed } = await openConnection(port, feed);
  ask();
  return { close, failed };
}
