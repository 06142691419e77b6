// How many elements registers stand for: Ertl's improved estimator, which needs no tables of bias and no other
// formula for small numbers. Source: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
// arXiv:1702.01284, algorithms 4 to 6.
import { MAX_RUN, REGISTERS } from './layout.ts';

/** Values that the six bits of a register can have. */
export const REGISTER_VALUES = 64;
/** 1 / (2 ln 2). */
const ALPHA = 0.7213475204444817;

/** Σ x^(2^k) · 2^(k-1): what registers that are 0 add. */
function sigma(ratio: number): number {
  if (ratio === 1) return Number.POSITIVE_INFINITY;
  let x = ratio;
  let y = 1;
  let z = ratio;
  for (;;) {
    const before = z;
    x *= x;
    z += x * y;
    if (z === before) return z;
    y += y;
  }
}

/** What registers with the largest value take away. */
function tau(ratio: number): number {
  if (ratio === 0 || ratio === 1) return 0;
  let x = ratio;
  let y = 1;
  let z = 1 - ratio;
  for (;;) {
    const before = z;
    x = Math.sqrt(x);
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
    if (z === before) return z / 3;
  }
}

/**
 * Estimates the cardinality.
 * @param histogram how many registers have each value
 * @returns an integer; infinite, or beyond 64 bits, only for registers that no elements lead to
 */
export function estimateCardinality(histogram: Int32Array): number {
  let z = REGISTERS * tau((REGISTERS - histogram[MAX_RUN]) / REGISTERS);
  for (let value = MAX_RUN - 1; value >= 1; value--) z = (z + histogram[value]) * 0.5;
  z += REGISTERS * sigma(histogram[0] / REGISTERS);
  const estimate = (ALPHA * REGISTERS * REGISTERS) / z;
  const whole = Math.floor(estimate);
  return estimate - whole >= 0.5 ? whole + 1 : whole;
}
