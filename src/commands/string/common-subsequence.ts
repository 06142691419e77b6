// The longest common subsequence of two byte strings: its length, and where it lies in both.
//
// D(i, j) is the length for the first i bytes of the shorter string and the first j of the longer one.
// Along a row it grows by 0 or 1, so a row is a bit vector V in which a 0 stands where it grows. The next
// row takes a few operations for 32 columns at once (Crochemore, Iliopoulos, Pinzon and Reid, A fast and
// practical bit-vector algorithm for the longest common subsequence problem, 2001; in the form of Hyyrö,
// Bit-parallel LCS-length computation revisited, 2004):
//
//     U = V & mask of the row's byte          the columns whose byte equals the row's
//     V = (V + U) | (V - U)                   the carry of the sum goes from limb to limb
//
//     longer:  c a b b a        row "b":  mask 0 1 1 0 0   (column 4 to column 0)
//     column:  0 1 2 3 4                  V    1 1 0 1 1   D(1, j) grows at column 2: "b" is in "cab"
//
// The carry out of a column is D(i, j) - D(i - 1, j), the growth along the other direction. One bit for
// a cell is thus enough for the traceback, whichever of the two strings lies along the rows.
//
// The traceback needs the rows from the last to the first. A few are kept (checkpoints), and the band of
// rows between two of them is computed a second time when the traceback comes to it, as far to the right
// as it can still go. That takes a hundredth of the memory of all rows, and stays in a processor's cache.

/** A run of bytes that both strings have, from two places on. */
export interface CommonRun {
  readonly first: number;
  readonly second: number;
  readonly length: number;
}

/** The two strings, and for each byte of the shorter one the columns that have it. */
interface Grid {
  /** Bytes of the longer string, which lies along the rows: a column for each. */
  readonly width: number;
  /** The string with a row for each byte. */
  readonly shorter: Uint8Array;
  /** Whether the second of the two strings lies along the rows. */
  readonly secondIsLonger: boolean;
  /** Int32s in a row. */
  readonly limbs: number;
  readonly masks: Int32Array;
  /** Where in `masks` that of a byte begins. */
  readonly maskOf: Uint32Array;
}

/** Size of a band that is worth no second one, in int32s: 256 KiB stay in a processor's cache. */
const BAND_LIMBS = 1 << 16;

/** Bytes of the longer string that are copied and looked at together. */
const PIECE_BYTES = 1 << 16;

/** The length of the longest common subsequence. */
export function commonLength(first: Uint8Array, second: Uint8Array): number {
  if (first.length === 0 || second.length === 0) return 0;
  const grid = gridOf(first, second);
  const row = new Int32Array(grid.limbs).fill(-1);
  advance(grid, row, 0, grid.shorter.length);
  let ones = 0;
  for (let k = 0; k < row.length; k++) ones += countOnes(row[k]);
  // Columns beyond the end of the string stay 1.
  return row.length * 32 - ones;
}

/**
 * The runs of which the longest common subsequence consists, the last one first. Among subsequences of
 * the same length it is the one that Redis finds: from the ends of both strings, equal bytes belong to
 * it; otherwise the traceback steps back in the first string if a step in the second would lose a byte
 * and this one does not, and else in the second.
 */
export function commonRuns(first: Uint8Array, second: Uint8Array): CommonRun[] {
  if (first.length === 0 || second.length === 0) return [];
  const grid = gridOf(first, second);
  const { shorter, secondIsLonger, limbs, masks, maskOf } = grid;
  const height = Math.max(Math.ceil(Math.sqrt(shorter.length)), Math.floor(BAND_LIMBS / limbs));
  const checkpoints = checkpointsOf(grid, height);
  const band = new Int32Array(Math.min(height, shorter.length) * limbs);
  const runs: CommonRun[] = [];
  let bandStart = shorter.length;
  let i = shorter.length;
  let j = grid.width;
  let length = 0;
  const endRun = () => {
    if (length === 0) return;
    runs.push(secondIsLonger ? { first: i, second: j, length } : { first: j, second: i, length });
    length = 0;
  };
  while (i > 0 && j > 0) {
    const k = (j - 1) >>> 5;
    if (i <= bandStart) {
      const index = Math.floor((i - 1) / height);
      bandStart = index * height;
      computeBand(grid, checkpoints[index], band, bandStart, i, k + 1);
    }
    // Columns up to j at which the traceback stops going left: those with the row's byte, and those
    // from which it goes to the row before. None: on to the next limb.
    const equal = masks[maskOf[shorter[i - 1]] + k];
    const stops = (equal | ~band[(i - 1 - bandStart) * limbs + k]) & (-1 >>> (-j & 31));
    const column = 31 - Math.clz32(stops);
    const end = k * 32 + column + 1;
    if (end < j) {
      endRun();
      j = end;
    }
    if (stops === 0) continue;
    if ((equal & (1 << column)) !== 0) {
      j--;
      length++;
    } else {
      endRun();
    }
    i--;
  }
  endRun();
  return runs;
}

