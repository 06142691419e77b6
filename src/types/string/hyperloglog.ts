// HyperLogLogs within strings: raising registers, and the count in their headers. All changes go through
// Entries.patch and `spliceString`, as a string that claims to be one may be of any length.
import type { Database } from '../../keyspace/database.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { NEW_BLOCK } from '../../keyspace/entries.ts';
import { ENCODING_RAW, TYPE_STRING } from '../../keyspace/plain-strings.ts';
import type { Request } from '../../protocol/request.ts';
import { estimateCardinality, REGISTER_VALUES } from '../../structures/hyperloglog/cardinality.ts';
import {
  countDense,
  getRegister,
  mergeDense,
  REGISTER_BYTES,
  registerByte,
  setRegister,
} from '../../structures/hyperloglog/dense-registers.ts';
import {
  COUNT_AT,
  COUNT_BYTES,
  DENSE,
  encodingOf,
  HEADER_BYTES,
  isHyperLogLog,
  OUTDATED_AT,
  outdated,
  REGISTERS,
  SPARSE,
  writeCount,
} from '../../structures/hyperloglog/layout.ts';
import { RegisterSet } from '../../structures/hyperloglog/register-set.ts';
import {
  CHANGED,
  CORRUPT,
  countSparse,
  mergeSparse,
  RegisterEdit,
  TOO_LARGE,
  UNCHANGED,
} from '../../structures/hyperloglog/sparse-registers.ts';
import { spliceString } from './values.ts';

/** A sparse one that grows gets room for twice its length, but for no more than so many bytes, as in Redis. */
const MAX_SPARE_BYTES = 300;

const edit = new RegisterEdit();
const histogram = new Int32Array(REGISTER_VALUES);
const registers = new RegisterSet();
/** A header, or a few bytes. */
const few = Buffer.alloc(HEADER_BYTES);
/** There is no such key. */
const ABSENT = 0;

/** Whether a string is a HyperLogLog, as far as its header tells. */
export function holdsHyperLogLog(db: Database, ref: number): boolean {
  const { buffer, offset, length } = db.value(ref);
  return isHyperLogLog(buffer, offset, length);
}

/** Whether a HyperLogLog is sparse. */
export function isSparse(db: Database, ref: number): boolean {
  const { buffer, offset } = db.value(ref);
  return encodingOf(buffer, offset) === SPARSE;
}

/** Marks the count in the header as one that does not hold. */
export function dropCount(db: Database, ref: number): void {
  const { buffer, offset, length } = db.value(ref);
  few[0] = outdated(buffer[offset + OUTDATED_AT]);
  db.entries.patch(ref, length, OUTDATED_AT, few, 0, 1);
}

/** Writes the count into the header; the snapshot has the entry. */
export function keepCount(db: Database, ref: number, count: number): void {
  writeCount(few, 0, count);
  db.entries.patch(ref, db.value(ref).length, COUNT_AT, few, COUNT_AT, COUNT_BYTES);
}

/** Raises registers of one HyperLogLog in its place. Each time it changes as a whole or not at all. */
export class RegisterWriter {
  /** Its entry, which may move. */
  ref = 0;

  /**
   * Raises a register: CHANGED, UNCHANGED if it was as large, or CORRUPT if the runs are wrong.
   * @param maxSparseBytes a longer one is made dense before it grows
   */
  raise(db: Database, index: number, value: number, maxSparseBytes: number): number {
    const { buffer, offset, length } = db.value(this.ref);
    const start = offset + HEADER_BYTES;
    if (encodingOf(buffer, offset) === DENSE) {
      if (getRegister(buffer, start, index) >= value) return UNCHANGED;
      this.#raiseDense(db, index, value);
      return CHANGED;
    }
    const room = maxSparseBytes - length;
    const outcome = edit.prepare(buffer, start, offset + length, index, value, room);
    if (outcome === TOO_LARGE) return this.#raiseUnpacked(db, index, value);
    if (outcome === CHANGED) {
      const { at, oldLength, bytes, newLength } = edit;
      const capacity = capacityOf(length + newLength - oldLength, maxSparseBytes);
      this.ref = spliceString(db, this.ref, at - offset, oldLength, bytes, newLength, capacity);
    }
    return outcome;
  }

