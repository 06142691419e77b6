// Sine, cosine and arcsine rounded to the nearest double. They are computed with twice a double's precision: a number
// is the sum of two doubles, of which the second is at most half a unit in the last place of the first.
//
// Source: T. J. Dekker, A floating-point technique for extending the available precision, Numerische Mathematik 18
// (1971); D. H. Bailey's library QD for the algorithms of sums and products.

/** Splits a double of 53 bits into two of 26. */
const SPLITTER = 2 ** 27 + 1;
/** π/2 in three doubles, the last of which matters only for the error of the second. */
const HALF_PI = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33] as const;
/** Terms of the series of sine and cosine: the first that is left out is below 2^-107. */
const TERMS = 15;
/** From here on terms are so small that a double is precise enough for their sum. */
const PLAIN_TERMS = 7;
/** The sine of a smaller angle is the angle and a correction; by how much this may be wrong, relative to it. */
const SMALL = 2 ** -5;
const CORRECTION_ERROR = 2 ** -49;
/** Below this cosine the arcsine is left to the runtime: one step of Newton's method would not do. */
const LEAST_COSINE = 1e-3;

/** The result of the last operation, in two parts. */
let high = 0;
let low = 0;

/** The sine of an angle in radians of magnitude ≤ 4. */
export function nearestSine(angle: number): number {
  if (Math.abs(angle) < SMALL) {
    const correction = sineLess(angle);
    const error = Math.abs(correction) * CORRECTION_ERROR;
    const sine = angle + (correction - error);
    if (sine === angle + (correction + error)) return sine;
  }
  sineOf(angle, 0);
  return high;
}

/** The cosine of an angle in radians of magnitude ≤ 4. */
export function nearestCosine(angle: number): number {
  sineOf(angle, 1);
  return high;
}

/** The angle in radians of which a number of magnitude ≤ 1 is the sine. */
export function nearestArcsine(sine: number): number {
  const estimate = Math.asin(sine);
  const cosine = Math.cos(estimate);
  if (cosine < LEAST_COSINE) return estimate;
  if (Math.abs(estimate) < SMALL) {
    const correction = sineLess(estimate);
    const error = Math.abs(correction) * CORRECTION_ERROR;
    const step = sine - estimate - correction;
    const angle = estimate + (step - error) / cosine;
    if (angle === estimate + (step + error) / cosine) return angle;
  }
  // One step of Newton's method: estimate + (sine - sin(estimate)) / cos(estimate).
  sineOf(estimate, 0);
  const error = sine - high - low;
  return estimate + (error / cosine) * (1 + (0.5 * error * sine) / (cosine * cosine));
}

/** The sine of a small angle, less the angle. */
function sineLess(angle: number): number {
  const square = angle * angle;
  const tail = SINE[6] + square * SINE[8];
  return angle * square * (SINE[2] + square * (SINE[4] + square * tail));
}

/** Sets the result to the sine of angle + quarters · π/2. */
function sineOf(angle: number, quarters: number): void {
  const turns = Math.round(angle / HALF_PI[0]);
  // angle - turns · π/2; turns has few bits, so the first product is exact but for its low part.
  product(turns, HALF_PI[0]);
  const firstHigh = high;
  const firstLow = low;
  product(turns, HALF_PI[1]);
  const secondHigh = high;
  const secondLow = low;
  sum(angle, -firstHigh);
  const restHigh = high;
  const restLow = low;
  sum(restHigh, restLow - firstLow - secondHigh - secondLow - turns * HALF_PI[2]);
  const quadrant = (((turns + quarters) % 4) + 4) % 4;
  if ((quadrant & 1) === 0) series(high, low, SINE, true);
  else series(high, low, COSINE, false);
  if (quadrant >= 2) {
    high = -high;
    low = -low;
  }
}

/** 1, -1/3!, 1/5! … and 1, -1/2!, 1/4! …, each in two parts. */
const SINE = coefficients(1);
const COSINE = coefficients(0);

function coefficients(first: number): Float64Array {
  const parts = new Float64Array(2 * TERMS);
  for (let i = 0; i < TERMS; i++) {
    let factorial = 1n;
    for (let n = 2n; n <= BigInt(first + 2 * i); n++) factorial *= n;
    // A double-double is a fraction of 2^200, rounded twice.
    const fraction = (1n << 200n) / factorial;
    const head = Number(fraction);
    parts[2 * i] = (i % 2 === 0 ? head : -head) / 2 ** 200;
    const rest = Number(fraction - BigInt(head));
    parts[2 * i + 1] = (i % 2 === 0 ? rest : -rest) / 2 ** 200;
  }
  return parts;
}

/** Sets the result to Σ coefficients[i] · x^(2 · i), times x where `isOdd`. */
function series(xHigh: number, xLow: number, parts: Float64Array, isOdd: boolean): void {
  multiply(xHigh, xLow, xHigh, xLow);
  const squareHigh = high;
  const squareLow = low;
  let totalHigh = parts[2 * TERMS - 2];
  for (let i = TERMS - 2; i >= PLAIN_TERMS; i--) {
    totalHigh = totalHigh * squareHigh + parts[2 * i];
  }
  let totalLow = 0;
  for (let i = PLAIN_TERMS - 1; i >= 0; i--) {
    multiply(totalHigh, totalLow, squareHigh, squareLow);
    const carried = low;
    sum(high, parts[2 * i]);
    sum(high, low + carried + parts[2 * i + 1]);
    totalHigh = high;
    totalLow = low;
  }
  if (isOdd) multiply(totalHigh, totalLow, xHigh, xLow);
}

/** Sets the result to a + b, exactly. */
function sum(a: number, b: number): void {
  high = a + b;
  const part = high - a;
  low = a - (high - part) + (b - part);
}

/** Sets the result to a · b, exactly. */
function product(a: number, b: number): void {
  const aScaled = SPLITTER * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = SPLITTER * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  high = a * b;
  low = aHigh * bHigh - high + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** Sets the result to the product of two double-doubles. */
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  product(aHigh, bHigh);
  sum(high, low + aHigh * bLow + aLow * bHigh);
}
