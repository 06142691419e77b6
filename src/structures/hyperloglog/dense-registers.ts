// Registers of six bits each, one after the other from the lowest bit of the first byte on:
//
//   byte      0           1           2           3
//        [ 1 1 0 0 0 0 0 0 ][ 2 2 2 2 1 1 1 1 ][ 3 3 3 3 3 3 2 2 ][ …      highest bit first
import { REGISTERS } from './layout.ts';

const VALUE_MASK = 63;

/** Bytes that a register may lie in. */
export const REGISTER_BYTES = 2;

/** Where the first byte of a register is, from that of register 0. */
export function registerByte(index: number): number {
  return (index * 6) >>> 3;
}

/** The value of a register. @param start where register 0 is */
export function getRegister(bytes: Uint8Array, start: number, index: number): number {
  const at = start + registerByte(index);
  const shift = (index * 6) & 7;
  // The last register lies in one byte alone: what is behind it does not count.
  const both = shift > 2 ? bytes[at] | (bytes[at + 1] << 8) : bytes[at];
  return (both >>> shift) & VALUE_MASK;
}

/** Sets a register. @param start where register 0 is */
export function setRegister(bytes: Uint8Array, start: number, index: number, value: number): void {
  const at = start + registerByte(index);
  const shift = (index * 6) & 7;
  bytes[at] = (bytes[at] & ~(VALUE_MASK << shift)) | (value << shift);
  if (shift <= 2) return;
  const used = 8 - shift;
  bytes[at + 1] = (bytes[at + 1] & ~(VALUE_MASK >> used)) | (value >> used);
}

/** Counts the registers of each value. */
export function countDense(bytes: Uint8Array, start: number, histogram: Int32Array): void {
  const end = start + (REGISTERS * 6) / 8;
  for (let at = start; at < end; at += 3) {
    const four = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    histogram[four & VALUE_MASK]++;
    histogram[(four >>> 6) & VALUE_MASK]++;
    histogram[(four >>> 12) & VALUE_MASK]++;
    histogram[four >>> 18]++;
  }
}

/** Raises the registers of `most`, a byte each, to those of a dense one that are larger. */
export function mergeDense(most: Uint8Array, bytes: Uint8Array, start: number): void {
  let at = start;
  for (let i = 0; i < REGISTERS; i += 4, at += 3) {
    const four = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    if ((four & VALUE_MASK) > most[i]) most[i] = four & VALUE_MASK;
    if (((four >>> 6) & VALUE_MASK) > most[i + 1]) most[i + 1] = (four >>> 6) & VALUE_MASK;
    if (((four >>> 12) & VALUE_MASK) > most[i + 2]) most[i + 2] = (four >>> 12) & VALUE_MASK;
    if (four >>> 18 > most[i + 3]) most[i + 3] = four >>> 18;
  }
}

/** Writes registers, a byte each. @param start where register 0 is to be */
export function packDense(bytes: Uint8Array, start: number, registers: Uint8Array): void {
  let at = start;
  for (let i = 0; i < REGISTERS; i += 4, at += 3) {
    const second = registers[i + 1];
    const third = registers[i + 2];
    bytes[at] = registers[i] | (second << 6);
    bytes[at + 1] = (second >> 2) | (third << 4);
    bytes[at + 2] = (third >> 4) | (registers[i + 3] << 2);
  }
}