  #raiseDense(db: Database, index: number, value: number): void {
    const { buffer, offset, length } = db.value(this.ref);
    const at = HEADER_BYTES + registerByte(index);
    const size = Math.min(REGISTER_BYTES, length - at);
    for (let i = 0; i < size; i++) few[i] = buffer[offset + at + i];
    setRegister(few, -registerByte(index), index, value);
    db.entries.patch(this.ref, length, at, few, 0, size);
  }

  #raiseUnpacked(db: Database, index: number, value: number): number {
    const { buffer, offset, length } = db.value(this.ref);
    registers.load(buffer, offset, length);
    if (!registers.makeDense()) return CORRUPT;
    this.ref = storeBytes(db, this.ref, registers, 0);
    this.#raiseDense(db, index, value);
    return CHANGED;
  }
}

/** Length to which one may grow within its block. */
function capacityOf(length: number, maxSparseBytes: number): number {
  const spare = Math.min(length, MAX_SPARE_BYTES);
  return Math.max(length, Math.min(length + spare, maxSparseBytes));
}

/** Makes a sparse one dense; false if its runs are wrong. */
export function makeDense(db: Database, ref: number): boolean {
  const { buffer, offset, length } = db.value(ref);
  registers.load(buffer, offset, length);
  if (!registers.makeDense()) return false;
  storeBytes(db, ref, registers, 0);
  return true;
}

/** Copies one into memory of its own; ABSENT stands for one without elements. */
export function loadRegisters(db: Database, ref: number, into: RegisterSet): void {
  if (ref === ABSENT) {
    into.loadEmpty();
    return;
  }
  const { buffer, offset, length } = db.value(ref);
  into.load(buffer, offset, length);
}

/**
 * Stores what `loadRegisters` began under argument i.
 * @param ref what `lookupForChange` just found there
 */
export function storeRegisters(
  db: Database,
  request: Request,
  i: number,
  ref: number,
  from: RegisterSet,
  maxSparseBytes: number,
): void {
  const { bytes, length } = from;
  if (ref !== ABSENT) {
    storeBytes(db, ref, from, maxSparseBytes);
  } else {
    const fresh = db.build(0, request, i, TYPE_STRING, ENCODING_RAW, length, NO_EXPIRY);
    db.entries.fillValue(fresh, bytes, 0, length);
    db.put(0, fresh);
  }
  from.release();
}

/** Replaces all bytes of a string; its expiry stays. Returns the entry, which may be another. */
function storeBytes(
  db: Database,
  ref: number,
  { bytes, length }: RegisterSet,
  maxSparseBytes: number,
): number {
  const isOutside = db.entries.overflowValue(ref) !== NEW_BLOCK;
  const target = isOutside
    ? db.refit(ref, length)
    : db.resize(ref, length, capacityOf(length, maxSparseBytes));
  db.entries.patch(target, length, 0, bytes, 0, length);
  return target;
}

/** Raises registers, a byte each, to those of a HyperLogLog; false if its runs are wrong. */
export function mergeRegisters(db: Database, ref: number, most: Uint8Array): boolean {
  const { buffer, offset, length } = db.value(ref);
  const start = offset + HEADER_BYTES;
  if (encodingOf(buffer, offset) === SPARSE) {
    return mergeSparse(most, buffer, start, offset + length);
  }
  mergeDense(most, buffer, start);
  return true;
}

/** The cardinality that the registers of one stand for; CORRUPT if its runs are wrong. */
export function cardinalityOf(db: Database, ref: number): number {
  const { buffer, offset, length } = db.value(ref);
  const start = offset + HEADER_BYTES;
  histogram.fill(0);
  if (encodingOf(buffer, offset) === DENSE) countDense(buffer, start, histogram);
  else if (!countSparse(buffer, start, offset + length, histogram)) return CORRUPT;
  return estimateCardinality(histogram);
}

/** The cardinality that registers, a byte each, stand for. */
export function cardinalityOfRegisters(values: Uint8Array): number {
  histogram.fill(0);
  for (let i = 0; i < REGISTERS; i++) histogram[values[i]]++;
  return estimateCardinality(histogram);
}
