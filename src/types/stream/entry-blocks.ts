// The entries of a stream: its blocks in the order of ids (id-blocks.ts), to whose last one entries are added. A block
// is full when Redis's listpack would be: at `stream-node-max-entries`, or when another entry would have it exceed
// `stream-node-max-bytes`. Blocks are as large as their entries need: the last one grows, and is cut when it is full.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import { classOf, MAX_BLOCK_BYTES } from '../../memory/size-classes.ts';
import {
  BlockData,
  DATA_AT,
  DELETED,
  LAST_ENTRY_ID,
  LIVE,
  MASTER_BYTES,
  PACKED_BYTES,
  packedIntegerBytes,
  USED,
} from './entry-block.ts';
import { EntryWriter, type FieldSource } from './entry-writer.ts';
import {
  BlockPlace,
  blockClass,
  blockWord,
  type IdBlocks,
  LEAST_ID,
  SHAPE,
  setBlockWord,
} from './id-blocks.ts';
import { IS_OVERFLOW, OVERFLOW_ID, type SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';
import { addRootBytes } from './stream-root.ts';

/** When blocks are full: directives of Redis. */
export interface BlockLimits {
  /** `stream-node-max-bytes`: bytes of a listpack; 0: MAX_LISTPACK_BYTES. */
  readonly maxBytes: number;
  /** `stream-node-max-entries`: entries, deleted ones included; 0: any number. */
  readonly maxEntries: number;
}

/** No entry has more bytes in its fields and values, and no listpack begins another entry beyond that. */
export const MAX_LISTPACK_BYTES: number = 1 << 30;

/** Room for data in a block of the arena. */
const MAX_DATA_BYTES = MAX_BLOCK_BYTES - DATA_AT;
/** The first block of a stream grows by half of what it has. */
const GROWTH = 1.5;
/** A full block is moved to a smaller one if that saves so many bytes. */
const LEAST_SAVED_BYTES = 64;

/** The operations on the blocks of entries in an arena; see the head of this file. */
export class EntryBlocks {
  limits: BlockLimits = { maxBytes: 4096, maxEntries: 100 };
  readonly #arena: Arena;
  readonly #blocks: SharedBlocks;
  readonly #index: IdBlocks;
  readonly #writer: EntryWriter;
  readonly #data = new BlockData();
  readonly #place = new BlockPlace();
  readonly #id = new StreamId();

  constructor(arena: Arena, blocks: SharedBlocks) {
    this.#arena = arena;
    this.#blocks = blocks;
    this.#index = blocks.index;
    this.#writer = new EntryWriter(arena);
  }

  /**
   * Adds an entry behind the last one, to the last block or to a new one.
   * @param id greater than that of any entry
   * @param first the argument that is the first field; its value is the next one
   * @param fields number of fields, at least 1; all together have at most MAX_LISTPACK_BYTES
   * @throws ArenaFullError, or RangeError without memory for a large one, before anything has changed
   */
  append(root: number, id: StreamId, source: FieldSource, first: number, fields: number): void {
    let last = this.#index.lastBlock(root);
    if (last !== 0 && this.#isBehind(last, id)) {
      this.#index.last(root, this.#place);
      this.remove(root, this.#place);
      last = this.#index.lastBlock(root);
    }
    if (last !== 0 && !this.#isFull(last, source.lengths, first, fields)) {
      this.addEntry(root, last, id, source, first, fields, false);
      return;
    }
    const block = this.addBlock(root, id, source, first, fields);
    if (last !== 0) this.#cut(root, false);
    try {
      this.addEntry(root, block, id, source, first, fields, false);
    } catch (error) {
      this.#index.last(root, this.#place);
      this.#index.remove(root, this.#place);
      this.#free(root, block);
      throw error;
    }
  }

  /**
   * Whether a block has only deleted entries, behind an id: after XSETID. Redis adds the entry to them; here, ids are
   * never less than that of their block.
   */
  #isBehind(block: number, id: StreamId): boolean {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    return words[base + LIVE] === 0 && id.compareAt(words, base + LEAST_ID) < 0;
  }

  /** Whether Redis's listpack would not take an entry. */
  #isFull(block: number, lengths: Int32Array, first: number, fields: number): boolean {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    const { maxBytes, maxEntries } = this.limits;
    const live = words[base + LIVE];
    const deleted = words[base + DELETED];
    let bytes = words[base + PACKED_BYTES] + packedIntegerBytes(live) + packedIntegerBytes(deleted);
    for (let i = first; i < first + 2 * fields; i++) bytes += lengths[i];
    const limit = maxBytes === 0 || maxBytes > MAX_LISTPACK_BYTES ? MAX_LISTPACK_BYTES : maxBytes;
    if (bytes >= limit) return true;
    return maxEntries !== 0 && live + deleted >= maxEntries;
  }

  /**
   * Adds a block without entries behind the last one, whose master has the fields and the lengths of values of an entry.
   * @returns the block
   * @throws as `append`
   */
  addBlock(root: number, id: StreamId, source: FieldSource, first: number, fields: number): number {
    const masterBytes = this.#writer.masterBytes(source, first, fields);
    const last = this.#index.lastBlock(root);
    // Those that follow are likely to be as long as those before.
    const room = last === 0 ? 0 : blockWord(this.#arena, last, USED);
    let values = 0;
    for (let i = first + 1; i < first + 2 * fields; i += 2) values += source.lengths[i] + 1;
    const isShort = room <= MAX_DATA_BYTES;
    const block = this.#allocate(Math.max(masterBytes + values + 4, isShort ? room : 0));
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    id.store(words, base + LEAST_ID);
    id.store(words, base + LAST_ENTRY_ID);
    words[base + LIVE] = 0;
    words[base + DELETED] = 0;
    words[base + USED] = masterBytes;
    words[base + MASTER_BYTES] = masterBytes;
    words[base + PACKED_BYTES] = this.#writer.packedMasterBytes(source, first, fields);
    const data = this.#data;
    data.locate(this.#arena, block);
    this.#writer.writeMaster(data.buffer, data.start, source, first, fields);
    try {
      this.#index.append(root, block);
    } catch (error) {
      this.#blocks.free(root, block);
      throw error;
    }
    addRootBytes(this.#arena, root, this.#blocks.bytes(block));
    return block;
  }

  /**
   * Adds an entry to the last block, which may move for that.
   * @param isDeleted whether it is deleted already, as files have them
   * @throws as `append`
   */
  addEntry(
    root: number,
    last: number,
    id: StreamId,
    source: FieldSource,
    first: number,
    fields: number,
    isDeleted: boolean,
  ): void {
    const arena = this.#arena;
    const writer = this.#writer;
    const data = this.#data;
    let block = last;
    data.locate(arena, block);
    writer.measure(block, data, id, source, first, fields);
    const used = blockWord(arena, block, USED);
    const needed = used + writer.sizeBytes;
    if (needed > data.capacity || this.#blocks.isShared(root, block)) {
      block = this.#makeRoom(root, needed, used);
      data.locate(arena, block);
    }
    writer.write(data.buffer, data.start + used);
    if (isDeleted) writer.markDeleted(data.buffer, data.start + used);
    const words = arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    words[base + USED] = needed;
    words[base + (isDeleted ? DELETED : LIVE)]++;
    words[base + PACKED_BYTES] += writer.packedBytes;
    id.store(words, base + LAST_ENTRY_ID);
  }

  /** Cuts the last block to what it needs, as nothing is going to be added to it. */
  cutLast(root: number): void {
    this.#cut(root, true);
  }

  /** Counts a deleted entry of a block, which is the stream's own. */
  countDeleted(block: number, count: number): void {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    words[base + LIVE] -= count;
    words[base + DELETED] += count;
  }

  /** Takes the block at a place out of the stream; the place is that of the next block then. */
  remove(root: number, place: BlockPlace): void {
    const { block } = place;
    this.#index.remove(root, place);
    this.#free(root, block);
  }

  /** Puts a block in the place of another one, which is freed. */
  replace(root: number, place: BlockPlace, block: number): void {
    const old = place.block;
    this.#index.replace(root, place, block);
    addRootBytes(this.#arena, root, this.#blocks.bytes(block));
    this.#free(root, old);
  }

  /** Adds a block behind the one at a place, which stays the same. @throws ArenaFullError, before anything has changed */
  insertAfter(root: number, place: BlockPlace, block: number): void {
    const { block: at } = place;
    this.#index.insertAfter(root, place, block);
    addRootBytes(this.#arena, root, this.#blocks.bytes(block));
    this.#goBackTo(root, place, at);
  }

  /**
   * Adds a block behind the one at a place, or before all others.
   * @throws ArenaFullError, before anything has changed
   */
  insert(root: number, place: BlockPlace, isBehind: boolean, block: number): void {
    if (isBehind) this.#index.insertAfter(root, place, block);
    else if (this.#index.first(root, place)) this.#index.insertBefore(root, place, block);
    else this.#index.append(root, block);
    addRootBytes(this.#arena, root, this.#blocks.bytes(block));
  }

  /** Removes some blocks behind the one at a place, which stays the same. */
  removeAfter(root: number, place: BlockPlace, count: number): void {
    const { block } = place;
    for (let i = 0; i < count; i++) {
      this.#index.next(root, place);
      this.remove(root, place);
      this.#goBackTo(root, place, block);
    }
  }

  /** Finds the place of a block again. */
  #goBackTo(root: number, place: BlockPlace, block: number): void {
    const id = this.#id;
    id.load(this.#arena.i32[block >>> SEGMENT_SHIFT], ((block & SEGMENT_MASK) << 1) + LEAST_ID);
    this.#index.find(root, id, place);
  }

  /** Frees a block that is in no stream. */
  discard(root: number, block: number): void {
    this.#blocks.free(root, block);
  }

  /** Allocates a block with room for some bytes of data. @throws as `append` */
  allocate(dataBytes: number): number {
    return this.#allocate(dataBytes);
  }

  /** Writes the data of a block. */
  fill(block: number, from: Buffer, start: number, length: number): void {
    const data = this.#data;
    data.locate(this.#arena, block);
    from.copy(data.buffer, data.start, start, start + length);
  }

  /** The block at a place, to be changed. @throws ArenaFullError, before anything has changed */
  own(root: number, place: BlockPlace): number {
    return this.#blocks.own(root, root, place);
  }

  // ── Memory of a block ───────────────────────────────────────────────────────────────────────

  #free(root: number, block: number): void {
    addRootBytes(this.#arena, root, -this.#blocks.bytes(block));
    this.#blocks.free(root, block);
  }

  /** Allocates a block with room for some bytes of data. */
  #allocate(dataBytes: number): number {
    const arena = this.#arena;
    if (dataBytes <= MAX_DATA_BYTES) {
      const block = this.#blocks.allocate(classOf(DATA_AT + dataBytes));
      setBlockWord(arena, block, OVERFLOW_ID, 0);
      return block;
    }
    const id = arena.overflow.allocate(dataBytes);
    try {
      const block = this.#blocks.allocate(classOf(DATA_AT));
      setBlockWord(arena, block, SHAPE, blockWord(arena, block, SHAPE) | IS_OVERFLOW);
      setBlockWord(arena, block, OVERFLOW_ID, id);
      return block;
    } catch (error) {
      arena.overflow.free(id);
      throw error;
    }
  }

  /** Moves the last block to where there is room for so many bytes; returns the block. */
  #makeRoom(root: number, needed: number, used: number): number {
    const place = this.#place;
    this.#index.last(root, place);
    const wanted = Math.ceil(used * GROWTH);
    const isLong = needed > MAX_DATA_BYTES;
    return this.#move(
      root,
      place,
      Math.max(needed, isLong ? wanted : Math.min(wanted, MAX_DATA_BYTES)),
    );
  }

  /** Moves the block at a place to one with another capacity, which its data fit into. */
  #move(root: number, place: BlockPlace, capacity: number): number {
    const arena = this.#arena;
    const { block } = place;
    const fresh = this.#allocate(capacity);
    const from = (block & SEGMENT_MASK) << 1;
    const to = (fresh & SEGMENT_MASK) << 1;
    const words = arena.i32[block >>> SEGMENT_SHIFT];
    const target = arena.i32[fresh >>> SEGMENT_SHIFT];
    for (let i = LEAST_ID; i < LEAST_ID + 4; i++) target[to + i] = words[from + i];
    for (let i = USED; i < DATA_AT >> 2; i++) target[to + i] = words[from + i];
    const old = new BlockData();
    old.locate(arena, block);
    this.#data.locate(arena, fresh);
    const used = words[from + USED];
    old.buffer.copy(this.#data.buffer, this.#data.start, old.start, old.start + used);
    addRootBytes(arena, root, this.#blocks.bytes(fresh));
    this.#index.replace(root, place, fresh);
    this.#free(root, block);
    return fresh;
  }

  /** Cuts the last block, or the one before it, to what it needs. */
  #cut(root: number, isLast: boolean): void {
    const arena = this.#arena;
    const place = this.#place;
    this.#index.last(root, place);
    if (!isLast) this.#index.previous(root, place);
    const { block } = place;
    if ((blockWord(arena, block, SHAPE) & IS_OVERFLOW) !== 0) return;
    if (this.#blocks.isShared(root, block)) return;
    const used = blockWord(arena, block, USED);
    const has = arena.blockBytes(blockClass(arena, block));
    if (has - arena.blockBytes(classOf(DATA_AT + used)) < LEAST_SAVED_BYTES) return;
    ifThereIsMemory(() => this.#move(root, place, used));
  }
}
