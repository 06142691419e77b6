// Hashes, registers in both forms, and estimates, held to plain models.
import { expect, test } from 'vitest';
import {
  estimateCardinality,
  REGISTER_VALUES,
} from '../../../src/structures/hyperloglog/cardinality.ts';
import {
  countDense,
  getRegister,
  mergeDense,
  packDense,
  setRegister,
} from '../../../src/structures/hyperloglog/dense-registers.ts';
import { hashElement, indexOf, runOf } from '../../../src/structures/hyperloglog/element-hash.ts';
import {
  countOf,
  DENSE,
  DENSE_BYTES,
  encodingOf,
  HEADER_BYTES,
  hasCount,
  isHyperLogLog,
  REGISTERS,
  readCount,
  readLargeCount,
  SPARSE,
  writeCount,
} from '../../../src/structures/hyperloglog/layout.ts';
import { RegisterSet } from '../../../src/structures/hyperloglog/register-set.ts';
import { selfTest } from '../../../src/structures/hyperloglog/self-test.ts';
import {
  CHANGED,
  CORRUPT,
  countSparse,
  mergeSparse,
  RunCursor,
  UNCHANGED,
} from '../../../src/structures/hyperloglog/sparse-registers.ts';
import { Random } from '../../support/random.ts';

const UNLIMITED = 1_000_000;

/** MurmurHash64A as its source has it. */
function murmurHash(key: Uint8Array): bigint {
  const m = 0xc6a4a7935bd1e995n;
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  let h = cut(0xadc83b19n ^ cut(BigInt(key.length) * m));
  const blocks = Math.floor(key.length / 8);
  for (let block = 0; block < blocks; block++) {
    let k = Buffer.from(key).readBigUInt64LE(block * 8);
    k = cut(k * m);
    k ^= k >> 47n;
    k = cut(k * m);
    h = cut((h ^ k) * m);
  }
  const rest = key.subarray(blocks * 8);
  if (rest.length > 0) {
    for (const [i, byte] of rest.entries()) h ^= BigInt(byte) << BigInt(8 * i);
    h = cut(h * m);
  }
  h ^= h >> 47n;
  h = cut(h * m);
  return h ^ (h >> 47n);
}

test('hashElement is MurmurHash64A, split into register and run', () => {
  const random = new Random(6);
  for (let round = 0; round < 3_000; round++) {
    const length = round < 100 ? round : random.integer(0, 40);
    const bytes = Uint8Array.from({ length: length + 3 }, () => random.integer(0, 255));
    if (random.chance(0.2)) bytes.fill(random.pick([0, 0xff]));
    const hash = murmurHash(bytes.subarray(2, 2 + length));
    const rest = (hash >> 14n) | (1n << 50n);
    let run = 1;
    while (((rest >> BigInt(run - 1)) & 1n) === 0n) run++;
    const found = hashElement(bytes, 2, length);
    expect(indexOf(found)).toBe(Number(hash & 16_383n));
    expect(runOf(found)).toBe(run);
  }
});

test('long runs', () => {
  // Found by trying: their hashes have so many zeros above the index.
  const random = new Random(7);
  const bytes = Buffer.alloc(8);
  let longest = 0;
  for (let i = 0; i < 200_000; i++) {
    bytes.writeUInt32LE(random.integer(0, 2 ** 32 - 1), 0);
    const run = runOf(hashElement(bytes, 0, 8));
    if (run <= longest) continue;
    longest = run;
    const rest = murmurHash(bytes) >> 14n;
    expect(rest & (2n ** BigInt(run) - 1n)).toBe(2n ** BigInt(run - 1));
  }
  expect(longest).toBeGreaterThan(14);
});

