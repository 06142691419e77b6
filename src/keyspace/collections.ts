// What of a value lies outside its entry: an entry with such a value has the number of a root, from which its
// parts are found. Each type of values that has such an encoding brings what works on its roots, so that entries
// can be measured, copied, freed and moved whatever they hold.

/** Encodings from this number on have a root: one bit of an entry's meta word tells. */
export const FIRST_ROOT_ENCODING = 8;

/** Works on the roots of one type in one arena. A root belongs to one entry. */
export interface Collections {
  /** Bytes of a root and of all its parts. */
  bytes(root: number): number;
  /** Number of elements. */
  length(root: number): number;
  /** Number of blocks beside the root, or an estimate: what moving or freeing it takes. */
  parts(root: number): number;
  /** A copy of all; returns its root. @throws ArenaFullError when there is no memory: nothing is left of it then */
  copy(root: number): number;
  /** Frees some of it, in well under a millisecond; returns whether that was all. */
  freeStep(root: number): boolean;
  readonly relocation: Relocation;
}

/**
 * Moves the parts of one root out of sparse pages (Arena.isSparse), some at a time. Between two steps the value may
 * change in any way.
 */
export interface Relocation {
  /** The root that is being gone through. */
  readonly root: number;
  /** Blocks that were looked at so far, of all roots. */
  readonly scanned: number;
  /** Begins with a root; returns the root that it has then. */
  begin(root: number): number;
  /** Looks at so many more parts; returns whether there are others. */
  step(count: number): boolean;
}
