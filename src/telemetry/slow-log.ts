// The slow log: the newest requests whose handler took at least `slowlog-log-slower-than`, with their
// arguments cut to a bounded size, off the JavaScript heap. Entries are numbered since the start of the
// server, also across a reset. There are at most `slowlog-max-len` of them, and as many as fit into
// `maxBytes`.
//
//   record:  [ id │ time │ duration ][ address ][ name ][ arguments ][ argument 0 ] …
//              8 bytes each            each text: its length in 4 bytes, and its bytes
// Source: https://redis.io/docs/latest/commands/slowlog-get/
import { RecordLog } from '../memory/record-log.ts';
import type { Request } from '../protocol/request.ts';

/** Most arguments of an entry; if there are more, the last one says how many are left out. */
const MAX_ARGUMENTS = 32;
/** Bytes of an argument that are kept, followed by a note of how many are left out. */
const MAX_ARGUMENT_BYTES = 128;
/** Longer names of clients are cut. */
const MAX_NAME_BYTES = 16 * 1024;
const REDACTED = Buffer.from('(redacted)');
const FACTS_BYTES = 24;
const LENGTH_BYTES = 4;
const MAX_BYTES = 64 * 1024 * 1024;

/** The client of an entry. */
export interface SlowLogClient {
  readonly address: { readonly remote: string };
  readonly name: string;
}

/** A slow request. */
export interface SlowLogEntry {
  readonly id: number;
  /** When it ended, in seconds since the epoch. */
  readonly timeSeconds: number;
  readonly durationUs: number;
  /** Its arguments, the command's name included, cut to a bounded size. */
  readonly args: readonly Buffer[];
  readonly clientAddress: string;
  readonly clientName: string;
}

/** The slow log of a server; see the head of this file. */
export class SlowLog {
  /** Most memory of all entries, in bytes: the oldest are dropped first. */
  maxBytes = MAX_BYTES;
  readonly #records = new RecordLog();
  #nextId = 0;
  #maxLength = 128;
  /** Infinity when recording is off. */
  #thresholdUs = 10_000;

  /** Sets `slowlog-log-slower-than`, in µs; a negative value ends recording. */
  set slowerThanUs(thresholdUs: number) {
    this.#thresholdUs = thresholdUs < 0 ? Number.POSITIVE_INFINITY : thresholdUs;
  }

  /** Sets `slowlog-max-len`, ≥ 0, and drops the oldest entries beyond it. */
  set maxLength(entries: number) {
    this.#maxLength = entries;
    this.#trim();
  }

  /** Number of entries. */
  get length(): number {
    return this.#records.length;
  }

  /** Bytes that the entries take. */
  get sizeBytes(): number {
    return this.#records.sizeBytes;
  }

  /** Records a request if it took long enough. The request is copied. */
  recordIfSlow(client: SlowLogClient, request: Request, durationUs: number): void {
    if (durationUs >= this.#thresholdUs) this.#record(client, request, durationUs);
  }

  /** The newest entries, at most `count`, newest first. Nothing must be recorded while they are read. */
  *newest(count: number): Generator<SlowLogEntry, void> {
    const records = this.#records;
    const found = Math.min(count, records.length);
    const places = records.lastPlaces(found);
    const reader = records.reader();
    for (let i = found - 1; i >= 0; i--) {
      reader.seek(places[2 * i], places[2 * i + 1]);
      yield new EntryReader(reader.buffer, reader.offset).entry();
    }
  }

  /** Drops all entries. */
  reset(): void {
    this.#records.clear();
  }

  #record({ address, name }: SlowLogClient, request: Request, durationUs: number): void {
    const texts = [
      Buffer.from(address.remote),
      Buffer.from(name.slice(0, MAX_NAME_BYTES)),
      ...cutArguments(request),
    ];
    let sizeBytes = FACTS_BYTES + LENGTH_BYTES;
    for (const text of texts) sizeBytes += LENGTH_BYTES + text.length;
    let at = this.#records.add(sizeBytes);
    const { buffer } = this.#records;
    at = buffer.writeDoubleLE(this.#nextId++, at);
    at = buffer.writeDoubleLE(Math.floor(Date.now() / 1000), at);
    at = buffer.writeDoubleLE(Math.floor(durationUs), at);
    at = buffer.writeUInt32LE(texts.length - 2, at);
    for (const text of texts) {
      at = buffer.writeUInt32LE(text.length, at);
      at += text.copy(buffer, at);
    }
    this.#trim();
  }

  #trim(): void {
    const records = this.#records;
    while (records.length > this.#maxLength) records.dropFirst();
    while (records.sizeBytes > this.maxBytes && records.length > 1) records.dropFirst();
  }
}

/** Reads a record. */
class EntryReader {
  readonly #buffer: Buffer;
  #at: number;

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer;
    this.#at = at;
  }

  entry(): SlowLogEntry {
    const id = this.#double();
    const timeSeconds = this.#double();
    const durationUs = this.#double();
    const count = this.#uint32();
    const clientAddress = this.#text().toString();
    const clientName = this.#text().toString();
    const args: Buffer[] = [];
    for (let i = 0; i < count; i++) args.push(this.#text());
    return { id, timeSeconds, durationUs, args, clientAddress, clientName };
  }

  #double(): number {
    this.#at += 8;
    return this.#buffer.readDoubleLE(this.#at - 8);
  }

  #uint32(): number {
    this.#at += LENGTH_BYTES;
    return this.#buffer.readUInt32LE(this.#at - LENGTH_BYTES);
  }

  #text(): Buffer {
    const length = this.#uint32();
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }
}

function cutArguments(request: Request): Buffer[] {
  const { count } = request;
  const kept = count > MAX_ARGUMENTS ? MAX_ARGUMENTS - 1 : count;
  const args: Buffer[] = [];
  for (let i = 0; i < kept; i++) args.push(cutArgument(request, i));
  if (kept < count) args.push(Buffer.from(`... (${count - kept} more arguments)`));
  return args;
}

function cutArgument(request: Request, i: number): Buffer {
  if (request.isSecret(i)) return REDACTED;
  const bytes = request.bytes(i);
  if (bytes.length <= MAX_ARGUMENT_BYTES) return bytes;
  const note = Buffer.from(`... (${bytes.length - MAX_ARGUMENT_BYTES} more bytes)`);
  return Buffer.concat([bytes.subarray(0, MAX_ARGUMENT_BYTES), note]);
}
