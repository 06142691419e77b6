// `--test-memory MEGABYTES`: fills memory with patterns and reads them back, as Redis's does. It finds
// memory chips that are broken, where it is given most of the machine's memory; a bit that flips now and
// then takes a tester that runs without a system below it (memtest86).
const MEGABYTE = 1024 * 1024;
/** Memory is asked for in blocks, as one buffer is limited. */
const BLOCK_BYTES = 64 * MEGABYTE;
const PASSES = 50;
/** Patterns of two neighbouring words: solid bits, and a chess board. */
const PATTERNS = [
  [0, 0xffffffff],
  [0x55555555, 0xaaaaaaaa],
] as const;
const PASSED = '\nYour memory passed this test.\n';
const FAILED = '\nMEMORY ERROR DETECTED: the machine has broken memory.\n';
const MISSING =
  'Please specify the amount of memory to test in megabytes.\nExample: synap-server --test-memory 4096\n\n';

/**
 * Tests memory, printing what is done.
 * @param megabytes how much; undefined when the command line says nothing
 * @param passes how often
 * @returns the exit code
 */
export function testMemory(
  megabytes: number | undefined,
  print: (text: string) => void,
  passes = PASSES,
): number {
  if (megabytes === undefined) {
    print(MISSING);
    return 1;
  }
  const blocks = allocate(megabytes * MEGABYTE);
  for (let pass = 1; pass <= passes; pass++) {
    print(`${megabytes} MB, pass ${pass} of ${passes}\n`);
    if (!blocks.every(holdsAddresses) || !PATTERNS.every((pattern) => holds(blocks, pattern))) {
      print(FAILED);
      return 1;
    }
  }
  print(PASSED);
  print('For a more accurate test use memtest86, or memtester.\n');
  return 0;
}

function allocate(bytes: number): Uint32Array[] {
  const blocks: Uint32Array[] = [];
  for (let rest = bytes; rest > 0; rest -= BLOCK_BYTES) {
    blocks.push(new Uint32Array(Math.min(rest, BLOCK_BYTES) / 4));
  }
  return blocks;
}

/** Whether each word keeps its own number: two that are one in truth do not. */
function holdsAddresses(block: Uint32Array): boolean {
  for (let i = 0; i < block.length; i++) block[i] = i;
  for (let i = 0; i < block.length; i++) if (block[i] !== i) return false;
  return true;
}

/** Whether all blocks keep a pattern and its complement while the others are filled. */
function holds(blocks: readonly Uint32Array[], [even, odd]: readonly [number, number]): boolean {
  for (const [first, second] of [
    [even, odd],
    [odd, even],
  ]) {
    for (const block of blocks) fill(block, first, second);
    if (!blocks.every((block) => isFilled(block, first, second))) return false;
  }
  return true;
}

function fill(block: Uint32Array, even: number, odd: number): void {
  for (let i = 0; i < block.length; i += 2) {
    block[i] = even;
    block[i + 1] = odd;
  }
}

function isFilled(block: Uint32Array, even: number, odd: number): boolean {
  for (let i = 0; i < block.length; i += 2) {
    if (block[i] !== even || block[i + 1] !== odd) return false;
  }
  return true;
}
