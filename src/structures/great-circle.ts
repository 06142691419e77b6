// Distances on a sphere of the earth's size, by the haversine formula.
//
// The C library and V8 compute sines differently: in one of fifty the last bit is another. Where every digit of a
// distance can be seen (it becomes a score), the functions are therefore rounded to the nearest double, which is what
// the C library does but for one in a thousand.
import { nearestArcsine, nearestCosine, nearestSine } from './double-double.ts';

/** The earth's radius in meters, as Redis has it. */
export const EARTH_RADIUS = 6372797.560856;

const RADIANS = Math.PI / 180;

/** Degrees as radians. */
export function radians(degrees: number): number {
  return degrees * RADIANS;
}

/** Radians as degrees. */
export function degrees(angle: number): number {
  return angle / RADIANS;
}

/**
 * The haversine of the angle between two places: (1 - cos angle) / 2.
 * @param cosines product of the cosines of both latitudes
 */
export function haversine(
  longitude: number,
  latitude: number,
  otherLongitude: number,
  otherLatitude: number,
  cosines: number,
): number {
  const u = Math.sin((radians(otherLatitude) - radians(latitude)) / 2);
  const v = Math.sin((radians(otherLongitude) - radians(longitude)) / 2);
  return u * u + cosines * v * v;
}

/** The distance in meters of which an angle has this haversine. */
export function distanceOf(haversine: number): number {
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(haversine));
}

/** The distance in meters between two places, given in degrees. */
export function distanceBetween(
  longitude: number,
  latitude: number,
  otherLongitude: number,
  otherLatitude: number,
): number {
  const cosines = Math.cos(radians(latitude)) * Math.cos(radians(otherLatitude));
  return distanceOf(haversine(longitude, latitude, otherLongitude, otherLatitude, cosines));
}

/** The latitude, in radians, of which the cosine was computed last: most distances are from one place. */
let lastPhi = 0;
let lastCosine = 1;

function cosineOfCenter(phi: number): number {
  if (phi !== lastPhi) {
    lastPhi = phi;
    lastCosine = nearestCosine(phi);
  }
  return lastCosine;
}

/** As `distanceBetween`, with functions rounded to the nearest double; it takes some microseconds. */
export function nearestDistance(
  longitude: number,
  latitude: number,
  otherLongitude: number,
  otherLatitude: number,
): number {
  const phi = radians(latitude);
  const otherPhi = radians(otherLatitude);
  const u = nearestSine((otherPhi - phi) / 2);
  const v = nearestSine((radians(otherLongitude) - radians(longitude)) / 2);
  const cosines = cosineOfCenter(phi) * nearestCosine(otherPhi);
  return 2 * EARTH_RADIUS * nearestArcsine(Math.sqrt(u * u + cosines * v * v));
}
