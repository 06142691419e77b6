// A cold block: it stands for blocks of entries that lie in a file, one after another, header and data, as they were in
// memory (entry-block.ts). Its first words are those of a block of entries, so that ids, counts and ranges need no file:
//
//   word 0 … 5     6      7            8       9         10                11      12 … 15    16        17
//   [ header     ][ log ][ raw bytes ][ live ][ deleted ][ bytes in file ][ nodes ][ last id ][ segment ][ offset ]
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';
import type { ExtentRef, Location } from '../../persistence/cold/extent.ts';
import { DATA_AT, LAST_ENTRY_ID, MASTER_BYTES, PACKED_BYTES, USED } from './entry-block.ts';
import { blockWord, LEAST_ID, SHAPE, setBlockWord } from './id-blocks.ts';
import { ID_BYTES, storeId } from './id-codec.ts';
import { IS_COLD, OVERFLOW_ID, type SharedBlocks } from './shared-blocks.ts';
import { StreamId } from './stream-id.ts';

/** Words. */
export const COLD_LOG: number = OVERFLOW_ID;
export const RAW_BYTES: number = USED;
const FILE_BYTES = PACKED_BYTES;
/** How many blocks of entries it stands for. */
export const NODES: number = MASTER_BYTES;
export const SEGMENT = 16;
const OFFSET = 17;
const BLOCK_WORDS = 18;
const BLOCK_CLASS = classOf(BLOCK_WORDS * 4);

const id = new StreamId();

/** Whether a block is a cold one. */
export function isCold(arena: Arena, block: number): boolean {
  return (blockWord(arena, block, SHAPE) & IS_COLD) !== 0;
}

/** Makes a cold block, its ids undefined. @throws ArenaFullError */
export function newColdBlock(
  arena: Arena,
  blocks: SharedBlocks,
  log: number,
  { segment, offset, lengthBytes }: Location,
): number {
  const block = blocks.allocate(BLOCK_CLASS);
  setBlockWord(arena, block, SHAPE, blockWord(arena, block, SHAPE) | IS_COLD);
  setBlockWord(arena, block, COLD_LOG, log);
  setBlockWord(arena, block, SEGMENT, segment);
  setBlockWord(arena, block, OFFSET, offset);
  setBlockWord(arena, block, FILE_BYTES, lengthBytes);
  return block;
}

/** Where the entries of a cold block are. */
export function extentOf(arena: Arena, block: number): ExtentRef {
  return {
    segment: blockWord(arena, block, SEGMENT) >>> 0,
    offset: blockWord(arena, block, OFFSET) >>> 0,
    lengthBytes: blockWord(arena, block, FILE_BYTES) >>> 0,
    firstId: idBytes(arena, block, LEAST_ID),
    lastId: idBytes(arena, block, LAST_ENTRY_ID),
  };
}

/** An id of a block, as it is in files. */
export function idBytes(arena: Arena, block: number, word: number): Buffer {
  id.load(arena.i32[block >>> SEGMENT_SHIFT], ((block & SEGMENT_MASK) << 1) + word);
  const bytes = Buffer.allocUnsafe(ID_BYTES);
  storeId(bytes, 0, id);
  return bytes;
}

/** The header of a block of entries within a payload. */
export class BlockImage {
  payload: Buffer = Buffer.alloc(0);
  at = 0;

  /** Points it at a place; false behind the last image. */
  open(payload: Buffer, at: number): boolean {
    this.payload = payload;
    this.at = at;
    return at < payload.length;
  }

  /** The place of the next image. */
  get next(): number {
    return this.dataAt + this.word(USED);
  }

  get dataAt(): number {
    return this.at + DATA_AT;
  }

  word(word: number): number {
    return this.payload.readInt32LE(this.at + 4 * word);
  }

  loadId(word: number, into: StreamId): void {
    into.setWords(this.word(word), this.word(word + 1), this.word(word + 2), this.word(word + 3));
  }
}
