// Places and distances in replies.
import { fixedText, humanText } from '../../protocol/fixed-text.ts';
import { digitsOf, writeInteger } from '../../protocol/integer.ts';
import type { Reply } from '../../protocol/reply.ts';
import { BULK, writeHeader, writeLineEnd } from '../../protocol/resp-writer.ts';
import type { GeoPlace } from '../../structures/geohash.ts';

const POINT = 46;
const ZERO = 48;
/** Decimal places of coordinates: a long double's as Redis prints it. */
const COORDINATE_PLACES = 17;
const DISTANCE_PLACES = 4;
/** Ten to their power. */
const DISTANCE_UNITS = 10_000;
/** Below so many units a product is exact to a thousandth of one. */
const MAX_UNITS = 2 ** 40;
const UNSURE = 1e-3;
/** Bytes of a distance of so many units, as a bulk string: header, digits, a line's end. */
const DISTANCE_REPLY_BYTES = 32;

/** Answers longitude and latitude. */
export function replyPlace(reply: Reply, { longitude, latitude }: GeoPlace): void {
  reply.array(2);
  reply.doubleText(humanText(longitude, COORDINATE_PLACES));
  reply.doubleText(humanText(latitude, COORDINATE_PLACES));
}

/** Answers a distance: a bulk string, whatever the protocol. */
export function replyDistance(reply: Reply, distance: number): void {
  const scaled = distance * DISTANCE_UNITS;
  const whole = Math.floor(scaled);
  const rest = scaled - whole;
  // Where rounding is not clear it is left to exact arithmetic.
  if (!(scaled < MAX_UNITS && Math.abs(rest - 0.5) > UNSURE)) {
    reply.bulkLatin1(fixedText(distance, DISTANCE_PLACES));
    return;
  }
  const units = rest < 0.5 ? whole : whole + 1;
  const before = Math.floor(units / DISTANCE_UNITS);
  let behind = units - before * DISTANCE_UNITS;
  const start = reply.reserve(DISTANCE_REPLY_BYTES);
  const { buffer } = reply;
  const length = digitsOf(before) + 1 + DISTANCE_PLACES;
  let at = writeInteger(buffer, writeHeader(buffer, start, BULK, length), before);
  buffer[at++] = POINT;
  for (let i = DISTANCE_PLACES - 1; i >= 0; i--) {
    const digits = Math.floor(behind / 10);
    buffer[at + i] = ZERO + behind - digits * 10;
    behind = digits;
  }
  reply.position = writeLineEnd(buffer, at + DISTANCE_PLACES);
}