test('dense registers keep what they are given', () => {
  const random = new Random(8);
  const bytes = Buffer.alloc(DENSE_BYTES, 0);
  const model = new Uint8Array(REGISTERS);
  for (let round = 0; round < 40_000; round++) {
    const index = round < REGISTERS ? round : random.integer(0, REGISTERS - 1);
    model[index] = random.integer(0, 63);
    setRegister(bytes, HEADER_BYTES, index, model[index]);
  }
  for (let i = 0; i < REGISTERS; i++) expect(getRegister(bytes, HEADER_BYTES, i)).toBe(model[i]);
  expect(bytes.subarray(0, HEADER_BYTES).every((byte) => byte === 0)).toBe(true);
  const histogram = new Int32Array(REGISTER_VALUES);
  countDense(bytes, HEADER_BYTES, histogram);
  expect([...histogram]).toEqual([...histogramOf(model)]);
  const packed = Buffer.alloc(DENSE_BYTES, 0);
  packDense(packed, HEADER_BYTES, model);
  expect(packed.equals(bytes)).toBe(true);
  const most = Uint8Array.from(model, () => random.integer(0, 63));
  const expected = most.map((value, i) => Math.max(value, model[i]));
  mergeDense(most, bytes, HEADER_BYTES);
  expect(most).toEqual(expected);
});

function histogramOf(values: Uint8Array): Int32Array {
  const histogram = new Int32Array(REGISTER_VALUES);
  for (const value of values) histogram[value]++;
  return histogram;
}

/** The values of all registers, run by run. */
function valuesOf({ bytes, length }: RegisterSet): number[] {
  const cursor = new RunCursor();
  const values: number[] = [];
  cursor.begin(bytes, HEADER_BYTES, length);
  while (cursor.next()) {
    for (let i = 0; i < cursor.length; i++) values.push(cursor.value);
  }
  return values;
}

test('sparse registers keep what they are given, in runs as long as can be', () => {
  for (let seed = 0; seed < 6; seed++) {
    const random = new Random(seed);
    const set = new RegisterSet();
    const model = new Uint8Array(REGISTERS);
    // Registers beside each other, so that runs are split and joined.
    const span = random.pick([40, 300, REGISTERS]);
    set.loadEmpty();
    for (let round = 0; round < 1_500; round++) {
      const index = random.integer(0, span - 1);
      const value = random.integer(1, random.pick([2, 4, 32]));
      const outcome = set.raise(index, value, UNLIMITED);
      expect(outcome).toBe(value > model[index] ? CHANGED : UNCHANGED);
      model[index] = Math.max(model[index], value);
      if (round % 100 === 0) expect(Buffer.from(valuesOf(set)).equals(model)).toBe(true);
    }
    expect(encodingOf(set.bytes, 0)).toBe(SPARSE);
    expect(Buffer.from(valuesOf(set)).equals(model)).toBe(true);
    const histogram = new Int32Array(REGISTER_VALUES);
    expect(countSparse(set.bytes, HEADER_BYTES, set.length, histogram)).toBe(true);
    expect([...histogram]).toEqual([...histogramOf(model)]);
    const most = new Uint8Array(REGISTERS).fill(3);
    expect(mergeSparse(most, set.bytes, HEADER_BYTES, set.length)).toBe(true);
    expect(most).toEqual(model.map((value) => Math.max(value, 3)));
    expect(set.makeDense()).toBe(true);
    expect(set.length).toBe(DENSE_BYTES);
    for (let i = 0; i < REGISTERS; i++) {
      expect(getRegister(set.bytes, HEADER_BYTES, i)).toBe(model[i]);
    }
  }
});

test('a sparse one becomes dense when a value is too large, or its bytes are too many', () => {
  const set = new RegisterSet();
  set.loadEmpty();
  expect(set.raise(5, 32, UNLIMITED)).toBe(CHANGED);
  expect(encodingOf(set.bytes, 0)).toBe(SPARSE);
  expect(set.raise(7, 33, UNLIMITED)).toBe(CHANGED);
  expect(encodingOf(set.bytes, 0)).toBe(DENSE);
  expect([5, 6, 7].map((i) => getRegister(set.bytes, HEADER_BYTES, i))).toEqual([32, 0, 33]);
  set.loadEmpty();
  const [before, room] = [set.length, 3];
  expect(set.raise(5, 1, before + room)).toBe(CHANGED);
  expect(encodingOf(set.bytes, 0)).toBe(SPARSE);
  expect(set.raise(500, 1, before + room)).toBe(CHANGED);
  expect(encodingOf(set.bytes, 0)).toBe(DENSE);
});

