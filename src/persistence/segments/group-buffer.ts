// The memory of the log's writer: the group that is being gathered, and in front of it in the same
// chunk the groups that are written but not yet known to be on disk. A chunk holds bytes exactly as
// they stand in one file from one position on, so writing them again after a failed fsync, which
// may have lost them from the page cache, is writing the chunk. Nothing is copied to keep it.
//
//   chunk   [ header ][ group ][ header ][ group ] [ room for ][ group being ] free
//            ▲ position in file                     ▲ header    gathered     ▲
//            └ written, kept until synced ────────┘ groupAt                  at
//
// A group with a time stamp has the stamp at groupAt, and its header after it. One that has large
// arguments in it leaves its chunk to be written (scattered-group.ts): what follows begins another one.

import { copyWide, ViewCache, viewOf } from '../../protocol/copy-bytes.ts';
import type { PinnedPiece } from '../../protocol/large-argument.ts';
import { HEADER_BYTES, writeGroupHeader } from './group-header.ts';
import type { OpenSegment } from './open-segment.ts';
import { type PlacedPiece, ScatteredGroup } from './scattered-group.ts';
import { STAMP_BYTES, writeTimeStamp } from './time-stamp.ts';

/** Chunks kept for use again, in bytes: memory that comes and goes makes V8 collect garbage. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** Bytes that stand in a file from a position on. */
export interface Chunk {
  readonly buffer: Buffer;
  readonly segment: OpenSegment;
  /** Position in the file of the chunk's first byte. */
  readonly position: number;
  /** How many bytes of it are written. */
  readonly writtenBytes: number;
  /** The stream's offset behind the last written group in it. */
  readonly endOffset: number;
}

/** Gathers groups and keeps what may have to be written again. */
export class GroupBuffer {
  /** Bytes of the current chunk, the place in it where the current group begins, annotation included. */
  buffer: Buffer;
  groupAt = 0;
  #view: DataView;
  readonly #sources = new ViewCache();
  /** Position in the file of the current chunk's first byte. */
  #position: number;
  #segment: OpenSegment;
  #at = HEADER_BYTES;
  /** Length of the current group's time stamp: 0 when it has none. */
  #stampBytes = 0;
  /** The last time stamp of the current file, in seconds. */
  #stampSeconds = 0;
  #endOffset: number;
  readonly #chunkBytes: number;
  /** Groups that are complete and not taken out yet, from old to new. */
  readonly #closed: ScatteredGroup[] = [];
  /** Large arguments of the current group, with their distances from its beginning. */
  #pieces: PlacedPiece[] = [];
  /** Full chunks, and groups by themselves, with bytes that are not known to be on disk, from old to new. */
  #kept: (Chunk | ScatteredGroup)[] = [];
  #keptBytes = 0;
  readonly #spare: Buffer[] = [];
  readonly #maxSpare: number;

