// @ts-check
// NATS JetStream, by its text protocol (docs.nats.io/reference/reference-protocols/nats-protocol)
// and its API of JSON requests on subjects below $JS.API. A message is published with a reply
// subject, to which JetStream sends the acknowledgement. Reading is a push consumer that
// acknowledges nothing, with flow control, as JetStream's clients replay a stream.

import { openConnection } from './connection.mjs';
import { eventRing } from './ring.mjs';

const [LF, H, M] = [0x0a, 0x48, 0x4d];
const CRLF_BYTES = 2;
/** Of a line with headers and a subject for a reply. */
const FLOW_CONTROL_WORDS = 6;
const IDLE_HEARTBEAT_NANOS = 5e9;

/**
 * @typedef {object} NatsMessage
 * @property {Buffer} bytes
 * @property {number} start of the payload, behind headers
 * @property {number} end
 * @property {string[] | null} words of the line before headers, `HMSG subject sid [reply] size size`;
 *   null where there are none
 */

/**
 * @typedef {object} NatsSink
 * @property {(message: NatsMessage) => void} onMessage
 * @property {() => void} onPing
 * @property {() => void} onPong
 */

/**
 * @param {NatsSink} sink
 * @returns {(chunk: Buffer) => void} throws on -ERR; a message that a chunk cuts waits for the next
 */
export function natsMessages({ onMessage, onPing, onPong }) {
  /** @type {Buffer} */
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at < bytes.length) {
      const lineEnd = bytes.indexOf(LF, at);
      if (lineEnd === -1) break;
      const kind = bytes[at];
      const isMessage = kind === M || kind === H;
      const end = lineEnd + 1 + (isMessage ? integerAtEnd(bytes, lineEnd - 1) + CRLF_BYTES : 0);
      if (end > bytes.length) break;
      if (isMessage) {
        const words = kind === M ? null : bytes.toString('latin1', at, lineEnd - 1).split(' ');
        const start = lineEnd + 1 + (words === null ? 0 : Number(words.at(-2)));
        onMessage({ bytes, start, end: end - CRLF_BYTES, words });
      } else {
        const line = bytes.toString('latin1', at, lineEnd - 1);
        if (line.startsWith('-ERR')) throw new Error(line);
        if (line === 'PING') onPing();
        if (line === 'PONG') onPong();
      }
      at = end;
    }
    rest = bytes.subarray(at);
  };
}

/**
 * @param {Buffer} bytes
 * @param {number} end
 * @returns {number} whose decimal digits end there
 */
function integerAtEnd(bytes, end) {
  let value = 0;
  let weight = 1;
  for (let at = end - 1; bytes[at] >= 0x30 && bytes[at] <= 0x39; at--) {
    value += (bytes[at] - 0x30) * weight;
    weight *= 10;
  }
  return value;
}

/**
 * @typedef {object} NatsConnection
 * @property {(...parts: Buffer[]) => void} send
 * @property {() => Promise<void>} flush resolves when the server has handled all that was sent
 * @property {() => void} close
 * @property {Promise<never>} failed
 */

/**
 * @param {number} port
 * @param {(message: NatsMessage) => void} onMessage
 * @returns {Promise<NatsConnection>} once the server has accepted the client
 */
async function openNats(port, onMessage) {
  /** @type {(() => void)[]} */
  const flushes = [];
  const feed = natsMessages({
    onMessage,
    onPing: () => send(Buffer.from('PONG\r\n')),
    onPong: () => flushes.shift()?.(),
  });
  const { send, close, failed } = await openConnection(port, feed);
  const flush = () => {
    /** @type {Promise<void>} */
    const answered = new Promise((resolve) => flushes.push(resolve));
    send(Buffer.from('PING\r\n'));
    return Promise.race([answered, failed]);
  };
  send(Buffer.from('CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n'));
  await flush();
  return { send, flush, close, failed };
}

/**
 * @param {number} port
 * @returns {Promise<import('./connection.mjs').EventClient>} once JetStream answers
 */
