// DEBUG PROTOCOL: a reply of each type, for the tests of clients. The values are Redis's.

import type { Call } from '../../core/call.ts';
import type { Reply } from '../../protocol/reply.ts';

const WRONG_TYPE =
  'ERR Wrong protocol type name. Please use one of the following: ' +
  'string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false';
const NEEDS_RESP3 = 'ERR RESP2 is not supported by this command';
const ELEMENTS = 3;
/** 3.141: not the constant that it looks like. */
const TEST_DOUBLE = 3141 / 1000;

const REPLIES: ReadonlyMap<string, (reply: Reply) => void> = new Map([
  ['string', (reply: Reply) => reply.bulkText('Hello World')],
  ['integer', (reply: Reply) => reply.integer(12345)],
  ['double', (reply: Reply) => reply.double(TEST_DOUBLE)],
  ['bignum', (reply: Reply) => reply.bigNumber('1234567999999999999999999999999999999')],
  ['null', (reply: Reply) => reply.null()],
  ['array', replyArray],
  ['set', replySet],
  ['map', replyMap],
  ['attrib', replyAttribute],
  ['push', replyPush],
  ['verbatim', (reply: Reply) => reply.verbatim('This is a verbatim\nstring', 'txt')],
  ['true', (reply: Reply) => reply.boolean(true)],
  ['false', (reply: Reply) => reply.boolean(false)],
]);

/** Answers with the type that argument 2 names. */
export function debugProtocol({ request, reply }: Call): void {
  const answer = REPLIES.get(request.word(2));
  if (answer === undefined) reply.error(WRONG_TYPE);
  else answer(reply);
}

function replyArray(reply: Reply): void {
  reply.array(ELEMENTS);
  for (let i = 0; i < ELEMENTS; i++) reply.integer(i);
}

function replySet(reply: Reply): void {
  reply.set(ELEMENTS);
  for (let i = 0; i < ELEMENTS; i++) reply.integer(i);
}

function replyMap(reply: Reply): void {
  reply.map(ELEMENTS);
  for (let i = 0; i < ELEMENTS; i++) {
    reply.integer(i);
    reply.boolean(i === 1);
  }
}

/** RESP2 has no attributes, and gets the reply alone. */
function replyAttribute(reply: Reply): void {
  if (reply.resp3) {
    reply.raw(Buffer.from('|1\r\n'));
    reply.bulkText('key-popularity');
    reply.array(2);
    reply.bulkText('key:123');
    reply.integer(90);
  }
  reply.bulkText('Some real reply following the attribute');
}

function replyPush(reply: Reply): void {
  if (!reply.resp3) {
    reply.error(NEEDS_RESP3);
    return;
  }
  reply.push(2);
  reply.bulkText('server-cpu-usage');
  reply.integer(42);
  reply.bulkText('Some real reply following the push reply');
}
