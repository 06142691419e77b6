// Values that are kept outside their entry: the entry holds the number of a collection root, which leads to all
// blocks of the value. A type with such an encoding provides the operations on its roots, so that entries can be
// measured, copied, freed and moved whatever their type is.

/** Encodings from this number on have a root, so one bit of an entry's meta word shows whether there is one. */
export const FIRST_ROOT_ENCODING = 8;

/**
 * Bits of the number of an encoding that are set together in those encodings, and no others, whose values have parts
 * that expire: looking such a key up has them removed (ValueType.partExpiry).
 */
export const PARTS_EXPIRE: number = FIRST_ROOT_ENCODING | 1;

/** What time it is for keys, and parts of values, that expire. */
export interface ExpiryClock {
  /** The time up to which expiries have passed, in ms since the epoch. */
  readonly dueMs: number;
}

/** The operations on the roots of one type in one arena. A root belongs to one entry. */
export interface Collections {
  /** Bytes of a root and of all its parts. */
  bytes(root: number): number;
  /** Number of elements. */
  length(root: number): number;
  /** Number of blocks besides the root, or an estimate: how much work moving or freeing it is. */
  parts(root: number): number;
  /**
   * Copies the collection; returns the root of the copy. @throws ArenaFullError without memory; no part of the copy
   * is left then
   */
  copy(root: number): number;
  /** Called when a root, or the copy of one, has got another key, of this hash. */
  renamed?(root: number, keyHash: number): void;
  /** Frees a part of it, in well under a millisecond; returns whether all is freed. */
  freeStep(root: number): boolean;
  readonly relocation: Relocation;
  /** How their members are found by hash, where they are. */
  readonly members?: MemberTable;
}

/** Collections whose members are in hash tables of the keyspace's seed. */
export interface MemberTable {
  /** Which argument of a command with so many arguments, on one member, is most likely the member. */
  argumentOf(count: number): number;
  /**
   * Reads what looking members of these hashes up in a root will read; `refs` is scratch space.
   * @returns a meaningless number that depends on all that was read, so that the reads are not optimised away
   */
  prefetch(root: number, hashes: Int32Array, refs: Int32Array, count: number): number;
}

/**
 * Moves the blocks of one root out of sparse pages (Arena.isSparse), a few at a time. Between two steps the value
 * may change in any way.
 */
export interface Relocation {
  /** The root whose blocks are being moved. */
  readonly root: number;
  /** Number of blocks examined so far, of all roots. */
  readonly scanned: number;
  /** Begins with a root, which it may move; returns the root's new reference. */
  begin(root: number): number;
  /** Examines `count` more blocks; returns whether any are left. */
  step(count: number): boolean;
}
