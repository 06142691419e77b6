// The cold blocks of one stream: extents in numbered segments, which are only ever appended to and deleted as a whole.
//
//     segment 3, full           segment 4, full           segment 5, the tail
//     [header│extent│extent│…]  [header│extent│extent│…]  [header│extent│ ◀── appends
//
// A log has no file until something is appended to it. After a start it goes on in its last segment if `verify` has
// found that to end with an extent that is referred to; otherwise, behind what an append has left that was cut short,
// or what nobody refers to, it begins a new one.
import { Appending, type LogEnd } from './appending.ts';
import type { ColdContext } from './cold-context.ts';
import type { ColdError } from './cold-error.ts';
import type { Deletion } from './deletions.ts';
import { type Extent, type ExtentRef, ID_BYTES, type Location } from './extent.ts';
import type { ColdExtent } from './extent-cache.ts';
import { EXTENT_HEADER_BYTES } from './extent-header.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { type LogId, segmentPath } from './segment-name.ts';
import { type VerifyOptions, verifyExtents } from './verification.ts';

/** A segment that is not to be deleted. */
export interface SegmentFacts {
  readonly segment: number;
  readonly sizeBytes: number;
}

/** See the head of this file. Made by a ColdStore. */
export class ColdLog {
  /** Stands in the stream's value. */
  readonly id: LogId;
  readonly #context: ColdContext;
  readonly #end: LogEnd = { tail: undefined, nextSegment: 1 };
  /** Sizes in bytes of the segments that are not to be deleted, by their numbers. */
  readonly #segments = new Map<number, number>();
  /** Segments that are to be deleted and are still there, by their numbers. */
  readonly #dropped = new Map<
    number,
    { readonly deletion: Deletion; readonly sizeBytes: number }
  >();
  /** Segments that were there at the start, or when the log was restored. */
  readonly #found = new Set<number>();
  /** Whether nothing was to be appended since the start. */
  #isFresh = true;
  /** Resolves when the last append has ended. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Appends that have not ended. */
  #appends = 0;
  #isDeleted = false;

  constructor(context: ColdContext, id: LogId) {
    this.#context = context;
    this.id = id;
  }

  /** What the payload of an extent may have at most, in bytes. */
  get maxPayloadBytes(): number {
    return this.#context.maxSegmentBytes - SEGMENT_HEADER_BYTES - EXTENT_HEADER_BYTES;
  }

