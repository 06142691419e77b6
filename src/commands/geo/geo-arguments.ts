// What commands on places read from their arguments: coordinates, units, distances. Each function answers an error if
// the arguments are wrong.
import type { Call } from '../../core/call.ts';
import { NOT_A_FLOAT } from '../../core/errors.ts';
import { parseDouble } from '../../protocol/double-parse.ts';
import { fixedText } from '../../protocol/fixed-text.ts';
import type { Request } from '../../protocol/request.ts';
import { type GeoPlace, MAX_LATITUDE, MAX_LONGITUDE } from '../../structures/geohash.ts';

/** Units in the notation of syntax.ts. */
export const UNITS = '( M | KM | FT | MI )';

const UNKNOWN_UNIT = 'ERR unsupported unit provided. please use M, KM, FT, MI';
/** Places of `%f` in C. */
const PRINTED_PLACES = 6;

/** The number that argument i is; NaN if it is none. */
function numberAt({ buffer, offsets, lengths }: Request, i: number): number {
  return parseDouble(buffer, offsets[i], lengths[i]);
}

/** Sets a place to the longitude and latitude in arguments i and i + 1; false after answering an error. */
export function readPlace({ request, reply }: Call, i: number, place: GeoPlace): boolean {
  const longitude = numberAt(request, i);
  const latitude = numberAt(request, i + 1);
  if (Number.isNaN(longitude) || Number.isNaN(latitude)) {
    reply.error(NOT_A_FLOAT);
    return false;
  }
  if (Math.abs(longitude) > MAX_LONGITUDE || Math.abs(latitude) > MAX_LATITUDE) {
    const pair = `${fixedText(longitude, PRINTED_PLACES)},${fixedText(latitude, PRINTED_PLACES)}`;
    reply.error(`ERR invalid longitude,latitude pair ${pair}`);
    return false;
  }
  place.longitude = longitude;
  place.latitude = latitude;
  return true;
}

/** How many meters the unit in argument i has; NaN after answering an error. */
export function readUnit({ request, reply }: Call, i: number): number {
  if (request.is(i, 'm')) return 1;
  if (request.is(i, 'km')) return 1000;
  if (request.is(i, 'ft')) return 0.3048;
  if (request.is(i, 'mi')) return 1609.34;
  reply.error(UNKNOWN_UNIT);
  return Number.NaN;
}

/**
 * The distance in argument i, which is not negative; NaN after answering an error.
 * @param name of the distance, for the error
 */
export function readDistance({ request, reply }: Call, i: number, name: string): number {
  const distance = numberAt(request, i);
  if (Number.isNaN(distance)) reply.error(`ERR need numeric ${name}`);
  return distance;
}
