// The bit that SETBIT, GETBIT and BITFIELD are given.
import type { Call } from '../../core/call.ts';
import { longestString } from '../../core/string-limit.ts';
import { parseInteger } from '../../protocol/integer.ts';

const BIT_OFFSET = 'ERR bit offset is not an integer or out of range';
const HASH = 35; // #

/** In place of an offset, after an error was answered. */
export const NO_OFFSET = -1;

/**
 * Reads argument i as the number of a bit.
 * @param fieldBits with these, "#2" is the first bit of the third of fields of so many bits; 0: no such form
 * @returns a safe integer; NO_OFFSET after answering an error
 */
export function readBitOffset(call: Call, i: number, fieldBits: number): number {
  const { request, reply } = call;
  const isCounted =
    fieldBits > 0 && request.lengths[i] > 0 && request.buffer[request.offsets[i]] === HASH;
  const offset = isCounted ? countedOffset(call, i, fieldBits) : request.integer(i);
  // Written so that NaN is out of range.
  if (offset >= 0 && Math.floor(offset / 8) < longestString(call)) return offset;
  reply.error(BIT_OFFSET);
  return NO_OFFSET;
}

/** The offset of "#" and a number of fields. A product beyond 64 bits is cut to them, as Redis does. */
function countedOffset({ request }: Call, i: number, fieldBits: number): number {
  const { buffer, offsets, lengths } = request;
  const fields = parseInteger(buffer, offsets[i] + 1, lengths[i] - 1);
  const offset = fields * fieldBits;
  if (Number.isNaN(fields) || Number.isSafeInteger(offset)) return offset;
  return Number(BigInt.asIntN(64, BigInt(request.latin1(i).slice(1)) * BigInt(fieldBits)));
}