  /** Bytes of its files, without those that are to be deleted. */
  get sizeBytes(): number {
    let sum = 0;
    for (const sizeBytes of this.#segments.values()) sum += sizeBytes;
    return sum;
  }

  /** Its segments, without those that are to be deleted, by number. */
  get segments(): SegmentFacts[] {
    return [...this.#segments]
      .map(([segment, sizeBytes]) => ({ segment, sizeBytes }))
      .sort((one, other) => one.segment - other.segment);
  }

  /** Whether it is to be deleted, or is deleted. */
  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  /** Whether it has no files that are to stay, and gets none at the moment. */
  get isUnused(): boolean {
    return this.#segments.size === 0 && this.#appends === 0;
  }

  /**
   * Appends extents, after all that was to be appended before; their payloads must not change until it is over.
   * @returns where they are, in the same order: all of them are on disk
   * Rejects with a RangeError for an extent that cannot be stored, with the system's error (ENOSPC, EIO …), with a
   * LockedError when another server has the folder, and when the log was deleted. Then nothing has been appended, and
   * it can be tried again.
   */
  async append(extents: readonly Extent[]): Promise<Location[]> {
    for (const extent of extents) this.#requirePossible(extent);
    this.#requireThere();
    if (extents.length === 0) return [];
    this.#isFresh = false;
    this.#appends++;
    const appending = this.#queue.then(() =>
      this.#context.writes.run(() => this.#appendNext(extents)),
    );
    this.#queue = appending.catch(() => {});
    try {
      return await appending;
    } finally {
      this.#appends--;
      this.#endIfGone();
    }
  }

  /** Reads an extent. Who asks for the same at the same time gets the same. Rejects with a ColdError. */
  read(ref: ExtentRef): Promise<ColdExtent> {
    return this.#context.reader.read(this.id, ref);
  }

  /** Whether an extent was read and is kept, so that `readNow` takes no time. */
  isCached(ref: ExtentRef): boolean {
    return this.#context.reader.isCached(this.id, ref);
  }

  /** Reads an extent at once, for who cannot wait: the event loop does. @throws ColdError */
  readNow(ref: ExtentRef): ColdExtent {
    return this.#context.reader.readNow(this.id, ref);
  }

  /**
   * Begins to read what will be asked for next, in that order. To be called before each `read` of a sequence, with the
   * extents behind that one, eight or more if there are: those that are cached or being read cost little. As many are
   * begun as make sense; errors are reported to whoever reads.
   */
  readAhead(refs: Iterable<ExtentRef>): void {
    this.#context.reader.readAhead(this.id, refs);
  }

  /**
   * Deletes the segments before a number, when nobody holds them any more (`ColdStore.hold`); until then they can be
   * read. The last one stays while something is being appended, whatever the number, as the caller does not know yet
   * what will be in it.
   * @param segment the first one that is still referred to, by what `append` has returned, too
   */
  dropBefore(segment: number): void {
    for (const number of [...this.#segments.keys()]) {
      if (number >= segment) continue;
      if (number === this.#end.tail?.segment) {
        if (this.#appends > 0) continue;
        this.#end.tail = undefined;
      }
      this.#drop(number);
    }
  }

  /**
   * Deletes all segments, when nobody holds them any more (`ColdStore.hold`); until then they can be read. An append
   * that is under way comes to its end, and what it has written is deleted, too; those behind it reject.
   */
  delete(): void {
    if (this.#isDeleted) return;
    this.#isDeleted = true;
    this.#context.onDeleted(this.id);
    if (this.#appends === 0) this.#dropAll();
    else void this.#queue.then(() => this.#dropAll());
  }

  /**
   * Checks that extents are there as they were written.
   * @param refs in any order; all that the stream refers to, when it is called at a start: from then on the log goes on
   *   where these end
   * @returns an error for each that is missing, damaged or cannot be read, and for each segment's damaged header (at
   *   offset 0; its extents may be sound)
   */
  async verify(refs: Iterable<ExtentRef>, options: VerifyOptions = {}): Promise<ColdError[]> {
    const { problems, ends, sizes } = await verifyExtents(this.#context, this.id, refs, options);
    const segment = Math.max(...ends.keys());
    const endBytes = ends.get(segment);
    const isWhole = endBytes !== undefined && sizes.get(segment) === endBytes;
    if (this.#isFresh && isWhole && this.#segments.has(segment)) {
      this.#end.tail = { segment, endBytes, isCut: false };
    }
    return problems;
  }

  /** Resolves when nothing is being appended, and nothing waits for it. */
  async settled(): Promise<void> {
    while (this.#appends > 0) await this.#queue;
  }

  /** Adds a segment that is there at the start. For ColdStore. */
  addFound(segment: number, sizeBytes: number): void {
    this.#found.add(segment);
    this.#segments.set(segment, sizeBytes);
    this.#end.nextSegment = Math.max(this.#end.nextSegment, segment + 1);
  }

  /**
   * Undoes `delete` and `dropBefore` as far as files are still there, for whoever loads a snapshot that was held. What
   * it does not refer to is for `ColdStore.sweep`. For ColdStore.
   */
  restore(): void {
    this.#isDeleted = false;
    for (const [segment, { deletion, sizeBytes }] of this.#dropped) {
      if (!this.#context.deletions.cancel(deletion)) continue;
      this.#dropped.delete(segment);
      this.addFound(segment, sizeBytes);
    }
  }

  /**
   * Deletes segments that were there at the start and are not among these. For ColdStore.
   * @returns how many
   */
  sweep(referenced: ReadonlySet<number>): number {
    let count = 0;
    for (const segment of this.#found) {
      const isTail = segment === this.#end.tail?.segment;
      if (referenced.has(segment) || isTail || !this.#segments.has(segment)) continue;
      this.#drop(segment);
      count++;
    }
    return count;
  }

  async #appendNext(extents: readonly Extent[]): Promise<Location[]> {
    this.#requireThere();
    const appending = new Appending(this.#context, this.id, this.#end);
    const locations = await appending.run(extents);
    for (const [segment, sizeBytes] of appending.sizes) this.#segments.set(segment, sizeBytes);
    return locations;
  }

  #dropAll(): void {
    // It may have been restored meanwhile.
    if (!this.#isDeleted) return;
    this.#end.tail = undefined;
    for (const segment of [...this.#segments.keys()]) this.#drop(segment);
    this.#endIfGone();
  }

  #drop(segment: number): void {
    const { folder, reader, deletions } = this.#context;
    const path = segmentPath(folder, this.id, segment);
    const sizeBytes = this.#segments.get(segment) ?? 0;
    this.#segments.delete(segment);
    reader.drop(path);
    const deletion = deletions.add(path, () => {
      this.#dropped.delete(segment);
      this.#endIfGone();
    });
    this.#dropped.set(segment, { deletion, sizeBytes });
  }

  #endIfGone(): void {
    const isGone = this.#segments.size === 0 && this.#dropped.size === 0 && this.#appends === 0;
    if (this.#isDeleted && isGone) this.#context.onGone(this.id);
  }

  #requireThere(): void {
    if (this.#isDeleted) throw new Error(`the log ${this.id} was deleted`);
  }

  #requirePossible({ payload, firstId, lastId, entries, tag }: Extent): void {
    const { length } = payload;
    if (length < 1 || length > this.maxPayloadBytes) {
      throw new RangeError(`a cold block has 1 to ${this.maxPayloadBytes} bytes, not ${length}`);
    }
    if (firstId.length !== ID_BYTES || lastId.length !== ID_BYTES) {
      throw new RangeError(`the ids of a cold block have ${ID_BYTES} bytes`);
    }
    if (entries >>> 0 !== entries || tag >>> 0 !== tag) {
      throw new RangeError(`${entries} and ${tag} are to be unsigned integers of 32 bits`);
    }
  }
}
