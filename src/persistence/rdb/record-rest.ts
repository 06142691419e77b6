// Writes collections whose records are in a table of their own (keyspace/record-tables.ts) to RDB files: their
// number, and each of them. A large one takes several steps. If it changes before the last one, a record that is not
// written yet is written aside before it changes, and goes into the file with the next step: a change costs as much as
// one record, and the file has the collection as it was.
import type { Entries } from '../../keyspace/entries.ts';
import type { RecordTables } from '../../keyspace/record-tables.ts';
import type { ValueRest } from '../../keyspace/value-type.ts';
import type { RecordWalk } from '../../structures/record-walk.ts';
import { RdbWriter } from './format/rdb-writer.ts';

/** Writes one record. */
export type RecordWriter = (writer: RdbWriter, ref: number) => void;

/** An order of records; while a collection does not change, it is written in it. */
export interface RecordOrder {
  /** The next record; 0 after the last. */
  next(): number;
}

/** Records written between two looks at how much was written. */
const BATCH = 32;
/** Weight of a record in a step, in addition to its bytes. */
const RECORD_WEIGHT = 16;

/**
 * Writes the number of records and all of them, or begins to.
 * @param order absent: any
 * @returns the writer of the rest, if that is too much for one step
 */
export function writeRecords(
  writer: RdbWriter,
  entries: Entries,
  tables: RecordTables,
  root: number,
  write: RecordWriter,
  order?: RecordOrder,
): ValueRest | undefined {
  const length = tables.length(root);
  writer.length(length);
  if (tables.bytes(root) + length * RECORD_WEIGHT > writer.stepBytes) {
    const rest = RecordRest.begin(entries, tables, root, write, order);
    if (rest !== undefined) return rest;
  }
  if (order === undefined) {
    tables.viewOf(root).scan(0, Number.POSITIVE_INFINITY, (ref) => write(writer, ref));
  } else {
    for (let ref = order.next(); ref !== 0; ref = order.next()) write(writer, ref);
  }
  return undefined;
}

/** The rest of a large collection; see the head of this file. */
class RecordRest implements ValueRest {
  readonly #entries: Entries;
  readonly #tables: RecordTables;
  readonly #write: RecordWriter;
  readonly #walk: RecordWalk;
  /** The order in which records are written; undefined: that of the table. */
  #order: RecordOrder | undefined;
  /** Where records go at present. */
  #writer: RdbWriter | undefined;
  /** What was written aside, in pieces, and as yet. */
  #pieces: Buffer[] = [];
  #aside: RdbWriter | undefined;
  /** Bytes of records written in this step. */
  #weight = 0;

  private constructor(
    entries: Entries,
    tables: RecordTables,
    write: RecordWriter,
    walk: RecordWalk,
    order: RecordOrder | undefined,
  ) {
    this.#entries = entries;
    this.#tables = tables;
    this.#write = write;
    this.#walk = walk;
    this.#order = order;
  }

  /** Begins with a collection; undefined if it is being written already. */
  static begin(
    entries: Entries,
    tables: RecordTables,
    root: number,
    write: RecordWriter,
    order: RecordOrder | undefined,
  ): RecordRest | undefined {
    let rest: RecordRest | undefined;
    const walk = tables.startWalk(root, (ref) => rest?.receive(ref));
    if (walk === undefined) return undefined;
    rest = new RecordRest(entries, tables, write, walk, order);
    return rest;
  }

  /** Writes a record that the walk visits: in a step, or aside as it is about to change. */
  receive(ref: number): void {
    this.#weight += RECORD_WEIGHT + this.#tables.records.bytes(ref);
    if (this.#writer === undefined) {
      this.#aside ??= new RdbWriter((piece) => this.#pieces.push(piece), {
        compresses: false,
        pieceBytes: 64 * 1024,
      });
      this.#write(this.#aside, ref);
    } else {
      this.#write(this.#writer, ref);
    }
  }

  step(writer: RdbWriter): boolean {
    this.#writeAside(writer);
    this.#writer = writer;
    this.#weight = 0;
    let isLeft = true;
    try {
      while (isLeft && this.#weight < writer.stepBytes) isLeft = this.#writeSome();
    } finally {
      this.#writer = undefined;
    }
    if (isLeft) return true;
    const { visited, length } = this.#walk;
    if (visited !== length) throw new Error(`${length} records were to be written, not ${visited}`);
    this.#end(true);
    return false;
  }

  /** It stays as it is, as far as the file is concerned: from now on what changes is written aside. */
  detach(): boolean {
    this.#order = undefined;
    return true;
  }

  abandon(): void {
    this.#end(false);
  }

  /** Writes a batch of records; returns whether there are more. */
  #writeSome(): boolean {
    const order = this.#order;
    if (order === undefined) return this.#walk.step(BATCH);
    for (let i = 0; i < BATCH; i++) {
      const ref = order.next();
      if (ref === 0) return false;
      this.#walk.visitOnce(ref);
    }
    return true;
  }

  #writeAside(writer: RdbWriter): void {
    this.#aside?.flush();
    for (const piece of this.#pieces) writer.raw(piece, 0, piece.length);
    this.#pieces = [];
  }

  #end(isComplete: boolean): void {
    const tables = this.#tables;
    const { root } = this.#walk;
    if (!tables.endWalk(this.#walk, isComplete)) return;
    if (!tables.freeStep(root)) this.#entries.onLargeValue(() => tables.freeStep(root));
  }
}
