// The areas that are searched: a circle around a place, or a box with a place in its middle. Which cells of a grid of
// geohashes to look into is computed as Redis does, so that what is found comes in the same order; which of the places
// in them lie inside is decided by integers first, and by sines only for those near the edge or within.
//
//                   north-west │ north │ north-east
//                   ───────────┼───────┼───────────        a grid in which the shape spans
//                   west       │   ×   │       east         three cells at most, either way
//                   ───────────┼───────┼───────────
//                   south-west │ south │ south-east
import {
  cellOf,
  columnOf,
  GeoCell,
  GeoPlace,
  interleave,
  MAX_LONGITUDE,
  MAX_STEPS,
  middleOf,
  ROWS,
  rowOf,
  southOf,
  westOf,
} from './geohash.ts';
import {
  degrees,
  distanceBetween,
  distanceOf,
  EARTH_RADIUS,
  haversine,
  radians,
} from './great-circle.ts';

/** Half of the equator in the Mercator projection, in meters. */
const HALF_EQUATOR = 20037726.37;
/** Towards the poles a degree of longitude is shorter, and cells must be larger. */
const FAR_LATITUDE = 66;
const POLAR_LATITUDE = 80;
/** The middle cell and those around it, in the order in which they are searched: columns east, rows north. */
const EAST = [0, 0, 0, 1, -1, 1, -1, 1, -1] as const;
const NORTH = [0, 1, -1, 0, 0, 1, 1, -1, -1] as const;
const AROUND = EAST.length;
/** By how much quick tests err on the side of a closer look, relative to the distance and in meters. */
const RELATIVE_MARGIN = 1e-9;
const MARGIN = 1e-3;
const NO_ROW = -1;

/** A circle or a box on the earth; see the head of this file. */
export class GeoShape {
  readonly center = new GeoPlace();
  isBox = false;
  /** In units of which each has `unit` meters. */
  radius = 0;
  width = 0;
  height = 0;
  unit = 1;

  /** Scores of places that may lie inside: from `from[i]` up to, not including, `to[i]`, for i < `ranges`. */
  readonly from = new Float64Array(AROUND);
  readonly to = new Float64Array(AROUND);
  ranges = 0;

  /** The place that `contains` has looked at last, and its distance from the center in meters. */
  readonly place = new GeoPlace();
  distance = 0;

  readonly #cell = new GeoCell();
  /** Rows and columns outside which no place lies inside. */
  #southRow = 0;
  #northRow = 0;
  #westColumn = 0;
  #eastColumn = 0;
  #centerCosine = 1;
  /** The edges of what the shape spans, in degrees. */
  #west = 0;
  #east = 0;
  #south = 0;
  #north = 0;

  /** Computes the ranges, and what `contains` needs: to be called when the shape is known. */
  prepare(): void {
    this.#setEdges();
    this.#setLimits();
    this.#setRanges();
  }

  /** Whether the place with a score lies inside; sets `place` and `distance` if so. */
  contains(score: number): boolean {
    const cell = this.#cell;
    cellOf(score, cell);
    const { row, column } = cell;
    if (row < this.#southRow || row > this.#northRow) return false;
    if (column < this.#westColumn || column > this.#eastColumn) return false;
    middleOf(cell, this.place);
    return this.isBox ? this.#isInBox() : this.#isInCircle();
  }

  #isInCircle(): boolean {
    const { center, place } = this;
    const cosines = this.#centerCosine * Math.cos(radians(place.latitude));
    this.distance = distanceOf(
      haversine(center.longitude, center.latitude, place.longitude, place.latitude, cosines),
    );
    return !(this.distance > this.radius * this.unit);
  }

  #isInBox(): boolean {
    const { center, place, unit } = this;
    const { longitude, latitude } = place;
    const across = distanceBetween(longitude, latitude, center.longitude, latitude);
    if (across > (this.width * unit) / 2) return false;
    const along = distanceBetween(longitude, latitude, longitude, center.latitude);
    if (along > (this.height * unit) / 2) return false;
    this.distance = distanceBetween(center.longitude, center.latitude, longitude, latitude);
    return true;
  }

