// One request, seen as offsets into the bytes it arrived in: nothing is copied, and the view is
// valid only until its handler returns. Argument 0 is the command's name. A large argument has its bytes
// elsewhere (large-argument.ts): where commands look at `buffer`, dispatch has seen to it that there is none
// but those that the command's row admits (`gather`).
import { parseInteger } from './integer.ts';
import { type LargeArgument, LargeArguments } from './large-argument.ts';

const INITIAL_ARGUMENTS = 16;
/** No word that means something is longer. */
const MAX_WORD_BYTES = 128;
/** Arguments from this one on keep no hash. */
const HASHED_ARGUMENTS = 48;

/** Arguments that a request gave away, or takes over. */
export interface ArgumentList {
  readonly count: number;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly large: LargeArguments | undefined;
}

/**
 * The arguments of a request; `argument i` below means 0 ≤ i < count. Whoever reads behind them finds
 * an empty argument, never one of an earlier request.
 */
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
  /** A request of the same pipeline, before this one, that has the same argument 1, if it is known. */
  sameKeyAs: Request | undefined = undefined;
  /** The argument whose hash is `memberHash`: a member that will likely be looked up (MemberPrefetcher). 0: none. */
  memberAt = 0;
  memberHash = 0;
  /** Those of the arguments whose bytes lie elsewhere; undefined exactly while there are none. */
  large: LargeArguments | undefined = undefined;
  /** Bit i is set when argument i is secret; bit 31 stands for all arguments from 31 on. */
  #secrets = 0;
  /** Slots from here on are empty; those between `count` and here may be of an earlier request. */
  #used = 0;

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
    copy.reserve(this.count);
    copy.count = this.count;
    copy.lengths.set(this.lengths.subarray(0, this.count));
    copy.buffer = this.#compact(copy.offsets, this.large);
    copy.#secrets = this.#secrets;
    copy.large = this.large?.share();
    return copy;
  }

  /** Forgets all arguments; the next request begins. */
  clear(): void {
    if (this.count > this.#used) this.#used = this.count;
    this.count = 0;
    this.#secrets = 0;
    this.hashedTo = 0;
    this.sameKeyAs = undefined;
    this.memberAt = 0;
    if (this.large !== undefined) this.releaseLarge();
  }

  /** Keeps the hash of argument i, which is no key. */
  keepMemberHash(i: number, hash: number): void {
    this.memberAt = i;
    this.memberHash = hash;
  }

  /** Adds a large argument; the room for it has been reserved. Who calls this no longer keeps it. */
  pushLarge(argument: LargeArgument): void {
    this.large ??= new LargeArguments();
    this.large.add(this.count, argument);
    this.push(0, argument.length);
  }

  /** Lets go of the large arguments: the request has been run. */
  releaseLarge(): void {
    this.large?.release();
    this.large = undefined;
  }

  /**
   * Copies large arguments to where the others are, except those that the caller can do with.
   * @param first index of the first of these; 0 when there are none
   * @param step from one of them to the next; 0 when the first is the only one
   */
  gather(first: number, step: number): void {
    const { large } = this;
    if (large === undefined) return;
    const isKept = (i: number) =>
      first > 0 && (i === first || (step > 0 && i > first && (i - first) % step === 0));
    const gathered = large.indexes.filter((i) => !isKept(i));
    if (gathered.length === 0) return;
    const kept = new LargeArguments();
    for (const i of large.indexes) {
      const argument = large.at(i);
      if (argument !== undefined && isKept(i)) kept.add(i, argument);
    }
    this.buffer = this.#compact(this.offsets, kept);
    for (const i of gathered) large.drop(i);
    if (large.indexes.length === 0) this.large = undefined;
  }

  /** The bytes of all arguments, except large ones that lie elsewhere, in one buffer; notes where each is. */
  #compact(offsets: Int32Array, elsewhere: LargeArguments | undefined): Buffer {
    let sizeBytes = 0;
    for (let i = 0; i < this.count; i++) {
      if (elsewhere?.at(i) === undefined) sizeBytes += this.lengths[i];
    }
    const buffer = Buffer.allocUnsafeSlow(sizeBytes);
    let offset = 0;
    for (let i = 0; i < this.count; i++) {
      if (elsewhere?.at(i) !== undefined) {
        offsets[i] = 0;
        continue;
      }
      const bytes = this.bytes(i);
      offsets[i] = offset;
      offset += bytes.copy(buffer, offset);
    }
    return buffer;
  }

  /** To be called when all arguments are there: empties what an earlier request left behind them. */
  seal(): void {
    const { count } = this;
    if (count < this.#used) {
      this.offsets.fill(0, count, this.#used);
      this.lengths.fill(0, count, this.#used);
    }
    this.#used = count;
  }

  /** Keeps the hash of argument i, a key: those before it are kept, or are no keys. */
  keepHash(i: number, hash: number): void {
    if (i <= this.hashedTo || i >= HASHED_ARGUMENTS) return;
    this.hashes[i] = hash;
    this.hashedTo = i;
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
    this.sameKeyAs = other;
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
    this.gather(0, 0);
    tail.buffer = this.buffer;
    tail.reserve(this.count - first);
    for (let i = first; i < this.count; i++) tail.push(this.offsets[i], this.lengths[i]);
    return tail;
  }

  /** Gives its arguments away, in arrays that the receiver owns, and has none any more. */
  release(): ArgumentList {
    const { count, offsets, lengths, large } = this;
    this.large = undefined;
    this.clear();
    // An earlier request may have left arrays much larger than these few arguments need.
    if (offsets.length > 2 * Math.max(count, INITIAL_ARGUMENTS)) {
      return { count, offsets: offsets.slice(0, count), lengths: lengths.slice(0, count), large };
    }
    this.offsets = new Int32Array(INITIAL_ARGUMENTS);
    this.lengths = new Int32Array(INITIAL_ARGUMENTS);
    this.#used = 0;
    return { count, offsets, lengths, large };
  }

  /** Takes arguments over that `release` gave away. */
  adopt({ count, offsets, lengths, large }: ArgumentList): void {
    this.count = count;
    this.offsets = offsets;
    this.lengths = lengths;
    this.large = large;
    this.#used = offsets.length;
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
    if (this.large !== undefined) {
      const large = this.large.at(i);
      if (large !== undefined) return large.bytes;
    }
    return this.buffer.subarray(this.offsets[i], this.offsets[i] + this.lengths[i]);
  }

  /** Argument i as a copy that may be kept. */
  copy(i: number): Buffer {
    return Buffer.from(this.bytes(i));
  }

  /** Argument i, one character a byte. */
  latin1(i: number): string {
    if (this.large !== undefined) return this.bytes(i).toString('latin1');
    return this.buffer.toString('latin1', this.offsets[i], this.offsets[i] + this.lengths[i]);
  }

  /** The first bytes of argument i, at most so many; one character a byte. */
  start(i: number, maxBytes: number): string {
    return this.bytes(i).toString('latin1', 0, maxBytes);
  }

  /**
   * Argument i in lower case, to be looked for among the words that mean something; '' when it is longer
   * than any of them. (Text that is made of arguments of any length would fill the heap.)
   */
  word(i: number): string {
    return this.lengths[i] > MAX_WORD_BYTES ? '' : this.latin1(i).toLowerCase();
  }

  /** Argument i as text, decoded from UTF-8. */
  text(i: number): string {
    if (this.large !== undefined) return this.bytes(i).toString('utf8');
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
