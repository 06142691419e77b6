// The change from one segment to the next. The file and its line in the manifest are made, and
// forced to disk, while the old segment is still written; only then does the log go over to it, at
// the end of a group. So the event loop never waits, and no group is ever in a file that a crash
// could make disappear. A segment's start is in the manifest once all that is before it is on disk.

import type { FileFacts } from './file-system.ts';
import type { LogDirectory } from './log-directory.ts';
import type { Manifest, SegmentFile } from './manifest.ts';

/** A segment that is ready to be written. */
export interface NextSegment {
  readonly name: string;
  readonly seq: number;
  readonly fd: number;
  readonly identity: FileFacts;
}

/** Prepares segments, and keeps their start offsets. */
export class SegmentRotation {
  readonly #directory: LogDirectory;
  /** Offsets at which segments begin, by their numbers. */
  readonly #starts: Map<number, number>;
  #next: NextSegment | undefined;
  #preparing: Promise<NextSegment> | undefined;
  /** Start of the newest segment while the manifest does not have it; otherwise undefined. */
  #unwrittenStart: number | undefined;

  constructor(directory: LogDirectory, starts: ReadonlyMap<number, number>) {
    this.#directory = directory;
    this.#starts = new Map(starts);
  }

  /** The segment to go over to, if there is one. */
  get next(): NextSegment | undefined {
    return this.#next;
  }

  /** Whether a segment is ready or under way. */
  get isUnderWay(): boolean {
    return this.#preparing !== undefined || this.#next !== undefined;
  }

  /** Creates the next segment; rejects, having changed nothing, when the disk does not let it. */
  async prepare(): Promise<void> {
    if (this.isUnderWay) return;
    this.#preparing = this.#create();
    try {
      this.#next = await this.#preparing;
    } finally {
      this.#preparing = undefined;
    }
  }

  /** Records that the log has gone over to a segment. */
  begin(segment: NextSegment, start: number): Promise<void> {
    this.#starts.set(segment.seq, start);
    this.#unwrittenStart = start;
    this.#next = undefined;
    return this.#directory.amend((manifest) => this.withStarts(manifest));
  }

  /** Writes the newest segment's start to the manifest, if all that precedes it is on disk. */
  async writeStart(syncedOffset: number): Promise<void> {
    this.#directory.durableOffset = syncedOffset;
    if (this.#unwrittenStart === undefined || this.#unwrittenStart > syncedOffset) return;
    this.#unwrittenStart = undefined;
    await this.#directory.update((manifest) => manifest);
  }

  /** Changes the start offset of the only segment, which is empty. */
  beginAt(seq: number, offset: number): Promise<void> {
    this.#starts.set(seq, offset);
    this.#directory.durableOffset = offset;
    this.#unwrittenStart = offset;
    return this.#directory.amend((manifest) => this.withStarts(manifest));
  }

  /** The segment in which an offset lies; the one that begins there, not the one that ends there. */
  segmentAt(offset: number): SegmentFile | undefined {
    const { keptSegments, segments } = this.withStarts(this.#directory.manifest);
    return [...keptSegments, ...segments].findLast(
      ({ start }) => start !== undefined && start <= offset,
    );
  }

  /** The offset at which a segment begins. */
  startOf(seq: number): number | undefined {
    return this.#starts.get(seq);
  }

  /** The manifest with the starts that are known. */
  withStarts(manifest: Manifest): Manifest {
    const complete = (segment: SegmentFile): SegmentFile => ({
      ...segment,
      start: this.#starts.get(segment.seq) ?? segment.start,
    });
    return {
      ...manifest,
      keptSegments: manifest.keptSegments.map(complete),
      segments: manifest.segments.map(complete),
    };
  }

  /** Waits for what is under way, so that the manifest is not written any more, and closes a prepared segment. */
  async close(): Promise<void> {
    // The requester is notified when it fails.
    await this.#preparing?.catch(() => undefined);
    await this.#directory.settled();
    if (this.#next !== undefined) this.#directory.fs.close(this.#next.fd);
    this.#next = undefined;
  }

  async #create(): Promise<NextSegment> {
    const { fs } = this.#directory;
    const seq = this.#directory.nextSegmentSeq;
    const name = this.#directory.segmentFileName(seq);
    this.#directory.requireOwn();
    // A file of this name is left over from an attempt that did not reach the manifest.
    const fd = fs.open(this.#directory.pathOf(name), 'wa');
    try {
      await fs.sync(fd);
      await this.#directory.update((manifest) => {
        const complete = this.withStarts(manifest);
        const segments = [...complete.segments, { name, seq, start: undefined }];
        return { ...complete, segments };
      });
    } catch (error) {
      fs.close(fd);
      throw error;
    }
    return { name, seq, fd, identity: fs.identify(fd) };
  }
}
