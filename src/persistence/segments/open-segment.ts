// An increment that is open for writing, or was until a newer one took its place: then it stays
// open until it is on disk.

import type { FileFacts } from './file-system.ts';

/** A file of the log; only the newest grows. */
export interface OpenSegment {
  readonly name: string;
  readonly seq: number;
  /** Appends. */
  readonly fd: number;
  /** The identity of the file, to notice another one in its place. */
  readonly identity: FileFacts;
  /** The stream's offset at its beginning, and behind its last written group. */
  start: number;
  end: number;
  /** Bytes of whole groups in the file, annotations included. */
  sizeBytes: number;
}
