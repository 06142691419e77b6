// The payloads of DUMP and RESTORE: a value as in an RDB file, then the version and a checksum.
//
//   [ type ][ value … ][ AUX name bytes ]… [ version: 2 bytes ][ crc64: 8 bytes ]
//                       what the value has beyond what Redis knows of, which passes over it

import type { ValueReader } from '../../keyspace/value-type.ts';
import { readExtensions, writeExtensions } from './extension-fields.ts';
import { Crc64 } from './format/crc64.ts';
import {
  CHECKSUM_BYTES,
  LATEST_RDB_VERSION,
  RdbError,
  versionOfType,
} from './format/rdb-format.ts';
import { RdbReader } from './format/rdb-reader.ts';
import { type PieceReceiver, RdbWriter } from './format/rdb-writer.ts';
import { ValueCursor, type ValueTarget } from './value-cursor.ts';

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + CHECKSUM_BYTES;
/** Size of the writer's pieces: most payloads are small. */
const PIECE_BYTES = 1024;
const MAX_PIECE_BYTES = 1 << 20;

/** The payload of an entry's value. */
export function dumpValue(source: ValueTarget, ref: number, compresses: boolean): Buffer {
  const pieces: Buffer[] = [];
  writeValue(source, ref, compresses, (piece) => pieces.push(piece));
  const footer = Buffer.alloc(FOOTER_BYTES);
  const [first] = pieces;
  footer.writeUInt16LE(versionOfType(first[0]));
  const payload = Buffer.concat([...pieces, footer]);
  const checksum = new Crc64();
  checksum.update(payload, 0, payload.length - CHECKSUM_BYTES);
  checksum.write(payload, payload.length - CHECKSUM_BYTES);
  return payload;
}

/** Bytes that an entry's value has in a payload, without its type. */
export function serializedBytes(source: ValueTarget, ref: number, compresses: boolean): number {
  let total = -1;
  writeValue(source, ref, compresses, (piece) => {
    total += piece.length;
  });
  return total;
}

/** Writes the type, the value and the extensions of an entry. */
function writeValue(
  { entries, types }: ValueTarget,
  ref: number,
  compresses: boolean,
  receive: PieceReceiver,
): void {
  const { length } = entries.value(ref);
  const pieceBytes = Math.max(PIECE_BYTES, Math.min(length * 2, MAX_PIECE_BYTES));
  const writer = new RdbWriter(receive, { compresses, pieceBytes });
  const values = types.of(entries.typeOf(ref)).codec.writer;
  writer.byte(values.typeByte(entries, ref));
  if (values.write(writer, entries, ref) !== undefined)
    throw new Error('a writer without steps made one');
  writeExtensions(writer, values.extensions?.(entries, ref, false) ?? []);
  writer.flush();
}

/**
 * Whether a payload has a known version and the right checksum.
 * @param verifies whether the checksum must be right
 */
export function isIntact(payload: Buffer, verifies = true): boolean {
  const checksumAt = payload.length - CHECKSUM_BYTES;
  if (payload.length < FOOTER_BYTES) return false;
  if (payload.readUInt16LE(checksumAt - VERSION_BYTES) > LATEST_RDB_VERSION) return false;
  if (!verifies) return true;
  const checksum = new Crc64();
  checksum.update(payload, 0, checksumAt);
  return checksum.equals(payload, checksumAt);
}

/** A value of a type that Synap does not have yet. */
export interface UnknownValue {
  readonly type: string;
}

/**
 * Reads the value of a payload.
 * @returns a reader that stores it, or the name of an unknown type; undefined when the bytes are not a
 *   value. Bytes after the value that are no extensions are ignored, as in Redis.
 */
export function readPayload(
  target: ValueTarget,
  payload: Buffer,
): ValueReader | UnknownValue | undefined {
  const cursor = new ValueCursor(target);
  try {
    const input = RdbReader.of(payload.subarray(0, Math.max(0, payload.length - FOOTER_BYTES)));
    const byte = input.byte();
    const type = cursor.typeOf(byte);
    if (type === undefined) return undefined;
    cursor.begin(byte);
    while (!cursor.step(input));
    readExtensions(input, cursor);
    const { reader } = cursor;
    if (reader === undefined) return { type };
    return reader.isEmpty ? undefined : reader;
  } catch (error) {
    cursor.reader?.discard();
    if (error instanceof RdbError) return undefined;
    throw error;
  }
}
