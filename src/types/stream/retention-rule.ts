// What XRETAIN has set for a stream: how much of it is kept. In files it is an extension of the stream:
//
//   [ version: 1 byte ][ what is set: 1 byte ][ limits that are, in this order: 64-bit floating-point numbers ]

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

/** Name of the extension. */
export const RETENTION_EXTENSION = 'synap-retention';
const VERSION = 1;
const HEADER_BYTES = 2;
const LIMIT_BYTES = 8;
const ALL_FLAGS = HAS_LENGTH | HAS_AGE | HAS_BYTES | KEEPS_UNREAD;

/** Bits of what is set in a rule. */
export function flagsOf({ maxLength, maxAgeMs, maxBytes, keepsUnread }: RetentionRule): number {
  const bit = (isSet: boolean, flag: number) => (isSet ? flag : 0);
  return (
    bit(maxLength !== undefined, HAS_LENGTH) |
    bit(maxAgeMs !== undefined, HAS_AGE) |
    bit(maxBytes !== undefined, HAS_BYTES) |
    bit(keepsUnread, KEEPS_UNREAD)
  );
}

/** The bytes of a rule. */
export function encodeRule(rule: RetentionRule): Buffer {
  const limits = [rule.maxLength, rule.maxAgeMs, rule.maxBytes].filter(
    (limit) => limit !== undefined,
  );
  const bytes = Buffer.alloc(HEADER_BYTES + LIMIT_BYTES * limits.length);
  bytes[0] = VERSION;
  bytes[1] = flagsOf(rule);
  for (const [i, limit] of limits.entries()) {
    bytes.writeDoubleLE(limit, HEADER_BYTES + LIMIT_BYTES * i);
  }
  return bytes;
}

/** The rule that bytes are of; undefined: of none. */
export function decodeRule(bytes: Buffer): RetentionRule | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) return undefined;
  const flags = bytes[1];
  let at = HEADER_BYTES;
  const limit = (bit: number) => {
    if ((flags & bit) === 0) return undefined;
    at += LIMIT_BYTES;
    return at <= bytes.length ? bytes.readDoubleLE(at - LIMIT_BYTES) : Number.NaN;
  };
  const rule = {
    maxLength: limit(HAS_LENGTH),
    maxAgeMs: limit(HAS_AGE),
    maxBytes: limit(HAS_BYTES),
    keepsUnread: (flags & KEEPS_UNREAD) !== 0,
  };
  const limits = [rule.maxLength, rule.maxAgeMs, rule.maxBytes];
  const isWhole = at === bytes.length && at > HEADER_BYTES && (flags & ~ALL_FLAGS) === 0;
  const areLimits = limits.every((one) => one === undefined || (one >= 0 && Number.isInteger(one)));
  return isWhole && areLimits ? rule : undefined;
}
