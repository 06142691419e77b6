// One request, seen as offsets into the bytes it arrived in: nothing is copied, and the view is
// valid only until its handler returns. Argument 0 is the command's name.
import { parseInteger } from './integer.ts';

const INITIAL_ARGUMENTS = 16;
/** Arguments from this one on keep no hash. */
const HASHED_ARGUMENTS = 48;

/** The arguments of a request; `argument i` below means 0 ≤ i < count. */
export class Request {
  /** The bytes that the offsets refer to. */
  buffer: Buffer = Buffer.alloc(0);
  /** Number of arguments, the command's name included. */
  count = 0;
  /** Where each argument starts in `buffer`, and how many bytes it has. */
  offsets: Int32Array = new Int32Array(INITIAL_ARGUMENTS);
  lengths: Int32Array = new Int32Array(INITIAL_ARGUMENTS);
  /** Hashes of the keys among the arguments 1 … `hashedTo`, by argument (Database.hashKey). */
  readonly hashes = new Int32Array(HASHED_ARGUMENTS);
  hashedTo = 0;
  /** Bit i is set when argument i is secret; bit 31 stands for all arguments from 31 on. */
  #secrets = 0;

  /** A request that owns its bytes, made of whole arguments (for replay, queues and tests). */
  static of(args: readonly (string | Uint8Array)[]): Request {
    const request = new Request();
    const buffers = args.map((arg) => (typeof arg === 'string' ? Buffer.from(arg) : arg));
    request.buffer = Buffer.concat(buffers);
    request.reserve(args.length);
    let offset = 0;
    for (const bytes of buffers) {
      request.push(offset, bytes.length);
      offset += bytes.length;
    }
    return request;
  }

  /** A copy that owns its bytes, so it outlives the handler. */
  clone(): Request {
    const copy = new Request();
    const count = this.count;
    let sizeBytes = 0;
    for (let i = 0; i < count; i++) sizeBytes += this.lengths[i];
    copy.buffer = Buffer.allocUnsafeSlow(sizeBytes);
    copy.reserve(count);
    let offset = 0;
    for (let i = 0; i < count; i++) {
      const start = this.offsets[i];
      this.buffer.copy(copy.buffer, offset, start, start + this.lengths[i]);
      copy.push(offset, this.lengths[i]);
      offset += this.lengths[i];
    }
    copy.#secrets = this.#secrets;
    return copy;
  }

  /** Forgets all arguments; the next request begins. */
  clear(): void {
    this.count = 0;
    this.#secrets = 0;
    this.hashedTo = 0;
  }

  /** Takes over the hash of argument 1 from a request with the same bytes there; whether it has them. */
  sharesKey(other: Request): boolean {
    const length = this.lengths[1];
    if (other.hashedTo !== 1 || other.lengths[1] !== length) return false;
    const { buffer } = this;
    const at = this.offsets[1];
    const otherAt = other.offsets[1];
    // Different keys mostly differ in their last bytes.
    for (let i = length - 1; i >= 0; i--) {
      if (buffer[at + i] !== other.buffer[otherAt + i]) return false;
    }
    this.hashes[1] = other.hashes[1];
    this.hashedTo = 1;
    return true;
  }

  /** Marks argument i as one that the slow log and MONITOR must not show (a password). */
  redact(i: number): void {
    this.#secrets |= 1 << Math.min(i, 31);
  }

  /** Whether argument i must not be shown. */
  isSecret(i: number): boolean {
    return (this.#secrets & (1 << Math.min(i, 31))) !== 0;
  }

  /** The arguments from `first` on as a request of their own, on the same bytes. */
  tail(first: number): Request {
    const tail = new Request();
    tail.buffer = this.buffer;
    tail.reserve(this.count - first);
    for (let i = first; i < this.count; i++) tail.push(this.offsets[i], this.lengths[i]);
    return tail;
  }

  /** Gives its arguments away, in arrays that the receiver owns, and has none any more. */
  release(): {
    readonly count: number;
    readonly offsets: Int32Array;
    readonly lengths: Int32Array;
  } {
    const { count, offsets, lengths } = this;
    this.count = 0;
    // An earlier request may have left arrays much larger than these few arguments need.
    if (offsets.length > 2 * Math.max(count, INITIAL_ARGUMENTS)) {
      return { count, offsets: offsets.slice(0, count), lengths: lengths.slice(0, count) };
    }
    this.offsets = new Int32Array(INITIAL_ARGUMENTS);
    this.lengths = new Int32Array(INITIAL_ARGUMENTS);
    return { count, offsets, lengths };
  }

  /** Takes arguments over that `release` gave away. */
  adopt(count: number, offsets: Int32Array, lengths: Int32Array): void {
    this.count = count;
    this.offsets = offsets;
    this.lengths = lengths;
  }

  /** Adds an argument; the room for it has been reserved. */
  push(offset: number, length: number): void {
    this.offsets[this.count] = offset;
    this.lengths[this.count++] = length;
  }

  /** Makes room for `count` arguments in all. */
  reserve(count: number): void {
    if (count <= this.offsets.length) return;
    const size = Math.max(count, this.offsets.length * 2);
    const offsets = new Int32Array(size);
    const lengths = new Int32Array(size);
    offsets.set(this.offsets.subarray(0, this.count));
    lengths.set(this.lengths.subarray(0, this.count));
    this.offsets = offsets;
    this.lengths = lengths;
  }

  /** Argument i as a view on the request's bytes: do not keep it. */
  bytes(i: number): Buffer {
    return this.buffer.subarray(this.offsets[i], this.offsets[i] + this.lengths[i]);
  }

  /** Argument i as a copy that may be kept. */
  copy(i: number): Buffer {
    return Buffer.from(this.bytes(i));
  }

  /** Argument i, one character a byte. */
  latin1(i: number): string {
    return this.buffer.toString('latin1', this.offsets[i], this.offsets[i] + this.lengths[i]);
  }

  /** Argument i as C reads it: up to its first NUL byte; one character a byte. */
  latin1UntilNul(i: number): string {
    return this.latin1(i).split('\0', 1)[0];
  }

  /** Argument i as text, decoded from UTF-8. */
  text(i: number): string {
    return this.buffer.toString('utf8', this.offsets[i], this.offsets[i] + this.lengths[i]);
  }

  /**
   * Argument i as a decimal 64-bit integer in Redis's strict form (no sign but '-', no leading
   * zeros, no spaces). NaN when it is not one; a magnitude beyond 2^53 comes rounded, as a double.
   */
  integer(i: number): number {
    return parseInteger(this.buffer, this.offsets[i], this.lengths[i]);
  }

  /** Argument i as an exact 64-bit integer, or undefined when it is not one. */
  bigint(i: number): bigint | undefined {
    const value = this.integer(i);
    if (Number.isNaN(value)) return undefined;
    return Number.isSafeInteger(value) ? BigInt(value) : BigInt(this.latin1(i));
  }

  /** Whether argument i is `word`, which is in lower case, in any mixture of cases. */
  is(i: number, word: string): boolean {
    const length = this.lengths[i];
    if (length !== word.length) return false;
    const buffer = this.buffer;
    const offset = this.offsets[i];
    for (let k = 0; k < length; k++) {
      let byte = buffer[offset + k];
      if (byte >= 65 && byte <= 90) byte |= 32;
      if (byte !== word.charCodeAt(k)) return false;
    }
    return true;
  }
}
