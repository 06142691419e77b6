// Records of bytes, appended at the end, read in order and dropped from the front. They lie in chunks
// outside the JavaScript heap, so a million records are a few hundred buffers to the garbage
// collector, and what they take is known exactly.
//
//   chunk 0              chunk 1                         chunk 2
//   [ …dropped… │ 2 │ 3 ][ 4 │ 5 │ 6 │ 7 … free at end ][ 8 (a large record has its own) ]
//               └ first                                              last ┘
// A record is its length in 4 bytes, and that many bytes; it never spans two chunks.

const NO_BYTES = Buffer.alloc(0);
const HEADER_BYTES = 4;
const FIRST_CHUNK_BYTES = 1024;
const MAX_CHUNK_BYTES = 64 * 1024;

interface Chunk {
  readonly bytes: Buffer;
  /** Where the records in it end. */
  end: number;
}

/** A FIFO of records; see the head of this file. */
export class RecordLog {
  /** Number of records. */
  length = 0;
  /** Bytes of all chunks. */
  sizeBytes = 0;
  /** The buffer of the record that `add` has made room for. */
  buffer: Buffer = NO_BYTES;
  #chunks: Chunk[] = [];
  /** Of the chunks, those before this one were dropped; in it, the first record begins at #firstAt. */
  #firstChunk = 0;
  #firstAt = 0;

  /**
   * Makes room for a record at the end.
   * @param sizeBytes of its content, below 2^31
   * @returns where in `buffer` its content is to be written, which is undefined before
   * @throws RangeError when there is no memory; nothing has changed then
   */
  add(sizeBytes: number): number {
    const neededBytes = HEADER_BYTES + sizeBytes;
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.bytes.length - chunk.end < neededBytes) {
      chunk = this.#addChunk(neededBytes);
    }
    chunk.bytes.writeUInt32LE(sizeBytes, chunk.end);
    const start = chunk.end + HEADER_BYTES;
    chunk.end = start + sizeBytes;
    this.length++;
    this.buffer = chunk.bytes;
    return start;
  }

  /** Drops the oldest record; there must be one. */
  dropFirst(): void {
    if (--this.length === 0) {
      this.clear();
      return;
    }
    const chunk = this.#chunks[this.#firstChunk];
    this.#firstAt += HEADER_BYTES + chunk.bytes.readUInt32LE(this.#firstAt);
    if (this.#firstAt < chunk.end) return;
    this.sizeBytes -= chunk.bytes.length;
    this.#firstAt = 0;
    this.#firstChunk++;
    // Closing the gap only when it is half of the array makes dropping O(1) on average.
    if (this.#firstChunk * 2 < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#firstChunk);
    this.#firstChunk = 0;
  }

  /** Drops all records. */
  clear(): void {
    this.length = 0;
    this.sizeBytes = 0;
    this.buffer = NO_BYTES;
    this.#chunks = [];
    this.#firstChunk = 0;
    this.#firstAt = 0;
  }

  /** Reads the records that there are, from the oldest on; the log must not change meanwhile. */
  reader(): RecordReader {
    return new RecordReader(this.#chunks, this.#firstChunk, this.#firstAt);
  }

  /**
   * Where the newest records are, at most `count`, the oldest of them first: of each its chunk and its
   * place in it, for `RecordReader.seek`.
   */
  lastPlaces(count: number): Uint32Array {
    const places = new Uint32Array(2 * count);
    const reader = this.reader();
    for (let i = this.length; i > count; i--) reader.next();
    for (let i = 0; i < count; i++) {
      reader.next();
      places[2 * i] = reader.chunk;
      places[2 * i + 1] = reader.offset - HEADER_BYTES;
    }
    return places;
  }

  #addChunk(neededBytes: number): Chunk {
    const last = this.#chunks.at(-1)?.bytes.length ?? 0;
    const usualBytes = Math.min(Math.max(last * 2, FIRST_CHUNK_BYTES), MAX_CHUNK_BYTES);
    const bytes = Buffer.allocUnsafeSlow(Math.max(neededBytes, usualBytes));
    const chunk = { bytes, end: 0 };
    this.#chunks.push(chunk);
    this.sizeBytes += bytes.length;
    return chunk;
  }
}

/** Reads the records of a log in order. */
export class RecordReader {
  /** Where the content of the present record lies: `length` bytes from `offset` on. */
  buffer: Buffer = NO_BYTES;
  offset = 0;
  length = 0;
  /** The chunk that it lies in. */
  chunk: number;
  readonly #chunks: readonly Chunk[];
  /** Where the next one begins. */
  #at: number;

  constructor(chunks: readonly Chunk[], chunk: number, at: number) {
    this.#chunks = chunks;
    this.chunk = chunk;
    this.#at = at;
  }

  /** Goes to the record at a place that `RecordLog.lastPlaces` has returned. */
  seek(chunk: number, at: number): void {
    this.chunk = chunk;
    this.#at = at;
    this.next();
  }

  /** Goes on to the next record; false after the last one. */
  next(): boolean {
    let chunk = this.#chunks[this.chunk];
    while (chunk !== undefined && this.#at >= chunk.end) {
      chunk = this.#chunks[++this.chunk];
      this.#at = 0;
    }
    if (chunk === undefined) return false;
    this.buffer = chunk.bytes;
    this.length = chunk.bytes.readUInt32LE(this.#at);
    this.offset = this.#at + HEADER_BYTES;
    this.#at = this.offset + this.length;
    return true;
  }
}
