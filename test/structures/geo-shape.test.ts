// Areas of search, held to looking at every place: what lies inside is in one of the ranges, in one only, and what is
// said of it is true.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GeoShape } from '../../src/structures/geo-shape.ts';
import { GeoPlace, MAX_LATITUDE, placeOf, scoreOf } from '../../src/structures/geohash.ts';
import { distanceBetween } from '../../src/structures/great-circle.ts';

const RUNS = 3000;
const longitude = fc.double({ min: -180, max: 180, noNaN: true });
const latitude = fc.double({ min: -MAX_LATITUDE, max: MAX_LATITUDE, noNaN: true });
/** Meters, of every magnitude up to half around the earth. */
const meters = fc.double({ min: 0, max: 7.3, noNaN: true }).map((magnitude) => 10 ** magnitude);
/** Where a place is: around the center, in parts of the size, or anywhere. */
const offset = fc.tuple(
  fc.double({ min: -1.2, max: 1.2, noNaN: true }),
  fc.double({ min: -1.2, max: 1.2, noNaN: true }),
);

/** A score of a place that lies about so many meters from the center, east and north. */
function scoreNear({ center }: GeoShape, east: number, north: number): number {
  const y = center.latitude + north / 111_000;
  const x = center.longitude + east / 111_000 / Math.max(Math.cos((y * Math.PI) / 180), 0.01);
  const around = ((((x + 180) % 360) + 360) % 360) - 180;
  return scoreOf(around, Math.max(Math.min(y, MAX_LATITUDE), -MAX_LATITUDE));
}

function rangesWith(shape: GeoShape, score: number): number {
  let found = 0;
  for (let i = 0; i < shape.ranges; i++) {
    if (score >= shape.from[i] && score < shape.to[i]) found++;
  }
  return found;
}

function circle(x: number, y: number, radius: number): GeoShape {
  const shape = new GeoShape();
  shape.center.longitude = x;
  shape.center.latitude = y;
  shape.radius = radius;
  shape.prepare();
  return shape;
}

function box(x: number, y: number, width: number, height: number): GeoShape {
  const shape = new GeoShape();
  shape.center.longitude = x;
  shape.center.latitude = y;
  shape.isBox = true;
  shape.width = width;
  shape.height = height;
  shape.prepare();
  return shape;
}

describe('a circle', () => {
  test('has exactly the places that are near enough', () => {
    const place = new GeoPlace();
    const counts = { inside: 0, outside: 0 };
    fc.assert(
      fc.property(longitude, latitude, meters, offset, (x, y, radius, [east, north]) => {
        const shape = circle(x, y, radius);
        const score = scoreNear(shape, east * radius, north * radius);
        placeOf(score, place);
        const distance = distanceBetween(x, y, place.longitude, place.latitude);
        const isInside = distance <= radius;
        counts[isInside ? 'inside' : 'outside']++;
        expect(shape.contains(score)).toBe(isInside);
        if (isInside) expect(shape.distance).toBe(distance);
      }),
      { numRuns: RUNS, seed: 5 },
    );
    expect(Math.min(counts.inside, counts.outside)).toBeGreaterThan(RUNS / 10);
  });

  test('is covered by ranges that do not overlap, but for the largest and those at the edges of the world', () => {
    let inside = 0;
    fc.assert(
      fc.property(longitude, latitude, meters, offset, (x, y, radius, [east, north]) => {
        // Near the poles and the date line Redis misses places, too.
        fc.pre(radius < 1e6 && Math.abs(y) < 70 && Math.abs(x) < 160);
        const shape = circle(x, y, radius);
        const score = scoreNear(shape, east * radius, north * radius);
        if (!shape.contains(score)) return;
        inside++;
        expect(rangesWith(shape, score)).toBe(1);
      }),
      { numRuns: RUNS, seed: 6 },
    );
    expect(inside).toBeGreaterThan(RUNS / 5);
  });

  test('without a radius has its center, in the finest grid', () => {
    const shape = circle(13.361389, 38.115556, 0);
    const score = scoreOf(13.361389, 38.115556);
    placeOf(score, shape.center);
    shape.prepare();
    expect([shape.contains(score), shape.distance]).toEqual([true, 0]);
    expect(shape.to[0] - shape.from[0]).toBe(1);
  });

  test('without an end has everything', () => {
    const shape = circle(0, 0, Number.POSITIVE_INFINITY);
    for (const [x, y] of [
      [180, 85],
      [-180, -85],
      [1, 1],
    ]) {
      expect(shape.contains(scoreOf(x, y))).toBe(true);
    }
  });
});

describe('a box', () => {
  test('has exactly the places that are near enough, either way', () => {
    const place = new GeoPlace();
    const counts = { inside: 0, outside: 0 };
    fc.assert(
      fc.property(
        longitude,
        latitude,
        meters,
        meters,
        offset,
        (x, y, width, height, [east, north]) => {
          const shape = box(x, y, width, height);
          const score = scoreNear(shape, (east * width) / 2, (north * height) / 2);
          placeOf(score, place);
          const across = distanceBetween(place.longitude, place.latitude, x, place.latitude);
          const along = distanceBetween(place.longitude, place.latitude, place.longitude, y);
          const isInside = across <= width / 2 && along <= height / 2;
          counts[isInside ? 'inside' : 'outside']++;
          expect(shape.contains(score)).toBe(isInside);
        },
      ),
      { numRuns: RUNS, seed: 7 },
    );
    expect(Math.min(counts.inside, counts.outside)).toBeGreaterThan(RUNS / 10);
  });
});

test('units are meters times their length', () => {
  const shape = circle(10, 50, 1);
  shape.unit = 1609.34;
  shape.prepare();
  const score = scoreNear(shape, 1500, 0);
  expect(shape.contains(score)).toBe(true);
  expect(shape.distance).toBeGreaterThan(1400);
  shape.unit = 1000;
  shape.prepare();
  expect(shape.contains(score)).toBe(false);
});
