// What PFSELFTEST does: registers keep what they are given, and leave their neighbours alone; a sparse and a dense
// HyperLogLog of the same elements stand for the same number of them, near the true one.
import { randomBytes, randomInt } from 'node:crypto';
import { estimateCardinality, REGISTER_VALUES } from './cardinality.ts';
import { countDense, getRegister, setRegister } from './dense-registers.ts';
import { hashElement, indexOf, runOf } from './element-hash.ts';
import { encodingOf, HEADER_BYTES, REGISTERS, SPARSE } from './layout.ts';
import { RegisterSet } from './register-set.ts';
import { countSparse } from './sparse-registers.ts';

const CYCLES = 100;
/** Redis adds ten times as many, and takes seconds for it. */
const ELEMENTS = 1_000_000;
const ELEMENT_BYTES = 8;
/** Up to so many elements need no dense form. */
const SURELY_SPARSE = 1000;
const DEFAULT_SPARSE_BYTES = 3000;
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);
/** Standard errors that are too many to be chance. */
const TOO_FAR = 6;

/** @returns what is wrong; undefined if all is well */
export function selfTest(): string | undefined {
  for (let i = 0; i < CYCLES; i++) {
    const problem = testRegisters();
    if (problem !== undefined) return problem;
  }
  return testEstimates();
}

function testRegisters(): string | undefined {
  const registers = Buffer.alloc((REGISTERS * 6) / 8);
  const values = randomBytes(REGISTERS);
  for (let i = 0; i < REGISTERS; i++) {
    values[i] &= REGISTER_VALUES - 1;
    setRegister(registers, 0, i, values[i]);
  }
  for (let i = 0; i < REGISTERS; i++) {
    const value = getRegister(registers, 0, i);
    if (value !== values[i]) return `Register ${i} should be ${values[i]} but is ${value}`;
  }
  return undefined;
}

function testEstimates(): string | undefined {
  const dense = new RegisterSet();
  const sparse = new RegisterSet();
  dense.loadEmpty();
  dense.makeDense();
  sparse.loadEmpty();
  const element = randomBytes(ELEMENT_BYTES);
  const first = randomInt(2 ** 31);
  let checkpoint = 1;
  for (let i = 1; i <= ELEMENTS; i++) {
    element.writeUInt32LE(first + i, 0);
    const hash = hashElement(element, 0, ELEMENT_BYTES);
    dense.raise(indexOf(hash), runOf(hash), 0);
    sparse.raise(indexOf(hash), runOf(hash), DEFAULT_SPARSE_BYTES);
    if (i !== checkpoint) continue;
    checkpoint *= 10;
    const problem = compare(i, dense, sparse);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function compare(added: number, dense: RegisterSet, sparse: RegisterSet): string | undefined {
  if (added <= SURELY_SPARSE && encodingOf(sparse.bytes, 0) !== SPARSE) {
    return 'sparse encoding not used';
  }
  const estimate = estimateOf(dense);
  if (estimate !== estimateOf(sparse)) return 'dense/sparse disagree';
  // Of ten elements two may meet in a register.
  const most = added === 10 ? 1 : Math.ceil(STANDARD_ERROR * TOO_FAR * added);
  const error = Math.abs(added - estimate);
  return error > most ? `Too big error. card:${added} abserr:${error}` : undefined;
}

function estimateOf({ bytes, length }: RegisterSet): number {
  const histogram = new Int32Array(REGISTER_VALUES);
  if (encodingOf(bytes, 0) === SPARSE) countSparse(bytes, HEADER_BYTES, length, histogram);
  else countDense(bytes, HEADER_BYTES, histogram);
  return estimateCardinality(histogram);
}
