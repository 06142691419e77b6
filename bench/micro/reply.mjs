// @ts-check
// Encoding replies into the shared buffer.

import { Reply } from './engine.mjs';

export const name = 'reply';
export const title = 'Reply encoder, per reply';

const BATCH = 50;

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  const value = Buffer.alloc(1_000, 'v');
  return [
    encoding('OK', (reply) => reply.ok()),
    encoding('simple string', (reply) => reply.simple('QUEUED')),
    encoding('error', (reply) => reply.error('ERR syntax error')),
    encoding('null', (reply) => reply.null()),
    encoding('integer of 1 digit', (reply) => reply.integer(1)),
    encoding('integer of 9 digits', (reply) => reply.integer(123_456_789)),
    encoding('bulk string, 16 bytes', (reply) => reply.bulk(value, 0, 16)),
    encoding('bulk string, 100 bytes', (reply) => reply.bulk(value, 0, 100)),
    encoding('bulk string, 1,000 bytes', (reply) => reply.bulk(value, 0, 1_000)),
    encoding('array of 10 bulk strings', (reply) => {
      reply.array(10);
      for (let i = 0; i < 10; i++) reply.bulk(value, i, 16);
    }),
  ];
}

/**
 * @param {string} name
 * @param {(reply: Reply) => void} write
 * @returns {import('./run.mjs').MicroTask}
 */
function encoding(name, write) {
  const reply = new Reply();
  const run = () => {
    reply.discard();
    for (let i = 0; i < BATCH; i++) write(reply);
    return reply.position;
  };
  return { name, operations: BATCH, run };
}
