// @ts-check
// Decoding requests: pipelines of the commands that matter, and requests that come in pieces.

import { RequestDecoder } from './engine.mjs';

export const name = 'decoder';
export const title = 'Request decoder, per request';

const PIPELINE = 16;
const key = 'key:000000012345';

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  const pairs = Array.from({ length: 10 }, (_, index) => [`${key}${index}`, 'v'.repeat(16)]);
  return [
    pipeline('GET, 16-byte key', encode('GET', key)),
    pipeline('SET, 16-byte value', encode('SET', key, 'v'.repeat(16))),
    pipeline('SET, 1 KB value', encode('SET', key, 'v'.repeat(1_000))),
    pipeline('MSET, 10 keys', encode('MSET', ...pairs.flat())),
    pipeline('inline PING', 'PING\r\n'),
    inTwoPieces('SET, 16-byte value, in two pieces', encode('SET', key, 'v'.repeat(16))),
  ];
}

/**
 * @param {string} name
 * @param {string} request
 * @returns {import('./run.mjs').MicroTask}
 */
function pipeline(name, request) {
  const bytes = Buffer.from(request.repeat(PIPELINE));
  const decoder = new RequestDecoder();
  const run = () => {
    let sum = 0;
    decoder.reset(bytes, 0, bytes.length, undefined);
    for (let i = 0; i < PIPELINE; i++) sum += decoder.next() + decoder.request.count;
    return sum;
  };
  return { name, operations: PIPELINE, run };
}

/**
 * @param {string} name
 * @param {string} request
 * @returns {import('./run.mjs').MicroTask}
 */
function inTwoPieces(name, request) {
  const bytes = Buffer.from(request);
  const half = bytes.length >> 1;
  const decoder = new RequestDecoder();
  const run = () => {
    let sum = 0;
    for (let i = 0; i < PIPELINE; i++) {
      decoder.reset(bytes, 0, half, undefined);
      sum += decoder.next();
      decoder.reset(bytes, 0, bytes.length, decoder.suspend());
      sum += decoder.next();
    }
    return sum;
  };
  return { name, operations: PIPELINE, run };
}

/** @param {string[]} args */
function encode(...args) {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}