/** How many registers all runs are. */
function registersOf({ bytes, length }: RegisterSet): number {
  const cursor = new RunCursor();
  let registers = 0;
  cursor.begin(bytes, HEADER_BYTES, length);
  while (cursor.next()) registers += cursor.length;
  return registers;
}

test('wrong runs are noticed, whatever they are', () => {
  const random = new Random(9);
  const histogram = new Int32Array(REGISTER_VALUES);
  let corrupt = 0;
  const set = new RegisterSet();
  for (let round = 0; round < 2_000; round++) {
    const length = HEADER_BYTES + random.integer(0, 60);
    const bytes = Buffer.alloc(length);
    bytes.write('HYLL\x01', 'latin1');
    for (let i = HEADER_BYTES; i < length; i++) bytes[i] = random.integer(0, 255);
    set.load(bytes, 0, length);
    const isRight = countSparse(bytes, HEADER_BYTES, length, histogram);
    const registers = registersOf(set);
    expect(isRight).toBe(registers === REGISTERS);
    const index = random.integer(0, REGISTERS - 1);
    const outcome = set.raise(index, random.integer(1, 32), UNLIMITED);
    expect(outcome === CORRUPT).toBe(index >= registers);
    if (outcome === CORRUPT) corrupt++;
    expect(set.makeDense()).toBe(registersOf(set) === REGISTERS);
  }
  expect(corrupt).toBeGreaterThan(100);
});

test('estimates: none, few, and near the truth for many', () => {
  const histogram = new Int32Array(REGISTER_VALUES);
  histogram[0] = REGISTERS;
  expect(estimateCardinality(histogram)).toBe(0);
  for (let few = 1; few <= 50; few++) {
    histogram[0] = REGISTERS - few;
    histogram[1] = few;
    expect(Math.abs(estimateCardinality(histogram) - few)).toBeLessThanOrEqual(1);
  }
  histogram.fill(0);
  histogram[63] = REGISTERS;
  expect(estimateCardinality(histogram)).toBe(Number.POSITIVE_INFINITY);
  expect(selfTest()).toBeUndefined();
});

test('counts in the header', () => {
  const bytes = Buffer.alloc(HEADER_BYTES);
  for (const count of [0, 1, 255, 2 ** 31, 2 ** 32 - 1, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER]) {
    writeCount(bytes, 0, count);
    expect(bytes.readBigUInt64LE(8)).toBe(BigInt(count));
    expect(hasCount(bytes, 0)).toBe(true);
    expect(readCount(bytes, 0)).toBe(count);
    expect(readLargeCount(bytes, 0)).toBe(BigInt(count));
  }
  writeCount(bytes, 0, 2 ** 60);
  expect(readCount(bytes, 0)).toBeNaN();
  expect(readLargeCount(bytes, 0)).toBe(2n ** 60n);
  writeCount(bytes, 0, Number.POSITIVE_INFINITY);
  expect(hasCount(bytes, 0)).toBe(false);
  expect(countOf(Number.POSITIVE_INFINITY)).toBe(-(2n ** 63n));
  expect(countOf(2 ** 63)).toBe(-(2n ** 63n));
  expect(countOf(2 ** 62)).toBe(2n ** 62n);
});

test('isHyperLogLog looks at magic, encoding and length', () => {
  const bytes = Buffer.alloc(DENSE_BYTES + 2);
  bytes.write('HYLL', 1, 'latin1');
  expect(isHyperLogLog(bytes, 1, DENSE_BYTES)).toBe(true);
  expect(isHyperLogLog(bytes, 1, DENSE_BYTES + 1)).toBe(false);
  expect(isHyperLogLog(bytes, 0, DENSE_BYTES)).toBe(false);
  bytes[5] = SPARSE;
  expect(isHyperLogLog(bytes, 1, HEADER_BYTES)).toBe(true);
  expect(isHyperLogLog(bytes, 1, HEADER_BYTES - 1)).toBe(false);
  bytes[5] = 2;
  expect(isHyperLogLog(bytes, 1, DENSE_BYTES)).toBe(false);
});