  /** The box around the shape: at the southern edge in the south, at the northern one elsewhere. */
  #setEdges(): void {
    const { center, unit, isBox } = this;
    const { longitude, latitude } = center;
    const height = unit * (isBox ? this.height / 2 : this.radius);
    const width = unit * (isBox ? this.width / 2 : this.radius);
    const up = degrees(height / EARTH_RADIUS);
    const edge = latitude < 0 ? latitude - up : latitude + up;
    const aside = degrees(width / EARTH_RADIUS / Math.cos(radians(edge)));
    this.#west = longitude - aside;
    this.#east = longitude + aside;
    this.#south = latitude - up;
    this.#north = latitude + up;
  }

  /** From the center to what is farthest, in meters. */
  get #reach(): number {
    const { width, height, radius, unit } = this;
    if (!this.isBox) return radius * unit;
    return Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2)) * unit;
  }

  #setRanges(): void {
    const { longitude, latitude } = this.center;
    let steps = stepsFor(this.#reach, latitude);
    if (steps > 1 && !this.#isCovered(steps)) steps--;
    const column = columnOf(longitude, steps);
    const row = rowOf(latitude, steps);
    const skipsWest = steps > 1 && westOf(column, steps) < this.#west;
    const skipsEast = steps > 1 && westOf(column + 1, steps) > this.#east;
    const skipsSouth = steps > 1 && southOf(row, steps) < this.#south;
    const skipsNorth = steps > 1 && southOf(row + 1, steps) > this.#north;
    this.ranges = 0;
    let lastColumn = NO_ROW;
    let lastRow = NO_ROW;
    for (let i = 0; i < AROUND; i++) {
      if ((skipsWest && EAST[i] < 0) || (skipsEast && EAST[i] > 0)) continue;
      if ((skipsSouth && NORTH[i] < 0) || (skipsNorth && NORTH[i] > 0)) continue;
      const cellColumn = moved(column, EAST[i], steps);
      const cellRow = moved(row, NORTH[i], steps);
      // In grids of few cells neighbors are the same ones. The middle one is not among those that Redis compares.
      if (cellColumn === lastColumn && cellRow === lastRow) continue;
      this.#addRange(cellColumn, cellRow, ROWS[MAX_STEPS - steps]);
      if (i === 0) continue;
      lastColumn = cellColumn;
      lastRow = cellRow;
    }
  }

  /** Whether the cells around the middle one reach as far as the shape, in a grid of 2^steps × 2^steps. */
  #isCovered(steps: number): boolean {
    const column = columnOf(this.center.longitude, steps);
    const row = rowOf(this.center.latitude, steps);
    return !(
      southOf(moved(row, 1, steps) + 1, steps) < this.#north ||
      southOf(moved(row, -1, steps), steps) > this.#south ||
      westOf(moved(column, 1, steps) + 1, steps) < this.#east ||
      westOf(moved(column, -1, steps), steps) > this.#west
    );
  }

  /**
   * Adds the scores of what a cell has within the limits: from its south-western to its north-eastern corner, as a
   * geohash grows with either number.
   * @param size how many rows of the finest grid the cell has, and columns
   */
  #addRange(column: number, row: number, size: number): void {
    const west = Math.max(column * size, this.#westColumn);
    const east = Math.min((column + 1) * size - 1, this.#eastColumn);
    const south = Math.max(row * size, this.#southRow);
    const north = Math.min((row + 1) * size - 1, this.#northRow);
    if (west > east || south > north) return;
    this.from[this.ranges] = interleave(west, south);
    this.to[this.ranges] = interleave(east, north, 1);
    this.ranges++;
  }

  /** Sets rows and columns outside which no place lies inside, a little too far out rather than too near. */
  #setLimits(): void {
    const { center, unit } = this;
    this.#centerCosine = Math.cos(radians(center.latitude));
    const height =
      unit * (this.isBox ? this.height / 2 : this.radius) * (1 + RELATIVE_MARGIN) + MARGIN;
    const width =
      unit * (this.isBox ? this.width / 2 : this.radius) * (1 + RELATIVE_MARGIN) + MARGIN;
    const up = degrees(height / EARTH_RADIUS);
    this.#southRow = rowOf(center.latitude - up, MAX_STEPS) - 1;
    this.#northRow = lastOf(rowOf(center.latitude + up, MAX_STEPS) + 1);
    this.#westColumn = Number.NEGATIVE_INFINITY;
    this.#eastColumn = Number.POSITIVE_INFINITY;
    const aside = degrees(this.#widest(width, up));
    const isWithin =
      center.longitude - aside > -MAX_LONGITUDE && center.longitude + aside < MAX_LONGITUDE;
    if (!isWithin) return;
    this.#westColumn = columnOf(center.longitude - aside, MAX_STEPS) - 1;
    this.#eastColumn = lastOf(columnOf(center.longitude + aside, MAX_STEPS) + 1);
  }

  /** How far from the center's longitude places inside are at most, in radians; NaN or infinite when at any. */
  #widest(width: number, up: number): number {
    const { latitude } = this.center;
    const farthest = Math.abs(latitude) + up;
    if (!(farthest < 90 && width < Math.PI * EARTH_RADIUS)) return Number.POSITIVE_INFINITY;
    // A circle is widest where its meridians touch it, a box at the edge that is nearer to a pole.
    if (!this.isBox) return Math.asin(Math.sin(width / EARTH_RADIUS) / this.#centerCosine);
    return 2 * Math.asin(Math.sin(width / EARTH_RADIUS / 2) / Math.cos(radians(farthest)));
  }
}

/** The last row or column of a range: all that are beyond the grid, as scores may tell, lie at its edge. */
function lastOf(number: number): number {
  return number < ROWS[MAX_STEPS] ? number : Number.POSITIVE_INFINITY;
}

/** The grid in which a distance spans about a cell: 1 … 26. */
function stepsFor(meters: number, latitude: number): number {
  if (meters === 0) return MAX_STEPS;
  let steps = 1;
  for (let reach = meters; reach < HALF_EQUATOR; reach *= 2) steps++;
  steps -= 2;
  const northing = Math.abs(latitude);
  if (northing > FAR_LATITUDE) steps--;
  if (northing > POLAR_LATITUDE) steps--;
  return Math.min(Math.max(steps, 1), MAX_STEPS);
}

/** The number of a row or column beside one, around the world; the same one as it is. */
function moved(number: number, by: number, steps: number): number {
  return by === 0 ? number : (number + by) & (ROWS[steps] - 1);
}
