// What the logs of one folder share.
import type { ColdFiles } from './cold-files.ts';
import type { Deletions } from './deletions.ts';
import type { ExtentReader } from './extent-reader.ts';
import type { LogId } from './segment-name.ts';
import type { Slots } from './slots.ts';

/** See the head of this file. */
export interface ColdContext {
  readonly folder: string;
  readonly files: ColdFiles;
  readonly maxSegmentBytes: number;
  readonly reader: ExtentReader;
  readonly deletions: Deletions;
  /** For what writes, and what nobody waits for. */
  readonly writes: Slots;
  /** Makes and locks the folder, which must be done before anything in it is made or deleted. */
  claim(): Promise<void>;
  /** Whether the folder is not used any more. */
  isClosed(): boolean;
  /** Called when a log is to be deleted. */
  onDeleted(id: LogId): void;
  /** Called when nothing is left of a log that was to be deleted. */
  onGone(id: LogId): void;
}
