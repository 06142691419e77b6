// What XRETAIN has set for a stream: how much of it is kept. In files it is a byte for the version, one for what is set,
// and the limits that are, 64-bit floating-point numbers, in the order of the fields.

/** A rule. At least one of its limits is set. */
export interface RetentionRule {
  /** Most entries, 0 or more. */
  readonly maxLength: number | undefined;
  /** Greatest age of an entry by its id, in ms, 0 or more. */
  readonly maxAgeMs: number | undefined;
  /** Most bytes of blocks, 0 or more; the block to which entries are added stays. */
  readonly maxBytes: number | undefined;
  /** Whether entries stay that a group has not acknowledged. */
  readonly keepsUnread: boolean;
}

/** Bits of what is set. */
export const HAS_LENGTH = 1;
export const HAS_AGE = 2;
export const HAS_BYTES = 4;
export const KEEPS_UNREAD = 8;
