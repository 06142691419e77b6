// Geohashes: places on the earth as numbers, near ones mostly near each other. Longitude and latitude become two
// integers of 26 bits, whose bits are interleaved, so that 52 bits are a place of less than a meter and their first
// 2 · n bits a cell of a grid of 2^n × 2^n. As a double that is exact, and so it can be a score of a sorted set.
//
//   longitude  a b c …         latitude  p q r …         geohash  a p b q c r …
//
// Latitudes end at ±85.05°, where the Mercator projection is a square (EPSG:3857). The numbers 180° and 85.05112878°
// have a 27th bit, as in Redis. A number is handled as two halves: JavaScript's fast integers have 32 bits.
// Specification: https://redis.io/commands/geoadd/, https://en.wikipedia.org/wiki/Geohash

export const MAX_LONGITUDE = 180;
export const MAX_LATITUDE = 85.05112878;
/** Bits of each coordinate in the score of a place. */
export const MAX_STEPS = 26;

const LONGITUDES = 2 * MAX_LONGITUDE;
const LATITUDES = 2 * MAX_LATITUDE;
/** Cells in a row, in the finest grid. */
const CELLS = 2 ** MAX_STEPS;
/** Rows, and columns, of a grid, by its steps. */
export const ROWS = Float64Array.from({ length: MAX_STEPS + 1 }, (_, steps) => 2 ** steps);
/** Bits of each coordinate in the lower half of a geohash. */
const HALF_STEPS = 13;
const HALF_MASK = (1 << HALF_STEPS) - 1;
const HALF_RANGE = 2 ** (2 * HALF_STEPS);
/** Scores from here on are no geohashes, but numbers of any kind. */
const MAX_GEOHASH = 2 ** 54;
const TWO_63 = 2 ** 63;
const INT64_OVERFLOW = 1n << 63n;
const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';
const TEXT_CHARACTERS = 11;
const CHARACTER_BITS = 5;
/** Latitudes of geohashes as the world has them. */
const STANDARD_LATITUDE = 90;

/** A place, in degrees. */
export class GeoPlace {
  longitude = 0;
  latitude = 0;
}

/** Integers of a place, 0 … 2^26 in the finest grid: columns count from the west, rows from the south. */
export class GeoCell {
  column = 0;
  row = 0;
}

/** The column of a longitude in a grid of 2^steps columns. */
export function columnOf(longitude: number, steps: number): number {
  return Math.floor(((longitude + MAX_LONGITUDE) / LONGITUDES) * ROWS[steps]);
}

/** The row of a latitude in a grid of 2^steps rows. */
export function rowOf(latitude: number, steps: number): number {
  return Math.floor(((latitude + MAX_LATITUDE) / LATITUDES) * ROWS[steps]);
}

/** The western edge of a column. */
export function westOf(column: number, steps: number): number {
  return -MAX_LONGITUDE + (column / ROWS[steps]) * LONGITUDES;
}

/** The southern edge of a row. */
export function southOf(row: number, steps: number): number {
  return -MAX_LATITUDE + (row / ROWS[steps]) * LATITUDES;
}

/** The geohash of a column and a row, each below 2^27 (then rounded to a double), plus a small integer. */
export function interleave(column: number, row: number, added = 0): number {
  const high = spread(row >>> HALF_STEPS) | (spread(column >>> HALF_STEPS) << 1);
  const low = spread(row & HALF_MASK) | (spread(column & HALF_MASK) << 1);
  return high * HALF_RANGE + (low + added);
}

/** The score of a place. */
export function scoreOf(longitude: number, latitude: number): number {
  return interleave(columnOf(longitude, MAX_STEPS), rowOf(latitude, MAX_STEPS));
}

/** The cell that a score stands for in the finest grid; any number stands for one. */
export function cellOf(score: number, cell: GeoCell): void {
  if (!(score >= 0 && score < MAX_GEOHASH)) {
    cellOfAny(score, cell);
    return;
  }
  const high = Math.floor(score / HALF_RANGE);
  const low = (score - high * HALF_RANGE) | 0;
  cell.row = (gather(high) << HALF_STEPS) | gather(low);
  cell.column = (gather(high >>> 1) << HALF_STEPS) | gather(low >>> 1);
}

