// The inside of one segment of a bytes table (bytes-table.ts): its words, and the arithmetic that
// places hashes in directory, segment and slot. Everything is monotone in the hash, so slots in
// directory order are in hash order.

/** Words of a table segment before its slots. */
export const HEADER_WORDS = 4;
/** Word that counts the segment's entries. */
export const COUNT = 0;
/** Word that tells how many of the hash's top bits all its entries have in common. */
export const LOCAL_DEPTH = 1;

/** Bits of hash below the local depth that place an entry inside its segment. */
const HOME_BITS = 20;

/** Slots in a segment of so many bytes. */
export function slotsIn(segmentBytes: number): number {
  return (segmentBytes - HEADER_WORDS * 4) / 8;
}

/** A segment of this many slots splits when it holds this many entries. */
export function fullAt(slots: number): number {
  return slots - (slots >>> 2) + (slots >>> 4);
}

/** Index of the directory's entry for a hash: its top `depth` bits. */
export function directoryIndex(hash: number, depth: number): number {
  return (hash >>> 1) >>> (31 - depth);
}

/** Slot where a hash belongs: its bits below the local depth, scaled to the number of slots. */
export function homeSlot(hash: number, localDepth: number, slots: number): number {
  return (((hash << localDepth) >>> (32 - HOME_BITS)) * slots) >>> HOME_BITS;
}

/** The lowest hash whose home is `slot`, in the segment that `position` lies in. */
export function firstHashOf(position: number, depth: number, slot: number, slots: number): number {
  const prefix = depth === 0 ? 0 : (position >>> (32 - depth)) * 2 ** (32 - depth);
  const fraction = Math.ceil((slot * 2 ** HOME_BITS) / slots);
  return prefix + Math.ceil(fraction * 2 ** (32 - HOME_BITS - depth));
}

/** The first position after the segment that `position` lies in; 0 after the last. */
export function nextSegmentStart(position: number, depth: number): number {
  if (depth === 0) return 0;
  const next = ((position >>> (32 - depth)) + 1) * 2 ** (32 - depth);
  return next >= 2 ** 32 ? 0 : next;
}

/** Puts (hash, ref) into the first free slot from its home on; the segment is not full. */
export function putIntoSegment(
  words: Int32Array,
  base: number,
  slots: number,
  hash: number,
  ref: number,
): void {
  const first = base + HEADER_WORDS;
  let slot = homeSlot(hash, words[base + LOCAL_DEPTH], slots);
  while (words[first + (slot << 1) + 1] !== 0) {
    if (++slot === slots) slot = 0;
  }
  words[first + (slot << 1)] = hash;
  words[first + (slot << 1) + 1] = ref;
  words[base + COUNT]++;
}
