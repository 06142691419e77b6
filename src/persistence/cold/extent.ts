// What is stored, and how it is referred to. Nothing here knows what an entry or an id of it is.

/** Bytes of an entry's id. */
export const ID_BYTES = 16;

/** A cold block of a stream. */
export interface Extent {
  /** At least one byte, and no more than fit into a segment (`ColdLog.maxPayloadBytes`). */
  readonly payload: Buffer;
  /** Id of its first entry: ID_BYTES bytes. */
  readonly firstId: Uint8Array;
  /** Id of its last entry: ID_BYTES bytes. */
  readonly lastId: Uint8Array;
  /** Number of entries: an unsigned integer of 32 bits. */
  readonly entries: number;
  /** The caller's, such as the version of the payload's form: an unsigned integer of 32 bits. */
  readonly tag: number;
}

/** The place of an extent among the segments of its log. It never moves. */
export interface Location {
  /** Number of the segment, from 1. */
  readonly segment: number;
  /** Bytes from the beginning of the segment's file. */
  readonly offset: number;
  /** Bytes in the file, the extent's header included. */
  readonly lengthBytes: number;
}

/** What a snapshot or a log has of an extent: enough to find it, and to notice another one in its place. */
export interface ExtentRef extends Location {
  readonly firstId: Uint8Array;
  readonly lastId: Uint8Array;
}
