// Sorted sets within their entries (keyspace/packed-value.ts), as Redis has them in listpacks: member and score in
// turn, in their order. A score without fraction, of a magnitude below 2^52, is an integer, any other one is text.

import { parsePrefix } from '../../protocol/double-parse.ts';
import { DOUBLE_BYTES, writeDouble } from '../../protocol/double-text.ts';
import { writeInteger } from '../../protocol/integer.ts';
import { compareBytes } from '../../structures/compare-bytes.ts';
import {
  elementAfter,
  elementBefore,
  PackedElement,
  type PackedEncoder,
} from '../../structures/packed-list.ts';

/** From a member to the next one. */
export const STRIDE = 2;
/** A canonical integer has at most so many bytes. */
const INTEGER_BYTES = 24;
/** Scores of a smaller magnitude may be integers. */
const MAX_INTEGER = 2 ** 52;

const element = new PackedElement();
const digits = Buffer.alloc(INTEGER_BYTES);
const text = Buffer.alloc(DOUBLE_BYTES);

/** The score in the element at a place. */
export function scoreAt(buffer: Buffer, at: number): number {
  if (buffer[at] < 0x80) return buffer[at];
  element.read(buffer, at);
  if (element.isInteger) return element.integer;
  return parsePrefix(buffer, element.offset, element.length);
}

/** Whether a score is packed as an integer. */
export function isIntegerScore(score: number): boolean {
  return Math.floor(score) === score && Math.abs(score) < MAX_INTEGER;
}

/** Sets an encoder to a score; it is written before the next one is set. */
export function encodeScore(encoder: PackedEncoder, score: number): void {
  if (isIntegerScore(score)) {
    encoder.setInteger(score === 0 ? 0 : score);
  } else {
    encoder.set(text, 0, writeDouble(text, 0, score));
  }
}

/** Compares the member at a place with bytes: negative if it comes before them, positive if after. */
export function compareAt(
  buffer: Buffer,
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  element.read(buffer, at);
  if (!element.isInteger) {
    return compareBytes(buffer, element.offset, element.length, bytes, offset, length);
  }
  return compareBytes(digits, 0, writeInteger(digits, 0, element.integer), bytes, offset, length);
}

/** The place between two places where a member with a score belongs: that of the first one that comes after it. */
export function placeFor(
  buffer: Buffer,
  start: number,
  end: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  score: number,
): number {
  let at = start;
  // Members often come in the order of their scores.
  if (end > start && scoreAt(buffer, elementBefore(buffer, end)) < score) return end;
  while (at < end) {
    const scorePlace = elementAfter(buffer, at);
    const other = scoreAt(buffer, scorePlace);
    if (other > score) break;
    if (other === score && compareAt(buffer, at, bytes, offset, length) > 0) break;
    at = elementAfter(buffer, scorePlace);
  }
  return at;
}

/** How many scores between two places are below a limit: or not above it, if `inclusive`. */
export function countScores(
  buffer: Buffer,
  start: number,
  end: number,
  limit: number,
  inclusive: boolean,
): number {
  let count = 0;
  for (let at = start; at < end; count++) {
    const scorePlace = elementAfter(buffer, at);
    const score = scoreAt(buffer, scorePlace);
    if (score > limit || (score === limit && !inclusive)) break;
    at = elementAfter(buffer, scorePlace);
  }
  return count;
}
