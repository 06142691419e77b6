// Reads the entries of a block one after another (entry-block.ts), forward or backward. A cold block is read like those
// that it stands for, one after another.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { viewOf } from '../../protocol/copy-bytes.ts';
import { BlockImage } from './cold-block.ts';
import {
  BlockData,
  ID_SHIFT,
  IS_DELETED,
  LAST_ENTRY_ID,
  MASTER_BYTES,
  MS_8,
  MS_16,
  NEXT_SEQ,
  SAME_FIELDS,
  SAME_LENGTHS,
  SEQ,
  USED,
} from './entry-block.ts';
import { LEAST_ID, SHAPE } from './id-blocks.ts';
import { IS_COLD } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';

const INITIAL_FIELDS = 16;
const INITIAL_ENTRIES = 128;
/** What is kept of an entry for going backward: its place, its id, and where its block is among those of a cold one. */
const WORDS_OF_ENTRY = 6;
const IMAGE_WORD = 5;

/** Where the blocks are that a cold one stands for. */
export interface PayloadSource {
  /** @throws UnreadableValueError */
  payload(block: number): Buffer;
}

/** An entry of a block; what it refers to is valid until any data change. */
export class BlockCursor {
  readonly id = new StreamId();
  isDeleted = false;
  /** Whether the fields are those of the block's master. */
  hasMasterFields = false;
  /** Number of fields, each with a value. */
  fields = 0;
  /** Where fields and values are in `buffer`, after `locate`; as many as `fields`. */
  fieldAt: Int32Array;
  fieldLengths: Int32Array;
  valueAt: Int32Array = new Int32Array(INITIAL_FIELDS);
  valueLengths: Int32Array = new Int32Array(INITIAL_FIELDS);
  buffer: Buffer = Buffer.alloc(0);
  /** On the same bytes, if there is one at hand. */
  view: DataView | undefined = undefined;
  /** Where the entry begins in `buffer`. */
  at = 0;

  readonly #arena: Arena;
  readonly #payloads: PayloadSource;
  readonly #data = new BlockData();
  /** Of a cold block: the one of those that it stands for that is being read. */
  readonly #image = new BlockImage();
  #isCold = false;
  readonly #imageId = new StreamId();
  #next = 0;
  #end = 0;
  /** Where the bytes of the entry's fields and values begin. */
  #bytesAt = 0;
  #head = 0;
  /** The master: its number of fields, where they are, the lengths of its values. */
  #masterFields = 0;
  #masterAt = new Int32Array(INITIAL_FIELDS);
  #masterLengths = new Int32Array(INITIAL_FIELDS);
  #masterValues = new Int32Array(INITIAL_FIELDS);
  #masterTotal = 0;
  #ownAt = new Int32Array(INITIAL_FIELDS);
  #ownLengths = new Int32Array(INITIAL_FIELDS);
  /** Entries of the block, for going backward. */
  #entries = new Int32Array(INITIAL_ENTRIES * WORDS_OF_ENTRY);
  #entriesLeft = 0;
  /** Position after the varint that was read last. */
  #after = 0;

  constructor(arena: Arena, payloads: PayloadSource) {
    this.#arena = arena;
    this.#payloads = payloads;
    this.fieldAt = this.#masterAt;
    this.fieldLengths = this.#masterLengths;
  }

  /** Goes before the first entry of a block. @throws UnreadableValueError for a cold one */
  open(block: number): void {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    this.#isCold = (words[base + SHAPE] & IS_COLD) !== 0;
    if (this.#isCold) {
      this.#openImage(this.#payloads.payload(block), 0);
      return;
    }
    const data = this.#data;
    data.locate(this.#arena, block);
    this.buffer = data.buffer;
    this.view = this.#arena.viewBehind(block, data.buffer);
    this.id.load(words, base + LEAST_ID);
    this.#end = data.start + words[base + USED];
    this.#next = data.start + words[base + MASTER_BYTES];
    this.#readMaster(data.start);
  }

  /** Goes before the first entry of one of the blocks that a cold block stands for, as if it were the only one. */
  openOnly({ payload, at }: BlockImage): void {
    this.#isCold = false;
    this.#openImage(payload, at);
  }

  /** Goes before the first entry of one of the blocks that a cold block stands for; false when there is none. */
  #openImage(payload: Buffer, at: number): boolean {
    const image = this.#image;
    if (payload !== this.buffer) {
      this.buffer = payload;
      this.view = viewOf(payload);
    }
    if (!image.open(payload, at)) {
      this.#next = this.#end;
      return false;
    }
    image.loadId(LEAST_ID, this.id);
    this.#end = image.next;
    this.#next = image.dataAt + image.word(MASTER_BYTES);
    this.#readMaster(image.dataAt);
    return true;
  }