  /** @param chunkBytes size of a chunk; one for a larger group is as large as that takes */
  constructor(chunkBytes: number, segment: OpenSegment, offset: number) {
    this.#chunkBytes = Math.max(chunkBytes, 2 * (STAMP_BYTES + HEADER_BYTES));
    this.#maxSpare = SPARE_BYTES / this.#chunkBytes;
    this.buffer = Buffer.allocUnsafeSlow(this.#chunkBytes);
    this.#view = viewOf(this.buffer);
    this.#segment = segment;
    this.#position = segment.sizeBytes;
    this.#endOffset = offset;
  }

  /** Bytes gathered for the current group. */
  get pendingBytes(): number {
    const pinned = this.#pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return this.#at - this.groupAt - this.#stampBytes - HEADER_BYTES + pinned;
  }

  /** Whether the next group has large arguments in it, or is closed: then it is not sealed, but taken out. */
  get isScattered(): boolean {
    return this.#pieces.length > 0 || this.#closed.length > 0;
  }

  /** The stream's offset behind the last group that is closed and was not taken out. */
  get closedOffset(): number | undefined {
    return this.#closed.at(-1)?.endOffset;
  }

  /** Written bytes, annotations included, that are kept because they are not known to be on disk. */
  get keptBytes(): number {
    return this.#keptBytes + this.groupAt;
  }

  /** Where in the file the current group begins. */
  get groupPosition(): number {
    return this.#position + this.groupAt;
  }

  /**
   * Gives the current group, which is empty, a time stamp, unless its file has the same one already: all that
   * follows a stamp is of that second or a later one.
   * @param seconds since the epoch
   */
  stamp(seconds: number): void {
    if (seconds <= this.#stampSeconds) return;
    if (this.#stampBytes === 0) {
      if (this.#at + STAMP_BYTES > this.buffer.length) this.#makeRoom(STAMP_BYTES);
      this.#stampBytes = STAMP_BYTES;
      this.#at += STAMP_BYTES;
    }
    writeTimeStamp(this.buffer, this.groupAt, seconds);
    this.#stampSeconds = seconds;
  }

  /** Copies bytes [start, end) into the current group. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#at + length > this.buffer.length) this.#makeRoom(length);
    this.#at = copyWide(this.#view, this.#at, this.#sources.viewOf(bytes), start, length);
  }

  /** Adds pinned bytes to the current group; they are released when they need not be written again. */
  appendPinned(bytes: PinnedPiece): void {
    this.#pieces.push({ at: this.#at - this.groupAt, bytes });
  }

  /** Ends the current group, whatever is in it, at an offset: the next one begins before it is written. */
  closeGroup(endOffset: number): void {
    this.#closed.push(this.#takeCurrent(endOffset));
  }

  /** Takes the oldest group out, which is closed, or the current one and ends at an offset. */
  takeScattered(endOffset: number): ScatteredGroup {
    return this.#closed.shift() ?? this.#takeCurrent(endOffset);
  }

  #takeCurrent(endOffset: number): ScatteredGroup {
    const { groupAt } = this;
    const group = new ScatteredGroup({
      bytes: Buffer.from(this.buffer.subarray(groupAt, this.#at)),
      pieces: this.#pieces,
      stampBytes: this.#stampBytes,
      segment: this.#segment,
      position: this.groupPosition,
      endOffset,
    });
    this.#pieces = [];
    this.#stampBytes = 0;
    if (groupAt > 0) this.#nextChunk(this.#chunkBytes);
    this.#position += group.sizeBytes;
    this.#at = HEADER_BYTES;
    return group;
  }

  /** Notes that a group that was taken out is in the file; `isKept` as for `advance`. */
  keepScattered(group: ScatteredGroup, isKept: boolean): void {
    this.#endOffset = group.endOffset;
    if (isKept) {
      this.#kept.push(group);
      this.#keptBytes += group.sizeBytes;
    } else {
      group.release();
      this.release(group.endOffset);
    }
  }

  /**
   * Completes the current group with its annotation.
   * @returns how many bytes there are to write from `groupAt` on
   */
  seal(start: number, synced: number): number {
    const stampBytes = this.#stampBytes;
    const headerAt = this.groupAt + stampBytes;
    writeGroupHeader(this.buffer, headerAt, stampBytes, start, synced, this.#at);
    return this.#at - this.groupAt;
  }

  /**
   * Notes that the sealed group is in the file, and begins the next one behind it.
   * @param isKept whether its bytes must stay until `release`
   */
  advance(endOffset: number, isKept: boolean): void {
    this.groupAt = this.#at;
    this.#stampBytes = 0;
    this.#endOffset = endOffset;
    this.#at += HEADER_BYTES;
    if (!isKept) {
      this.release(endOffset);
      this.#restart();
    }
    if (this.groupAt + HEADER_BYTES > this.buffer.length) this.#nextChunk(this.#chunkBytes);
    this.#at = this.groupAt + HEADER_BYTES;
  }

  /** Goes on in another file; there is no pending group. */
  changeSegment(segment: OpenSegment): void {
    if (this.groupAt > 0) this.#nextChunk(this.#chunkBytes);
    this.#segment = segment;
    this.#position = segment.sizeBytes;
    this.#at = HEADER_BYTES;
    this.#stampBytes = 0;
    // Each file has time stamps of its own.
    this.#stampSeconds = 0;
  }

  /** Gives up what is on disk: everything before `offset`. */
  release(offset: number): void {
    let count = 0;
    while (count < this.#kept.length && this.#kept[count].endOffset <= offset) {
      const kept = this.#kept[count++];
      if (kept instanceof ScatteredGroup) {
        this.#keptBytes -= kept.sizeBytes;
        kept.release();
      } else {
        this.#keptBytes -= kept.writtenBytes;
        this.#recycle(kept.buffer);
      }
    }
    if (count > 0) this.#kept = this.#kept.slice(count);
    const isEmpty = this.#at === this.groupAt + HEADER_BYTES;
    if (this.#endOffset <= offset && this.groupAt > 0 && isEmpty) {
      this.#restart();
      this.#at = HEADER_BYTES;
    }
  }

  /**
   * Gives up everything, written or not, and releases its pins: it is not written any more.
   * @param taken a group that was taken out and is not in the file
   */
  discard(taken: ScatteredGroup | undefined): void {
    taken?.release();
    for (const group of this.#closed.splice(0)) group.release();
    for (const { bytes } of this.#pieces.splice(0)) bytes.release();
    this.release(Number.POSITIVE_INFINITY);
  }

  /** Gives up chunks that are kept to be used again. */
  releaseSpares(): void {
    this.#spare.length = 0;
  }

  /** What must be written again when the data of a file may be lost, from old to new. */
  keptOf(segment: OpenSegment): (Chunk | ScatteredGroup)[] {
    return [...this.#kept, this.#current()].filter((kept) => kept.segment === segment);
  }

  #current(): Chunk {
    return {
      buffer: this.buffer,
      segment: this.#segment,
      position: this.#position,
      writtenBytes: this.groupAt,
      endOffset: this.#endOffset,
    };
  }

  /** Has the next group begin at the front of the chunk. */
  #restart(): void {
    this.#position += this.groupAt;
    this.groupAt = 0;
    if (this.buffer.length !== this.#chunkBytes) this.#use(this.#take(this.#chunkBytes));
  }

  /** Moves the current group to a chunk in which `length` more bytes have room. */
  #makeRoom(length: number): void {
    const old = this.buffer;
    const from = this.groupAt;
    const used = this.#at - from;
    const needed = used + length;
    this.#nextChunk(needed <= this.#chunkBytes ? this.#chunkBytes : 2 * needed);
    old.copy(this.buffer, 0, from, from + used);
    this.#at = used;
    if (from === 0) this.#recycle(old);
  }

  #nextChunk(sizeBytes: number): void {
    if (this.groupAt > 0) {
      this.#kept.push(this.#current());
      this.#keptBytes += this.groupAt;
      this.#position += this.groupAt;
    }
    this.#use(this.#take(sizeBytes));
    this.groupAt = 0;
  }

  #use(buffer: Buffer): void {
    this.buffer = buffer;
    this.#view = viewOf(buffer);
  }

  #take(sizeBytes: number): Buffer {
    const spare = sizeBytes === this.#chunkBytes ? this.#spare.pop() : undefined;
    return spare ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  #recycle(buffer: Buffer): void {
    if (buffer.length === this.#chunkBytes && this.#spare.length < this.#maxSpare) {
      this.#spare.push(buffer);
    }
  }
}
