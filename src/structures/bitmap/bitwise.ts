// Bitwise operations on several strings: BITOP. They go on chunk by chunk, each operand's chunk is combined with what
// the operands before it came to.

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

/** result &= words. */
export function andWords(result: Int32Array, words: Int32Array, length: number): void {
  for (let i = 0; i < length; i += 4) {
    result[i] &= words[i];
    result[i + 1] &= words[i + 1];
    result[i + 2] &= words[i + 2];
    result[i + 3] &= words[i + 3];
  }
}

/** result |= words. */
export function orWords(result: Int32Array, words: Int32Array, length: number): void {
  for (let i = 0; i < length; i += 4) {
    result[i] |= words[i];
    result[i + 1] |= words[i + 1];
    result[i + 2] |= words[i + 2];
    result[i + 3] |= words[i + 3];
  }
}

/** result ^= words. */
export function xorWords(result: Int32Array, words: Int32Array, length: number): void {
  for (let i = 0; i < length; i += 4) {
    result[i] ^= words[i];
    result[i + 1] ^= words[i + 1];
    result[i + 2] ^= words[i + 2];
    result[i + 3] ^= words[i + 3];
  }
}

/** result = ~result. */
export function notWords(result: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) result[i] = ~result[i];
}

/** As `xorWords`; `several` gets the bits that were set in more than one operand until now. */
export function oneOfWords(
  result: Int32Array,
  several: Int32Array,
  words: Int32Array,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    several[i] |= result[i] & words[i];
    result[i] ^= words[i];
  }
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
