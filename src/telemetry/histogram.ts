// A histogram of durations with a bounded relative error, after HdrHistogram with the parameters
// that Redis uses: 1 ns … 1 s at two significant digits, so its percentiles read like Redis's.
// Recording is one array increment and allocates nothing (the counters come with the first one).
//
// Values below 256 ns have a counter each. Above, each doubling is divided into 128 counters:
//
//   bucket 0   0 … 255           256 counters of 1 ns
//   bucket 1   256 … 511         128 counters of 2 ns
//   bucket k   2^(7+k) …         128 counters of 2^k ns
//
// Source: http://hdrhistogram.org/

const MAX_NS = 1_000_000_000;
const HALF_BITS = 7;
const HALF = 1 << HALF_BITS;
const SUB_BUCKET_MASK = 2 * HALF - 1;
/** Counters up to the end of the doubling in which the longest duration lies. */
const COUNTERS = (32 - Math.clz32(MAX_NS) - HALF_BITS + 1) << HALF_BITS;
/** The first point of the cumulative distribution; each further one is twice as high. */
const FIRST_POINT_NS = 1024;
const NO_COUNTS = new Float64Array(0);

/** A point of a cumulative distribution: how many durations were at most this long. */
export interface CumulativePoint {
  readonly us: number;
  readonly count: number;
}

/** A histogram of durations; see the head of this file. */
export class Histogram {
  #total = 0;
  /** Doubles: a busy server passes 2^32 calls within hours. */
  #counts = NO_COUNTS;

  /** Counts a duration, in µs ≥ 0, `times` times; durations over a second count as a second. */
  record(us: number, times = 1): void {
    if (this.#counts === NO_COUNTS) this.#counts = new Float64Array(COUNTERS);
    const ns = us * 1000;
    this.#total += times;
    this.#counts[indexOf(ns < 1 ? 1 : ns > MAX_NS ? MAX_NS : ns | 0)] += times;
  }

  /** Number of durations recorded. */
  get total(): number {
    return this.#total;
  }

  /** The duration, in µs, that `percentile` (0 … 100) per cent of all did not exceed. */
  percentileUs(percentile: number): number {
    const wanted = Math.max(1, Math.floor((percentile / 100) * this.#total + 0.5));
    const counts = this.#counts;
    let seen = 0;
    for (let i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted) return (percentile === 0 ? lowestOf(i) : lowestOf(i + 1) - 1) / 1000;
    }
    return 0;
  }

  /** The cumulative distribution over doubling durations, without the points that add nothing. */
  distribution(): CumulativePoint[] {
    const points: CumulativePoint[] = [];
    const counts = this.#counts;
    let seen = 0;
    let next = 0;
    // Ends at the longest recorded duration, mostly far below the maximum.
    for (let ns = FIRST_POINT_NS; seen < this.#total; ns *= 2) {
      const before = seen;
      const end = Math.min(indexOf(ns) + 1, COUNTERS);
      while (next < end) seen += counts[next++];
      if (seen > before) points.push({ us: Math.floor((lowestOf(next) - 1) / 1000), count: seen });
    }
    return points;
  }
}

/** The counter of a duration: an integer below 2^31. */
function indexOf(ns: number): number {
  const bucket = 31 - HALF_BITS - Math.clz32(ns | SUB_BUCKET_MASK);
  return (bucket << HALF_BITS) + (ns >>> bucket);
}

/** The shortest duration that a counter counts, in ns. */
function lowestOf(index: number): number {
  const bucket = Math.max(0, (index >>> HALF_BITS) - 1);
  return (index - (bucket << HALF_BITS)) * 2 ** bucket;
}
