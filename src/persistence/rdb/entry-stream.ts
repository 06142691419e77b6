// Writes the entries of a file. Most are written at once. The rest of a long value is written in steps, and as
// values follow one another in a file, entries that must be saved meanwhile are buffered. A value that is about to
// change while it is partly written is detached: the rest of it is serialised into memory, or preserved to be read
// later (ValueRest.detach).
//
//   entries ──────▶ main ──────────────────────▶ pieces, in the order of the file
//                    ▲ rest of a long value, in steps
//   entries that are │ about to change meanwhile
//              └──▶ aside ──▶ held: [ piece ][ piece ][ rest of another long value ][ piece ] …

import type { ValueRest } from '../../keyspace/value-type.ts';
import { type PieceReceiver, RdbWriter, type RdbWriterOptions } from './format/rdb-writer.ts';

/** Approximate bytes of values written in one step: some tenths of a millisecond. */
const STEP_BYTES = 64 * 1024;
/** Above this, each addition to the buffer also writes some of it: twice as much as it adds, in the end. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;
/** Most steps that one added entry runs. */
const MOST_STEPS = 8;

/** The stream; see the head of this file. */
export class EntryStream {
  readonly #emit: PieceReceiver;
  readonly #main: RdbWriter;
  readonly #aside: RdbWriter;
  /** The rest of the value that `main` is writing. */
  #rest: ValueRest | undefined;
  /** Whether that value is not detached yet. */
  #isAttached = false;
  #held: (Buffer | ValueRest)[] = [];
  #heldBytes = 0;
  /** Collects what `main` writes while it must not be emitted yet. */
  #collected: Buffer[] | undefined;
  /** Bytes that additions to the buffer still have to write, in steps. */
  #owedBytes = 0;

  /** @param emit receives the pieces, in the file's order */
  constructor(emit: PieceReceiver, options: Omit<RdbWriterOptions, 'stepBytes' | 'spares'>) {
    this.#emit = emit;
    const both = { ...options, stepBytes: STEP_BYTES };
    this.#main = new RdbWriter((piece) => {
      if (this.#collected === undefined) emit(piece);
      else this.#collected.push(piece);
    }, both);
    this.#aside = new RdbWriter((piece) => this.#hold(piece), {
      ...both,
      spares: this.#main.spares,
    });
  }

  /** The writer for the next entry, or part of the file. */
  get writer(): RdbWriter {
    return this.isBusy ? this.#aside : this.#main;
  }

  /** Whether a value is partly written, or buffered entries are not all written. */
  get isBusy(): boolean {
    return this.#rest !== undefined || this.#held.length > 0 || !this.#aside.isFlushed;
  }

  /** Returns a piece that is not used any more, to be reused. */
  recycle(piece: Buffer): void {
    this.#main.recycle(piece);
  }

  /** Registers the rest of the value that was just written to `writer`; the stream is not busy. */
  begin(rest: ValueRest): void {
    this.#rest = rest;
    this.#isAttached = true;
  }

  /** As `begin`, for a value that is about to change; the stream may be busy. */
  beginDetached(rest: ValueRest): void {
    if (!this.isBusy) {
      this.begin(rest);
      this.detach();
    } else if (rest.detach(this.#aside)) {
      this.#aside.flush();
      this.#held.push(rest);
    }
  }

  /** Detaches the partly written value, which is about to change. */
  detach(): void {
    if (!this.#isAttached || this.#rest === undefined) return;
    this.#isAttached = false;
    const collected: Buffer[] = [];
    this.#collected = collected;
    try {
      if (this.#rest.detach(this.#main)) return;
      this.#rest = undefined;
      this.#main.flush();
    } finally {
      this.#collected = undefined;
    }
    for (const piece of collected) this.#count(piece);
    this.#held = [...collected, ...this.#held];
  }

  /** Writes some more; returns whether anything is left. */
  step(): boolean {
    if (this.#rest !== undefined) {
      if (this.#rest.step(this.#main)) return true;
      this.#rest = undefined;
      this.#isAttached = false;
      // Buffered entries follow it; if there are none, the next writes do.
      if (this.isBusy) this.#main.flush();
      return this.isBusy;
    }
    if (this.#held.length === 0) this.#aside.flush();
    const next = this.#held.shift();
    if (Buffer.isBuffer(next)) {
      this.#heldBytes -= next.length;
      this.#emit(next);
    } else {
      this.#rest = next;
    }
    return this.isBusy;
  }

  /** To be called after an entry was added: writes its share of the buffer, if that is too large. */
  settle(): void {
    if (this.#owedBytes === 0) return;
    this.#owedBytes = Math.min(this.#owedBytes, 2 * this.#heldBytes);
    for (let i = 0; i < MOST_STEPS && this.#owedBytes > 0 && this.isBusy; i++) {
      this.#owedBytes = Math.max(0, this.#owedBytes - STEP_BYTES);
      this.step();
    }
  }

  /** Emits all that was written. */
  flush(): void {
    while (this.isBusy) this.step();
    this.#main.flush();
  }

  /** Gives up what is not written yet. */
  abandon(): void {
    this.#rest?.abandon();
    for (const next of this.#held) if (!Buffer.isBuffer(next)) next.abandon();
  }

  #hold(piece: Buffer): void {
    this.#count(piece);
    this.#held.push(piece);
  }

  #count({ length }: Buffer): void {
    this.#heldBytes += length;
    if (this.#heldBytes > MOST_HELD_BYTES) this.#owedBytes += 2 * length;
  }
}
