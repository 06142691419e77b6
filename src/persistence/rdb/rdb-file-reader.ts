// Reads a whole RDB file from pieces as they arrive, in time slices, and hands its keys to a sink. Only the last
// piece of the file is in memory, and the part of a value that is read as a whole (one string, one node of a list).
// Every byte goes into the checksum before it is dropped.

import { LATEST_EXPIRY_MS, NO_EXPIRY } from '../../keyspace/entries.ts';
import type { ValueExtension, ValueReader } from '../../keyspace/value-type.ts';
import { copyBytes } from '../../protocol/copy-bytes.ts';
import { Request } from '../../protocol/request.ts';
import type { ByteView } from '../../structures/entry.ts';
import { Crc64 } from './format/crc64.ts';
import {
  CHECKSUM_BYTES,
  FIRST_VERSION_WITH_CHECKSUM,
  HEADER_BYTES,
  LATEST_RDB_VERSION,
  MAGIC,
  OP_AUX,
  OP_EOF,
  OP_EXPIRETIME,
  OP_EXPIRETIME_MS,
  OP_FREQ,
  OP_FUNCTION_PRE_GA,
  OP_FUNCTION2,
  OP_IDLE,
  OP_MODULE_AUX,
  OP_RESIZEDB,
  OP_SELECTDB,
  OP_SLOT_INFO,
} from './format/rdb-format.ts';
import { NEED_BYTES, RdbReader } from './format/rdb-reader.ts';
import { type Layout, ValueSkipper } from './format/skipped-value.ts';
import { ValueCursor, type ValueTarget } from './value-cursor.ts';

/** A key of the file with its value and attributes. Valid until the sink returns. */
export interface LoadedKey {
  /** Number of its database. */
  readonly database: number;
  /** A request whose argument 0 is the key. */
  readonly key: Request;
  /** Name of its value's type, as TYPE returns it. */
  readonly type: string;
  /** Its value; undefined for a type that Synap does not have yet. */
  readonly value: ValueReader | undefined;
  /** When it expires, in ms since the epoch, or NO_EXPIRY. */
  readonly expiryMs: number;
  /** Seconds since its last use, or -1. */
  readonly idleSeconds: number;
  /** How often it is used, on the LFU scale, or -1. */
  readonly frequency: number;
  /** Its offset in the file. */
  readonly offset: number;
}

/** Receives the contents of a file. Errors that it throws end the reading. */
export interface RdbSink {
  /** A key. Its value is discarded unless the sink stores it. */
  onKey(key: LoadedKey): void;
  /** A fact about the file. */
  onAux?(name: string, value: string): void;
  /** Announced number of keys of a database, and how many of them have an expiry. */
  onSize?(database: number, keys: number, expiring: number): void;
  /** Contents were skipped that Synap does not support. */
  onSkipped?(what: 'functions' | 'data of a module'): void;
  /**
   * The whole file was read and is valid. Called again until it returns true, so that deferred work can be done in
   * steps.
   */
  onEnd?(): boolean;
  /** Reading was given up: deferred work is dropped. */
  discard?(): void;
}

/** Whether there is more to do, more bytes are needed, or the file is completely read. */
export type ReadState = 'busy' | 'hungry' | 'done';

/** What is being read. */
const HEADER = 0;
const OPCODE = 1;
const VALUE = 2;
const PASSED_OVER = 3;
const END = 4;
const SETTLING = 5;
const DONE = 6;

/** The byte before strings: most keys of many files. */
const STRING = 0;

/** Steps between two readings of the clock: most are small. */
const STEPS_AT_ONCE = 32;
const PASSED_AT_ONCE_BYTES = 64 * 1024;

/** Spare room in the buffer for keys, so that slightly longer keys need no new buffer. */
const SPARE_KEY_BYTES = 256;

const FUNCTION_LAYOUT: Layout = ['string'];
/** Module, when it was written, its data. */
const MODULE_LAYOUT: Layout = ['length', 'length', 'length', 'module'];

/** The reader of one file; see the head of this file. */
export class RdbFileReader {
  /** Version of the format that the file has; 0 before that was read. */
  version = 0;
  /** Keys read so far. */
  keys = 0;
  /** Whether the file ends with a checksum; known once it was read. */
  hasChecksum = false;

  readonly #input = new RdbReader();
  readonly #sink: RdbSink;
  readonly #cursor: ValueCursor;
  readonly #skipper = new ValueSkipper();
  readonly #checksum = new Crc64();
  readonly #verifies: boolean;
  /** Offset up to which the checksum covers the file. */
  #summed = 0;
  #state = HEADER;

