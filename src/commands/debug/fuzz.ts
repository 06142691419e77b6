// DEBUG STRINGMATCH-LEN and STRINGMATCH-TEST: the glob matcher, on a hostile pattern and on random ones.

import type { Call } from '../../core/call.ts';
import { NOT_POSITIVE, STRING_TOO_LONG } from '../../core/errors.ts';
import { globMatch } from '../../protocol/glob.ts';

const ROUNDS = 1_000_000;
/** Longest pattern and text. */
const MOST_BYTES = 31;
const ASCII = 128;

/** DEBUG STRINGMATCH-LEN length pattern */
export function stringmatchLen({ request, reply, server }: Call): void {
  const length = request.integer(2);
  if (!(length >= 0)) {
    reply.error(NOT_POSITIVE);
  } else if (length > server.config.values['proto-max-bulk-len']) {
    reply.error(STRING_TOO_LONG);
  } else {
    const text = Buffer.alloc(length, 'a');
    reply.integer(globMatch(request.bytes(3), text, false) ? 1 : 0);
  }
}

/** DEBUG STRINGMATCH-TEST: stops the server for a second or so. */
export function stringmatchTest({ reply }: Call): void {
  const pattern = Buffer.alloc(MOST_BYTES);
  const text = Buffer.alloc(MOST_BYTES);
  for (let i = 0; i < ROUNDS; i++) {
    const patternLength = fillRandomly(pattern);
    const textLength = fillRandomly(text);
    globMatch(pattern.subarray(0, patternLength), text.subarray(0, textLength), false);
  }
  reply.simple('Apparently Redis did not crash: test passed');
}

/** Returns how many bytes it has filled. */
function fillRandomly(bytes: Buffer): number {
  const length = randomBelow(bytes.length + 1);
  for (let i = 0; i < length; i++) bytes[i] = randomBelow(ASCII);
  return length;
}

function randomBelow(limit: number): number {
  return Math.floor(Math.random() * limit);
}
