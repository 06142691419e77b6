// How a reference names a place in the arena (arena.ts): units of 8 bytes from its start, in segments of 64 MiB.
//
//   ref >>> SEGMENT_SHIFT          the segment: which of arena.u8, i32, f64, views
//   ref & SEGMENT_MASK             the unit in it: an index of f64
//   (ref & SEGMENT_MASK) << 1      the same as an index of i32
//   (ref & SEGMENT_MASK) << 3      the same in bytes: an index of u8 and views
//
// These stand written out where they are used: hot loops keep the typed array and the index apart.

/** Bits of a reference below those of its segment. */
export const SEGMENT_SHIFT = 23;
/** The bits of a reference that name a unit in its segment. */
export const SEGMENT_MASK = (1 << SEGMENT_SHIFT) - 1;