function gridOf(first: Uint8Array, second: Uint8Array): Grid {
  // Along the rows lies the longer string, so that few bits of a limb are beyond its end.
  const secondIsLonger = second.length >= first.length;
  const longer = secondIsLonger ? second : first;
  // Copied, as large values lie in resizable buffers, where a loop over bytes takes several times as long.
  const shorter = new Uint8Array(secondIsLonger ? first : second);
  const limbs = Math.ceil(longer.length / 32);
  const maskOf = new Uint32Array(256);
  let size = limbs;
  for (let i = 0; i < shorter.length; i++) {
    if (maskOf[shorter[i]] !== 0) continue;
    maskOf[shorter[i]] = size;
    size += limbs;
  }
  // The first mask is for the bytes that the shorter string lacks: quicker than to ask for each.
  const masks = new Int32Array(size);
  const piece = new Uint8Array(Math.min(longer.length, PIECE_BYTES));
  for (let start = 0; start < longer.length; start += PIECE_BYTES) {
    const end = Math.min(longer.length, start + PIECE_BYTES);
    piece.set(longer.subarray(start, end));
    for (let j = start; j < end; j++) masks[maskOf[piece[j - start]] + (j >>> 5)] |= 1 << j;
  }
  return { width: longer.length, shorter, secondIsLonger, limbs, masks, maskOf };
}

/** The rows before each band of `height` rows. */
function checkpointsOf(grid: Grid, height: number): Int32Array[] {
  const row = new Int32Array(grid.limbs).fill(-1);
  const checkpoints: Int32Array[] = [];
  for (let start = 0; start < grid.shorter.length; start += height) {
    if (start > 0) advance(grid, row, start - height, start);
    checkpoints.push(row.slice());
  }
  return checkpoints;
}

/** Takes a row from that of the first `from` bytes of the shorter string to that of the first `to`. */
function advance(
  { shorter, masks, maskOf }: Grid,
  row: Int32Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const mask = maskOf[shorter[i]];
    let carry = 0;
    for (let k = 0; k < row.length; k++) {
      const bits = row[k];
      const equal = bits & masks[mask + k];
      const sum = (bits + equal + carry) | 0;
      // The carry out of a column of which both summands, or one and not the sum, have the bit.
      carry = (equal | (bits & ~sum)) >>> 31;
      row[k] = sum | (bits ^ equal);
    }
  }
}

/**
 * For the rows from `from` to `to` a bit for each of their cells: whether the traceback, where the two
 * bytes are unequal, steps back in the longer string. With the second string along the rows that is where
 * the row does not grow; with the first one, where the column does.
 *
 * @param row the row before `from`; it is advanced to the last one
 * @param width limbs of each row that are needed
 */
function computeBand(
  { shorter, secondIsLonger, limbs, masks, maskOf }: Grid,
  row: Int32Array,
  band: Int32Array,
  from: number,
  to: number,
  width: number,
): void {
  for (let i = from; i < to; i++) {
    const mask = maskOf[shorter[i]];
    const start = (i - from) * limbs;
    let carry = 0;
    for (let k = 0; k < width; k++) {
      const bits = row[k];
      const equal = bits & masks[mask + k];
      const sum = (bits + equal + carry) | 0;
      const carries = equal | (bits & ~sum);
      const next = sum | (bits ^ equal);
      carry = carries >>> 31;
      row[k] = next;
      band[start + k] = secondIsLonger ? next : carries;
    }
  }
}

function countOnes(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
