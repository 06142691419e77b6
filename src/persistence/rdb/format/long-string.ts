// A string that is too long to be written in one step. Its bytes are read a page at a time, and each page
// is compressed separately. LZF refers backwards only, by a distance, so the compressed pages in a row are the
// compressed string, and a reader sees no difference; only repetitions across the borders of pages are lost, some
// per cent. The compressed length comes first, so compressed pages are kept until all are there.
import { PINNED_PAGE_BYTES } from '../../../memory/pinned-bytes.ts';
import { compress, mostCompressedBytes, SAMPLE_BYTES, SAMPLED_FROM_BYTES, shrinks } from './lzf.ts';
import { LEAST_SAVED_BYTES, type RdbWriter } from './rdb-writer.ts';

/** Bytes that are read a page at a time. */
export interface Pages {
  /** Number of bytes. */
  readonly length: number;
  /** Bytes before this position are not read any more. */
  neededFrom: number;
  /** Bytes from a position on: at least one, at most PINNED_PAGE_BYTES. */
  pageFrom(at: number): Buffer;
}

/** Scratch space for compressing a page. */
const scratch = Buffer.allocUnsafeSlow(mostCompressedBytes(PINNED_PAGE_BYTES));

/** The writer of one long string; see the head of this file. */
export class LongString {
  readonly #pages: Pages;
  /** Compressed pages, while compressing may be worth it; otherwise undefined. */
  #compressed: Buffer[] | undefined;
  #compressedBytes = 0;
  /** Bytes before this position are compressed, or written. */
  #at = 0;
  /** Number of compressed pages that are written. */
  #writtenPages = 0;
  #state: 'begins' | 'compresses' | 'is compressed' | 'is plain' = 'begins';

  constructor(pages: Pages) {
    this.#pages = pages;
  }

  /** Compresses or writes a page; returns whether there is more to write. */
  step(writer: RdbWriter): boolean {
    if (this.#state === 'begins') {
      this.#begin(writer);
      return true;
    }
    if (this.#state === 'compresses') {
      this.#compressPage(writer);
      return true;
    }
    return this.#state === 'is plain' ? this.#writePage(writer) : this.#writeCompressed(writer);
  }

  /** Writes all that is left at once; what is not compressed yet stays as it is. */
  finish(writer: RdbWriter): void {
    if (this.#state === 'begins' || this.#state === 'compresses') this.#becomePlain(writer);
    while (this.step(writer));
  }

  #begin(writer: RdbWriter): void {
    if (!writer.compresses || !this.#mayShrink()) {
      this.#becomePlain(writer);
      return;
    }
    this.#state = 'compresses';
    this.#compressed = [];
  }

  /** Whether compressing is worth a try. */
  #mayShrink(): boolean {
    const pages = this.#pages;
    if (pages.length <= SAMPLED_FROM_BYTES) return true;
    const shrinksAt = (at: number) => {
      const page = pages.pageFrom(at);
      return shrinks(page, 0, page.length);
    };
    const middle = pages.length >> 1;
    return shrinksAt(SAMPLE_BYTES) || shrinksAt(middle - (middle % SAMPLE_BYTES));
  }

  #compressPage(writer: RdbWriter): void {
    const page = this.#pages.pageFrom(this.#at);
    const size = compress(page, 0, page.length, scratch, mostCompressedBytes(page.length));
    this.#at += page.length;
    this.#compressedBytes += size;
    if (this.#compressedBytes > this.#pages.length - LEAST_SAVED_BYTES) {
      this.#becomePlain(writer);
      return;
    }
    this.#compressed?.push(Buffer.from(scratch.subarray(0, size)));
    if (this.#at < this.#pages.length) return;
    this.#pages.neededFrom = this.#pages.length;
    this.#state = 'is compressed';
    writer.compressedHeader(this.#compressedBytes, this.#pages.length);
  }

  #becomePlain(writer: RdbWriter): void {
    this.#state = 'is plain';
    this.#compressed = undefined;
    this.#at = 0;
    writer.plain(this.#pages.length);
  }

  #writePage(writer: RdbWriter): boolean {
    const page = this.#pages.pageFrom(this.#at);
    writer.raw(page, 0, page.length);
    this.#at += page.length;
    this.#pages.neededFrom = this.#at;
    return this.#at < this.#pages.length;
  }

  /** Writes compressed pages, about as many bytes as an uncompressed page. */
  #writeCompressed(writer: RdbWriter): boolean {
    const compressed = this.#compressed ?? [];
    for (let bytes = 0; bytes < PINNED_PAGE_BYTES && this.#writtenPages < compressed.length; ) {
      const page = compressed[this.#writtenPages++];
      writer.raw(page, 0, page.length);
      bytes += page.length;
    }
    return this.#writtenPages < compressed.length;
  }
}

/** Runs of bytes, one after another, as pages. */
export class Runs implements Pages {
  readonly length: number;
  neededFrom = 0;
  readonly #runs: readonly Buffer[];

  constructor(runs: readonly Buffer[]) {
    this.#runs = runs;
    this.length = runs.reduce((sum, { length }) => sum + length, 0);
  }

  pageFrom(at: number): Buffer {
    let start = at;
    for (const run of this.#runs) {
      if (start < run.length) return run.subarray(start, start + PINNED_PAGE_BYTES);
      start -= run.length;
    }
    throw new RangeError(`there is no byte ${at}`);
  }
}
