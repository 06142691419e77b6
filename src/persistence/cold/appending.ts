// One append to a log: extents behind the last one, in new segments where a segment is full, all of them on disk when
// it resolves. If anything fails, the new segments are deleted and the old one is cut back to where it ended; if not
// even that works, the next append does it first. What was durable before is never touched.
import { type FileFacts, isMissing } from '../segments/file-system.ts';
import type { ColdContext } from './cold-context.ts';
import { writeParts } from './cold-files.ts';
import { compress } from './compression.ts';
import type { Extent, Location } from './extent.ts';
import { EXTENT_HEADER_BYTES, extentHeader, sealHeader, sumExtent } from './extent-header.ts';
import { segmentHeader } from './segment-header.ts';
import { type LogId, MAX_SEGMENT, segmentPath } from './segment-name.ts';
import { runSoon } from './steps.ts';

/** Where the next extent of a log goes. */
export interface Tail {
  readonly segment: number;
  /** Bytes of whole extents, and the header. */
  readonly endBytes: number;
  /** Whether there may be bytes behind the end: of a write that failed. */
  readonly isCut: boolean;
}

/** The state of a log before an append, and after one that worked. */
export interface LogEnd {
  /** Undefined when a new segment is to be begun. */
  tail: Tail | undefined;
  /** Number of the next new segment; goes on also when the append fails, so that no name is used twice. */
  nextSegment: number;
}

interface OpenSegment {
  readonly segment: number;
  readonly path: string;
  readonly fd: number;
  readonly identity: FileFacts;
  readonly isNew: boolean;
  /** Bytes that were written. */
  endBytes: number;
  /** What comes behind them. */
  pending: Buffer[];
  pendingBytes: number;
}

/** Bytes that are gathered for one write. */
const WRITE_BYTES = 1024 * 1024;

/** One append; see the head of this file. */
export class Appending {
  /** Sizes of the segments that were made or have grown, in bytes, by their numbers. */
  readonly sizes = new Map<number, number>();
  readonly #context: ColdContext;
  readonly #id: LogId;
  readonly #end: LogEnd;
  /** Undefined as long as no extent has been added, and between two segments. */
  #open: OpenSegment | undefined;
  /** Paths of the segments that were made. */
  readonly #made: string[] = [];
  /** The file of the tail as it was, if it is being, or was, written to. */
  #extended: FileFacts | undefined;

  /** @param end changed when the append ends */
  constructor(context: ColdContext, id: LogId, end: LogEnd) {
    this.#context = context;
    this.#id = id;
    this.#end = end;
  }