/** The middle of a cell of the finest grid. */
export function middleOf({ column, row }: GeoCell, place: GeoPlace): void {
  const west = -MAX_LONGITUDE + (column / CELLS) * LONGITUDES;
  const east = -MAX_LONGITUDE + (next(column) / CELLS) * LONGITUDES;
  const south = -MAX_LATITUDE + (row / CELLS) * LATITUDES;
  const north = -MAX_LATITUDE + (next(row) / CELLS) * LATITUDES;
  place.longitude = Math.max(Math.min((west + east) / 2, MAX_LONGITUDE), -MAX_LONGITUDE);
  place.latitude = Math.max(Math.min((south + north) / 2, MAX_LATITUDE), -MAX_LATITUDE);
}

const cell = new GeoCell();

/** The place that a score stands for: the middle of its cell. */
export function placeOf(score: number, place: GeoPlace): void {
  cellOf(score, cell);
  middleOf(cell, place);
}

/** The geohash of a place as it is written everywhere, with latitudes up to 90° and eleven characters. */
export function geohashText(longitude: number, latitude: number): string {
  const column = columnOf(longitude, MAX_STEPS);
  const row = Math.floor(((latitude + STANDARD_LATITUDE) / (2 * STANDARD_LATITUDE)) * CELLS);
  const high = spread(row >>> HALF_STEPS) | (spread(column >>> HALF_STEPS) << 1);
  const low = spread(row & HALF_MASK) | (spread(column & HALF_MASK) << 1);
  let text = '';
  for (let shift = 2 * MAX_STEPS - CHARACTER_BITS; shift > 0; shift -= CHARACTER_BITS) {
    const bits =
      shift >= MAX_STEPS
        ? high >>> (shift - MAX_STEPS)
        : (high << (MAX_STEPS - shift)) | (low >>> shift);
    text += ALPHABET[bits & 31];
  }
  // There are not enough bits for the last one.
  return text.padEnd(TEXT_CHARACTERS, ALPHABET[0]);
}

/** The number behind a column or row, in 32 bits as Redis has it. */
function next(number: number): number {
  return (number + 1) >>> 0;
}

/** Moves the bits of a number below 2^14 apart: bit i becomes bit 2 · i. */
function spread(bits: number): number {
  let apart = (bits | (bits << 8)) & 0x00ff00ff;
  apart = (apart | (apart << 4)) & 0x0f0f0f0f;
  apart = (apart | (apart << 2)) & 0x33333333;
  return (apart | (apart << 1)) & 0x55555555;
}

/** Takes every second bit, from the lowest on: the opposite of `spread`. */
function gather(bits: number): number {
  let close = bits & 0x55555555;
  close = (close | (close >>> 1)) & 0x33333333;
  close = (close | (close >>> 2)) & 0x0f0f0f0f;
  close = (close | (close >>> 4)) & 0x00ff00ff;
  return (close | (close >>> 8)) & 0x0000ffff;
}

/** As `cellOf`, for scores that nobody made of a place: as a 64-bit integer, in the way of x86 processors. */
function cellOfAny(score: number, target: GeoCell): void {
  const bits = toUnsigned64(score);
  const words = [0, 16, 32, 48].map((shift) => Number((bits >> BigInt(shift)) & 0xffffn));
  target.row = 0;
  target.column = 0;
  for (let i = words.length - 1; i >= 0; i--) {
    target.row = target.row * 256 + gather(words[i]);
    target.column = target.column * 256 + gather(words[i] >>> 1);
  }
}

function toUnsigned64(value: number): bigint {
  if (value >= TWO_63) {
    const rest = value - TWO_63;
    return rest >= TWO_63 ? 0n : BigInt(rest) + INT64_OVERFLOW;
  }
  if (!(value >= -TWO_63)) return INT64_OVERFLOW;
  return BigInt.asUintN(64, BigInt(Math.trunc(value)));
}
