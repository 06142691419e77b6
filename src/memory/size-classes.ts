// The sizes of the arena's blocks. Up to 256 bytes every multiple of 8 is a class;
// above that each doubling is divided into 8, so rounding up wastes at most 1/8 of a block.

/** Bytes in one unit: the alignment of every block, and the step of an arena reference. */
export const UNIT_BYTES = 8;

/** Largest block of the arena, in bytes; larger values get an overflow block. */
export const MAX_BLOCK_BYTES = 64 * 1024;

const MAX_BLOCK_UNITS = MAX_BLOCK_BYTES / UNIT_BYTES;
const SMALLEST_UNITS = 2;
const LINEAR_UP_TO_UNITS = 32;
const STEPS_PER_DOUBLING = 8;

/** Size of each class, in units, ascending. */
export const CLASS_UNITS: Int32Array = listClasses();

/** Class that holds a block of this many units: index 0 … MAX_BLOCK_BYTES / UNIT_BYTES. */
export const CLASS_OF_UNITS: Uint8Array = mapUnitsToClasses();

/** The class whose blocks hold `sizeBytes` (1 … MAX_BLOCK_BYTES). */
export function classOf(sizeBytes: number): number {
  return CLASS_OF_UNITS[(sizeBytes + (UNIT_BYTES - 1)) >>> 3];
}

function listClasses(): Int32Array {
  const units: number[] = [];
  for (let size = SMALLEST_UNITS; size <= LINEAR_UP_TO_UNITS; size++) units.push(size);
  for (let base = LINEAR_UP_TO_UNITS; base < MAX_BLOCK_UNITS; base *= 2) {
    const step = base / STEPS_PER_DOUBLING;
    for (let size = base + step; size <= base * 2; size += step) units.push(size);
  }
  return Int32Array.from(units);
}

function mapUnitsToClasses(): Uint8Array {
  const classes = new Uint8Array(MAX_BLOCK_UNITS + 1);
  let current = 0;
  for (let units = 0; units <= MAX_BLOCK_UNITS; units++) {
    if (units > CLASS_UNITS[current]) current++;
    classes[units] = current;
  }
  return classes;
}
