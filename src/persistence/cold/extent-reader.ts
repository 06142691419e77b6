// Reads extents: from the cache, or from their files and then into the cache. Who asks for one that is being read gets
// the same. The file is read on another thread; checking and decompressing is done here, in steps (compression.ts).
//
//     read ─▶ cached? ─▶ being read? ─▶ slot ─▶ file ─▶ header, ids, checksum ─▶ decompress ─▶ cache ─▶ reply

import { isMissing } from '../segments/file-system.ts';
import { ColdError, type ColdProblemKind, reasonOf } from './cold-error.ts';
import type { ColdFiles } from './cold-files.ts';
import { decompress, NoLz4Error } from './compression.ts';
import type { ExtentRef } from './extent.ts';
import { type ColdExtent, ExtentCache } from './extent-cache.ts';
import { EXTENT_HEADER_BYTES, extentFacts, problemOfHeader, sumExtent } from './extent-header.ts';
import { OpenFiles } from './open-files.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { type LogId, segmentPath } from './segment-name.ts';
import { Slots } from './slots.ts';
import { runNow, runSoon } from './steps.ts';

/** What a reference may say of an extent's length at most; a damaged one must not have gigabytes allocated. */
export const MAX_EXTENT_BYTES = 1 << 30;

/** Reads ahead at most that many extents that nobody has asked for yet. */
const MOST_AHEAD = 8;
/** The share of the cache that extents may take that are being read: what is read ahead must not drive itself out. */
const AHEAD_SHARE = 1 / 2;

/** What a reader is made of. */
export interface ReaderOptions {
  readonly folder: string;
  readonly files: ColdFiles;
  /** Reads under way at once. */
  readonly maxReads: number;
  readonly cacheBytes: number;
}

/** Reads the extents of all logs of a folder; see the head of this file. */
export class ExtentReader {
  readonly cache: ExtentCache;
  readonly #folder: string;
  readonly #files: ColdFiles;
  readonly #open: OpenFiles;
  readonly #slots: Slots;
  /** By path and offset. */
  readonly #underWay = new Map<string, Promise<ColdExtent>>();
  #readingBytes = 0;
  #ahead = 0;

  constructor({ folder, files, maxReads, cacheBytes }: ReaderOptions) {
    this.#folder = folder;
    this.#files = files;
    this.cache = new ExtentCache(cacheBytes);
    this.#open = new OpenFiles(files);
    this.#slots = new Slots(maxReads);
  }

  /** Bytes of the files that are being read, or wait for it. */
  get readingBytes(): number {
    return this.#readingBytes;
  }

