// Where the entries of a file go. Most are written whole. The rest of a long value is written in steps,
// and as a file has one value after another, what has to be written meanwhile is held until it is its
// turn. A value that is about to change while a part of it is written is detached: what is left of it is
// serialised into memory, or can be read later as it is now (value-reader.ts).
//
//   entries ──────▶ main ──────────────────────▶ pieces, in the order of the file
//                    ▲ rest of a long value, in steps
//   entries that are │ about to change meanwhile
//              └──▶ aside ──▶ held: [ piece ][ piece ][ rest of another long value ][ piece ] …

import type { ValueRest } from '../../keyspace/value-type.ts';
import { type PieceReceiver, RdbWriter, type RdbWriterOptions } from './format/rdb-writer.ts';

/** Bytes of values that are written in one step, about: some tenths of a millisecond. */
const STEP_BYTES = 64 * 1024;
/** Above this, who adds to what is held writes some of it: twice as much as is added, in the end. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;
/** Steps that one entry has to wait for at most. */
const MOST_STEPS = 8;

/** The stream; see the head of this file. */
export class EntryStream {
  readonly #emit: PieceReceiver;
  readonly #main: RdbWriter;
  readonly #aside: RdbWriter;
  /** The rest of the value that `main` is within. */
  #rest: ValueRest | undefined;
  /** Whether that is not detached yet. */
  #isAttached = false;
  #held: (Buffer | ValueRest)[] = [];
  #heldBytes = 0;
  /** Takes what `main` writes while that must not leave. */
  #collected: Buffer[] | undefined;
  /** Bytes that are to be written, in steps, by those who add to what is held. */
  #owedBytes = 0;

  /** @param emit is given the pieces, in the file's order */
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

  /** What the next entry, or part of the file, is to be written to. */
  get writer(): RdbWriter {
    return this.isBusy ? this.#aside : this.#main;
  }

  /** Whether the file is within a value, or what was held meanwhile has not all left. */
  get isBusy(): boolean {
    return this.#rest !== undefined || this.#held.length > 0 || !this.#aside.isFlushed;
  }

  /** Takes a piece back that nobody reads any more, to be filled again. */
  recycle(piece: Buffer): void {
    this.#main.recycle(piece);
  }

  /** What was written to `writer` goes on with the rest of a value; the stream is not busy. */
  begin(rest: ValueRest): void {
    this.#rest = rest;
    this.#isAttached = true;
  }

  /** As `begin`, busy or not: the value is about to change. */
  beginDetached(rest: ValueRest): void {
    if (!this.isBusy) {
      this.begin(rest);
      this.detach();
    } else if (rest.detach(this.#aside)) {
      this.#aside.flush();
      this.#held.push(rest);
    }
  }

  /** The value that the file is within is about to change. */
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

  /** Goes on with what is not written yet; returns whether there is more. */
  step(): boolean {
    if (this.#rest !== undefined) {
      if (this.#rest.step(this.#main)) return true;
      this.#rest = undefined;
      this.#isAttached = false;
      // What was held follows it; if that is nothing, so does what will be written next.
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

  /** To be called after an entry was added: has its share of what is held written, if that is too much. */
  settle(): void {
    if (this.#owedBytes === 0) return;
    this.#owedBytes = Math.min(this.#owedBytes, 2 * this.#heldBytes);
    for (let i = 0; i < MOST_STEPS && this.#owedBytes > 0 && this.isBusy; i++) {
      this.#owedBytes = Math.max(0, this.#owedBytes - STEP_BYTES);
      this.step();
    }
  }

  /** All that was written leaves. */
  flush(): void {
    while (this.isBusy) this.step();
    this.#main.flush();
  }

  /** Nothing more of what is not written will be. */
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
