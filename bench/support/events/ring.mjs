// @ts-check
// Encoded events to send from, in turns: each has a payload of its own that does not compress, and
// only the 12 digits of its number, with which a payload begins, change. A slot is written again
// after as many events as the ring has, by when the server has acknowledged it.

import { writeDigits } from '../loader.mjs';

export const RING_EVENTS = 4096;
export const NUMBER_DIGITS = 12;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * @typedef {object} EventRing
 * @property {(first: number, count: number) => Buffer[]} take the bytes of the events with these
 *   numbers: one part, or two at the ring's end
 */

/**
 * @param {number} payloadSizeBytes at least 12
 * @param {(payload: Buffer, slot: number) => Buffer} encode the bytes that send one event, of equal
 *   size for all
 * @returns {EventRing}
 */
export function eventRing(payloadSizeBytes, encode) {
  const random = randomSource(payloadSizeBytes);
  const encoded = Array.from({ length: RING_EVENTS }, (_, slot) => {
    const payload = Buffer.alloc(payloadSizeBytes);
    for (let i = 0; i < payloadSizeBytes; i++) payload[i] = LETTERS.charCodeAt(random() & 63);
    payload.write('#'.repeat(NUMBER_DIGITS), 'latin1');
    return encode(payload, slot);
  });
  const slotSize = encoded[0].length;
  const digitsEnd = encoded[0].indexOf('#'.repeat(NUMBER_DIGITS)) + NUMBER_DIGITS;
  const ring = Buffer.concat(encoded);
  return {
    take(first, count) {
      for (let number = first; number < first + count; number++) {
        writeDigits(ring, (number % RING_EVENTS) * slotSize + digitsEnd, number);
      }
      const from = first % RING_EVENTS;
      const beforeEnd = Math.min(count, RING_EVENTS - from);
      const part = ring.subarray(from * slotSize, (from + beforeEnd) * slotSize);
      if (beforeEnd === count) return [part];
      return [part, ring.subarray(0, (count - beforeEnd) * slotSize)];
    },
  };
}

/**
 * @param {Buffer} bytes
 * @param {number} start of a payload
 * @returns {number} the event's number
 */
export function numberAt(bytes, start) {
  let number = 0;
  for (let at = start; at < start + NUMBER_DIGITS; at++) number = number * 10 + (bytes[at] - 0x30);
  return number;
}

/**
 * @param {number} seed
 * @returns {() => number} integers, the same in each run (mulberry32)
 */
function randomSource(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 8;
  };
}
