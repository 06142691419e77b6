// Reads the stream from an offset on, across segments, also while it is being written: for replicas that were
// disconnected. Only whole groups that the writer reports as written are read, never a part of one. A segment that
// is removed while it is read stays open for its reader.

import { sizeOf } from '../segments/file-system.ts';
import type { Log } from '../segments/log.ts';
import type { SegmentFile } from '../segments/manifest.ts';
import { AofScanner, BAD, END, MORE } from './aof-scanner.ts';
import { DamageError } from './recovery.ts';

/** The log does not reach back to the offset. */
export class OffsetTooOldError extends Error {}

/** A piece of the stream. */
export interface StreamPiece {
  /** Valid until the next call. */
  readonly bytes: Buffer;
  readonly start: number;
}

/** A cursor in the stream. */
export class LogReader {
  readonly #log: Log;
  #offset: number;
  #fd: number | undefined;
  #segment: SegmentFile | undefined;
  #scanner: AofScanner | undefined;
  /** Position in its file, and offset, at which the next scanner begins. */
  #position = 0;
  #positionOffset = 0;

  /**
   * @param offset where to begin, also in the middle of a group
   * @throws OffsetTooOldError, RangeError for an offset that has not been written yet
   */
  constructor(log: Log, offset: number) {
    if (offset > log.writtenOffset) {
      throw new RangeError(`offset ${offset} is behind the end, ${log.writtenOffset}`);
    }
    this.#log = log;
    this.#offset = offset;
    this.#open();
  }

  /** The offset of what `next` will return. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * The next piece: a group, or the rest of one.
   * @returns undefined when all that is written has been read; there may be more later
   * @throws DamageError
   */
  async next(): Promise<StreamPiece | undefined> {
    while (this.#offset < this.#log.writtenOffset) {
      this.#scanner ??= this.#scan();
      const found = this.#scanner.next();
      if (found === MORE) await this.#scanner.fill();
      else if (found === END) this.#goOn(this.#scanner);
      else if (found === BAD) throw this.#damage(this.#scanner);
      else {
        const piece = this.#piece(this.#scanner);
        if (piece !== undefined) return piece;
      }
    }
    return undefined;
  }

  /** Ends reading. */
  close(): void {
    if (this.#fd !== undefined) this.#log.directory.fs.close(this.#fd);
    this.#fd = undefined;
  }

  #piece(scanner: AofScanner): StreamPiece | undefined {
    const skipped = Math.max(0, this.#offset - scanner.start);
    const from = scanner.bodyStart + skipped;
    if (from >= scanner.bodyEnd) return undefined;
    const start = this.#offset;
    this.#offset += scanner.bodyEnd - from;
    return { bytes: scanner.buffer.subarray(from, scanner.bodyEnd), start };
  }

  /** Continues after the former end: in the same file if it has grown, or in the next. */
  #goOn(scanner: AofScanner): void {
    this.#position = scanner.position;
    this.#positionOffset = scanner.offset;
    this.#scanner = undefined;
    if (this.#position < this.#endOf()) return;
    const followed = this.#segment?.name;
    this.close();
    this.#open();
    if (this.#segment?.name === followed) throw this.#damage(undefined);
  }

  /** Opens the segment in which the offset lies. */
  #open(): void {
    const segment = this.#log.segmentAt(this.#offset);
    if (segment === undefined) {
      throw new OffsetTooOldError(`the log does not reach back to offset ${this.#offset}`);
    }
    const { fs } = this.#log.directory;
    this.#fd = fs.open(this.#log.directory.pathOf(segment.name), 'r');
    this.#segment = segment;
    this.#position = 0;
    this.#positionOffset = segment.start ?? 0;
  }

  /** A scanner for what the file holds by now. */
  #scan(): AofScanner {
    return new AofScanner(this.#log.directory.fs, this.#fd ?? -1, {
      file: this.#segment?.name ?? '',
      position: this.#position,
      offset: this.#positionOffset,
      end: this.#endOf(),
      isOwn: true,
    });
  }

  /** The end of the whole groups in the file. */
  #endOf(): number {
    const { directory } = this.#log;
    const name = this.#segment?.name ?? '';
    const writing = this.#log.segment;
    return writing.name === name ? writing.sizeBytes : sizeOf(directory.fs, directory.pathOf(name));
  }

  #damage(scanner: AofScanner | undefined): DamageError {
    const early = { position: this.#position, offset: this.#offset, reason: 'it ends too early' };
    const { position, offset, reason } = scanner?.problem ?? early;
    const name = this.#segment?.name ?? '';
    const text = `${name}, byte ${position} (offset ${offset}): ${reason}`;
    return new DamageError(name, { position, offset }, text);
  }
}

/** Yields all pieces from an offset to the stream's end. */
export async function* readFrom(log: Log, offset: number): AsyncGenerator<StreamPiece> {
  const reader = new LogReader(log, offset);
  try {
    for (;;) {
      const piece = await reader.next();
      if (piece === undefined) return;
      yield piece;
    }
  } finally {
    reader.close();
  }
}
