// Feeds a decoder piece by piece, as a connection does: what is incomplete is kept, together with
// what was decoded of it, and nothing is decoded before the bytes that it needs are there.
import {
  COMPLETE,
  INVALID,
  type PartialRequest,
  RequestDecoder,
} from '../../src/protocol/decoder.ts';
import { Request } from '../../src/protocol/request.ts';

/** Bytes around those that may be read, which look as if they belonged to the request. */
const SURROUNDINGS = Buffer.from('1\r\n$3\r\n*2\r\n');

/** What came of some bytes: requests, one character a byte, and the error that ended them. */
export interface Decoded {
  readonly requests: readonly (readonly string[])[];
  readonly error: string | undefined;
  /** Bytes that belong to no complete request. */
  readonly left: number;
}

/** A decoder and the bytes that it has not used up. */
export class Feed {
  readonly decoder = new RequestDecoder();
  readonly requests: string[][] = [];
  error: string | undefined;
  partial: PartialRequest | undefined;
  #kept = Buffer.alloc(0);

  /** Takes bytes that arrived. */
  push(bytes: Uint8Array): void {
    if (this.error !== undefined) return;
    this.#kept = Buffer.concat([this.#kept, bytes]);
    if (this.#kept.length < (this.partial?.neededBytes ?? 0)) return;
    const { decoder } = this;
    const start = this.requests.length % SURROUNDINGS.length;
    const buffer = Buffer.concat([SURROUNDINGS.subarray(0, start), this.#kept, SURROUNDINGS]);
    const end = start + this.#kept.length;
    decoder.reset(buffer, start, end, this.partial);
    this.partial = undefined;
    let result = decoder.next();
    while (result === COMPLETE) {
      this.requests.push(argumentsOf(decoder.request));
      // A request of a batch is decoded into an object of its own.
      decoder.request = new Request();
      result = decoder.next();
    }
    if (result === INVALID) this.error = decoder.error;
    else if (decoder.position < end) this.partial = decoder.suspend();
    if (decoder.position > end) throw new Error('decoded beyond the end');
    this.#kept = Buffer.from(buffer.subarray(decoder.position, end));
  }

  get outcome(): Decoded {
    return { requests: this.requests, error: this.error, left: this.#kept.length };
  }
}

/** The arguments of a request, one character a byte. */
export function argumentsOf(request: Request): string[] {
  return Array.from({ length: request.count }, (_, i) => request.latin1(i));
}

/** What comes of bytes that arrive in these pieces. */
export function decode(pieces: Iterable<Uint8Array>, prepare?: (feed: Feed) => void): Decoded {
  const feed = new Feed();
  prepare?.(feed);
  for (const piece of pieces) feed.push(piece);
  return feed.outcome;
}

/** The bytes, cut in front of each of the positions, which ascend. */
export function cut(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  return [0, ...positions].map((start, index) => bytes.subarray(start, positions[index]));
}

/** A request as an array of bulk strings. */
export function encode(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** One byte a character. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
