// Reads nodes of a stream as Redis has them in files: an id, and a listpack of entries whose ids are told from there.
// A node becomes a block. Nothing is trusted: all that Redis's streamValidateListpackIntegrity looks at is looked at,
// and also that ids ascend and that entries are counted as they are.
//
//   [ live ][ deleted ][ n ][ n × field ][ 0 ]  then entries, all of them elements of the listpack:
//   [ flags ][ ms ][ seq ]  n × [ value ]  [ elements ]                          with the fields before the entries
//   [ flags ][ ms ][ seq ][ n ]  n × [ field ][ value ]  [ elements ]            with others
//
// Specification: https://github.com/redis/redis/blob/7.0/src/t_stream.c, streamAppendItem
import { readListpack } from '../../persistence/rdb/format/packed-elements.ts';
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { FieldSource } from './entry-writer.ts';
import { ID_BYTES, loadId } from './id-codec.ts';
import { NodeElements } from './node-elements.ts';
import { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';

/** Bits of the flags of an entry. */
export const FLAG_DELETED = 1;
export const FLAG_SAME_FIELDS = 2;

const INITIAL_FIELDS = 32;
const TWO_32 = 2 ** 32;
const DAMAGED = 'a node of a stream is damaged';

/** Fields and values in turn. */
class Fields implements FieldSource {
  buffer: Buffer = Buffer.alloc(0);
  offsets: Int32Array = new Int32Array(INITIAL_FIELDS);
  lengths: Int32Array = new Int32Array(INITIAL_FIELDS);

  /** Makes room for so many fields and values. */
  reserve(count: number): void {
    if (count <= this.offsets.length) return;
    this.offsets = new Int32Array(count);
    this.lengths = new Int32Array(count);
  }
}

/** The reader; see the head of this file. */
export class NodeReader {
  readonly #streams: Streams;
  readonly #elements = new NodeElements();
  readonly #fields = new Fields();
  readonly #nodeId = new StreamId();
  readonly #id = new StreamId();
  /** That of the last entry that is not deleted. */
  readonly #lastId = new StreamId();
  #root = 0;
  /** Whether there was an entry, or a node, at all. */
  #hasEntries = false;
  #hasNodes = false;
  /** Number of entries so far, without those that are deleted. */
  length = 0;
  /** The element to be read next. */
  #at = 0;
  /** The first of the master's fields, and how many there are. */
  #masterAt = 0;
  #masterFields = 0;

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  /** Begins with the first node of a stream. */
  begin(root: number): void {
    this.#root = root;
    this.#hasEntries = false;
    this.#hasNodes = false;
    this.length = 0;
  }

  /** Reads a node. @throws NEED_BYTES, RdbError, ArenaFullError */
  read(input: RdbReader): void {
    const { buffer, offset, length } = input.string();
    if (length !== ID_BYTES) throw input.error('the id of a node of a stream has not 16 bytes');
    const id = this.#id;
    loadId(buffer, offset, id);
    const elements = this.#elements;
    elements.clear();
    if (!readListpack(input.string(), elements)) throw input.error('a listpack is damaged');
    if (this.#hasNodes && id.compare(this.#nodeId) <= 0) throw this.#disorder(input);
    this.#nodeId.set(id);
    this.#hasNodes = true;
    this.#at = 0;
    const live = this.#count(input);
    const deleted = this.#count(input);
    if (live + deleted === 0) throw input.error('a node of a stream is empty');
    this.#readMaster(input);
    let left = live;
    for (let i = 0; i < live + deleted; i++) if (this.#readEntry(input, i === 0)) left--;
    if (left !== 0 || this.#at !== elements.count) throw input.error(DAMAGED);
    this.#streams.entries.cutLast(this.#root);
    this.length += live;
  }

  /** Whether an id is less than that of the last entry. */
  isBefore(id: StreamId): boolean {
    return this.#hasEntries && id.compare(this.#lastId) < 0;
  }

  /** Reads the fields before the entries. */
  #readMaster(input: RdbReader): void {
    const fields = this.#count(input);
    if (fields === 0) throw input.error(DAMAGED);
    this.#masterAt = this.#at;
    this.#masterFields = fields;
    this.#skip(input, fields);
    if (this.#elements.integer(this.#at++) !== 0) throw input.error(DAMAGED);
  }

  /** Reads an entry; returns whether it is not deleted. */
  #readEntry(input: RdbReader, isFirst: boolean): boolean {
    const start = this.#at;
    const flags = this.#count(input);
    if (flags > (FLAG_DELETED | FLAG_SAME_FIELDS)) throw input.error(DAMAGED);
    this.#readId(input);
    const hasMasterFields = (flags & FLAG_SAME_FIELDS) !== 0;
    const fields = hasMasterFields ? this.#masterFields : this.#count(input);
    if (fields === 0) throw input.error(DAMAGED);
    const first = this.#at;
    this.#skip(input, hasMasterFields ? fields : 2 * fields);
    if (this.#count(input) !== this.#at - 1 - start) throw input.error(DAMAGED);
    const isDeleted = (flags & FLAG_DELETED) !== 0;
    this.#checkOrder(input, isDeleted);
    const { entries, index } = this.#streams;
    const root = this.#root;
    const source = this.#fields;
    if (isFirst) {
      this.#gatherMaster(hasMasterFields ? first : 0);
      entries.addBlock(root, this.#nodeId, source, 0, this.#masterFields);
    }
    if (hasMasterFields) this.#gather(this.#masterAt, 1, first, 1, fields);
    else this.#gather(first, 2, first + 1, 2, fields);
    entries.addEntry(root, index.lastBlock(root), this.#id, source, 0, fields, isDeleted);
    return !isDeleted;
  }

  /**
   * Those that are not deleted ascend. One that is deleted may be above them all, if the last id was set back after
   * that.
   */
  #checkOrder(input: RdbReader, isDeleted: boolean): void {
    const id = this.#id;
    if (isDeleted) return;
    if (id.compare(this.#nodeId) < 0) throw this.#disorder(input);
    if (this.#hasEntries && id.compare(this.#lastId) <= 0) throw this.#disorder(input);
    this.#hasEntries = true;
    this.#lastId.set(id);
  }

  #disorder(input: RdbReader): Error {
    return input.error('the ids of a stream do not ascend');
  }

  /** Reads the two differences from the node's id. */
  #readId(input: RdbReader): void {
    const id = this.#id;
    id.set(this.#nodeId);
    if (!this.#readDifference()) throw input.error(DAMAGED);
    let low = (id.msLow + this.#low) | 0;
    id.msHigh = (id.msHigh + this.#high + (low >>> 0 < this.#low >>> 0 ? 1 : 0)) | 0;
    id.msLow = low;
    if (!this.#readDifference()) throw input.error(DAMAGED);
    low = (id.seqLow + this.#low) | 0;
    id.seqHigh = (id.seqHigh + this.#high + (low >>> 0 < this.#low >>> 0 ? 1 : 0)) | 0;
    id.seqLow = low;
  }

  /** The difference that was read last. */
  #high = 0;
  #low = 0;

  #readDifference(): boolean {
    const at = this.#at++;
    const integer = this.#elements.integer(at);
    if (!Number.isNaN(integer)) {
      this.#low = integer | 0;
      this.#high = Math.floor(integer / TWO_32) | 0;
      return true;
    }
    const value = this.#elements.integer64(at);
    if (value === undefined) return false;
    this.#low = Number(BigInt.asIntN(32, value));
    this.#high = Number(value >> 32n);
    return true;
  }

  /** Reads a number of elements or entries; there are not more of them than elements. */
  #count(input: RdbReader): number {
    const value = this.#elements.integer(this.#at++);
    if (!(value >= 0 && value <= this.#elements.count)) throw input.error(DAMAGED);
    return value;
  }

  #skip(input: RdbReader, count: number): void {
    this.#at += count;
    if (this.#at > this.#elements.count) throw input.error(DAMAGED);
  }

  /** Gathers the master's fields, with the lengths of values from an element on; 0: of no values. */
  #gatherMaster(valueAt: number): void {
    const { lengths } = this.#fields;
    this.#gather(
      this.#masterAt,
      1,
      valueAt === 0 ? this.#masterAt : valueAt,
      1,
      this.#masterFields,
    );
    if (valueAt !== 0) return;
    for (let i = 0; i < this.#masterFields; i++) lengths[2 * i + 1] = 0;
  }

  /** Gathers fields and values, from elements on and one every `step`. */
  #gather(
    fieldAt: number,
    fieldStep: number,
    valueAt: number,
    valueStep: number,
    count: number,
  ): void {
    const source = this.#fields;
    const elements = this.#elements;
    source.reserve(2 * count);
    const { offsets, lengths } = source;
    for (let i = 0; i < count; i++) {
      const field = fieldAt + i * fieldStep;
      const value = valueAt + i * valueStep;
      offsets[2 * i] = elements.locate(field);
      lengths[2 * i] = elements.lengths[field];
      offsets[2 * i + 1] = elements.locate(value);
      lengths[2 * i + 1] = elements.lengths[value];
    }
    source.buffer = elements.buffer;
  }
}
