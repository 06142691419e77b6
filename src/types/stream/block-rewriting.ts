// Gives the memory of deleted entries back: a block that has more of them than others is written anew without them. It
// keeps its least id and its master, so it is what Redis's node would be if the others had never been there.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { BlockCursor } from './block-cursor.ts';
import { isCold } from './cold-block.ts';
import {
  BlockData,
  DATA_AT,
  DELETED,
  LAST_ENTRY_ID,
  LIVE,
  MASTER_BYTES,
  PACKED_BYTES,
  USED,
} from './entry-block.ts';
import { EntryWriter, type FieldSource } from './entry-writer.ts';
import { type BlockPlace, blockWord, LEAST_ID, setBlockWord } from './id-blocks.ts';
import type { Streams } from './streams.ts';

/** The fields and values of a cursor's entry. */
class EntrySource implements FieldSource {
  buffer: Buffer = Buffer.alloc(0);
  offsets = new Int32Array(32);
  lengths = new Int32Array(32);

  /** @param hasValues whether the cursor is at an entry, not at the master */
  set(cursor: BlockCursor, hasValues: boolean): void {
    const { fields } = cursor;
    if (2 * fields > this.offsets.length) {
      this.offsets = new Int32Array(2 * fields);
      this.lengths = new Int32Array(2 * fields);
    }
    this.buffer = cursor.buffer;
    for (let i = 0; i < fields; i++) {
      this.offsets[2 * i] = cursor.fieldAt[i];
      this.lengths[2 * i] = cursor.fieldLengths[i];
      this.offsets[2 * i + 1] = hasValues ? cursor.valueAt[i] : 0;
      this.lengths[2 * i + 1] = hasValues ? cursor.valueLengths[i] : 0;
    }
  }
}

/** Rewrites blocks of the streams of an arena; see the head of this file. */
export class BlockRewriting {
  readonly #streams: Streams;
  readonly #arena: Arena;
  readonly #cursor: BlockCursor;
  readonly #writer: EntryWriter;
  readonly #source = new EntrySource();
  readonly #data = new BlockData();

  constructor(streams: Streams) {
    this.#streams = streams;
    this.#arena = streams.arena;
    this.#cursor = new BlockCursor(streams.arena, streams.cold);
    this.#writer = new EntryWriter(streams.arena);
  }

  /**
   * Rewrites the block at a place, if it is in memory and most of its entries are deleted.
   * @throws ArenaFullError, before anything has changed
   */
  condense(root: number, place: BlockPlace): void {
    const arena = this.#arena;
    const { block } = place;
    const { entries } = this.#streams;
    const live = blockWord(arena, block, LIVE);
    if (isCold(arena, block) || live === 0 || live >= blockWord(arena, block, DELETED)) return;
    const large = entries.allocate(blockWord(arena, block, USED));
    try {
      if (this.#write(block, large)) entries.replace(root, place, this.#fitted(large));
    } finally {
      entries.discard(root, large);
    }
  }

  /** Writes what is not deleted of a block into another one; returns whether there was room. */
  #write(block: number, target: number): boolean {
    const arena = this.#arena;
    const cursor = this.#cursor;
    const source = this.#source;
    const data = this.#data;
    cursor.open(block);
    cursor.locateMaster();
    source.set(cursor, false);
    this.#copyMaster(block, target);
    setBlockWord(
      arena,
      target,
      PACKED_BYTES,
      this.#writer.packedMasterBytes(source, 0, cursor.fields),
    );
    cursor.open(block);
    while (cursor.next()) {
      if (cursor.isDeleted) continue;
      cursor.locate();
      source.set(cursor, true);
      data.locate(arena, target);
      this.#writer.measure(target, data, cursor.id, source, 0, cursor.fields);
      const words = arena.i32[target >>> SEGMENT_SHIFT];
      const base = (target & SEGMENT_MASK) << 1;
      const used = words[base + USED];
      if (used + this.#writer.sizeBytes > data.capacity) return false;
      this.#writer.write(data.buffer, data.start + used);
      words[base + USED] = used + this.#writer.sizeBytes;
      words[base + LIVE]++;
      words[base + PACKED_BYTES] += this.#writer.packedBytes;
      cursor.id.store(words, base + LAST_ENTRY_ID);
    }
    return true;
  }

  /** Makes a block one without entries, with least id and master of another one. */
  #copyMaster(block: number, target: number): void {
    const arena = this.#arena;
    const { entries } = this.#streams;
    const masterBytes = blockWord(arena, block, MASTER_BYTES);
    for (let i = 0; i < 4; i++) {
      const word = blockWord(arena, block, LEAST_ID + i);
      setBlockWord(arena, target, LEAST_ID + i, word);
      setBlockWord(arena, target, LAST_ENTRY_ID + i, word);
    }
    setBlockWord(arena, target, LIVE, 0);
    setBlockWord(arena, target, DELETED, 0);
    setBlockWord(arena, target, MASTER_BYTES, masterBytes);
    setBlockWord(arena, target, USED, masterBytes);
    this.#data.locate(arena, block);
    const { buffer, start } = this.#data;
    entries.fill(target, buffer, start, masterBytes);
  }

  /** A copy of a block that is not larger than it needs to be. */
  #fitted(block: number): number {
    const arena = this.#arena;
    const { entries } = this.#streams;
    const used = blockWord(arena, block, USED);
    const fresh = entries.allocate(used);
    for (let i = LEAST_ID; i < LEAST_ID + 4; i++) {
      setBlockWord(arena, fresh, i, blockWord(arena, block, i));
    }
    for (let i = USED; i < DATA_AT >> 2; i++) {
      setBlockWord(arena, fresh, i, blockWord(arena, block, i));
    }
    this.#data.locate(arena, block);
    const { buffer, start } = this.#data;
    entries.fill(fresh, buffer, start, used);
    return fresh;
  }
}