export async function connectNats(port) {
  let requests = 0;
  /** @type {((reply: string) => void) | null} */
  let onReply = null;
  const { send, close, failed } = await openNats(port, ({ bytes, start, end }) => {
    onReply?.(bytes.toString('utf8', start, end));
  });
  send(Buffer.from('SUB _INBOX.control.> 1\r\n'));
  /** @type {(subject: string, body: object) => Promise<void>} */
  const request = async (subject, body) => {
    /** @type {Promise<string>} */
    const reply = new Promise((resolve) => {
      onReply = resolve;
    });
    send(
      publication(
        `$JS.API.${subject}`,
        Buffer.from(JSON.stringify(body)),
        `_INBOX.control.${requests++}`,
      ),
    );
    const { error } = JSON.parse(await Promise.race([reply, failed]));
    if (error !== undefined) throw new Error(`JetStream: ${error.description}`);
  };
  await request('INFO', {});
  return {
    create: (stream) =>
      request(`STREAM.CREATE.${stream}`, {
        name: stream,
        subjects: [stream],
        storage: 'file',
        retention: 'limits',
        num_replicas: 1,
      }),
    openWriter: (stream, payloadSizeBytes) => openWriter(port, stream, payloadSizeBytes),
    openReader: (stream, from, sink) => openReader(port, request, { stream, from, sink }),
    close,
  };
}

/**
 * @param {string} subject
 * @param {Buffer} payload
 * @param {string} [reply]
 * @returns {Buffer}
 */
function publication(subject, payload, reply = '') {
  const subjects = reply === '' ? subject : `${subject} ${reply}`;
  const head = Buffer.from(`PUB ${subjects} ${payload.length}\r\n`);
  return Buffer.concat([head, payload, Buffer.from('\r\n')]);
}

/**
 * @param {number} port
 * @param {string} stream
 * @param {number} payloadSizeBytes
 * @returns {Promise<import('./connection.mjs').EventWriter>}
 */
async function openWriter(port, stream, payloadSizeBytes) {
  const inbox = `_INBOX.${stream}`;
  const ring = eventRing(payloadSizeBytes, (payload) => publication(stream, payload, inbox));
  const { send, flush, close, failed } = await openNats(port, ({ bytes, start, end }) => {
    // A refusal is {"error":...}, an acknowledgement {"stream":...,"seq":...}.
    if (bytes.toString('latin1', start, start + 9) !== '{"stream"') {
      throw new Error(`JetStream: ${bytes.toString('utf8', start, end)}`);
    }
    writer.onAcknowledged(1);
  });
  send(Buffer.from(`SUB ${inbox} 1\r\n`));
  await flush();
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
 * @param {(subject: string, body: object) => Promise<void>} request to JetStream's API
 * @param {{ stream: string, from: 'first' | 'next', sink: import('./connection.mjs').EventSink }}
 *   plan
 * @returns {Promise<import('./connection.mjs').EventReader>}
 */
async function openReader(port, request, { stream, from, sink }) {
  const deliverSubject = `_INBOX.deliver.${stream}.${process.hrtime.bigint()}`;
  const { send, flush, close, failed } = await openNats(port, ({ words, bytes, start, end }) => {
    if (words === null) return sink(bytes, start, end - start);
    // Idle heartbeats and flow control come as headers without a payload; the latter is answered.
    if (words.length === FLOW_CONTROL_WORDS) send(publication(words[3], Buffer.alloc(0)));
  });
  send(Buffer.from(`SUB ${deliverSubject} 1\r\n`));
  await flush();
  await request(`CONSUMER.CREATE.${stream}`, {
    stream_name: stream,
    config: {
      deliver_subject: deliverSubject,
      deliver_policy: from === 'first' ? 'all' : 'new',
      ack_policy: 'none',
      replay_policy: 'instant',
      flow_control: true,
      idle_heartbeat: IDLE_HEARTBEAT_NANOS,
      mem_storage: true,
    },
  });
  return { close, failed };
}
