// @ts-check
// One TCP connection of a client of an event server, whatever the protocol: bytes out, bytes in,
// and one place where a failure shows. Written by hand for all of them alike, so that what is
// compared is servers and not client libraries: the sender encodes nothing while it measures, the
// receiver only finds where each event begins.

import { connect } from 'node:net';

/**
 * What both ends of a measurement share.
 * @typedef {object} Connection
 * @property {(...parts: Buffer[]) => void} send all parts in one write
 * @property {() => void} close
 * @property {Promise<never>} failed rejects when the connection ends unasked, and on what `onBytes`
 *   throws
 */

/**
 * @typedef {object} EventWriter appends to one stream
 * @property {(first: number, count: number) => void} send appends the events with these numbers, in
 *   one write; at most `RING_EVENTS` may be unacknowledged
 * @property {(count: number) => void} onAcknowledged called with how many more the server
 *   acknowledged
 * @property {() => void} close
 * @property {Promise<never>} failed
 */

/**
 * Called for each event: its payload, or the first part of it, stands in `bytes` at `start`;
 * `sizeBytes` is the payload's whole size.
 * @typedef {(bytes: Buffer, start: number, sizeBytes: number) => void} EventSink
 */

/**
 * @typedef {object} EventReader
 * @property {() => void} close
 * @property {Promise<never>} failed
 */

/**
 * A client of one kind of server.
 * @typedef {object} EventClient a control connection that opens others
 * @property {(stream: string) => Promise<void>} create makes an empty stream
 * @property {(stream: string, payloadSizeBytes: number) => Promise<EventWriter>} openWriter
 * @property {(stream: string, from: 'first' | 'next', sink: EventSink) => Promise<EventReader>}
 *   openReader reads from the first event on, or only those appended once this has resolved
 * @property {() => void} close
 */

/**
 * @param {number} port on 127.0.0.1
 * @param {(chunk: Buffer) => void} onBytes
 * @returns {Promise<Connection>} once connected
 */
export function openConnection(port, onBytes) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  /** @type {Promise<never>} */
  const failed = new Promise((_, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (chunk) => {
      try {
        onBytes(chunk);
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    });
  });
  // A failure after the last question is nobody's.
  failed.catch(() => {});
  const connected = new Promise((resolve) => socket.once('connect', resolve));
  return Promise.race([connected, failed]).then(() => ({
    send(...parts) {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    },
    close: () => socket.destroy(),
    failed,
  }));
}
