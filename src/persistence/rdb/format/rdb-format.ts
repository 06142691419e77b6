// The numbers of the RDB format: versions, opcodes, and how lengths and strings are encoded; and the
// error for bytes that are not of it. The types of values are in rdb-types.ts.
//
// A file is a magic word with the version, then opcodes and keys, then the end with a checksum:
//
//   "REDIS0010" [ AUX name value ]…  [ SELECTDB n ][ RESIZEDB keys expiring ]  key…  EOF crc64
//   key:  [ AUX name bytes ]…  [ EXPIRETIME_MS time ][ IDLE seconds | FREQ counter ][ type ][ key ][ value ]
//         what the value has beyond what Redis knows of (ValueExtension)
//
// Sources: https://rdb.fnordig.de/file_format.html, https://github.com/sripathikrishnan/redis-rdb-tools/wiki

/** The version that Redis 7.0 writes, and Synap where all values have forms that Redis 7.0 can read. */
export const RDB_VERSION = 10;
/** The latest version that can be read, and is written where it is needed: that of Redis 7.4. */
export const LATEST_RDB_VERSION = 12;
/** The first type byte of values that need it: those of hashes whose fields expire. */
const FIRST_LATEST_TYPE = 22;

/** The version that a value with a type byte needs. */
export function versionOfType(byte: number): number {
  return byte < FIRST_LATEST_TYPE ? RDB_VERSION : LATEST_RDB_VERSION;
}

export const MAGIC = 'REDIS';
/** Bytes of the magic word and the version. */
export const HEADER_BYTES = 9;
export const CHECKSUM_BYTES = 8;
/** Files have a checksum from this version on. */
export const FIRST_VERSION_WITH_CHECKSUM = 5;

export const OP_SLOT_INFO = 244;
export const OP_FUNCTION2 = 245;
export const OP_FUNCTION_PRE_GA = 246;
export const OP_MODULE_AUX = 247;
export const OP_IDLE = 248;
export const OP_FREQ = 249;
export const OP_AUX = 250;
export const OP_RESIZEDB = 251;
export const OP_EXPIRETIME_MS = 252;
export const OP_EXPIRETIME = 253;
export const OP_SELECTDB = 254;
export const OP_EOF = 255;

/** First bytes of lengths of 32 and 64 bits; below them lengths of 6 and 14 bits begin. */
export const LENGTH_32_BITS = 0x80;
export const LENGTH_64_BITS = 0x81;
/** A first byte from this one on means an encoded string; its low 6 bits say how. */
export const ENCODED = 0xc0;
export const ENCODED_INT8 = 0;
export const ENCODED_INT16 = 1;
export const ENCODED_INT32 = 2;
export const ENCODED_LZF = 3;

/** Bytes that are not valid. */
export class RdbError extends Error {
  /** What is wrong, without the place. */
  readonly problem: string;
  /** Where it was noticed, in bytes from the beginning of the file or payload. */
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(`${problem} (at byte ${offset})`);
    this.name = 'RdbError';
    this.problem = problem;
    this.offset = offset;
  }
}
