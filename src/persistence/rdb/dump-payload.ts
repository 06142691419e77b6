// The payloads of DUMP and RESTORE: a value as in an RDB file, then the version and a checksum.
//
//   [ type ][ value … ][ version: 2 bytes ][ crc64: 8 bytes ]
import type { Database } from '../../keyspace/database.ts';
import type { Entries } from '../../keyspace/entries.ts';
import { Crc64 } from './crc64.ts';
import { CHECKSUM_BYTES, LATEST_RDB_VERSION, RDB_VERSION, RdbError } from './rdb-format.ts';
import { RdbReader } from './rdb-reader.ts';
import { type PieceReceiver, RdbWriter } from './rdb-writer.ts';
import type { ValueReader } from './value-reader.ts';
import { encodingOf, ValueCursor, writerOf } from './value-types.ts';

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + CHECKSUM_BYTES;
/** Most payloads are small. */
const PIECE_BYTES = 1024;
const MAX_PIECE_BYTES = 1 << 20;

/** The payload of an entry's value. */
export function dumpValue(db: Database, ref: number, compresses: boolean): Buffer {
  const pieces: Buffer[] = [];
  writeValue(db, ref, compresses, (piece) => pieces.push(piece));
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt16LE(RDB_VERSION);
  const payload = Buffer.concat([...pieces, footer]);
  const checksum = new Crc64();
  checksum.update(payload, 0, payload.length - CHECKSUM_BYTES);
  checksum.write(payload, payload.length - CHECKSUM_BYTES);
  return payload;
}

/** Bytes that an entry's value has in a file, without its type. */
export function serializedBytes(db: Database, ref: number, compresses: boolean): number {
  let total = -1;
  writeValue(db, ref, compresses, (piece) => {
    total += piece.length;
  });
  return total;
}

/** Writes the type and the value of an entry. */
function writeValue(db: Database, ref: number, compresses: boolean, receive: PieceReceiver): void {
  const { length } = db.value(ref);
  const pieceBytes = Math.max(PIECE_BYTES, Math.min(length * 2, MAX_PIECE_BYTES));
  const writer = new RdbWriter(receive, { compresses, pieceBytes });
  const values = writerOf(db.typeOf(ref));
  writer.byte(values.typeByte);
  if (values.write(writer, db, ref) !== undefined)
    throw new Error('a writer without steps made one');
  writer.flush();
}

/**
 * Whether a payload is of a version that is known and has the checksum that it tells.
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

/** A value of a type that there is not yet. */
export interface UnknownValue {
  readonly type: string;
}

/**
 * Reads the value of a payload.
 * @returns what stores it, or the name of its type; undefined when the bytes are no value. Bytes
 *   behind the value are ignored, as Redis ignores them.
 */
export function readPayload(
  entries: Entries,
  payload: Buffer,
): ValueReader | UnknownValue | undefined {
  const cursor = new ValueCursor(entries);
  try {
    const input = RdbReader.of(payload.subarray(0, Math.max(0, payload.length - FOOTER_BYTES)));
    const encoding = encodingOf(input.byte());
    if (encoding === undefined) return undefined;
    cursor.begin(encoding);
    while (!cursor.step(input));
    const { reader } = cursor;
    if (reader === undefined) return { type: encoding.type };
    return reader.isEmpty ? undefined : reader;
  } catch (error) {
    cursor.reader?.discard();
    if (error instanceof RdbError) return undefined;
    throw error;
  }
}
