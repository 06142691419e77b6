// Ids in RDB files: 16 bytes, the highest first, or two numbers that are written like lengths.
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import type { StreamId } from './stream-id.ts';

/** Bytes of an id. */
export const ID_BYTES = 16;

/** Reads an id of 16 bytes. */
export function loadId(buffer: Buffer, at: number, id: StreamId): void {
  id.setWords(
    buffer.readInt32BE(at),
    buffer.readInt32BE(at + 4),
    buffer.readInt32BE(at + 8),
    buffer.readInt32BE(at + 12),
  );
}

/** Writes an id of 16 bytes. */
export function storeId(buffer: Buffer, at: number, id: StreamId): void {
  buffer.writeInt32BE(id.msHigh, at);
  buffer.writeInt32BE(id.msLow, at + 4);
  buffer.writeInt32BE(id.seqHigh, at + 8);
  buffer.writeInt32BE(id.seqLow, at + 12);
}

/** Reads an id of two numbers. */
export function readId(input: RdbReader, id: StreamId): void {
  const ms = input.length64();
  const seq = input.length64();
  id.setWords(highWord(ms), lowWord(ms), highWord(seq), lowWord(seq));
}

/** Writes an id of two numbers. */
export function writeId(writer: RdbWriter, { msHigh, msLow, seqHigh, seqLow }: StreamId): void {
  writer.length64(numberOf(msHigh, msLow));
  writer.length64(numberOf(seqHigh, seqLow));
}

function highWord(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}

function lowWord(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

function numberOf(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
