// Bitwise operations on several strings: BITOP. They go on chunk by chunk, each operand's chunk is combined with what
// the operands before it came to. What is done for each operand takes 64 bits at a time: V8 compiles such operations on
// typed arrays to those of the processor, without making a BigInt, and they take half the time of those on 32 bits.

/** What a bit of the result is. */
export const AND = 0;
export const OR = 1;
export const XOR = 2;
/** The first operand's, the other way round; there is no other. */
export const NOT = 3;
/** Set in the first operand and in no other. */
export const DIFF = 4;
/** Set in another operand and not in the first. */
export const DIFF1 = 5;
/** Set in the first operand and in another. */
export const ANDOR = 6;
/** Set in exactly one operand. */
export const ONE = 7;

/** Whether all operands but the first are joined by OR, and then combined with the first. */
export function joinsOthers(operation: number): boolean {
  return operation >= DIFF && operation <= ANDOR;
}

/** result &= longs. */
export function andLongs(result: BigInt64Array, longs: BigInt64Array, length: number): void {
  for (let i = 0; i < length; i += 4) {
    result[i] &= longs[i];
    result[i + 1] &= longs[i + 1];
    result[i + 2] &= longs[i + 2];
    result[i + 3] &= longs[i + 3];
  }
}

/** result |= longs. */
export function orLongs(result: BigInt64Array, longs: BigInt64Array, length: number): void {
  for (let i = 0; i < length; i += 4) {
    result[i] |= longs[i];
    result[i + 1] |= longs[i + 1];
    result[i + 2] |= longs[i + 2];
    result[i + 3] |= longs[i + 3];
  }
}

/** result ^= longs. */
export function xorLongs(result: BigInt64Array, longs: BigInt64Array, length: number): void {
  for (let i = 0; i < length; i += 4) {
    result[i] ^= longs[i];
    result[i + 1] ^= longs[i + 1];
    result[i + 2] ^= longs[i + 2];
    result[i + 3] ^= longs[i + 3];
  }
}

/** As `xorLongs`; `several` gets the bits that were set in more than one operand until now. */
export function oneOfLongs(
  result: BigInt64Array,
  several: BigInt64Array,
  longs: BigInt64Array,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    several[i] |= result[i] & longs[i];
    result[i] ^= longs[i];
  }
}

/** result = ~result. */
export function notWords(result: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) result[i] = ~result[i];
}

/** result &= ~words. */
export function clearWords(result: Int32Array, words: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) result[i] &= ~words[i];
}

/** result = first operand and what the others were joined to, as the operation says (`joinsOthers`). */
export function combineWithFirst(
  operation: number,
  result: Int32Array,
  first: Int32Array,
  length: number,
): void {
  const flipFirst = operation === DIFF1 ? -1 : 0;
  const flipOthers = operation === DIFF ? -1 : 0;
  for (let i = 0; i < length; i++) result[i] = (first[i] ^ flipFirst) & (result[i] ^ flipOthers);
}
