// LZF, the compression of strings in RDB files (format: http://oldhome.schmorp.de/marc/liblzf.html).
// Compressed bytes are a sequence of these items, distinguished by the first byte:
//
//   000lllll                      l + 1 bytes follow as they are
//   lllooooo oooooooo             repeat l + 2 bytes from o + 1 bytes back; l is 1 … 6
//   111ooooo llllllll oooooooo    the same with l + 9 bytes
//
// `compress` looks for repetitions by the same hash and in the same order as the library with its
// default settings, so that its results are the same as Redis's.

const MAX_LITERALS = 32;
const MAX_DISTANCE = 1 << 13;
const MAX_REPEATED = 264;
/** Most bytes per compressed byte: three can stand for MAX_REPEATED. */
const MAX_RATIO = MAX_REPEATED / 3;
/** Repetitions up to here fit into two bytes. */
const SHORT_REPEATED = 8;

const HASH_BITS = 16;
const HASH_MASK = (1 << HASH_BITS) - 1;
/** Epochs up to here leave room for the places of one more call in 32 bits. */
const LAST_EPOCH = 0x3fffffff;

/**
 * By hash, the last position of three bytes, plus the epoch of the call. Places of earlier calls
 * are below the epoch, so nothing has to be cleared between calls.
 */
const places = new Int32Array(1 << HASH_BITS);
let epoch = 1;

/** Whether so many compressed bytes can stand for `length` bytes. */
export function mayExpandTo(compressedLength: number, length: number): boolean {
  return length <= compressedLength * MAX_RATIO;
}

/**
 * Compresses bytes.
 * @param target takes the result from its beginning on
 * @param limit how long the result may become; `target` has room for it
 * @returns its length, or 0 when it would be longer
 */
export function compress(
  source: Uint8Array,
  start: number,
  length: number,
  target: Uint8Array,
  limit: number,
): number {
  if (length === 0 || limit <= 0) return 0;
  if (epoch > LAST_EPOCH - length) {
    places.fill(0);
    epoch = 1;
  }
  const base = epoch - start;
  epoch += length;
  const end = start + length;
  let at = start;
  /** Where the next byte goes; before the literals that are being gathered is their header. */
  let to = 1;
  let literals = 0;
  while (at < end - 2) {
    const slot = hashAt(source, at);
    const seen = places[slot] - base;
    places[slot] = at + base;
    const distance = at - seen - 1;
    if (seen > start && distance < MAX_DISTANCE && sameThree(source, seen, at)) {
      if (to - (literals === 0 ? 1 : 0) + 4 >= limit) return 0;
      if (literals === 0) to--;
      else target[to - literals - 1] = literals - 1;
      const repeated = countRepeated(source, seen, at, end);
      to = writeRepetition(target, to, distance, repeated);
      // Room for the header of the next literals.
      to++;
      literals = 0;
      at += repeated;
      if (at >= end - 2) break;
      // Of a repetition's places only the last two are remembered.
      places[hashAt(source, at - 2)] = at - 2 + base;
      places[hashAt(source, at - 1)] = at - 1 + base;
    } else {
      if (to >= limit) return 0;
      target[to++] = source[at++];
      if (++literals === MAX_LITERALS) {
        target[to - MAX_LITERALS - 1] = MAX_LITERALS - 1;
        literals = 0;
        to++;
      }
    }
  }
  if (to + 3 > limit) return 0;
  while (at < end) {
    target[to++] = source[at++];
    if (++literals === MAX_LITERALS) {
      target[to - MAX_LITERALS - 1] = MAX_LITERALS - 1;
      literals = 0;
      to++;
    }
  }
  if (literals === 0) return to - 1;
  target[to - literals - 1] = literals - 1;
  return to;
}

/**
 * The most bytes that `length` bytes become: literals, and a header before every 32 of them. With this as its
 * limit `compress` always succeeds.
 */
export function mostCompressedBytes(length: number): number {
  return length + Math.ceil(length / MAX_LITERALS) + 4;
}

/** Strings above this are compressed only if samples of so many bytes say that it is worth it. */
export const SAMPLED_FROM_BYTES = 1024 * 1024;
export const SAMPLE_BYTES = 64 * 1024;

/** Whether a sample gets shorter by an eighth when it is compressed. */
export function shrinks(source: Uint8Array, start: number, length: number): boolean {
  const limit = length - (length >> 3);
  return compress(source, start, length, Buffer.allocUnsafe(limit), limit) > 0;
}

/**
 * Expands compressed bytes.
 * @param target takes exactly `length` bytes from its beginning on
 * @returns whether they were well-formed and expanded to exactly `length` bytes
 */
export function decompress(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  length: number,
): boolean {
  let at = start;
  let to = 0;
  while (at < end) {
    const head = source[at++];
    if (head < MAX_LITERALS) {
      const stop = at + head + 1;
      if (stop > end || to + head + 1 > length) return false;
      while (at < stop) target[to++] = source[at++];
      continue;
    }
    let repeated = (head >>> 5) + 2;
    if (repeated === SHORT_REPEATED + 1) {
      if (at >= end) return false;
      repeated += source[at++];
    }
    if (at >= end) return false;
    let from = to - (((head & 0x1f) << 8) | source[at++]) - 1;
    const stop = to + repeated;
    if (from < 0 || stop > length) return false;
    // One byte at a time: the repeated bytes may overlap with those that are written here.
    while (to < stop) target[to++] = target[from++];
  }
  return to === length;
}

function hashAt(source: Uint8Array, at: number): number {
  const three = (source[at] << 16) | (source[at + 1] << 8) | source[at + 2];
  return ((three >>> (24 - HASH_BITS)) - three * 5) & HASH_MASK;
}

function sameThree(source: Uint8Array, a: number, b: number): boolean {
  return (
    source[a] === source[b] && source[a + 1] === source[b + 1] && source[a + 2] === source[b + 2]
  );
}

/**
 * Length of the common run of bytes from `at` and from `seen` on; at least three. The library leaves the
 * last two bytes to be literals, but does not look that closely at the first 19 of 19 or 20.
 */
function countRepeated(source: Uint8Array, seen: number, at: number, end: number): number {
  const allowed = Math.min(end - at - 2, MAX_REPEATED);
  const most = allowed > 16 ? Math.max(allowed, 19) : allowed;
  let count = 3;
  while (count < most && source[seen + count] === source[at + count]) count++;
  return count;
}

function writeRepetition(
  target: Uint8Array,
  at: number,
  distance: number,
  repeated: number,
): number {
  let to = at;
  if (repeated <= SHORT_REPEATED) {
    target[to++] = (distance >> 8) + ((repeated - 2) << 5);
  } else {
    target[to++] = (distance >> 8) + (7 << 5);
    target[to++] = repeated - SHORT_REPEATED - 1;
  }
  target[to++] = distance & 0xff;
  return to;
}