  /** The key that is being read. */
  readonly #loaded: { -readonly [K in keyof LoadedKey]: LoadedKey[K] } = {
    database: 0,
    key: new Request(),
    type: '',
    value: undefined,
    expiryMs: NO_EXPIRY,
    idleSeconds: -1,
    frequency: -1,
    offset: 0,
  };
  /** Extensions of the value of the next key. */
  readonly #extensions: ValueExtension[] = [];
  /** Buffer for the name of the current key. */
  #name: Buffer = Buffer.alloc(SPARE_KEY_BYTES);

  /**
   * @param target what values are read into
   * @param verifies whether the checksum must be right (`rdbchecksum`)
   */
  constructor(target: ValueTarget, sink: RdbSink, verifies = true) {
    this.#sink = sink;
    this.#input.refersToFiles = true;
    this.#cursor = new ValueCursor(target);
    this.#verifies = verifies;
  }

  /** Number of bytes read. */
  get offset(): number {
    return this.#input.offset;
  }

  /** The bytes after the file's end that came with it, once it is done. */
  get rest(): Buffer {
    return this.#input.rest;
  }

  /** Adds a copy of a piece of the file. */
  push(piece: Buffer): void {
    this.#sum();
    this.#input.push(piece);
  }

  /** Reports that there are no more pieces. */
  finish(): void {
    this.#sum();
    this.#input.finish();
  }

  /**
   * Works until the deadline (by performance.now()), or until it cannot go on without more bytes.
   * @throws RdbError when the file is damaged; what was handed on stays where it is
   */
  work(deadline: number): ReadState {
    const input = this.#input;
    for (;;) {
      const soon = input.offset + PASSED_AT_ONCE_BYTES;
      for (let i = 0; i < STEPS_AT_ONCE && input.offset < soon; i++) {
        if (this.#state === DONE) return 'done';
        const mark = input.at;
        try {
          this.#step();
        } catch (error) {
          if (error !== NEED_BYTES) {
            this.discard();
            throw error;
          }
          input.at = mark;
          return 'hungry';
        }
      }
      if (performance.now() >= deadline) return this.#state === DONE ? 'done' : 'busy';
    }
  }

  /** Discards a partly read value, when reading is given up. */
  discard(): void {
    this.#cursor.reader?.discard();
    this.#sink.discard?.();
  }

  #sum(): void {
    const { offset } = this.#input;
    if (this.#verifies) this.#input.addTo(this.#checksum, this.#summed);
    this.#summed = offset;
  }

  #step(): void {
    switch (this.#state) {
      case HEADER:
        this.#readHeader();
        break;
      case OPCODE:
        this.#readOpcode();
        break;
      case VALUE:
        if (this.#cursor.step(this.#input)) this.#finishKey();
        break;
      case PASSED_OVER:
        if (this.#skipper.step(this.#input)) this.#state = OPCODE;
        break;
      case END:
        this.#readEnd();
        break;
      default:
        if (this.#sink.onEnd?.() !== false) this.#state = DONE;
    }
  }

  #readHeader(): void {
    const { buffer, offset, length } = this.#input.bytes(HEADER_BYTES);
    const text = buffer.toString('latin1', offset, offset + length);
    const version = /^REDIS(\d{4})$/.exec(text)?.[1];
    if (version === undefined) {
      throw this.#input.error(`this is no RDB file: it does not begin with ${MAGIC} and a version`);
    }
    this.version = Number(version);
    if (this.version < 1 || this.version > LATEST_RDB_VERSION) {
      throw this.#input.error(
        `RDB version ${this.version} is unknown: versions up to ${LATEST_RDB_VERSION} can be read`,
      );
    }
    this.#state = OPCODE;
  }

  #readOpcode(): void {
    const input = this.#input;
    const opcode = input.byte();
    switch (opcode) {
      case OP_EXPIRETIME_MS:
        this.#loaded.expiryMs = Math.min(input.int64(), LATEST_EXPIRY_MS);
        break;
      case OP_EXPIRETIME:
        this.#loaded.expiryMs = input.int32() * 1000;
        break;
      case OP_IDLE:
        this.#loaded.idleSeconds = input.length();
        break;
      case OP_FREQ:
        this.#loaded.frequency = input.byte();
        break;
      case OP_SELECTDB:
        this.#loaded.database = input.length();
        break;
      case OP_RESIZEDB: {
        // Read before the call: `?.()` does not evaluate arguments when the method is absent.
        const keys = input.length();
        const expiring = input.length();
        this.#sink.onSize?.(this.#loaded.database, keys, expiring);
        break;
      }
      case OP_AUX:
        this.#readAux();
        break;
      case OP_SLOT_INFO:
        // The number of a cluster's slot, of its keys, and of those that expire.
        for (let i = 0; i < 3; i++) input.length();
        break;
      case OP_FUNCTION2:
        this.#passOver(FUNCTION_LAYOUT, 'functions');
        break;
      case OP_FUNCTION_PRE_GA:
        this.#passOverOldFunction();
        break;
      case OP_MODULE_AUX:
        this.#passOver(MODULE_LAYOUT, 'data of a module');
        break;
      case OP_EOF:
        this.#state = END;
        break;
      default:
        this.#beginKey(opcode);
    }
  }

  /** A fact about the file, or an extension of the next key's value. */
  #readAux(): void {
    const input = this.#input;
    const name = textOf(input.string());
    const value = input.string();
    if (this.#cursor.isExtension(name)) {
      const { buffer, offset, length } = value;
      const bytes = Buffer.from(buffer.subarray(offset, offset + length));
      this.#extensions.push({ name, bytes });
    } else {
      this.#sink.onAux?.(name, textOf(value));
    }
  }

  #passOver(layout: Layout, what: 'functions' | 'data of a module'): void {
    this.#skipper.begin(layout);
    this.#sink.onSkipped?.(what);
    this.#state = PASSED_OVER;
  }

  /** A function as release candidates of Redis 7.0 wrote it: name, engine, maybe a description, code. */
  #passOverOldFunction(): void {
    const input = this.#input;
    input.skipString();
    input.skipString();
    if (input.length() !== 0) input.skipString();
    input.skipString();
    this.#sink.onSkipped?.('functions');
  }

  #beginKey(byte: number): void {
    const input = this.#input;
    const loaded = this.#loaded;
    const type = this.#cursor.typeOf(byte);
    if (type === undefined) {
      throw input.error(`there is no type of values or opcode with the number ${byte}`);
    }
    loaded.type = type;
    loaded.offset = input.offset - 1;
    const name = input.string();
    this.#cursor.begin(byte);
    for (const extension of this.#extensions) this.#cursor.extend(extension, input);
    this.#extensions.length = 0;
    if (byte !== STRING) {
      this.#keepName(name);
      this.#state = VALUE;
      return;
    }
    // Most keys: the value is read at once, and the name need not be copied if it is still in the input's buffer.
    if (name.buffer === input.buffer) this.#setName(name.buffer, name.offset, name.length);
    else this.#keepName(name);
    this.#cursor.step(input);
    this.#finishKey();
  }

  /** Copies the key's name, which the next read would overwrite. */
  #keepName({ buffer, offset, length }: ByteView): void {
    if (this.#name.length < length) this.#name = Buffer.allocUnsafeSlow(length + SPARE_KEY_BYTES);
    copyBytes(buffer, offset, length, this.#name, 0);
    this.#setName(this.#name, 0, length);
  }

  #setName(buffer: Buffer, offset: number, length: number): void {
    const { key } = this.#loaded;
    key.clear();
    key.buffer = buffer;
    key.push(offset, length);
  }

  #finishKey(): void {
    const loaded = this.#loaded;
    const { reader } = this.#cursor;
    this.keys++;
    this.#state = OPCODE;
    loaded.value = reader;
    this.#sink.onKey(loaded);
    reader?.discard();
    loaded.expiryMs = NO_EXPIRY;
    loaded.idleSeconds = -1;
    loaded.frequency = -1;
  }

  #readEnd(): void {
    const input = this.#input;
    if (this.version >= FIRST_VERSION_WITH_CHECKSUM) {
      input.need(CHECKSUM_BYTES);
      this.#sum();
      this.hasChecksum = input.buffer.readBigUInt64LE(input.at) !== 0n;
      if (this.hasChecksum && this.#verifies && !this.#checksum.equals(input.buffer, input.at)) {
        throw input.error('the checksum is wrong: the file is damaged');
      }
      input.skip(CHECKSUM_BYTES);
      this.#summed = input.offset;
    }
    this.#state = SETTLING;
  }
}

function textOf({ buffer, offset, length }: ByteView): string {
  return buffer.toString('latin1', offset, offset + length);
}

/** How long reading blocks the event loop at a time. */
const SLICE_MS = 4;

/**
 * Reads a file from an asynchronous source of pieces, and yields to the event loop every few milliseconds: clients
 * can connect meanwhile, and get the error that data is being loaded.
 * @param pieces read only as far as needed, and not closed, so that what follows the file can be read from it
 * @param onSlice called before each slice: sets the time, reports progress
 * @throws RdbError when it is damaged, and what the source or the sink throws
 */
export async function readRdbFile(
  reader: RdbFileReader,
  pieces: AsyncIterator<Buffer>,
  onSlice: () => void = () => {},
): Promise<void> {
  try {
    for (;;) {
      onSlice();
      const state = reader.work(performance.now() + SLICE_MS);
      if (state === 'done') return;
      if (state === 'busy') {
        await new Promise(setImmediate);
        continue;
      }
      const { done, value } = await pieces.next();
      if (done) reader.finish();
      else reader.push(value);
    }
  } finally {
    reader.discard();
  }
}
