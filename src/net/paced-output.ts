// A connection's output. What the socket takes at once goes straight to it. Behind what it has not taken,
// bytes gather in parts of some size, so that a slow reader of a million messages costs some hundred
// buffers. A pinned piece (the value of a key, a large argument) is sent slice by slice at the pace of all
// large transfers, and as the socket takes them; what comes behind it waits for its turn.
//
//   write ────────────────────────────────────────▶ socket        nothing waits
//   write ──▶ [ pinned piece, sent up to here ▌    ][ bytes ][ pinned piece ] … [ bytes gather │ room ]
//                                             └ slice ──▶ socket
//
// A slice is copied: its piece may change while the kernel has not taken all of it. There is one such copy
// for all sockets, as long as they take slices at once.
import type { PinnedPiece } from '../protocol/large-argument.ts';
import { PartList } from '../protocol/part-list.ts';
import type { ReplyPart } from '../protocol/reply.ts';
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
  /** What waits: the parts from #next on, and behind them what gathers. */
  #parts: readonly ReplyPart[] = [];
  #next = 0;
  readonly #gathering = new PartList();
  /** Bytes of pinned pieces that wait: they are no memory of this connection's. */
  pinnedBytes = 0;
  /** Bytes of the parts that wait, and how much of the first one was sent. */
  #waitingBytes = 0;
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
    return this.#output.unsentBytes + this.#waitingBytes + this.#gathering.bytes;
  }

  get #isWaiting(): boolean {
    return this.#next < this.#parts.length || !this.#gathering.isEmpty;
  }

  write(bytes: Buffer): void {
    if (this.#output.unsentBytes === 0 && !this.#isWaiting) this.#output.write(bytes);
    else this.#gathering.add(bytes);
  }

  /** Sends pinned bytes, and releases them then. */
  writePinned(piece: PinnedPiece): void {
    const isFirst = !this.#isWaiting;
    this.#gathering.addPart(piece);
    this.pinnedBytes += piece.length;
    if (isFirst && this.#output.unsentBytes === 0) this.#send();
  }

  /** Calls `done` once everything was handed to the socket: now, if nothing waits. */
  end(done: () => void): void {
    if (!this.#isWaiting) done();
    else this.#ended = done;
  }

  /** Drops what waits: the socket is closed. */
  close(): void {
    for (const part of this.#parts.slice(this.#next)) if (!Buffer.isBuffer(part)) part.release();
    this.#parts = [];
    this.#next = 0;
    this.#gathering.clear();
    this.#waitingBytes = 0;
    this.pinnedBytes = 0;
    this.#sent = 0;
    this.#ended = undefined;
  }

  goOn(): boolean {
    if (this.#output.unsentBytes === 0) this.#taken();
    return false;
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
    for (let part = this.#first(); part !== undefined; part = this.#first()) {
      if (Buffer.isBuffer(part)) {
        this.#next++;
        this.#waitingBytes -= part.length;
        this.#output.write(part);
      } else if (this.#pace.mayMove) {
        this.#pace.take(this.#sendSlice(part));
      } else {
        this.#pace.wait(this);
        return;
      }
      if (this.#output.unsentBytes > 0) return;
    }
    this.#ended?.();
  }

  /** The first part that waits. */
  #first(): ReplyPart | undefined {
    if (this.#next < this.#parts.length) return this.#parts[this.#next];
    this.#waitingBytes = this.#gathering.bytes;
    this.#parts = this.#gathering.take();
    this.#next = 0;
    return this.#parts[0];
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
    this.#waitingBytes -= end - start;
    this.pinnedBytes -= end - start;
    if (end === piece.length) {
      this.#next++;
      this.#sent = 0;
      piece.release();
    }
    this.#output.write(end - start === SLICE_BYTES ? slice : slice.subarray(0, end - start));
    if (this.#output.unsentBytes > 0) this.#slice = slice;
    else spare = slice;
    return end - start;
  }
}