  /** Appends extents; resolves with their places. Rejects with the system's error. */
  async run(extents: readonly Extent[]): Promise<Location[]> {
    const locations: Location[] = [];
    try {
      await this.#context.claim();
      for (const extent of extents) locations.push(await this.#add(extent));
      const tail = await this.#finish();
      if (tail !== undefined) this.#end.tail = tail;
      return locations;
    } catch (error) {
      await this.#undo();
      throw error;
    }
  }

  /** Puts an extent behind the last one. */
  async #add(extent: Extent): Promise<Location> {
    const { payload } = extent;
    const compressed = await compress(payload);
    const parts = compressed ?? [payload];
    const storedBytes = parts.reduce((sum, part) => sum + part.length, 0);
    const lengthBytes = EXTENT_HEADER_BYTES + storedBytes;
    const open = await this.#segmentFor(lengthBytes);
    const { segment } = open;
    const offset = open.endBytes + open.pendingBytes;
    const header = extentHeader(extent, storedBytes, compressed !== undefined);
    sealHeader(header, await runSoon(sumExtent(this.#id, segment, offset, header, parts)));
    open.pending.push(header, ...parts);
    open.pendingBytes += lengthBytes;
    if (open.pendingBytes >= WRITE_BYTES) await this.#flush(open);
    return { segment, offset, lengthBytes };
  }

  /** The segment that an extent goes to. */
  async #segmentFor(lengthBytes: number): Promise<OpenSegment> {
    const { maxSegmentBytes } = this.#context;
    const { tail } = this.#end;
    if (this.#open === undefined && this.#made.length === 0 && tail !== undefined) {
      const fits = tail.endBytes + lengthBytes <= maxSegmentBytes;
      if (fits || tail.isCut) this.#open = await this.#resume(tail);
    }
    const open = this.#open;
    if (open !== undefined) {
      if (open.endBytes + open.pendingBytes + lengthBytes <= maxSegmentBytes) return open;
      await this.#finish();
    }
    this.#open = await this.#begin();
    return this.#open;
  }

  /** Opens the last segment; undefined when it is not there any more, or not what it was. */
  async #resume(tail: Tail): Promise<OpenSegment | undefined> {
    const { files, folder } = this.#context;
    const path = segmentPath(folder, this.#id, tail.segment);
    const { endBytes } = tail;
    let fd: number;
    try {
      fd = await files.open(path, 'r+');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const identity = await files.identify(fd);
      const isLonger = identity.sizeBytes > endBytes;
      if (isLonger && tail.isCut) await files.truncate(fd, endBytes);
      else if (identity.sizeBytes !== endBytes) {
        await files.close(fd);
        return undefined;
      }
      this.#extended = identity;
      const pending: Buffer[] = [];
      const { segment } = tail;
      return { segment, path, fd, identity, isNew: false, endBytes, pending, pendingBytes: 0 };
    } catch (error) {
      await files.close(fd).catch(() => {});
      throw error;
    }
  }

  /** Makes a new segment. */
  async #begin(): Promise<OpenSegment> {
    const { files, folder } = this.#context;
    const segment = this.#end.nextSegment;
    if (segment > MAX_SEGMENT) throw new RangeError(`the log ${this.#id} has too many segments`);
    const path = segmentPath(folder, this.#id, segment);
    this.#end.nextSegment++;
    const fd = await files.open(path, 'new');
    this.#made.push(path);
    try {
      const identity = await files.identify(fd);
      const pending = [segmentHeader(this.#id, segment)];
      const pendingBytes = pending[0].length;
      return { segment, path, fd, identity, isNew: true, endBytes: 0, pending, pendingBytes };
    } catch (error) {
      await files.close(fd).catch(() => {});
      throw error;
    }
  }

  async #flush(open: OpenSegment): Promise<void> {
    const { pending, pendingBytes } = open;
    await writeParts(this.#context.files, open.fd, pending, open.endBytes);
    open.endBytes += pendingBytes;
    open.pending = [];
    open.pendingBytes = 0;
  }

  /** Makes durable what was added to the segment that is open; the new tail, if there is one. */
  async #finish(): Promise<Tail | undefined> {
    const open = this.#open;
    if (open === undefined) return undefined;
    const { files, folder } = this.#context;
    if (open.pendingBytes > 0) await this.#flush(open);
    await files.datasync(open.fd);
    if (open.isNew) await files.syncFolder(folder);
    await this.#requirePlace(open);
    this.#open = undefined;
    await files.close(open.fd).catch(() => {});
    const { segment, endBytes } = open;
    this.sizes.set(segment, endBytes);
    return { segment, endBytes, isCut: false };
  }

  /** Writing and syncing a file works also when it was deleted, moved or replaced: rejects then. */
  async #requirePlace({ path, identity, endBytes }: OpenSegment): Promise<void> {
    const found = await this.#context.files.stat(path);
    if (found === undefined) throw new Error(`${path} was removed by somebody else`);
    // Some file systems report another inode number for an open file when it is looked up again.
    if (isSame(found, identity) || found.sizeBytes === endBytes) return;
    throw new Error(`${path} was replaced by somebody else`);
  }

  async #undo(): Promise<void> {
    const { files, reader, deletions } = this.#context;
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) await files.close(open.fd).catch(() => {});
    for (const path of this.#made) {
      reader.drop(path);
      await files.unlink(path).catch((error) => {
        if (!isMissing(error)) deletions.add(path);
      });
    }
    const { tail } = this.#end;
    if (this.#extended !== undefined && tail !== undefined) {
      this.#end.tail = await this.#cut(tail, this.#extended);
    }
  }

  /** Cuts the tail back to its end, as long as its file is the one that was written to; the tail from now on. */
  async #cut(tail: Tail, identity: FileFacts): Promise<Tail | undefined> {
    const { files, folder } = this.#context;
    try {
      const fd = await files.open(segmentPath(folder, this.#id, tail.segment), 'r+');
      try {
        if (!isSame(await files.identify(fd), identity)) return undefined;
        await files.truncate(fd, tail.endBytes);
      } finally {
        await files.close(fd).catch(() => {});
      }
      return { ...tail, isCut: false };
    } catch {
      return { ...tail, isCut: true };
    }
  }
}

function isSame(one: FileFacts, other: FileFacts): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