  /** Reads an extent. Rejects with a ColdError. */
  read(id: LogId, ref: ExtentRef): Promise<ColdExtent> {
    const path = segmentPath(this.#folder, id, ref.segment);
    const cached = this.cache.get(path, ref.offset);
    if (cached !== undefined) return Promise.resolve(cached);
    const key = `${path}:${ref.offset}`;
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const reading = this.#slots
      .run(() => this.check(id, ref))
      .then((extent) => {
        this.cache.add(path, ref.offset, extent);
        return extent;
      })
      .finally(() => {
        this.#underWay.delete(key);
        this.#readingBytes -= ref.lengthBytes;
      });
    this.#underWay.set(key, reading);
    this.#readingBytes += ref.lengthBytes;
    return reading;
  }

  /** Whether an extent was read and is kept, so that `readNow` needs no file. */
  isCached(id: LogId, { segment, offset }: ExtentRef): boolean {
    return this.cache.has(segmentPath(this.#folder, id, segment), offset);
  }

  /** Reads an extent at once. @throws ColdError */
  readNow(id: LogId, ref: ExtentRef): ColdExtent {
    const path = segmentPath(this.#folder, id, ref.segment);
    const cached = this.cache.get(path, ref.offset);
    if (cached !== undefined) return cached;
    requirePossible(path, ref);
    const bytes = Buffer.allocUnsafeSlow(ref.lengthBytes);
    const count = systemErrors(path, ref, () => this.#files.readNow(path, bytes, ref.offset));
    const extent = runNow(opening(id, path, ref, bytes.subarray(0, count)));
    this.cache.add(path, ref.offset, extent);
    return extent;
  }

  /**
   * Begins to read extents that will be asked for next, as many as make sense now: to be called again, with those that
   * come then, whenever one was read. What fails is reported to whoever asks for it.
   */
  readAhead(id: LogId, refs: Iterable<ExtentRef>): void {
    for (const ref of refs) {
      if (this.#ahead >= MOST_AHEAD) return;
      const path = segmentPath(this.#folder, id, ref.segment);
      if (this.cache.has(path, ref.offset)) continue;
      if (this.#underWay.has(`${path}:${ref.offset}`)) continue;
      if (this.#readingBytes + ref.lengthBytes > this.cache.maxBytes * AHEAD_SHARE) return;
      this.#ahead++;
      const end = () => {
        this.#ahead--;
      };
      this.read(id, ref).then(end, end);
    }
  }

  /** Reads an extent past the cache, without waiting for others. Rejects with a ColdError. */
  async check(id: LogId, ref: ExtentRef): Promise<ColdExtent> {
    const path = segmentPath(this.#folder, id, ref.segment);
    requirePossible(path, ref);
    const bytes = await this.#fetch(path, ref.offset, ref.lengthBytes);
    return runSoon(opening(id, path, ref, bytes));
  }

  /**
   * As `check`, but looks at the header only, and whether the file has all of the extent.
   * @param sizeBytes of the file
   */
  async checkHeader(id: LogId, ref: ExtentRef, sizeBytes: number): Promise<void> {
    const path = segmentPath(this.#folder, id, ref.segment);
    requirePossible(path, ref);
    const header = await this.#fetch(path, ref.offset, EXTENT_HEADER_BYTES);
    const problem = problemOfHeader(header, ref);
    if (problem !== undefined) throw new ColdError('damaged', path, ref.offset, problem);
    if (ref.offset + ref.lengthBytes > sizeBytes) throw cutOff(path, ref);
  }

  /** The first bytes of a segment's file, as many as it has. Rejects with a ColdError. */
  segmentHeader(id: LogId, segment: number): Promise<Buffer> {
    return this.#fetch(segmentPath(this.#folder, id, segment), 0, SEGMENT_HEADER_BYTES);
  }

  /** Forgets what it has of a file that is not needed, or not there, any more. */
  drop(path: string): void {
    this.cache.drop(path);
    this.#open.drop(path);
  }

  /** Ends the reads that are under way, refuses others, and forgets everything. */
  async close(): Promise<void> {
    await this.#open.close();
    this.cache.maxBytes = 0;
  }

  /** Up to so many bytes of a file. */
  async #fetch(path: string, offset: number, lengthBytes: number): Promise<Buffer> {
    try {
      return await this.#open.use(path, async (fd) => {
        const bytes = Buffer.allocUnsafeSlow(lengthBytes);
        return bytes.subarray(0, await this.#files.read(fd, bytes, offset));
      });
    } catch (error) {
      throw ofSystem(path, offset, error);
    }
  }
}

/**
 * Checks and decompresses an extent, step by step.
 * @param bytes what the file has of it
 * @throws ColdError
 */
function* opening(
  id: LogId,
  path: string,
  ref: ExtentRef,
  bytes: Buffer,
): Generator<void, ColdExtent, void> {
  const error = (problem: string, kind: ColdProblemKind = 'damaged') =>
    new ColdError(kind, path, ref.offset, problem);
  const problem = problemOfHeader(bytes, ref);
  if (problem !== undefined) throw error(problem);
  if (bytes.length < ref.lengthBytes) throw cutOff(path, ref);
  const { crc, isCompressed, entries, tag, rawBytes } = extentFacts(bytes);
  const stored = bytes.subarray(EXTENT_HEADER_BYTES);
  const sum = yield* sumExtent(id, ref.segment, ref.offset, bytes, [stored]);
  if (sum !== crc) throw error("the extent's checksum is wrong");
  if (!isCompressed) return { payload: stored, entries, tag };
  try {
    return { payload: yield* decompress(stored, rawBytes), entries, tag };
  } catch (thrown) {
    if (thrown instanceof NoLz4Error) throw error(thrown.message, 'unreadable');
    throw error(`the extent cannot be decompressed: ${reasonOf(thrown)}`);
  }
}

function cutOff(path: string, { offset, lengthBytes }: ExtentRef): ColdError {
  const problem = `the file ends in the middle of the extent of ${lengthBytes} bytes`;
  return new ColdError('damaged', path, offset, problem);
}

/** @throws ColdError for a place where no extent can be */
function requirePossible(path: string, { offset, lengthBytes }: ExtentRef): void {
  const isLength = lengthBytes > EXTENT_HEADER_BYTES && lengthBytes <= MAX_EXTENT_BYTES;
  if (isLength && offset >= SEGMENT_HEADER_BYTES) return;
  throw new ColdError('damaged', path, offset, `no extent can be ${lengthBytes} bytes long there`);
}

function systemErrors<T>(path: string, { offset }: ExtentRef, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ofSystem(path, offset, error);
  }
}

function ofSystem(path: string, offset: number, error: unknown): ColdError {
  if (isMissing(error)) {
    return new ColdError('missing', path, offset, 'there is no such file', { cause: error });
  }
  return new ColdError('unreadable', path, offset, reasonOf(error), { cause: error });
}
