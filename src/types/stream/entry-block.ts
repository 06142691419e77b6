// A block of entries: what a node of Redis's radix tree has, a listpack, in fewer bytes. Blocks begin and end where
// Redis's do, so that `~` trims the same entries, and DUMP makes the same listpacks.
//
//   word 0 … 5                6           7       8     9        10              11          12 … 15   bytes from 64 on
//   [ header (id-blocks.ts) ][ overflow ][ used ][ live ][ deleted ][ packed bytes ][ master    ][ last id ][ data … ]
//
//   data:     [ master ][ entry ][ entry ] …                    where the overflow block is, if there is one
//   master:   [ n ][ n × field's length ][ n × value's length ][ n × field ]         numbers are varints
//   entry:    [ head ][ id ][ lengths ][ bytes ]
//
//   head, bit 0   it is deleted, as in Redis only marked as such
//         1       its fields are those of the master: only its values follow
//         2       its values have the lengths of the master: no lengths follow
//         3 … 5   how its id follows from that of the entry before, which is the least id of the block at first:
//                 NEXT_SEQ       the same ms, the next seq                       nothing follows
//                 MS_8, MS_16    some more ms, seq 0                             the difference in 1 or 2 bytes
//                 SEQ            the same ms, a greater seq                      the difference
//                 FULL           more ms, any seq                                the difference, and seq
//   lengths       with the master's fields: n of values; otherwise n, then n × (field's, value's)
//   bytes         with the master's fields: n values; otherwise n × (field, value)
//
// An entry of two values of 16 bytes, with the usual ids, takes 33 or 34 bytes; in a listpack it takes 44.
// `packed bytes` is the length of the listpack without its first two elements, which are the counts.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { BLOCK_HEADER_WORDS, blockWord, SHAPE } from './id-blocks.ts';
import { IS_OVERFLOW, OVERFLOW_ID } from './shared-blocks.ts';

/** Words of a block. */
export const USED: number = BLOCK_HEADER_WORDS + 1;
export const LIVE: number = BLOCK_HEADER_WORDS + 2;
export const DELETED: number = BLOCK_HEADER_WORDS + 3;
export const PACKED_BYTES: number = BLOCK_HEADER_WORDS + 4;
export const MASTER_BYTES: number = BLOCK_HEADER_WORDS + 5;
export const LAST_ENTRY_ID: number = BLOCK_HEADER_WORDS + 6;
/** Bytes before the data, where these are in the block itself. */
export const DATA_AT: number = (BLOCK_HEADER_WORDS + 10) * 4;

/** Bits of an entry's head. */
export const IS_DELETED = 1;
export const SAME_FIELDS = 2;
export const SAME_LENGTHS = 4;
export const ID_SHIFT = 3;
/** How ids follow from one another. */
export const NEXT_SEQ = 0;
export const MS_8 = 1;
export const MS_16 = 2;
export const SEQ = 3;
export const FULL = 4;

/** Where the data of a block are. */
export class BlockData {
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  /** Bytes that there is room for. */
  capacity = 0;

  locate(arena: Arena, block: number): void {
    const shape = blockWord(arena, block, SHAPE);
    if ((shape & IS_OVERFLOW) !== 0) {
      this.buffer = arena.overflow.get(blockWord(arena, block, OVERFLOW_ID));
      this.start = 0;
      this.capacity = this.buffer.length;
      return;
    }
    this.buffer = arena.u8[block >>> SEGMENT_SHIFT];
    this.start = ((block & SEGMENT_MASK) << 3) + DATA_AT;
    this.capacity = arena.blockBytes(shape & 0xff) - DATA_AT;
  }
}

/** Bytes of a number 0 … 2^32 - 1 as a varint. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes a number 0 … 2^32 - 1; returns the position after it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest > 0x7f) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position;
}

/** Bytes of a 64-bit number without a sign as a varint. */
export function varint64Bytes(high: number, low: number): number {
  if (high === 0) return varintBytes(low >>> 0);
  let bytes = 4;
  // 28 bits are in the first four bytes; four of the low word are left.
  let rest = (high >>> 0) * 16 + (low >>> 28);
  do {
    bytes++;
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

/** Writes a 64-bit number without a sign; returns the position after it. */
export function writeVarint64(target: Uint8Array, at: number, high: number, low: number): number {
  let position = at;
  let highRest = high >>> 0;
  let lowRest = low >>> 0;
  while (highRest !== 0 || lowRest > 0x7f) {
    target[position++] = (lowRest & 0x7f) | 0x80;
    lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
    highRest >>>= 7;
  }
  target[position++] = lowRest;
  return position;
}

/** Bytes of an integer as an element of a listpack. */
export function packedIntegerBytes(value: number): number {
  if (value >= 0 && value <= 127) return 2;
  if (value >= -4096 && value <= 4095) return 3;
  if (value >= -32768 && value <= 32767) return 4;
  if (value >= -8388608 && value <= 8388607) return 5;
  return value >= -2147483648 && value <= 2147483647 ? 6 : 10;
}