  /** Goes on to the next entry, deleted or not; false when there is none. */
  next(): boolean {
    while (this.#next >= this.#end) {
      if (!this.#isCold || !this.#openImage(this.buffer, this.#end)) return false;
    }
    this.at = this.#next;
    this.#readId();
    this.#readShape();
    return true;
  }

  /**
   * Goes on to the next entry whose id is not less; false when there is none. Deleted ones are passed over: after XSETID
   * others may follow that are less.
   */
  seek(id: StreamId): boolean {
    if (this.#isCold) this.#skipImages(id);
    while (this.next()) if (!this.isDeleted && this.id.compare(id) >= 0) return true;
    return false;
  }

  /** Passes over blocks whose last entry is before an id. */
  #skipImages(id: StreamId): void {
    const image = this.#image;
    const last = this.#imageId;
    while (image.at < this.buffer.length) {
      image.loadId(LAST_ENTRY_ID, last);
      if (last.compare(id) >= 0) return;
      this.#openImage(this.buffer, image.next);
    }
  }

  /** Goes behind the last entry of a block; `previous` is the way from there. */
  openEnd(block: number): void {
    this.open(block);
    let count = 0;
    while (this.next()) {
      const at = count * WORDS_OF_ENTRY;
      if (at === this.#entries.length) this.#entries = grown(this.#entries);
      this.#entries[at] = this.at;
      this.id.store(this.#entries, at + 1);
      this.#entries[at + IMAGE_WORD] = this.#image.at;
      count++;
    }
    this.#entriesLeft = count;
  }

  /** Goes back to the entry before, deleted or not; false when there is none. */
  previous(): boolean {
    if (this.#entriesLeft === 0) return false;
    const at = --this.#entriesLeft * WORDS_OF_ENTRY;
    if (this.#isCold && this.#entries[at + IMAGE_WORD] !== this.#image.at) {
      this.#openImage(this.buffer, this.#entries[at + IMAGE_WORD]);
    }
    this.at = this.#entries[at];
    this.#next = this.at;
    this.#readId();
    this.#readShape();
    this.id.load(this.#entries, at + 1);
    return true;
  }

  /** Sets where fields and values are. */
  locate(): void {
    const { fields, valueAt, valueLengths } = this;
    let at = this.#bytesAt;
    if (this.hasMasterFields) {
      for (let i = 0; i < fields; i++) {
        valueAt[i] = at;
        at += valueLengths[i];
      }
      return;
    }
    const { fieldAt, fieldLengths } = this;
    for (let i = 0; i < fields; i++) {
      fieldAt[i] = at;
      at += fieldLengths[i];
      valueAt[i] = at;
      at += valueLengths[i];
    }
  }

  /** The fields of the block's master, as an entry; there may be no entry with them. */
  locateMaster(): void {
    this.hasMasterFields = true;
    this.fields = this.#masterFields;
    this.fieldAt = this.#masterAt;
    this.fieldLengths = this.#masterLengths;
  }

  /** Marks the entry as deleted; the block is the stream's own. */
  markDeleted(): void {
    this.buffer[this.at] |= IS_DELETED;
    this.isDeleted = true;
  }

  // ── Reading ─────────────────────────────────────────────────────────────────────────────────

  #readMaster(start: number): void {
    const fields = this.#varint(start);
    if (fields > this.#masterAt.length) this.#growMaster(fields);
    const [at, lengths, values] = [this.#masterAt, this.#masterLengths, this.#masterValues];
    for (let i = 0; i < fields; i++) lengths[i] = this.#varint(this.#after);
    let total = 0;
    for (let i = 0; i < fields; i++) {
      values[i] = this.#varint(this.#after);
      total += values[i];
    }
    let position = this.#after;
    for (let i = 0; i < fields; i++) {
      at[i] = position;
      position += lengths[i];
    }
    this.#masterFields = fields;
    this.#masterTotal = total;
  }

  /** Reads the head of the entry and its id. */
  #readId(): void {
    const { buffer, id } = this;
    const head = buffer[this.#next];
    this.#head = head;
    this.#after = this.#next + 1;
    const kind = head >> ID_SHIFT;
    if (kind === NEXT_SEQ) id.increment();
    else if (kind === MS_8 || kind === MS_16) this.#addMs(kind);
    else this.#readLongId(kind);
  }

  #addMs(kind: number): void {
    const { buffer, id } = this;
    let by = buffer[this.#after++];
    if (kind === MS_16) by |= buffer[this.#after++] << 8;
    const low = (id.msLow + by) | 0;
    if (low >>> 0 < by) id.msHigh = (id.msHigh + 1) | 0;
    id.msLow = low;
    id.seqHigh = 0;
    id.seqLow = 0;
  }

  #readLongId(kind: number): void {
    const { id } = this;
    this.#varint64();
    const [high, low] = [this.#high, this.#low];
    if (kind === SEQ) {
      const sum = (id.seqLow + low) | 0;
      id.seqHigh = (id.seqHigh + high + (sum >>> 0 < low >>> 0 ? 1 : 0)) | 0;
      id.seqLow = sum;
      return;
    }
    const sum = (id.msLow + low) | 0;
    id.msHigh = (id.msHigh + high + (sum >>> 0 < low >>> 0 ? 1 : 0)) | 0;
    id.msLow = sum;
    this.#varint64();
    id.seqHigh = this.#high;
    id.seqLow = this.#low;
  }

  /** Reads the lengths behind the id, and where the next entry is. */
  #readShape(): void {
    const head = this.#head;
    this.isDeleted = (head & IS_DELETED) !== 0;
    this.hasMasterFields = (head & SAME_FIELDS) !== 0;
    if (!this.hasMasterFields) {
      this.#readOwnFields();
      return;
    }
    this.fields = this.#masterFields;
    this.fieldAt = this.#masterAt;
    this.fieldLengths = this.#masterLengths;
    const { valueLengths, fields } = this;
    if ((head & SAME_LENGTHS) !== 0) {
      const values = this.#masterValues;
      for (let i = 0; i < fields; i++) valueLengths[i] = values[i];
      this.#bytesAt = this.#after;
      this.#next = this.#after + this.#masterTotal;
      return;
    }
    let total = 0;
    for (let i = 0; i < fields; i++) {
      valueLengths[i] = this.#varint(this.#after);
      total += valueLengths[i];
    }
    this.#bytesAt = this.#after;
    this.#next = this.#after + total;
  }

  #readOwnFields(): void {
    const fields = this.#varint(this.#after);
    if (fields > this.valueAt.length) this.#growValues(fields);
    if (fields > this.#ownAt.length) {
      this.#ownAt = new Int32Array(fields);
      this.#ownLengths = new Int32Array(fields);
    }
    const [fieldLengths, valueLengths] = [this.#ownLengths, this.valueLengths];
    let total = 0;
    for (let i = 0; i < fields; i++) {
      fieldLengths[i] = this.#varint(this.#after);
      valueLengths[i] = this.#varint(this.#after);
      total += fieldLengths[i] + valueLengths[i];
    }
    this.fields = fields;
    this.fieldAt = this.#ownAt;
    this.fieldLengths = fieldLengths;
    this.#bytesAt = this.#after;
    this.#next = this.#after + total;
  }

  /** Reads a number of at most 32 bits. */
  #varint(at: number): number {
    const { buffer } = this;
    let byte = buffer[at];
    if (byte < 0x80) {
      this.#after = at + 1;
      return byte;
    }
    let position = at + 1;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = buffer[position++];
      value |= (byte & 0x7f) << shift;
    }
    this.#after = position;
    return value >>> 0;
  }

  /** The number of 64 bits that was read last. */
  #high = 0;
  #low = 0;

  #varint64(): void {
    const { buffer } = this;
    let position = this.#after;
    let high = 0;
    let low = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      byte = buffer[position++];
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 25) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32);
    }
    this.#after = position;
    this.#high = high;
    this.#low = low;
  }

  #growMaster(fields: number): void {
    this.#masterAt = new Int32Array(fields);
    this.#masterLengths = new Int32Array(fields);
    this.#masterValues = new Int32Array(fields);
    if (fields > this.valueAt.length) this.#growValues(fields);
  }

  #growValues(fields: number): void {
    this.valueAt = new Int32Array(fields);
    this.valueLengths = new Int32Array(fields);
  }
}

function grown(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(words.length * 2);
  larger.set(words);
  return larger;
}
