// One member of a set, as bytes or as an integer, whichever the set at hand needs: bytes are read as an integer, and an
// integer is written as digits, only when somebody asks, and once; so are bytes hashed.
import { Int64, MAX_INT64_BYTES, writeInt64 } from './int64.ts';

const NO_BYTES = Buffer.alloc(0);

/** What is known of the integer. */
const UNKNOWN = 0;
const IS_INTEGER = 1;
const IS_NONE = 2;

/** A member; see the head of this file. The bytes must stay for as long as it is used. */
export class Member {
  /** Its bytes, after `asBytes`. */
  buffer: Buffer = NO_BYTES;
  offset = 0;
  length = 0;
  /** Its integer, where `isInteger`. */
  readonly integer = new Int64();
  /** The hash of its bytes in tables of the keyspace, where `hasHash`. */
  hash = 0;
  hasHash = false;
  #known = UNKNOWN;
  #hasBytes = true;
  readonly #digits = Buffer.allocUnsafeSlow(MAX_INT64_BYTES);

  /** Sets it to bytes. */
  setBytes(buffer: Buffer, offset: number, length: number): void {
    this.buffer = buffer;
    this.offset = offset;
    this.length = length;
    this.hasHash = false;
    this.#known = UNKNOWN;
    this.#hasBytes = true;
  }

  /** Tells the hash of its bytes. */
  setHash(hash: number): void {
    this.hash = hash;
    this.hasHash = true;
  }

  /** Sets it to the integer that the caller has put into `integer`. */
  setInteger(): void {
    this.hasHash = false;
    this.#known = IS_INTEGER;
    this.#hasBytes = false;
  }

  /** Whether its bytes are the canonical form of a 64-bit integer, which is then in `integer`. */
  get isInteger(): boolean {
    if (this.#known === UNKNOWN) {
      const isInteger = this.integer.parse(this.buffer, this.offset, this.length);
      this.#known = isInteger ? IS_INTEGER : IS_NONE;
    }
    return this.#known === IS_INTEGER;
  }

  /** Whether `buffer`, `offset` and `length` are its bytes already. */
  get hasBytes(): boolean {
    return this.#hasBytes;
  }

  /** Makes `buffer`, `offset` and `length` its bytes. */
  asBytes(): void {
    if (this.#hasBytes) return;
    const { high, low } = this.integer;
    this.buffer = this.#digits;
    this.offset = 0;
    this.length = writeInt64(this.#digits, 0, high, low);
    this.#hasBytes = true;
  }
}
