// A connection's output, large pieces included. What is small goes straight to the socket. A pinned piece
// (the value of a key, a large argument) is sent slice by slice at the pace of all large transfers, and as
// the socket takes them; what comes behind it waits for its turn.
//
//   write ────────────────────────────────────────▶ socket        nothing waits
//   write ──▶ [ pinned piece, sent up to here ▌    ][ bytes ][ pinned piece ] …
//                                             └ slice ──▶ socket
//
// A slice is copied: its piece may change while the kernel has not taken all of it. There is one such copy
// for all sockets, as long as they take slices at once.
import type { PinnedPiece } from '../protocol/large-argument.ts';
import type { Output } from './output.ts';
import type { Pace, Paced } from './pace.ts';

/** Bytes of a slice. */
const SLICE_BYTES = 256 * 1024;

/** The buffer for the next slice, unless it is under way. */
let spare: Buffer | undefined;

/** See the head of this file. */
export class PacedOutput implements Output, Paced {
  readonly #output: Output;
  readonly #pace: Pace;
  readonly #drained: () => void;
  /** What waits behind a pinned piece, and that itself; undefined when nothing waits. */
  #queue: (Buffer | PinnedPiece)[] | undefined;
  #queuedBytes = 0;
  /** How much of the first piece was sent. */
  #sent = 0;
  /** The slice that the socket has not taken. */
  #slice: Buffer | undefined;
  /** To be called when everything was handed to the socket. */
  #ended: (() => void) | undefined;

  /**
   * @param open makes the output beneath; is given what that calls when all of its bytes were taken
   * @param drained called whenever `unsentBytes` gets back to 0
   */
  constructor(open: (drained: () => void) => Output, pace: Pace, drained: () => void) {
    this.#output = open(() => this.#taken());
    this.#pace = pace;
    this.#drained = drained;
  }

  get unsentBytes(): number {
    return this.#output.unsentBytes + this.#queuedBytes;
  }

  write(bytes: Buffer): void {
    if (this.#queue === undefined) {
      this.#output.write(bytes);
    } else {
      this.#queue.push(bytes);
      this.#queuedBytes += bytes.length;
    }
  }

  /** Sends pinned bytes, and releases them then. */
  writePinned(piece: PinnedPiece): void {
    const isFirst = this.#queue === undefined;
    this.#queue ??= [];
    this.#queue.push(piece);
    this.#queuedBytes += piece.length;
    if (isFirst && this.#output.unsentBytes === 0) this.#send();
  }

  /** Calls `done` once everything was handed to the socket: now, if nothing waits. */
  end(done: () => void): void {
    if (this.#queue === undefined) done();
    else this.#ended = done;
  }

  /** Drops what waits: the socket is closed. */
  close(): void {
    for (const piece of this.#queue ?? []) if (!Buffer.isBuffer(piece)) piece.release();
    this.#queue = undefined;
    this.#queuedBytes = 0;
    this.#ended = undefined;
  }

  goOn(): void {
    if (this.#output.unsentBytes === 0) this.#taken();
  }

  /** The socket has taken all that it was given. */
  #taken(): void {
    spare ??= this.#slice;
    this.#slice = undefined;
    this.#send();
    if (this.unsentBytes === 0) this.#drained();
  }

  /** Sends what waits, as far as the socket takes it and the pace allows. */
  #send(): void {
    const queue = this.#queue;
    while (queue !== undefined && queue === this.#queue && queue.length > 0) {
      const [first] = queue;
      if (Buffer.isBuffer(first)) {
        queue.shift();
        this.#queuedBytes -= first.length;
        this.#output.write(first);
      } else {
        const length = this.#sendSlice(first);
        if (!this.#pace.take(length)) {
          if (this.#output.unsentBytes === 0) this.#pace.wait(this);
          return;
        }
      }
      if (this.#output.unsentBytes > 0) return;
    }
    if (queue === undefined || queue !== this.#queue) return;
    this.#queue = undefined;
    this.#ended?.();
  }

  /** Sends the next slice of the first piece that waits; returns its length. */
  #sendSlice(piece: PinnedPiece): number {
    const start = this.#sent;
    const end = Math.min(start + SLICE_BYTES, piece.length);
    const slice = spare ?? Buffer.allocUnsafeSlow(SLICE_BYTES);
    spare = undefined;
    piece.copyTo(slice, 0, start, end);
    piece.neededFrom = end;
    this.#sent = end;
    this.#queuedBytes -= end - start;
    if (end === piece.length) {
      this.#queue?.shift();
      this.#sent = 0;
      piece.release();
    }
    this.#output.write(end - start === SLICE_BYTES ? slice : slice.subarray(0, end - start));
    if (this.#output.unsentBytes > 0) this.#slice = slice;
    else spare = slice;
    return end - start;
  }
}
