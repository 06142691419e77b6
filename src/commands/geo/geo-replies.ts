// Places and distances in replies.
import { fixedText, humanText } from '../../protocol/fixed-text.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { GeoPlace } from '../../structures/geohash.ts';

/** Decimal places of coordinates: a long double's as Redis prints it. */
const COORDINATE_PLACES = 17;
const DISTANCE_PLACES = 4;

/** Answers longitude and latitude. */
export function replyPlace(reply: Reply, { longitude, latitude }: GeoPlace): void {
  reply.array(2);
  reply.doubleText(humanText(longitude, COORDINATE_PLACES));
  reply.doubleText(humanText(latitude, COORDINATE_PLACES));
}

/** Answers a distance: a bulk string, whatever the protocol. */
export function replyDistance(reply: Reply, distance: number): void {
  reply.bulkLatin1(fixedText(distance, DISTANCE_PLACES));
}
